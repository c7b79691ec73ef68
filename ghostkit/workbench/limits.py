"""What a run may be asked to keep to."""

from __future__ import annotations

from ghostkit.errors import InputError
from ghostkit.settings import get_settings


def checked_limits(parallel: int, budget_usd: float | None) -> float | None:
    """The budget of a run in USD: what is given, else the setting's, else None; raises for numbers out of range."""
    if not 1 <= parallel <= 64:
        raise InputError(f"parallel is {parallel}, but must be from 1 to 64.", fix="Give a number in that range.")
    limit = budget_usd if budget_usd is not None else get_settings().budget_usd
    if limit is not None and not 0 <= limit < float("inf"):
        raise InputError(f"The budget is {limit}.", fix="Give an amount in USD, 0 or more.")
    return limit
