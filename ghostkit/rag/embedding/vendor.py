"""A vendor's embedder: everything but the vectors' use is the embedding service's business."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from ghostkit.providers.embeddings import VENDORS, EmbeddingModel
from ghostkit.rag.embedding.contract import EmbedderInfo, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEPT_NOTES: Final = 100


class VendorAnswer(Protocol):
    """`vectors`: float32 (n, d), L2-normalised, a row of zeros for a blank text."""

    @property
    def vectors(self) -> NDArray[np.float32]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


class EmbeddingServices(Protocol):
    """What asks vendors; `ghostkit.generation.embedding.EmbeddingService` is one."""

    async def known(self, name: str) -> EmbeddingModel: ...

    async def dimension(self, name: str) -> int: ...

    async def embed(
        self,
        name: str,
        texts: Sequence[str],
        role: Role,
        *,
        on_batch: Callable[[Sequence[int], NDArray[np.float32]], Awaitable[None]] | None = None,
    ) -> VendorAnswer: ...

    async def aclose(self) -> None: ...


def is_vendor(name: str) -> bool:
    """Whether `name` (`provider:model`) is of a vendor of embeddings, or of a provider of somebody else's."""
    return name.partition(":")[0] in (*VENDORS, "openai-responses")


class VendorEmbedder:
    """`openai:…`, `cohere:…`, `gemini:…`, `ollama:…`, `openrouter:…`; `@512` behind a name asks for shorter vectors.

    Without `services` it has one of its own, which it closes; its record is in memory alone.
    """

    def __init__(self, name: str, services: EmbeddingServices | None = None) -> None:
        self.name = name
        self.notes: list[str] = []
        """What a person should know of what was embedded: texts that were cut."""
        self._own = services is None
        self._services: EmbeddingServices = services or _service_of_its_own()

    async def info(self) -> EmbedderInfo:
        """Where nobody knows the dimension, the vendor is asked for one word's vector, once."""
        dimension = await self._services.dimension(self.name)
        known = await self._services.known(self.name)
        return EmbedderInfo(
            name=known.name,
            dimension=dimension,
            revision=known.revision,
            local=known.local,
            max_tokens=known.max_tokens,
        )

    async def embed(
        self,
        texts: Sequence[str],
        role: Role,
        *,
        on_batch: Callable[[Sequence[int], NDArray[np.float32]], Awaitable[None]] | None = None,
    ) -> NDArray[np.float32]:
        """As the contract says. `on_batch` is told (places, vectors) of what is paid, whatever happens later.

        Raises `ProviderError`, `BudgetExceeded`, `ConfigError`, `UnknownName`.
        """
        import numpy as np

        answer = await self._services.embed(self.name, texts, role, on_batch=on_batch)
        self.notes = [*self.notes, *answer.notes][-KEPT_NOTES:]
        if answer.vectors.shape[1]:
            return answer.vectors
        return np.zeros((len(texts), await self._services.dimension(self.name)), np.float32)

    async def aclose(self) -> None:
        if self._own:
            await self._services.aclose()


def _service_of_its_own() -> EmbeddingServices:
    from ghostkit.generation.embedding import EmbeddingService

    return EmbeddingService()
