"""What an embedder is; `tests/rag/embedding/contract.py` runs on every one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Role = Literal["query", "passage"]
"""What a text is to the search: some models embed a question otherwise than what answers it."""


@dataclass(frozen=True, kw_only=True)
class EmbedderInfo:
    """Which vectors it makes; two with equal keys make the same.

    `revision` tells versions of the same name apart (a hash of weights or source, a vendor's date).
    """

    name: str
    """As in `RAGConfig.embedding_model`: `hashing`, `onnx:all-MiniLM-L6-v2`, `openai:text-embedding-3-small` …"""
    dimension: int
    revision: str = ""
    threshold: float = 0.0
    """The least cosine that means anything with these vectors; what `similarity_threshold=None` stands for."""
    lexical: bool = False
    """True for `hashing`, which matches words and no meanings."""
    local: bool = True
    """False where texts leave this machine."""
    languages: frozenset[str] | None = None
    """ISO 639-1; None: nobody said, or many."""
    max_tokens: int | None = None
    """What is longer is cut off by the model; None: nobody knows."""

    @property
    def key(self) -> str:
        """Vectors are kept under this, a role and a text's hash."""
        return f"{self.name}@{self.revision}/{self.dimension}"


class Embedder(Protocol):
    """Texts in, vectors out. `embed` may be called from several tasks; it blocks no event loop."""

    async def info(self) -> EmbedderInfo:
        """May load a model, or ask a vendor once, for the dimension."""
        ...

    async def embed(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """float32 (n, d), each row L2-normalised; an empty text gives a row of zeros. Equal text, equal row,
        whatever stands beside it.

        Raises `ProviderError` (vendors), `BudgetExceeded`, `EmbedderError` (a model that can't be loaded).
        """
        ...

    async def aclose(self) -> None: ...
