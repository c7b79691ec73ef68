"""What a vendor of embeddings is: texts in, one vector each out. The service above it batches, pays and records."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from ghostkit.errors import ConfigError, UnknownName
from ghostkit.providers.contract import ModelInfo, RateLimits, Timeouts, Usage
from ghostkit.providers.model_limits import UNKNOWN_WINDOW
from ghostkit.providers.prices import embedding_price
from ghostkit.providers.registry import ProviderRegistry, registry, split_model

Role = Literal["query", "passage"]
"""Some models embed a question otherwise than what answers it."""
Numbers = Sequence[float] | bytes
"""A vector as it came: numbers, or little-endian float32 in a row."""
_ADAPTERS: Final = "ghostkit.providers.adapters"
ADAPTERS: Final[Mapping[str, str]] = {
    "openai": f"{_ADAPTERS}.openai_embeddings:OpenAIEmbeddings",
    "openai-responses": f"{_ADAPTERS}.openai_embeddings:OpenAIEmbeddings",
    "openrouter": f"{_ADAPTERS}.openai_embeddings:OpenRouterEmbeddings",
    "cohere": f"{_ADAPTERS}.cohere_embeddings:CohereEmbeddings",
    "gemini": f"{_ADAPTERS}.gemini_embeddings:GeminiEmbeddings",
    "ollama": f"{_ADAPTERS}.ollama_embeddings:OllamaEmbeddings",
}
"""Which class asks which provider's service; a provider of somebody else's has a method `embeddings` instead."""
VENDORS: Final = tuple(name for name in ADAPTERS if name != "openai-responses")


@dataclass(frozen=True, kw_only=True)
class EmbeddingModel:
    """What is known of a model of embeddings. None where nobody knows; prices are USD per million tokens."""

    provider: str
    model: str
    dimension: int | None = None
    """Of its vectors: the one asked for, or the model's own."""
    chosen: bool = False
    """Whether `dimension` was asked for, and so is sent."""
    max_tokens: int | None = None
    """Of one text."""
    most_texts: int = 32
    """Of one request."""
    most_tokens: int | None = None
    """Of one request."""
    cuts: bool = False
    """Whether the service itself cuts what is too long."""
    query_prefix: str = ""
    passage_prefix: str = ""
    revision: str = ""
    base_url: str = ""
    local: bool = False
    """True where texts don't leave this machine."""
    free: bool = False
    usd_per_million: float | None = None

    @property
    def name(self) -> str:
        """`provider:model`."""
        return f"{self.provider}:{self.model}"

    def prefix(self, role: Role) -> str:
        """What the model wants before a text of that role."""
        return self.query_prefix if role == "query" else self.passage_prefix

    def as_info(self) -> ModelInfo:
        """For gates, budgets and prices, which know no difference."""
        price = 0.0 if self.free else self.usd_per_million
        return ModelInfo(
            provider=self.provider,
            model=self.model,
            context_window=self.max_tokens or UNKNOWN_WINDOW,
            max_output=0,
            native_streaming=False,
            input_usd_per_million=price,
            output_usd_per_million=None if price is None else 0.0,
            base_url=self.base_url,
            local=self.free,
            keeps_deadlines=True,
        )


@dataclass(frozen=True, kw_only=True)
class EmbeddingRequest:
    """One call. `texts` have their prefixes, none is blank, and there are no more of them than the vendor takes."""

    model: str
    texts: tuple[str, ...]
    role: Role
    dimension: int | None = None
    """To be sent; None: the model's own."""
    attempt_id: str = ""
    """Sent as `Idempotency-Key`."""
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """What came, in the order of the texts and not looked at yet; `usage` is None where nothing was counted."""

    vectors: Sequence[Numbers]
    usage: Usage | None = None
    request_id: str = ""
    limits: RateLimits | None = None


class EmbeddingProvider(Protocol):
    """One vendor's embeddings. Both calls raise `ProviderError`s."""

    async def known(self, model: str, dimension: int | None = None) -> EmbeddingModel:
        """What is known of the model; asks only services on one's own machine. `dimension`: the one wished for.

        Raises `ConfigError` for a dimension that the model does not have.
        """
        ...

    async def embed(self, request: EmbeddingRequest) -> Embedded: ...

    def has_moved(self) -> bool:
        """Whether another base URL was set since this was made."""
        ...

    async def aclose(self) -> None: ...


def split_embedding(name: str) -> tuple[str, str, int | None]:
    """`provider:model` or `provider:model@dimension` → (provider, model, dimension or None).

    Raises `UnknownName` where a part is missing.
    """
    provider, model = split_model(name)
    bare, mark, wish = model.rpartition("@")
    dimension = None
    if mark and wish.isdecimal():
        model, dimension = bare, int(wish)
        if not 1 <= dimension <= 65_536:
            raise ConfigError(f"{name!r} asks for vectors of {wish} numbers.", fix="Choose from 1 to 65536.")
    if not model:
        raise UnknownName(
            f"{name!r} names no model.", fix="Write provider:model, for example openai:text-embedding-3-small."
        )
    return provider, model, dimension


def embedding_provider(name: str, providers: ProviderRegistry = registry) -> EmbeddingProvider:
    """The embeddings of the provider called `name`; loads an SDK, so not in the event loop.

    Raises `UnknownName` for one that has none.
    """
    from ghostkit.providers.wire import VendorProvider

    provider = providers.create_provider(name)
    own = getattr(provider, "embeddings", None)
    if callable(own):
        theirs: EmbeddingProvider = own()
        return theirs
    if name not in ADAPTERS or not isinstance(provider, VendorProvider):
        raise UnknownName(
            f"{name} has no embeddings.",
            fix=f"Choose a model of {', '.join(VENDORS)}, or `hashing`, which needs nobody.",
        )
    module, _, what = ADAPTERS[name].partition(":")
    adapter: EmbeddingProvider = getattr(importlib.import_module(module), what)(provider)
    return adapter


def price_of(provider: str, model: str) -> float | None:
    """USD per million tokens: as set, else of the price list, else None."""
    return embedding_price(provider, model)
