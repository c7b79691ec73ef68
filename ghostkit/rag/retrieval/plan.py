"""Which searches answer a question, given what there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ghostkit.errors import EmbedderError
from ghostkit.rag.config import RAGConfig, RAGMode

NO_EMBEDDER = "There is no embedder, so words alone were searched, and not meanings."


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`fusion` as in `RAGConfig`, or `keyword` where there is nothing else."""

    fusion: str
    notes: tuple[str, ...] = ()

    @property
    def by_meaning(self) -> bool:
        return self.fusion != "keyword"

    @property
    def by_words(self) -> bool:
        return self.fusion != "semantic"


def plan_for(config: RAGConfig, index: Any, embedder: Any) -> Plan:
    """Raises `EmbedderError` where a search by meaning was asked for by name and can't be had.

    Modes `disabled` and `basic` never use an embedder; a search there is one by words.
    """
    if config.fusion == "keyword" or config.mode in (RAGMode.DISABLED, RAGMode.BASIC):
        return Plan(fusion="keyword")
    if index is not None and embedder is not None:
        return Plan(fusion=config.fusion)
    if config.fusion == "semantic" or config.embedding_model != "auto":
        raise EmbedderError(
            f"A search by meaning was asked for (embedding_model {config.embedding_model!r}, fusion "
            f"{config.fusion!r}), and there is no embedder.",
            fix="Install ghostkit[onnx] and run `ghostkit models fetch`, choose embedding_model='hashing', or search "
            "with fusion='keyword'.",
        )
    return Plan(fusion="keyword", notes=(NO_EMBEDDER,))
