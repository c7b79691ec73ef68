"""`PATH?else=openai:gpt-5&of=openai:gpt-4&pace=1`: which recording, and how it is played."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from ghostkit.errors import InputError
from ghostkit.providers.registry import split_model

_OPTIONS: Final = ("else", "of", "pace")
_PLAIN: Final = ":/.-_@+"


@dataclass(frozen=True, kw_only=True)
class Address:
    """`path` is a book's folder or a ledger. `of` names the models whose answers count, all without any.

    `otherwise` is the model asked for what isn't recorded; empty is strict. `pace` is how fast, beside the recorded
    times: 1 as it was, 2 twice as fast, 0 at once.
    """

    path: str
    of: tuple[str, ...] = ()
    otherwise: str = ""
    pace: float = 0.0

    def __str__(self) -> str:
        options = []
        if self.otherwise:
            options.append(f"else={quote(self.otherwise, safe=_PLAIN)}")
        if self.of:
            options.append(f"of={','.join(quote(name, safe=_PLAIN) for name in self.of)}")
        if self.pace:
            options.append(f"pace={self.pace:g}")
        return f"{self.path}?{'&'.join(options)}" if options else self.path


def read_address(text: str) -> Address:
    """Read what stands after `replay:`. A `?` that no known option follows is part of the path.

    Raises:
        InputError: an option that can't be what it says.
    """
    path, mark, tail = text.rpartition("?")
    given = [item.partition("=") for item in tail.split("&")] if mark and path else []
    if not given or any(name not in _OPTIONS or not equals for name, equals, _ in given):
        return Address(path=text)
    options = {name: value for name, _, value in given}
    otherwise = unquote(options.get("else", ""))
    if "else" in options:
        split_model(otherwise)
        if split_model(otherwise)[0] == "replay":
            raise InputError("A recording can't stand in for another one.", fix="Name another model after else=.")
    of = tuple(unquote(name) for name in options.get("of", "").split(",") if name)
    return Address(path=path, of=of, otherwise=otherwise, pace=_pace(options.get("pace", "0")))


def recorded_models(name: str) -> tuple[str, ...]:
    """Whose words a model's answers are: the recorded models' for `replay:…?of=…`, its own for any other."""
    provider, _, bare = name.partition(":")
    if provider != "replay":
        return (name,)
    address = read_address(bare)
    models = (*address.of, *((address.otherwise,) if address.otherwise else ()))
    return tuple(own for model in models for own in recorded_models(model)) or (name,)


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = math.nan
    if not 0 <= pace < math.inf:
        raise InputError(f"The pace of a replay is {text!r}.", fix="1 is as it was, 2 twice as fast, 0 at once.")
    return pace
