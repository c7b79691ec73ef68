"""Numbers as people read them."""

from __future__ import annotations


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 section`, `2,304 words`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def duration(seconds: float) -> str:
    """`8 s`, `2 min 5 s`, `1 h 12 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def rough_duration(seconds: float) -> str:
    """A guess, not a measurement: `8 s`, `2 min`, `1 h 10 min`."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return duration(round(minutes / 10) * 600)


def money(usd: float | None, unpriced: int = 0) -> str:
    """Dollars, with as many places as the amount needs to be seen; None and `unpriced` calls are of unknown price."""
    if usd is None or (unpriced and usd <= 0):
        return "an unknown amount"
    if unpriced:
        return f"{money(usd)} and {counted(unpriced, 'call')} of unknown price"
    if usd <= 0:
        return "$0.00"
    if usd < 0.0001:
        return f"${usd:.1e}"
    return f"${usd:.4f}" if usd < 0.1 else f"${usd:,.2f}"


def size(octets: int) -> str:
    """`812 bytes`, `14.2 kB`, `3.1 MB`."""
    if octets < 1000:
        return counted(octets, "byte")
    return f"{octets / 1000:.1f} kB" if octets < 1_000_000 else f"{octets / 1_000_000:.1f} MB"
