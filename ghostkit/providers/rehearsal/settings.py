"""What can be set on a rehearsal: code first, then the environment, then the default."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from ghostkit.errors import InputError
from ghostkit.providers.rehearsal.pacing import Pace

PREFIX = "GHOSTKIT_REHEARSAL_"


@dataclass(frozen=True, kw_only=True)
class RehearsalSettings:
    """`input_usd` and `output_usd` are pretended prices per million tokens, so that budgets can be rehearsed."""

    pace: Pace
    bill: str
    faults: str
    input_usd: float
    output_usd: float


def read_settings(
    *,
    tokens_per_s: float | None,
    first_token_s: float | None,
    jitter: float | None,
    bill: str | os.PathLike[str] | None,
    faults: str | None,
    price: str | None,
) -> RehearsalSettings:
    """Fill in from the environment what is None.

    :raises InputError: a value that is no number, or out of range.
    """
    input_usd, output_usd = _price(price if price is not None else _env("PRICE") or "0,0")
    return RehearsalSettings(
        pace=Pace(
            tokens_per_s=_number("TOKENS_PER_S", tokens_per_s),
            first_token_s=_number("FIRST_TOKEN_S", first_token_s),
            jitter=_number("JITTER", jitter, at_most=0.9),
        ),
        bill=os.fspath(bill) if bill is not None else _env("BILL"),
        faults=faults if faults is not None else _env("FAULTS"),
        input_usd=input_usd,
        output_usd=output_usd,
    )


def _env(name: str) -> str:
    return os.environ.get(PREFIX + name, "")


def _number(name: str, given: float | None, at_most: float = 1_000_000.0) -> float:
    raw: float | str = given if given is not None else _env(name) or 0.0
    try:
        value = float(raw)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value <= at_most:
        raise InputError(
            f"{PREFIX}{name} is {raw!r}, which is no number from 0 to {at_most:g}.",
            fix="Set it to such a number, or take it away.",
        )
    return value


def _price(text: str) -> tuple[float, float]:
    try:
        input_usd, output_usd = (float(part) for part in text.split(","))
    except ValueError:
        input_usd = output_usd = math.nan
    if not (0 <= input_usd < math.inf and 0 <= output_usd < math.inf):
        raise InputError(
            f"{PREFIX}PRICE is {text!r}, which is not two prices.",
            fix='Write USD per million tokens in and out, for example "0.5,1.5".',
        )
    return input_usd, output_usd
