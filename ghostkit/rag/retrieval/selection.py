"""Choose the hits: down the ranking, without what was read already, until there are enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ghostkit.rag.document import Chunk
from ghostkit.rag.retrieval.fusion import Candidate
from ghostkit.rag.retrieval.likeness import Shingles, are_near_duplicates, shingles_of
from ghostkit.rag.retrieval.overlap import Passage, as_chunk
from ghostkit.rag.retrieval.result import Dropped, Hit
from ghostkit.rag.retrieval.weighting import standing_of

Fetch = Callable[[Sequence[str]], Mapping[str, Chunk]]
"""Chunks by id; what is gone is left out."""
AT_ONCE = 6
"""Chunks fetched beyond those that fill the hits, for the ones that are merged or dropped."""


@dataclass(slots=True)
class _Kept:
    candidate: Candidate
    chunk: Chunk
    passage: Passage
    shingles: Shingles
    merged: list[str] = field(default_factory=list)


class Selection:
    """Takes candidates best first. `hits` and `dropped` say what became of each."""

    def __init__(self, top_k: int, *, dedupe: bool, merge: bool) -> None:
        self._top_k, self._dedupe, self._merge = top_k, dedupe, merge
        self._kept: list[_Kept] = []
        self.dropped: list[Dropped] = []

    @property
    def full(self) -> bool:
        return len(self._kept) >= self._top_k

    def take(self, candidate: Candidate, chunk: Chunk) -> None:
        """Keep it as a hit, merge it into one, or drop it."""
        passage = Passage.of(chunk)
        if self._merge:
            left = self._left_of(passage, candidate)
            if left is None:
                self._drop(candidate, "merged")
                return
            passage = left
        shingles = shingles_of(chunk.content) if self._dedupe else frozenset()
        if self._dedupe and any(are_near_duplicates(shingles, one.shingles) for one in self._kept):
            self._drop(candidate, "duplicate")
            return
        self._kept.append(_Kept(candidate, chunk, passage, shingles))

    def _left_of(self, passage: Passage, candidate: Candidate) -> Passage | None:
        """What of the passage no hit has; None where one took it in, or nothing is left."""
        for one in self._kept:
            if not one.passage.overlaps(passage):
                continue
            if one.passage.can_take(passage):
                one.passage.take(passage)
                one.merged.append(candidate.chunk_id)
                self._join_neighbours(one)
                return None
            passage = passage.without(one.passage)
            if not passage.text.strip():
                return None
        return passage

    def _join_neighbours(self, grown: _Kept) -> None:
        """A hit that grew may reach another: the better of the two takes the worse in, or keeps what both have."""
        for other in [one for one in self._kept if one is not grown]:
            if not other.passage.overlaps(grown.passage):
                continue
            better, worse = sorted((grown, other), key=self._kept.index)
            if better.passage.can_take(worse.passage):
                better.passage.take(worse.passage)
                better.merged += [worse.candidate.chunk_id, *worse.merged]
                self._kept.remove(worse)
                self._drop(worse.candidate, "merged")
                grown = better
            else:
                worse.passage = worse.passage.without(better.passage)

    def drop_rest(self, candidates: Sequence[Candidate]) -> None:
        self.dropped += [Dropped(one.chunk_id, one.score, "beyond top_k") for one in candidates]

    def hits(self, before: tuple[int, int] | None) -> tuple[Hit, ...]:
        """Ranked as taken; `before` is the place that asks."""
        return tuple(
            Hit(
                rank=rank,
                score=one.candidate.score,
                chunk=as_chunk(one.chunk, one.passage),
                parts={**one.candidate.parts, **standing_of(one.chunk, before)},
                merged=tuple(one.merged),
            )
            for rank, one in enumerate(self._kept, start=1)
        )

    def _drop(self, candidate: Candidate, why: str) -> None:
        self.dropped.append(Dropped(chunk_id=candidate.chunk_id, score=candidate.score, why=why))


def select(candidates: Sequence[Candidate], fetch: Fetch, top_k: int, *, dedupe: bool, merge: bool) -> Selection:
    """The first `top_k` passages of a ranking; merged and dropped ones are made up for by the next."""
    selection = Selection(top_k, dedupe=dedupe, merge=merge)
    known: dict[str, Chunk] = {}
    for at, candidate in enumerate(candidates):
        if selection.full:
            selection.drop_rest(candidates[at:])
            break
        if candidate.chunk_id not in known:
            known.update(fetch([one.chunk_id for one in candidates[at : at + top_k + AT_ONCE]]))
        chunk = known.get(candidate.chunk_id)
        if chunk is not None:
            selection.take(candidate, chunk)
    return selection
