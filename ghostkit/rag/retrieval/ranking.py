"""From two rankings to one list of candidates: threshold, fusion, weights. Pure but for the chunks it looks up."""

from __future__ import annotations

from collections.abc import Sequence

from ghostkit.rag.config import RAGConfig
from ghostkit.rag.retrieval.fusion import Candidate, Ranking, alone, best_first, convex, reciprocal_ranks
from ghostkit.rag.retrieval.result import Dropped
from ghostkit.rag.retrieval.selection import Fetch
from ghostkit.rag.retrieval.weighting import recency_of, weighs, weighted

SEMANTIC_WEIGHT = 0.5
LEXICAL_WEIGHT = 0.2
"""Of an embedder that matches words, which BM25 does better. Chosen on chunking-eval: more than this costs nDCG."""


def semantic_weight_of(config: RAGConfig, *, lexical: bool) -> float:
    """What the config says, or what suits the embedder."""
    if config.semantic_weight is not None:
        return config.semantic_weight
    return LEXICAL_WEIGHT if lexical else SEMANTIC_WEIGHT


def fused(
    semantic: Ranking, keyword: Ranking, fusion: str, config: RAGConfig, *, lexical: bool = False
) -> list[Candidate]:
    """Best first, by `fusion` as in `RAGConfig`."""
    if fusion == "convex":
        return convex(semantic, keyword, semantic_weight_of(config, lexical=lexical))
    if fusion == "rrf":
        return reciprocal_ranks(semantic, keyword, config.rrf_k)
    return alone(fusion, semantic if fusion == "semantic" else keyword)


def above(threshold: float, candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Dropped]]:
    """Without what was found by meaning alone and whose cosine is too low.

    What has the query's words stays: the threshold is about meanings, and a rare name that matches is a good answer
    whatever its cosine. Scores are normalised before this, so a threshold never changes those of others.
    """
    kept, dropped = [], []
    for one in candidates:
        cosine = one.parts.get("semantic")
        if cosine is not None and cosine < threshold and "keyword" not in one.parts:
            dropped.append(Dropped(chunk_id=one.chunk_id, score=one.score, why="threshold"))
        else:
            kept.append(one)
    return kept, dropped


def reweighted(
    candidates: Sequence[Candidate], fetch: Fetch, config: RAGConfig, before: tuple[int, int] | None
) -> list[Candidate]:
    """With importance and recency in each score, best first; untouched where neither weighs anything."""
    if not weighs(config):
        return list(candidates)
    chunks = fetch([one.chunk_id for one in candidates])
    for one in candidates:
        chunk = chunks.get(one.chunk_id)
        if chunk is not None:
            one.score = weighted(one.score, chunk.importance_score, recency_of(chunk, before), config)
    return best_first(candidates)
