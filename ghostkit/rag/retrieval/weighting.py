"""Relevance × importance × recency."""

from __future__ import annotations

from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Chunk


def recency_of(chunk: Chunk, before: tuple[int, int] | None) -> float | None:
    """1 for the chapter that asks, 0 for one as far back as can be, in even steps; None where nobody's place is known.

    A document outside the book's order is never old: 1.
    """
    if before is None:
        return None
    if chunk.chapter_num is None:
        return 1.0
    asking = before[0]
    farthest = max(1, asking - 1)
    return 1.0 - min(1.0, abs(asking - chunk.chapter_num) / farthest)


def weighted(relevance: float, importance: float, recency: float | None, config: RAGConfig) -> float:
    """`relevance` less what its chunk's unimportance and age cost it: each factor is 1 - weight · (1 - value).

    A relevance below 0 (a cosine, a re-ranker's logit) falls by as much as it would if it were above.
    """
    factor = 1.0 - config.importance_weight * (1.0 - importance)
    if recency is not None:
        factor *= 1.0 - config.recency_weight * (1.0 - recency)
    return relevance * factor if relevance >= 0 else relevance * (2.0 - factor)


def standing_of(chunk: Chunk, before: tuple[int, int] | None) -> dict[str, float]:
    """A chunk's importance and recency, as `Hit.parts` has them."""
    recency = recency_of(chunk, before)
    return {"importance": chunk.importance_score, **({"recency": recency} if recency is not None else {})}


def weighs(config: RAGConfig) -> bool:
    """Whether importance or recency can change an order at all."""
    return config.importance_weight > 0 or config.recency_weight > 0
