"""Bring two rankings together: by a convex combination of min-max-normalised scores, or by reciprocal ranks.

Sources: S. Bruch, S. Gai, A. Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (TOIS 2023) for the
convex combination; G. Cormack, C. Clarke, S. Büttcher, "Reciprocal Rank Fusion" (SIGIR 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Ranking = Sequence[tuple[str, float]]
"""(chunk id, score), best first."""


@dataclass(slots=True)
class Candidate:
    """A chunk on its way to being a hit, with the scores it came from (as in `Hit.parts`)."""

    chunk_id: str
    score: float
    parts: dict[str, float] = field(default_factory=dict)


def best_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """By score, and by id where scores are equal."""
    return sorted(candidates, key=lambda one: (-one.score, one.chunk_id))


def min_max(ranking: Ranking) -> dict[str, float]:
    """(score - lowest) / (highest - lowest) by id; all 1 where the scores are equal."""
    if not ranking:
        return {}
    scores = [score for _, score in ranking]
    low, high = min(scores), max(scores)
    width = high - low
    if width <= 0:
        return {chunk_id: 1.0 for chunk_id, _ in ranking}
    return {chunk_id: (score - low) / width for chunk_id, score in ranking}


def convex(semantic: Ranking, keyword: Ranking, semantic_weight: float) -> list[Candidate]:
    """weight · semantic + (1 - weight) · keyword, both min-max-normalised over their own candidates.

    What one of the searches did not bring counts 0 there.
    """
    cosines, weights = dict(semantic), dict(keyword)
    by_meaning, by_words = min_max(semantic), min_max(keyword)
    fused = []
    for chunk_id in {**cosines, **weights}:
        parts, score = {}, 0.0
        if chunk_id in cosines:
            parts["semantic"] = cosines[chunk_id]
            parts["semantic_normalised"] = meaning = by_meaning[chunk_id]
            score = semantic_weight * meaning
        if chunk_id in weights:
            parts["keyword"] = weights[chunk_id]
            parts["keyword_normalised"] = words = by_words[chunk_id]
            score += (1.0 - semantic_weight) * words
        parts["fused"] = score
        fused.append(Candidate(chunk_id, score, parts))
    return best_first(fused)


def reciprocal_ranks(semantic: Ranking, keyword: Ranking, k: int) -> list[Candidate]:
    """The sum of 1 / (k + rank) over both rankings, ranks from 1."""
    fused = {one.chunk_id: one for one in _both(semantic, keyword)}
    for ranking in (semantic, keyword):
        for rank, (chunk_id, _) in enumerate(ranking, start=1):
            fused[chunk_id].score += 1.0 / (k + rank)
    for one in fused.values():
        one.parts["fused"] = one.score
    return best_first(list(fused.values()))


def alone(name: str, ranking: Ranking) -> list[Candidate]:
    """One ranking as it is: the score is the cosine, or BM25, itself."""
    return best_first([Candidate(chunk_id, score, {name: score}) for chunk_id, score in ranking])


def _both(semantic: Ranking, keyword: Ranking) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    for name, ranking in (("semantic", semantic), ("keyword", keyword)):
        for chunk_id, score in ranking:
            found.setdefault(chunk_id, Candidate(chunk_id, 0.0)).parts[name] = score
    return list(found.values())
