"""One call's way through the stages: embed, rank, re-rank, vary, choose."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ghostkit.errors import InputError
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.headers import embedded_text
from ghostkit.rag.retrieval.fusion import Candidate, Ranking, best_first
from ghostkit.rag.retrieval.plan import Plan
from ghostkit.rag.retrieval.question import Question
from ghostkit.rag.retrieval.ranking import above, fused, reweighted
from ghostkit.rag.retrieval.reranker import Reranker, checked_scores
from ghostkit.rag.retrieval.result import Dropped, Retrieval
from ghostkit.rag.retrieval.selection import select
from ghostkit.rag.retrieval.stand_in import ask, candidates_of, wants_chunks
from ghostkit.rag.retrieval.threads import in_thread
from ghostkit.rag.retrieval.variety import varied

if TYPE_CHECKING:
    from ghostkit.rag.document import Chunk
    from ghostkit.rag.embedding.contract import Embedder
    from ghostkit.rag.index import VectorIndex
    from ghostkit.rag.store import StoreView

NOTHING_THERE = "There is nothing indexed that this question may see."


@dataclass
class Draft:
    """One question on its way to its answer."""

    question: Question
    candidates: list[Candidate] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ms: dict[str, float] = field(default_factory=dict)
    vector: Any = None
    vector_known: bool = False
    passing: bool = False
    """Whether something was wanting that may be there the next time, so that the answer is not to be kept."""

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.ms[stage] = (time.perf_counter() - began) * 1000


@dataclass(kw_only=True)
class Inquiry:
    """What the questions of one call share: everything they are answered with comes from `view`."""

    config: RAGConfig
    config_id: str
    plan: Plan
    view: StoreView
    before: tuple[int, int] | None
    """The place that asks, for recency."""
    wanted: int
    index: VectorIndex | None = None
    embedder: Embedder | None = None
    embedder_key: str = ""
    threshold: float = -1.0
    lexical: bool = False
    """Whether the embedder matches words alone."""

    @property
    def depth(self) -> int:
        """How many each search brings: the config's number, or enough for what is asked for after merging."""
        spared = 2 if self.config.merge_overlaps or self.config.dedupe else 1
        return max(self.config.candidates, spared * self.wanted)

    # ── finding ───────────────────────────────────────────────────────────────────────────────────────────

    def rank(self, drafts: Sequence[Draft]) -> None:
        """Both searches and their fusion. Synchronous."""
        by_meaning: Sequence[Ranking] = [[] for _ in drafts]
        if self.plan.by_meaning:
            by_meaning = self._by_meaning(drafts)
        for draft, meaning in zip(drafts, by_meaning, strict=True):
            words: Ranking = ()
            if self.plan.by_words:
                with draft.timed("keyword"):
                    answer = self.view.answer(draft.question.asked, self.depth)
                words = answer.hits
                draft.notes += [answer.note] if answer.note else []
            with draft.timed("fuse"):
                candidates = fused(meaning, words, self.plan.fusion, self.config, lexical=self.lexical)
                if self.plan.by_meaning:
                    candidates, draft.dropped = above(self.threshold, candidates)
                draft.candidates = self._reweighted(candidates)

    def _by_meaning(self, drafts: Sequence[Draft]) -> Sequence[Ranking]:
        import numpy as np

        assert self.index is not None
        began = time.perf_counter()
        vectors = np.stack([draft.vector for draft in drafts])
        found = self.index.search_many(self.view, vectors, self.depth)
        took = (time.perf_counter() - began) * 1000 / len(drafts)
        missing = self.index.missing(self.view)
        for draft in drafts:
            draft.ms["semantic"] = took
            if missing:
                draft.passing = True  # vectors come without a new version of the store
                draft.notes.append(_without_vectors(len(missing)))
        return found

    async def ask_stand_in(self, draft: Draft) -> None:
        """Ask the user's retriever. What it gives and this question may not see is dropped, and said."""
        function = self.config.retriever
        assert function is not None
        with draft.timed("retriever"):
            chunks = await in_thread(self._all_chunks) if wants_chunks(function) else None
            found = await ask(function, draft.question.asked, chunks, self.wanted)
            there = await in_thread(self._visible, [chunk_id for chunk_id, _ in found])
            draft.dropped += [
                Dropped(chunk_id=one, score=score, why="not visible") for one, score in found if one not in there
            ]
            if draft.dropped:
                draft.notes.append(
                    f"The retriever gave {len(draft.dropped)} ids of chunks that aren't there or may not be seen here."
                )
            candidates = candidates_of([one for one in found if one[0] in there])
            draft.candidates = await in_thread(self._reweighted, candidates)

    # ── ordering ──────────────────────────────────────────────────────────────────────────────────────────

    async def rerank(self, draft: Draft, reranker: Reranker) -> None:
        """Score the first candidates anew. What was not read can't be compared with what was, and is dropped."""
        if not draft.candidates:
            return
        depth = max(self.config.rerank_depth, self.wanted)
        read, rest = draft.candidates[:depth], draft.candidates[depth:]
        with draft.timed("rerank"):
            chunks = await in_thread(self._chunks, read)
            texts = [chunk.content for chunk in chunks]
            answer = await reranker.rerank(draft.question.for_meaning, texts)
            for one, score in zip(read, checked_scores(answer, len(texts), reranker.name), strict=True):
                one.score = one.parts["rerank"] = score
            draft.candidates = await in_thread(self._reweighted, best_first(read))
        draft.dropped += [Dropped(chunk_id=one.chunk_id, score=one.score, why="beyond rerank_depth") for one in rest]

    async def vary(self, draft: Draft, relevance_share: float) -> None:
        """Maximal marginal relevance over vectors that were made when the chunks were indexed."""
        with draft.timed("mmr"):
            chunks = await in_thread(self._chunks, draft.candidates)
            vectors = None
            if self.embedder is not None and chunks:
                headed = bool(self.config.contextual_headers)
                texts = [embedded_text(chunk, with_header=headed) for chunk in chunks]
                vectors = await self.embedder.embed(texts, "passage")
            draft.candidates = await in_thread(varied, draft.candidates, chunks, vectors, relevance_share)

    def rank_and_finish(self, drafts: Sequence[Draft], notes: Sequence[str]) -> list[Retrieval]:
        """All of it where nothing has to be awaited. Synchronous."""
        if self.view.count:
            self.rank(drafts)
        return self.finish(drafts, notes)

    def finish(self, drafts: Sequence[Draft], notes: Sequence[str]) -> list[Retrieval]:
        """Choose the hits, and let go of the view. Synchronous."""
        answers = [self._finished(draft, notes) for draft in drafts]
        self.view.close()
        return answers

    def _finished(self, draft: Draft, notes: Sequence[str]) -> Retrieval:
        config = self.config
        with draft.timed("select"):
            chosen = select(
                draft.candidates, self._fetch, self.wanted, dedupe=config.dedupe, merge=config.merge_overlaps
            )
        return Retrieval(
            query=draft.question.asked,
            hits=chosen.hits(self.before),
            config_id=self.config_id,
            embedder=self.embedder_key,
            index_version=f"{self.view.epoch}:{self.view.version}",
            dropped=(*chosen.dropped, *draft.dropped),
            cache_hit=draft.vector_known,
            ms=draft.ms,
            notes=(*notes, *draft.question.notes, *draft.notes, *(() if self.view.count else (NOTHING_THERE,))),
        )

    # ── chunks ────────────────────────────────────────────────────────────────────────────────────────────

    def _reweighted(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        return reweighted(candidates, self._fetch, self.config, self.before)

    def _fetch(self, ids: Sequence[str]) -> dict[str, Chunk]:
        return {chunk.id: chunk for chunk in self.view.chunks(ids)}

    def _chunks(self, candidates: Sequence[Candidate]) -> list[Chunk]:
        return self.view.chunks([one.chunk_id for one in candidates])

    def _all_chunks(self) -> list[Chunk]:
        return self.view.chunks(self.view.ids_of(self.view.rows))

    def _visible(self, ids: Sequence[str]) -> set[str]:
        try:
            return set(self._fetch(ids))
        except InputError:
            return set(ids) & set(self.view.ids_of(self.view.rows))


def _without_vectors(count: int) -> str:
    what = "1 passage has no vector yet, and was" if count == 1 else f"{count:,} passages have no vector yet, and were"
    return f"{what} searched by words alone."
