"""What every vendor's dialect gives: requests read, answers, errors and events written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from ghostkit.testing.simulator.asks import Answer, Ask, JsonObject, LimitState, Problem, Target

Headers = list[tuple[str, str]]
MODELS: tuple[str, ...] = ("sim-small", "sim-large")
"""The models in every list; any other name that doesn't begin with `no-such` works too."""


@dataclass(kw_only=True, slots=True)
class Script:
    """A streamed answer: `opening` once, `delta(n, text)` for each piece, `closing` with the terminal event last."""

    opening: list[bytes]
    delta: Callable[[int, str], bytes]
    closing: list[bytes]


@dataclass(kw_only=True, slots=True)
class Reply:
    """A whole HTTP answer."""

    status: int
    body: bytes
    headers: Headers = field(default_factory=list)
    content_type: str = "application/json"


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


text_json = json.encoder.encode_basestring
"""A text as JSON, fast: one is made for each piece of a stream."""


def text_of(content: Any) -> str:
    """The text of a message's content: a string, or a list of parts that have one."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return joined(
        [
            part if isinstance(part, str) else str(part.get("text") or "")
            for part in content
            if isinstance(part, str) or (isinstance(part, dict) and part.get("text"))
        ]
    )


def joined(parts: Sequence[str]) -> str:
    """Parts with a blank line between them, which some bring along."""
    return "".join(
        part if not number or part.startswith("\n\n") else f"\n\n{part}" for number, part in enumerate(parts)
    )


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def whole_number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def retry_headers(problem: Problem) -> Headers:
    """`Retry-After` in the form asked for; none where no time was."""
    wait = problem.retry_after_s
    if wait is None:
        return []
    if problem.retry_after_form == "date":
        return [("retry-after", formatdate(int(time.time() + wait + 0.999), usegmt=True))]
    if problem.retry_after_form == "ms":
        return [("retry-after-ms", str(int(wait * 1000))), ("retry-after", str(int(-(-wait // 1))))]
    if problem.retry_after_form == "epoch":
        return [("x-ratelimit-reset", str(int(time.time() + wait + 0.999)))]
    return [("retry-after", f"{wait:g}" if wait < 1e5 else str(int(wait)))]


class Dialect:
    """Base of the dialects; a vendor overrides what is its own."""

    name = ""
    stream_type = "text/event-stream; charset=utf-8"
    ping = b": ping\n\n"
    """What the vendor sends while nothing is said; empty where it sends nothing."""

    def stream_type_for(self, target: Target) -> str:
        return self.stream_type

    def read(self, target: Target, body: JsonObject) -> Ask:
        raise NotImplementedError

    def script(self, ask: Ask, answer: Answer) -> Script:
        raise NotImplementedError

    def plain(self, ask: Ask, answer: Answer) -> JsonObject:
        raise NotImplementedError

    def error(self, problem: Problem) -> Reply:
        raise NotImplementedError

    def error_event(self, ask: Ask, answer: Answer, problem: Problem) -> list[bytes]:
        """The events of an error that comes after headers and text; the last thing that is sent."""
        raise NotImplementedError

    def plain_failure(self, ask: Ask, answer: Answer, problem: Problem) -> Reply:
        """The same for an answer that isn't streamed: a 200 that says error where the vendor has that, else a 500."""
        return self.error(problem)

    def headers(self, request_id: str) -> Headers:
        return [("x-request-id", request_id)]

    def limit_headers(self, state: LimitState) -> Headers:
        return []

    def count(self, ask: Ask, tokens: int) -> JsonObject:
        raise NotImplementedError

    def models(self, target: Target, names: Sequence[str]) -> JsonObject:
        raise NotImplementedError

    def model(self, target: Target) -> JsonObject:
        raise NotImplementedError

    def key_facts(self) -> JsonObject:
        """What the vendor says of a good key, where it has a place to ask."""
        return {"valid": True, "organization_id": "simulator", "owner_id": "simulator"}

    def key(self, headers: dict[str, str]) -> str | None:
        """The key that a request brought; None where there is none and one is needed."""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" and key.strip() else None
