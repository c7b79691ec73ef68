"""Times and durations as vendors write them, read as seconds from now."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_UNITS: Final = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0,
}  # fmt: skip
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d)")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_FIRST_EPOCH_S: Final = 1e8
"""A number from here on is a moment (1973 and later), below it a duration: nobody asks for three years."""
_FIRST_EPOCH_MS: Final = 1e11
LONGEST_S: Final = 10 * 365 * 86_400.0
"""More than this is taken for garbage."""


def number(text: str | None) -> float | None:
    """A finite decimal number, else None; `nan`, `inf`, `1_000` and `0x10` are none."""
    text = (text or "").strip()
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def duration_s(text: str | None) -> float | None:
    """`12ms`, `1s`, `6m0s`, `1h2m3.5s` or bare seconds; None for anything else and for what is negative.

    Source: Go's time.Duration, in which OpenAI's `x-ratelimit-reset-*` are written.
    """
    text = (text or "").strip().lower()
    bare = number(text)
    if bare is not None:
        return _sensible(bare)
    total, at = 0.0, 0
    for part in _PART.finditer(text):
        if part.start() != at:
            return None
        total += float(part[1]) * _UNITS[part[2]]
        at = part.end()
    return _sensible(total) if at and at == len(text) else None


def date_epoch_s(text: str | None) -> float | None:
    """An HTTP date (RFC 9110, its two old forms too) or an RFC 3339 time as seconds since 1970; None for garbage."""
    text = (text or "").strip()
    if len(text) < 10 or number(text) is not None:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def seconds_until(text: str | None, now: float) -> float | None:
    """A duration, a date, or an epoch in seconds or milliseconds, as seconds after `now` (epoch seconds).

    What is past is 0; negative durations and garbage are None.
    """
    bare = number(text)
    if bare is not None and bare >= _FIRST_EPOCH_S:
        epoch = bare / 1000 if bare >= _FIRST_EPOCH_MS else bare
        return _sensible(max(0.0, epoch - now))
    wait = duration_s(text)
    if wait is not None:
        return wait
    moment = date_epoch_s(text)
    return None if moment is None else _sensible(max(0.0, moment - now))


def _sensible(seconds: float) -> float | None:
    return seconds if 0 <= seconds <= LONGEST_S else None
