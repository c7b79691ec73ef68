"""What reported token counts teach about a model: a factor for each script, drawn towards the rates it began with.

Source: ridge regression towards 1, with forgetting. A call that used y tokens where p were expected, a share f_s of
them in script s, adds (y/p - sum of factor_s * f_s)^2; the prior adds PRIOR * (factor_s - 1)^2 for every script.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ghostkit.providers.tokens.rates import rates_for, worst_rates_for
from ghostkit.providers.tokens.scripts import NEUTRAL

PRIOR: Final = 0.5
"""How many calls the rates are worth that everything begins with."""
FORGETTING: Final = 0.97
"""What an observation counts after the next one: a book may change its language."""
FORGETTING_ERRORS: Final = 0.9
"""The same for how far off estimates were: the first ones were before anything was learnt."""
UNTAUGHT_ERROR: Final = 0.20
"""The relative error (one standard deviation) of estimates for a model that no call has been seen of."""
MARGIN: Final = 3.0
"""How many standard deviations the most lies above the estimate."""
LEAST_MARGIN: Final = 0.15
WORST_MARGIN: Final = 1.3
"""How much more than the worst of the known tokenizers an unknown one may make."""
_LEAST_TOKENS: Final = 20
_BELIEVABLE: Final = (0.2, 5.0)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Tokens, one relative standard deviation of them, and more than there are, as far as can be told."""

    tokens: float
    error: float
    most: float


@dataclass
class _Learned:
    products: dict[tuple[str, str], float] = field(default_factory=dict)
    targets: dict[str, float] = field(default_factory=dict)
    factors: dict[str, float] = field(default_factory=dict)
    squares: float = 0.0
    weight: float = 0.0


class Calibration:
    """Estimates by model name (`provider:model`); may be used from any thread."""

    def __init__(self) -> None:
        self._learned: dict[str, _Learned] = {}
        self._lock = threading.Lock()

    def estimate(self, model: str, characters: Mapping[str, int]) -> Estimate:
        """How many tokens a text has, given its characters by class (`count_scripts`)."""
        tokens, shares = _expected(model, characters)
        with self._lock:
            learned = self._learned.get(model)
            if learned is None:
                worst = WORST_MARGIN * _tokens(worst_rates_for(model), characters)
                return Estimate(tokens=tokens, error=UNTAUGHT_ERROR, most=max(_most(tokens, UNTAUGHT_ERROR), worst))
            # A script that was never seen is expected to be as much off as before anything was.
            unseen = sum(share for script, share in shares.items() if script not in learned.factors)
            factor = sum(share * learned.factors.get(script, 1.0) for script, share in shares.items())
            error = math.sqrt((learned.squares + PRIOR * UNTAUGHT_ERROR**2) / (learned.weight + PRIOR))
        error += unseen * UNTAUGHT_ERROR
        return Estimate(tokens=tokens * factor, error=error, most=_most(tokens * factor, error))

    def observe(self, model: str, characters: Mapping[str, int], tokens: int) -> None:
        """Learn from a call that used `tokens`; what is too short or unbelievable is left out."""
        expected, shares = _expected(model, characters)
        if expected < _LEAST_TOKENS or not _BELIEVABLE[0] <= tokens / expected <= _BELIEVABLE[1]:
            return
        ratio = tokens / expected
        with self._lock:
            learned = self._learned.setdefault(model, _Learned())
            foreseen = sum(share * learned.factors.get(script, 1.0) for script, share in shares.items())
            learned.squares = FORGETTING_ERRORS * learned.squares + min((ratio / foreseen - 1.0) ** 2, 0.25)
            learned.weight = FORGETTING_ERRORS * learned.weight + 1.0
            _add(learned, shares, ratio)
            learned.factors = _solved(learned)

    def knows(self, model: str) -> bool:
        """Has any call taught something about the model?"""
        with self._lock:
            return model in self._learned

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._learned.clear()


def _most(tokens: float, error: float) -> float:
    return tokens * (1.0 + max(MARGIN * error, LEAST_MARGIN))


def _tokens(rates: Mapping[str, float], characters: Mapping[str, int]) -> float:
    return sum(number * rates.get(name, rates["other"]) for name, number in characters.items())


def _expected(model: str, characters: Mapping[str, int]) -> tuple[float, dict[str, float]]:
    """Tokens by the rates alone, and the share of each script; what is of no script belongs to all alike."""
    rates = rates_for(model)
    by_class = {name: number * rates.get(name, rates["other"]) for name, number in characters.items()}
    scripts: dict[str, float] = {}
    for name, tokens in by_class.items():
        if name not in NEUTRAL:
            script = "latin" if name == "accented" else name
            scripts[script] = scripts.get(script, 0.0) + tokens
    whole = sum(scripts.values())
    shares = {script: tokens / whole for script, tokens in scripts.items()} if whole else {"latin": 1.0}
    return sum(by_class.values()), shares


def _add(learned: _Learned, shares: Mapping[str, float], ratio: float) -> None:
    for pair in learned.products:
        learned.products[pair] *= FORGETTING
    for script in learned.targets:
        learned.targets[script] *= FORGETTING
    for script, share in shares.items():
        learned.targets[script] = learned.targets.get(script, 0.0) + share * ratio
        for other, part in shares.items():
            pair = (script, other)
            learned.products[pair] = learned.products.get(pair, 0.0) + share * part


def _solved(learned: _Learned) -> dict[str, float]:
    """The factors: (products + PRIOR * I) * factors = targets + PRIOR, by Gaussian elimination (few scripts)."""
    scripts = list(learned.targets)
    rows = [
        [learned.products.get((one, other), 0.0) + (PRIOR if one == other else 0.0) for other in scripts]
        + [learned.targets[one] + PRIOR]
        for one in scripts
    ]
    # The matrix is positive definite: no pivot is 0, and none needs to be looked for.
    for at, row in enumerate(rows):
        for below in rows[at + 1 :]:
            times = below[at] / row[at]
            for column in range(at, len(row)):
                below[column] -= times * row[column]
    factors = [0.0] * len(scripts)
    for at in range(len(scripts) - 1, -1, -1):
        known = sum(rows[at][column] * factors[column] for column in range(at + 1, len(scripts)))
        factors[at] = (rows[at][-1] - known) / rows[at][at]
    low, high = _BELIEVABLE
    return {script: min(max(factor, low), high) for script, factor in zip(scripts, factors, strict=True)}
