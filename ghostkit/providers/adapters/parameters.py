"""ghostkit's own names for what may be asked of any model, checked before anything is sent.

docs/providers.md says what becomes of each at each vendor.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from ghostkit.errors import InputError
from ghostkit.providers.contract import Request

Reasoning = Literal["none", "low", "medium", "high"]
NAMES: Final = ("temperature", "top_p", "seed", "stop", "json_schema", "reasoning", "extra")
ROOM_TO_THINK: Final[Mapping[str, int]] = {"none": 0, "minimal": 1_024, "low": 2_048, "medium": 8_192, "high": 24_576}
"""Tokens added to an answer's own for the thinking before it, which vendors count as output."""
REASONING: Final[tuple[str, ...]] = get_args(Reasoning)
_UNFIT_FOR_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a request asks for; None, or empty, where it says nothing. `seed` and `reasoning` are hints."""

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None
    reasoning: Reasoning | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def schema_name(self) -> str:
        """A name for the schema that every vendor takes: its title's plain characters, at most 64."""
        title = str((self.json_schema or {}).get("title", ""))
        return _UNFIT_FOR_NAMES.sub("_", title).strip("_")[:64] or "answer"

    def own_limit(self, *names: str, within: str = "") -> int | None:
        """A limit of one's own on the answer's tokens: in `extra`, or in what stands there as `within`."""
        given = self.extra.get(within) if within else self.extra
        found = (given.get(name) for name in names) if isinstance(given, Mapping) else ()
        return next((limit for limit in found if isinstance(limit, int)), None)


def read_parameters(request: Request) -> Parameters:
    """The request's parameters, each of the right kind.

    :raises InputError: an unknown name, a value of the wrong kind, or no room for an answer.
    """
    if request.max_tokens < 1:
        raise InputError(
            f"max_tokens is {request.max_tokens}; an answer needs room for at least one token.",
            fix="Ask for one token or more.",
        )
    given = {name: value for name, value in request.parameters.items() if value is not None}
    unknown = sorted(str(name) for name in given if name not in NAMES)
    if unknown:
        raise InputError(
            f"ghostkit has no parameter {unknown[0]!r}.",
            fix=f"There is: {', '.join(NAMES)}; what only one vendor knows goes into extra={{…}} as it is.",
        )
    return Parameters(
        temperature=_number("temperature", given, 0.0, 2.0),
        top_p=_number("top_p", given, 0.0, 1.0),
        seed=_whole("seed", given),
        stop=_stops(given),
        json_schema=_mapping("json_schema", given),
        reasoning=_reasoning(given),
        extra=_extra(given),
    )


def not_taken(name: str, vendor: str, instead: str = "") -> InputError:
    """`vendor` has nothing like the parameter `name`, and leaving it out would change the answer."""
    return InputError(f"{vendor} takes no {name!r}.", fix=f"Leave it out, or {instead or 'choose another provider'}.")


def _wrong(name: str, value: Any, must_be: str) -> InputError:
    return InputError(f"The parameter {name} is {str(value)[:80]!r}.", fix=f"It must be {must_be}.")


def _number(name: str, given: Mapping[str, Any], least: float, most: float) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(name, value, f"a number from {least:g} to {most:g}")
    if not least <= value <= most:
        raise _wrong(name, value, f"a number from {least:g} to {most:g}")
    return float(value)


def _whole(name: str, given: Mapping[str, Any]) -> int | None:
    value = given.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise _wrong(name, value, "a whole number")
    return value


def _stops(given: Mapping[str, Any]) -> tuple[str, ...]:
    value = given.get("stop", ())
    stops = (value,) if isinstance(value, str) else value
    if not isinstance(stops, list | tuple) or not all(isinstance(stop, str) and stop for stop in stops):
        raise _wrong("stop", value, "a text, or a list of texts, none of them empty")
    return tuple(stops)


def _mapping(name: str, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    value = given.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise _wrong(name, value, "a dictionary")
    return value


def _extra(given: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = _mapping("extra", given) or {}
    if "stream" in extra:
        raise InputError("extra can't say whether to stream.", fix="Call `stream` or `generate`, and leave it out.")
    return extra


def _reasoning(given: Mapping[str, Any]) -> Reasoning | None:
    value = given.get("reasoning")
    if value is None:
        return None
    for known in get_args(Reasoning):
        if value == known:
            found: Reasoning = known
            return found
    raise _wrong("reasoning", value, f"one of {', '.join(REASONING)}")
