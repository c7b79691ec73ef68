"""What models cost and how much they take: from genai-prices' own snapshot, which ships with it.

Nothing is fetched: prices are as new as the installed `genai-prices`. `GHOSTKIT_PRICES` goes before it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final, TypeVar

from ghostkit.providers.contract import ModelInfo, PriceTier
from ghostkit.providers.model_limits import UNKNOWN_WINDOW, limits_of
from ghostkit.settings import get_settings

_AT_GENAI_PRICES: Final[Mapping[str, str]] = {
    "openai": "openai",
    "openai-responses": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "cohere": "cohere",
    "openrouter": "openrouter",
}
_OUR_NAMES: Final[Mapping[str, str]] = {"openai-responses": "openai", "google": "gemini"}
FREE: Final = frozenset({"ollama"})
"""Providers that run on one's own machine."""


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """Prices are USD per million tokens. `known` says whether what a call costs can be told beforehand."""

    provider: str
    model: str
    context_window: int
    max_output: int
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    cached_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None
    price_tiers: tuple[PriceTier, ...] = ()

    @property
    def known(self) -> bool:
        return self.input_usd_per_million is not None and self.output_usd_per_million is not None

    def as_info(self, *, native_streaming: bool = True, base_url: str = "", local: bool = False) -> ModelInfo:
        """The `ModelInfo` of an adapter."""
        return _info(self, native_streaming, base_url, local)


_Priced = TypeVar("_Priced", ModelFacts, ModelInfo)


# It is asked for several times on a request's way.
@lru_cache(maxsize=256)
def _info(facts: ModelFacts, native_streaming: bool, base_url: str, local: bool) -> ModelInfo:
    return ModelInfo(
        **{name: getattr(facts, name) for name in facts.__dataclass_fields__},
        native_streaming=native_streaming,
        base_url=base_url,
        local=local,
    )


def model_facts(provider: str, model: str) -> ModelFacts:
    """What is known of a model; `provider` is ghostkit's name of it. Never raises for an unknown one."""
    hour = 0 if provider in FREE else int(time.time() // 3600)
    return _with_prices(_facts(provider, model, hour), _set_price(get_settings().prices, provider, model))


def with_set_prices(info: ModelInfo) -> ModelInfo:
    """`info` with the prices that `GHOSTKIT_PRICES` gives its model, if it does."""
    return _with_prices(info, _set_price(get_settings().prices, info.provider, info.model))


def embedding_price(provider: str, model: str) -> float | None:
    """USD per million tokens of a model of embeddings, which has no output; None where nobody knows."""
    given = _set_price(get_settings().prices, provider, model)
    return given[0] if given else _embedding_price(provider, model, int(time.time() // 3600))


@lru_cache(maxsize=64)
def _embedding_price(provider: str, model: str, hour: int) -> float | None:
    bare = model.removeprefix("models/").lower()
    if provider in FREE or (provider == "openrouter" and bare.endswith(":free")):
        return 0.0
    found = _find(_AT_GENAI_PRICES.get(provider, ""), bare)
    if found is None:
        return None
    price: float | None = _at(found.get_prices(datetime.fromtimestamp(hour * 3600, UTC)).input_mtok, 0)
    return price


@lru_cache(maxsize=256)
def _facts(provider: str, model: str, hour: int) -> ModelFacts:
    """`hour` counts from 1970: prices change at announced times, and a book may take longer."""
    bare = model.removeprefix("models/").lower()
    window, max_output = limits_of(*_maker(provider, bare))
    facts = ModelFacts(provider=provider, model=model, context_window=window or UNKNOWN_WINDOW, max_output=max_output)
    if provider in FREE or (provider == "openrouter" and bare.endswith(":free")):
        return replace(facts, input_usd_per_million=0.0, output_usd_per_million=0.0)
    found = _find(_AT_GENAI_PRICES.get(provider, ""), bare)
    if found is None:
        return facts
    prices = found.get_prices(datetime.fromtimestamp(hour * 3600, UTC))
    return replace(facts, context_window=found.context_window or facts.context_window, **_read(prices))


def _maker(provider: str, model: str) -> tuple[str, str]:
    """Who made the model, under our name, and its name there: OpenRouter writes both."""
    if provider == "openrouter":
        provider, _, model = model.partition("/")
    return _OUR_NAMES.get(provider, provider), model


def _find(provider: str, model: str) -> Any:
    """genai-prices' own record of the model, or None."""
    if not provider:
        return None
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:  # it comes with the extra of any vendor; an adapter of someone else's may do without
        return None
    try:
        return get_snapshot().find_provider_model(model, None, provider, None)[1]
    except LookupError:
        return None


_PARTS: Final = {
    "input_usd_per_million": "input_mtok",
    "output_usd_per_million": "output_mtok",
    "cached_usd_per_million": "cache_read_mtok",
    "cache_write_usd_per_million": "cache_write_mtok",
}


def _read(prices: Any) -> dict[str, Any]:
    """Our fields from a genai-prices `ModelPrice`, whose tiers belong to each of its prices."""
    given = {field: getattr(prices, part) for field, part in _PARTS.items()}
    if given["input_usd_per_million"] is None or given["output_usd_per_million"] is None:
        return {}
    starts = sorted({tier.start for price in given.values() for tier in getattr(price, "tiers", ())})
    tiers = tuple(
        PriceTier(over_tokens=start, **{field: _at(price, start + 1) for field, price in given.items()})
        for start in starts
    )
    return {**{field: _at(price, 0) for field, price in given.items()}, "price_tiers": tiers}


def _at(price: Any, input_tokens: int) -> Any:
    """A price (Decimal, tiered or None) for a call of that much input, as a float."""
    if price is None:
        return None
    found = getattr(price, "base", price)
    for tier in getattr(price, "tiers", ()):
        if input_tokens > tier.start:
            found = tier.price
    return float(found)


def _set_price(setting: str, provider: str, model: str) -> tuple[float, ...]:
    """The prices that the setting gives the model: input, output and perhaps cached and written; () for none."""
    name = f"{provider}:{model}"
    for entry in filter(None, map(str.strip, setting.split(";"))):
        pattern, _, prices = entry.partition("=")
        if fnmatchcase(name, pattern.strip()):
            return tuple(float(price) for price in prices.split(","))
    return ()


def _with_prices(facts: _Priced, prices: tuple[float, ...]) -> _Priced:
    if not prices:
        return facts
    given: dict[str, Any] = {**dict.fromkeys(_PARTS), **dict(zip(_PARTS, prices, strict=False))}
    return replace(facts, **given, price_tiers=())
