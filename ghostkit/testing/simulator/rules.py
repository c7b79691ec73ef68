"""The rules of a simulator: read, checked, and matched in order."""

from __future__ import annotations

import hashlib
import json
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ghostkit.errors import InputError
from ghostkit.testing.simulator.asks import Ask, Kind

FAULT_KINDS = (
    "status", "drop", "stall_first", "stall_mid", "silent_mid", "cut_first", "cut_mid", "early_end", "error_event",
    "garbage", "duplicate", "html", "huge", "gzip_bomb", "drip", "no_usage", "length", "refuse", "empty", "not_json",
)  # fmt: skip
VENDORS = ("openai", "anthropic", "gemini", "cohere", "openrouter", "ollama")


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str | int) and not isinstance(value, bool) else value


Names = Annotated[list[str], BeforeValidator(_several)]
Numbers = Annotated[list[Annotated[int, Field(ge=1)]], BeforeValidator(_several)]
VendorNames = Annotated[
    list[Literal["openai", "anthropic", "gemini", "cohere", "openrouter", "ollama"]], BeforeValidator(_several)
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Match(_Part):
    """Which requests; whatever is left out matches all. `path`, `model`, `attempt` take globs."""

    vendor: VendorNames | None = None
    path: Names | None = None
    model: Names | None = None
    attempt: Names | None = None
    stream: bool | None = None
    contains: str | None = None
    kind: Annotated[list[Kind | Literal["any"]], BeforeValidator(_several)] = ["generate"]

    def fits(self, ask: Ask) -> bool:
        return (
            ("any" in self.kind or ask.target.kind in self.kind)
            and (self.vendor is None or ask.vendor in self.vendor)
            and (self.stream is None or ask.stream == self.stream)
            and _globbed(self.path, ask.target.path)
            and _globbed(self.model, ask.model)
            and _globbed(self.attempt, ask.attempt_id)
            and (self.contains is None or self.contains in ask.prompt)
        )


class Fault(_Part):
    """What goes wrong; docs/simulator.md says what each kind does to a stream and to a plain answer."""

    kind: Literal[FAULT_KINDS]  # type: ignore[valid-type]
    status: Annotated[int, Field(ge=400, le=599)] = 500
    code: Literal["", "quota", "context", "key", "model"] = ""
    message: str = ""
    retry_after_s: Annotated[float, Field(ge=0)] | None = None
    retry_after_form: Literal["seconds", "date", "ms", "epoch"] = "seconds"
    headers: dict[str, str] = {}
    at: Annotated[float, Field(ge=0, le=1)] = 0.5
    after: Annotated[int, Field(ge=0)] | None = None
    closing: Annotated[int, Field(ge=0)] = 0
    how: Literal["reset", "close"] = "reset"
    form: Literal["filter", "said"] = "filter"
    seconds: Annotated[float, Field(ge=0)] | None = None
    then: Literal["cut", "go_on"] = "cut"
    ping_s: Annotated[float, Field(gt=0)] = 0.5
    bytes: Annotated[int, Field(ge=1)] = 200_000_000
    bytes_per_s: Annotated[float, Field(gt=0)] = 1.0


class UsageReply(_Part):
    input: Annotated[int, Field(ge=0)] | None = None
    output: Annotated[int, Field(ge=0)] | None = None
    cached: Annotated[int, Field(ge=0)] | None = None
    cache_write: Annotated[int, Field(ge=0)] | None = None
    reasoning: Annotated[int, Field(ge=0)] | None = None
    cost_usd: Annotated[float, Field(ge=0)] | None = None


class ReplyRule(_Part):
    """What to say instead of the rehearsal's text."""

    text: str | None = None
    tokens: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    stamps: bool = False
    reasoning: str | None = None
    models: list[str] | None = None
    dimension: Annotated[int, Field(ge=1, le=65_536)] | None = None
    numbers: Literal["nan", "infinity", "zeros"] | None = None
    usage: UsageReply | None = None
    headers: dict[str, str] = {}


class Pace(_Part):
    """How fast; 0 is as fast as it goes."""

    headers_s: Annotated[float, Field(ge=0)] = 0.0
    first_token_s: Annotated[float, Field(ge=0)] = 0.0
    tokens_per_s: Annotated[float, Field(ge=0)] = 0.0
    tokens_per_chunk: Annotated[int, Field(ge=1)] = 1
    framing: Literal["chunked", "close"] = "chunked"


class Limits(_Part):
    """Real limits: requests and tokens per minute, and requests at once."""

    rpm: Annotated[int, Field(ge=1)] | None = None
    tpm: Annotated[int, Field(ge=1)] | None = None
    burst: Annotated[int, Field(ge=1)] | None = None
    at_once: Annotated[int, Field(ge=1)] | None = None
    retry_after_form: Literal["seconds", "date", "ms", "epoch", "none"] = "seconds"


class Rule(_Part):
    match: Match = Match()
    nth: Numbers | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    chance: Annotated[float, Field(ge=0, le=1)] = 1.0
    seed: str = ""
    fault: (
        Annotated[Fault, BeforeValidator(lambda value: {"kind": value} if isinstance(value, str) else value)] | None
    ) = None
    reply: ReplyRule | None = None
    pace: Pace | None = None
    limits: Limits | None = None


def _globbed(patterns: list[str] | None, text: str) -> bool:
    return patterns is None or any(fnmatchcase(text, pattern) for pattern in patterns)


def read_rules(given: Any, source: str = "the rules") -> list[Rule]:
    """Rules from JSON values.

    :raises InputError: one is wrong; the message names its number (from 1) and field.
    """
    if not isinstance(given, list):
        raise InputError(
            f"{source} must be a JSON list of rules, not {_kind(given)}.", fix="Put the rules between [ and ]."
        )
    rules: list[Rule] = []
    for number, value in enumerate(given, 1):
        try:
            rules.append(Rule.model_validate(value))
        except ValidationError as error:
            raise _wrong(error, number, source) from None
    return rules


def parse_rules(text: str | bytes, source: str) -> list[Rule]:
    """The same from the text of a file."""
    try:
        given = json.loads(text)
    except ValueError as error:
        raise InputError(f"{source} is not JSON: {error}.", fix="docs/simulator.md shows a file of rules.") from None
    return read_rules(given, source)


def _wrong(error: ValidationError, number: int, source: str) -> InputError:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(step) for step in first["loc"]) or "the rule itself"
    said = first["msg"][:1].lower() + first["msg"][1:]
    if first["type"] == "extra_forbidden":
        said = "there is no such field"
    return InputError(f"Rule {number} of {source}, {field}: {said}.", fix="docs/simulator.md lists the fields.")


def _kind(value: Any) -> str:
    return {dict: "an object", str: "a text", type(None): "null"}.get(type(value), "a number")


class Chosen:
    """What the rules say of one request."""

    __slots__ = ("fault", "limits", "pace", "reply")

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.reply: ReplyRule | None = None
        self.pace: Pace | None = None
        self.limits: list[tuple[int, Limits]] = []
        """Every limit that holds, with its rule's place."""


class RuleBook:
    """Rules with their counters. The first rule that fires supplies the fault; the same of reply and pace."""

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        self._seen = [0] * len(rules)

    def choose(self, ask: Ask) -> Chosen:
        chosen = Chosen()
        for place, rule in enumerate(self.rules):
            if not rule.match.fits(ask):
                continue
            self._seen[place] += 1
            if not self._fires(rule, place):
                continue
            chosen.fault = chosen.fault or rule.fault
            chosen.reply = chosen.reply or rule.reply
            chosen.pace = chosen.pace or rule.pace
            if rule.limits is not None:
                chosen.limits.append((place, rule.limits))
        return chosen

    def _fires(self, rule: Rule, place: int) -> bool:
        count = self._seen[place]
        if (rule.nth is not None and count not in rule.nth) or (rule.times is not None and count > rule.times):
            return False
        if rule.chance >= 1.0:
            return True
        drawn = hashlib.blake2b(f"{rule.seed}|{place}|{count}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn, "big") / 2**64 < rule.chance
