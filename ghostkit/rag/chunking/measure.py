"""How large a piece of text is: in characters, or in tokens by any counter."""

from __future__ import annotations

from functools import lru_cache

from ghostkit.providers.tokens import count_scripts, rates_for


def estimated_tokens(text: str) -> float:
    """Tokens as a vocabulary of about 130,000 makes of it, estimated by script (docs/decisions/0013)."""
    rates = _rates()
    return sum(number * rates.get(name, rates["other"]) for name, number in count_scripts(text).items())


@lru_cache(maxsize=1)
def _rates() -> dict[str, float]:
    return dict(rates_for(""))
