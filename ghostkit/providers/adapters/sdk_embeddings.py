"""What the embeddings of all vendors have in common: the provider's own client, keys, errors and address."""

from __future__ import annotations

import hashlib
import importlib
import json
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import anyio.to_thread

from ghostkit.providers.contract import Usage, public_address
from ghostkit.providers.embedding_models import EmbeddingFacts, checked_dimension, facts_of
from ghostkit.providers.embeddings import Embedded, EmbeddingModel, EmbeddingRequest, Numbers, price_of
from ghostkit.providers.this_machine import is_this_machine
from ghostkit.providers.wire import VendorProvider, WireCall
from ghostkit.providers.wire.call import current_call
from ghostkit.providers.wire.errors import misshapen

OUR_MOST_TEXTS: Final = 128
"""No request of ours has more: what fails is paid again, and an answer has to fit memory."""


class SdkEmbeddings(ABC):
    """Over a vendor's provider, whose client does the asking."""

    most_texts: ClassVar[int] = OUR_MOST_TEXTS
    most_tokens: ClassVar[int | None] = None
    cuts: ClassVar[bool] = False
    loads: ClassVar[tuple[str, ...]] = ()
    """Modules that the SDK would import in the event loop, when first asked."""

    def __init__(self, provider: VendorProvider) -> None:
        """In a thread: see `loads`."""
        self.provider = provider
        for module in self.loads:
            with suppress(Exception):  # the provider says what is not installed, or broken
                importlib.import_module(module)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.provider!r})"

    async def known(self, model: str, dimension: int | None = None) -> EmbeddingModel:
        """From ghostkit's own tables: nobody is asked."""
        return self._model(model, facts_of(self.provider.name, model), dimension)

    def _model(self, model: str, facts: EmbeddingFacts, wish: int | None, **more: Any) -> EmbeddingModel:
        provider = self.provider
        given: dict[str, Any] = {
            "provider": provider.name,
            "model": model,
            "dimension": checked_dimension(facts, f"{provider.name}:{model}", wish),
            "chosen": wish is not None and wish != facts.dimension,
            "max_tokens": facts.max_tokens,
            "most_texts": self.most_texts,
            "most_tokens": self.most_tokens,
            "cuts": self.cuts,
            "query_prefix": facts.query_prefix,
            "passage_prefix": facts.passage_prefix,
            "revision": _revision(provider),
            "base_url": provider.base_url,
            "local": is_this_machine(urlsplit(provider.base_url).hostname or ""),
            "usd_per_million": price_of(provider.name, model),
        }
        return EmbeddingModel(**{**given, **more})

    async def embed(self, request: EmbeddingRequest) -> Embedded:
        """The vectors, by one call."""
        call = WireCall(attempt_id=request.attempt_id, timeouts=request.timeouts)
        return await self.provider.asked(lambda client: self._ask(client, request), call, model=request.model)

    @abstractmethod
    async def _ask(self, client: Any, request: EmbeddingRequest) -> Embedded: ...

    async def _parsed(self, body: bytes) -> dict[str, Any]:
        """An answer's JSON, read in a thread: SDKs look at each of hundreds of thousands of numbers, in the loop."""
        said = await anyio.to_thread.run_sync(json.loads, body)
        if not isinstance(said, dict):
            raise self._misshapen()
        return said

    def _embedded(self, vectors: list[Numbers], tokens: Any, cost_usd: Any = None) -> Embedded:
        """What came; `tokens` is what the vendor counted, None where it counted nothing."""
        call = current_call() or WireCall()
        usage = None
        if isinstance(tokens, int | float) and tokens > 0:
            cost = float(cost_usd) if isinstance(cost_usd, int | float) and cost_usd >= 0 else None
            usage = Usage(input_tokens=int(tokens), cost_usd=cost, source="reported")
        return Embedded(vectors=vectors, usage=usage, request_id=call.request_id, limits=call.limits)

    def _misshapen(self) -> Exception:
        return misshapen(self.provider.table.vendor, current_call())

    def has_moved(self) -> bool:
        return self.provider.has_moved()

    async def aclose(self) -> None:
        await self.provider.aclose()


def _revision(provider: VendorProvider) -> str:
    """Which service's vectors they are: empty for the vendor's own, else 8 hex digits of the address.

    A server of one's own may call any model by any name.
    """
    if provider.base_url == provider.default_base_url:
        return ""
    return hashlib.sha256(public_address(provider.base_url).encode()).hexdigest()[:8]
