"""`Retriever`: a question in, the passages that answer it out, with everything about how they were found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ghostkit.errors import ConfigError
from ghostkit.rag.config import RAGConfig, RAGMode
from ghostkit.rag.retrieval.fusion import Candidate, Ranking, best_first
from ghostkit.rag.retrieval.plan import Plan, plan_for
from ghostkit.rag.retrieval.query_cache import CacheStats, QueryCache
from ghostkit.rag.retrieval.question import Question, question_of
from ghostkit.rag.retrieval.ranking import above, fused, reweighted
from ghostkit.rag.retrieval.reranker import FunctionReranker, Reranker, checked_scores
from ghostkit.rag.retrieval.result import Dropped, Retrieval
from ghostkit.rag.retrieval.selection import select
from ghostkit.rag.retrieval.stand_in import ask, candidates_of, wants_chunks
from ghostkit.rag.retrieval.threads import in_thread
from ghostkit.rag.retrieval.variety import varied
from ghostkit.rag.scope import EVERYTHING, Scope

if TYPE_CHECKING:
    from ghostkit.rag.document import Chunk
    from ghostkit.rag.embedding.contract import Embedder, EmbedderInfo
    from ghostkit.rag.index import VectorIndex
    from ghostkit.rag.store import ChunkStore, StoreView

MOST_HITS = 1000
INVISIBLE = "not visible"


@dataclass
class _Draft:
    """One question on its way to its answer."""

    question: Question
    candidates: list[Candidate] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ms: dict[str, float] = field(default_factory=dict)
    vector: Any = None
    vector_known: bool = False


class Retriever:
    """Searches one store as one `RAGConfig` says. Safe to use from several tasks at once.

    `index` and `embedder` may be None: then words alone are searched. `reranker` is used in mode `full`; None: the
    one that the config names, if it is there.
    """

    def __init__(
        self,
        store: ChunkStore,
        index: VectorIndex | None,
        embedder: Embedder | None,
        config: RAGConfig,
        reranker: Reranker | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self._store, self._index, self._embedder = store, index, embedder
        self._reranker = reranker
        self._reranker_sought = reranker is not None
        self._reranker_note = ""
        self._info: EmbedderInfo | None = None
        self._vectors: QueryCache[Any] = QueryCache(config.query_cache_size, config.query_cache_ttl_s, clock)
        self._answers: QueryCache[Retrieval] = QueryCache(config.query_cache_size, config.query_cache_ttl_s, clock)

    async def search(self, query: str, *, scope: Scope = EVERYTHING, top_k: int | None = None) -> Retrieval:
        """The best `top_k` passages (default: the config's) of what `scope` lets the question see.

        Raises `InputError` for an empty query, `EmbedderError` where meanings were demanded and no embedder is
        there, and what the embedder raises.
        """
        return (await self.search_many([query], scope=scope, top_k=top_k))[0]

    async def search_many(
        self, queries: Sequence[str], *, scope: Scope = EVERYTHING, top_k: int | None = None
    ) -> list[Retrieval]:
        """As many single searches, but embedded together and all on the same state of the index."""
        began = time.perf_counter()
        wanted = self._wanted(top_k)
        questions = [question_of(query) for query in queries]
        if not questions:
            return []
        plan = Plan(fusion="keyword") if self.config.retriever else plan_for(self.config, self._index, self._embedder)
        view = await in_thread(self._view, scope, plan)
        version = f"{view.epoch}:{view.version}"
        keys = [(question.asked, scope.key, wanted) for question in questions]
        known = [self._answers.get(version, key) for key in keys]
        drafts = [_Draft(question) for question, answer in zip(questions, known, strict=True) if answer is None]
        fresh = iter(await self._answer(drafts, view, version, scope, wanted, plan) if drafts else ())
        took = (time.perf_counter() - began) * 1000 / len(questions)
        found = []
        for key, answer in zip(keys, known, strict=True):
            if answer is not None:
                found.append(replace(answer, cache_hit=True, ms={"total": took}))
                continue
            made = next(fresh)
            made = replace(made, ms={**made.ms, "total": took})
            if self.config.retriever is None and self.config.reranker is None:
                self._answers.put(version, key, made)
            found.append(made)
        return found

    def cache_stats(self) -> dict[str, CacheStats]:
        """Of query vectors, and of whole answers."""
        return {"vectors": self._vectors.stats(), "answers": self._answers.stats()}

    async def aclose(self) -> None:
        """Let go of the re-ranker's model; the retriever may be used again."""
        if self._reranker is not None:
            await self._reranker.aclose()

    # ── what is searched ──────────────────────────────────────────────────────────────────────────────────

    def _wanted(self, top_k: int | None) -> int:
        if top_k is None:
            return self.config.top_k
        if isinstance(top_k, bool) or not isinstance(top_k, int) or not 1 <= top_k <= MOST_HITS:
            raise ConfigError(f"top_k is {top_k!r}.", fix=f"Give a whole number from 1 to {MOST_HITS}.")
        return top_k

    def _view(self, scope: Scope, plan: Plan) -> StoreView:
        seen = scope if self.config.spoiler_safe else replace(scope, before=None)
        if plan.by_meaning and self._index is not None:
            self._index.catch_up()
        return self._store.view(seen)

    # ── the answer ────────────────────────────────────────────────────────────────────────────────────────

    async def _answer(
        self, drafts: list[_Draft], view: StoreView, version: str, scope: Scope, wanted: int, plan: Plan
    ) -> list[Retrieval]:
        reranker = await self._reranker_to_use()
        if view.count:
            if self.config.retriever is not None:
                for draft in drafts:
                    await self._ask_stand_in(draft, view, scope, wanted)
            else:
                if plan.by_meaning:
                    await self._embed(drafts, version)
                await in_thread(self._rank, drafts, view, scope, plan)
            if reranker is not None:
                for draft in drafts:
                    await self._rerank(draft, reranker, view, scope, wanted)
        key = self._info.key if self._info is not None and plan.by_meaning else ""
        notes = (*plan.notes, *((self._reranker_note,) if self._reranker_note else ()))
        return await in_thread(
            lambda: [self._finished(draft, view, version, scope, wanted, key, notes) for draft in drafts]
        )

    async def _embed(self, drafts: list[_Draft], version: str) -> None:
        assert self._embedder is not None
        began = time.perf_counter()
        if self._info is None:
            self._info = await self._embedder.info()
        key = self._info.key
        for draft in drafts:
            draft.vector = self._vectors.get(version, (key, draft.question.for_meaning))
            draft.vector_known = draft.vector is not None
        unknown = list(dict.fromkeys(draft.question.for_meaning for draft in drafts if draft.vector is None))
        if unknown:
            vectors = dict(zip(unknown, await self._embedder.embed(unknown, "query"), strict=True))
            for text, vector in vectors.items():
                self._vectors.put(version, (key, text), vector)
            for draft in drafts:
                if draft.vector is None:
                    draft.vector = vectors[draft.question.for_meaning]
        took = (time.perf_counter() - began) * 1000 / len(drafts)
        for draft in drafts:
            draft.ms["embed"] = took

    def _rank(self, drafts: list[_Draft], view: StoreView, scope: Scope, plan: Plan) -> None:
        semantic = self._by_meaning(drafts, view) if plan.by_meaning else [[] for _ in drafts]
        threshold = self.config.similarity_threshold
        if threshold is None:
            threshold = self._info.threshold if self._info is not None else -1.0
        for draft, meaning in zip(drafts, semantic, strict=True):
            began = time.perf_counter()
            words: Ranking = ()
            if plan.by_words:
                words = view.keyword(draft.question.for_words, self.config.candidates)
                draft.ms["keyword"] = (time.perf_counter() - began) * 1000
            began = time.perf_counter()
            candidates = fused(meaning, words, plan.fusion, self.config)
            if plan.by_meaning:
                candidates, draft.dropped = above(threshold, candidates)
            draft.candidates = reweighted(candidates, _fetcher(view), self.config, scope.before)
            draft.ms["fuse"] = (time.perf_counter() - began) * 1000

    def _by_meaning(self, drafts: list[_Draft], view: StoreView) -> Sequence[Ranking]:
        import numpy as np

        assert self._index is not None
        began = time.perf_counter()
        if len(drafts) == 1:
            found = [self._index.search(view, drafts[0].vector, self.config.candidates)]
        else:
            found = self._index.search_many(view, np.stack([one.vector for one in drafts]), self.config.candidates)
        for draft in drafts:
            draft.ms["semantic"] = (time.perf_counter() - began) * 1000 / len(drafts)
        return found

    async def _ask_stand_in(self, draft: _Draft, view: StoreView, scope: Scope, wanted: int) -> None:
        assert self.config.retriever is not None
        began = time.perf_counter()
        chunks = await in_thread(_all_chunks, view) if wants_chunks(self.config.retriever) else None
        found = await ask(self.config.retriever, draft.question.asked, chunks, wanted)
        there = await in_thread(_fetcher(view), [chunk_id for chunk_id, _ in found])
        hidden = [Dropped(chunk_id=one, score=score, why=INVISIBLE) for one, score in found if one not in there]
        if hidden:
            draft.dropped += hidden
            draft.notes.append(f"The retriever gave {len(hidden)} chunks that this question may not see, or are gone.")
        candidates = candidates_of([one for one in found if one[0] in there])
        draft.candidates = await in_thread(reweighted, candidates, _fetcher(view), self.config, scope.before)
        draft.ms["retriever"] = (time.perf_counter() - began) * 1000

    # ── re-ranking ────────────────────────────────────────────────────────────────────────────────────────

    async def _reranker_to_use(self) -> Reranker | None:
        if self.config.mode is not RAGMode.FULL:
            return None
        if not self._reranker_sought:
            from ghostkit.rag.retrieval.rerankers import find_reranker

            if self.config.reranker is not None:
                self._reranker = FunctionReranker(self.config.reranker)
            else:
                self._reranker, self._reranker_note = await in_thread(find_reranker, self.config.rerank_model)
            self._reranker_sought = True
        return self._reranker

    async def _rerank(self, draft: _Draft, reranker: Reranker, view: StoreView, scope: Scope, wanted: int) -> None:
        """Score the first candidates anew. What was not read can't be compared with what was, and is dropped."""
        if not draft.candidates:
            return
        began = time.perf_counter()
        depth = max(self.config.rerank_depth, wanted)
        chunks = await in_thread(_fetcher(view), [one.chunk_id for one in draft.candidates[:depth]])
        read = [one for one in draft.candidates[:depth] if one.chunk_id in chunks]
        texts = [chunks[one.chunk_id].content for one in read]
        scores = checked_scores(await reranker.rerank(draft.question.for_meaning, texts), len(texts), reranker.name)
        draft.dropped += [Dropped(chunk_id=one.chunk_id, score=one.score, why="beyond rerank_depth")
                          for one in draft.candidates[depth:]]  # fmt: skip
        for one, score in zip(read, scores, strict=True):
            one.score = one.parts["rerank"] = score
        ranked = await in_thread(reweighted, best_first(read), _fetcher(view), self.config, scope.before)
        draft.candidates = ranked
        draft.ms["rerank"] = (time.perf_counter() - began) * 1000

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────

    def _finished(
        self, draft: _Draft, view: StoreView, version: str, scope: Scope, wanted: int, key: str, notes: tuple[str, ...]
    ) -> Retrieval:
        began = time.perf_counter()
        config, fetch = self.config, _fetcher(view)
        candidates = draft.candidates
        if config.mmr_lambda is not None:
            candidates = varied(candidates, fetch, self._index if key else None, view, config.mmr_lambda)
        chosen = select(candidates, fetch, wanted, dedupe=config.dedupe, merge=config.merge_overlaps)
        if not view.count:
            notes = (*notes, "There is nothing indexed that this question may see.")
        draft.ms["select"] = (time.perf_counter() - began) * 1000
        return Retrieval(
            query=draft.question.asked,
            hits=chosen.hits(scope.before),
            config_id=config.config_id,
            embedder=key,
            index_version=version,
            dropped=(*chosen.dropped, *draft.dropped),
            cache_hit=draft.vector_known,
            ms=draft.ms,
            notes=(*notes, *draft.question.notes, *draft.notes),
        )


def _fetcher(view: StoreView) -> Callable[[Sequence[str]], dict[str, Chunk]]:
    def fetch(ids: Sequence[str]) -> dict[str, Chunk]:
        return {chunk.id: chunk for chunk in view.chunks(ids)}

    return fetch


def _all_chunks(view: StoreView) -> list[Chunk]:
    return view.chunks([view.id_of(int(row)) for row in view.rows])
