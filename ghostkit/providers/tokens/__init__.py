"""Tokens without a tokenizer: characters by script, what each costs in tokens, and what calls have taught."""

from ghostkit.providers.tokens.calibration import Calibration, Estimate
from ghostkit.providers.tokens.rates import rates_for
from ghostkit.providers.tokens.scripts import count_scripts

__all__ = ["Calibration", "Estimate", "count_scripts", "rates_for"]
