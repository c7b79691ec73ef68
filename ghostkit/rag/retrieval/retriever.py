"""`Retriever`: a question in, the passages that answer it out, with everything about how they were found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ghostkit.errors import ConfigError, EmbedderError
from ghostkit.rag.config import RAGConfig, RAGMode
from ghostkit.rag.retrieval.inquiry import Draft, Inquiry
from ghostkit.rag.retrieval.plan import Plan, plan_for
from ghostkit.rag.retrieval.query_cache import CacheStats, QueryCache
from ghostkit.rag.retrieval.question import Question, question_of
from ghostkit.rag.retrieval.reranker import FunctionReranker, Reranker
from ghostkit.rag.retrieval.result import Retrieval
from ghostkit.rag.retrieval.threads import in_thread
from ghostkit.rag.scope import EVERYTHING, Scope

if TYPE_CHECKING:
    from ghostkit.rag.embedding.contract import Embedder, EmbedderInfo
    from ghostkit.rag.index import VectorIndex
    from ghostkit.rag.store import ChunkStore, StoreView

MOST_HITS = 1000


@dataclass(frozen=True)
class _Begun:
    """`known`: for each question its answer, if it was given before; `drafts`: the others. `answers` None: the
    embedder or a model has to be waited for."""

    inquiry: Inquiry
    drafts: list[Draft]
    known: list[Retrieval | None]
    answers: list[Retrieval] | None


class Retriever:
    """Searches one store as one `RAGConfig` says. Safe to use from several tasks at once.

    `index` and `embedder` may be None: then words alone are searched. `reranker` is used in mode `full`; None: the
    one that the config names, if it is there. `clock` (seconds) is what the caches' time is told by.
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
        self._config_id = config.config_id
        self._store, self._index, self._embedder = store, index, embedder
        self._reranker = reranker
        self._reranker_sought = reranker is not None
        self._reranker_note = ""
        self._reranker_is_a_find = False
        """Whether `auto` came upon it: nobody asked for it by name, so a search goes on if it fails."""
        self._info: EmbedderInfo | None = None
        self._found_something = False
        self._vectors: QueryCache[Any] = QueryCache(config.query_cache_size, config.query_cache_ttl_s, clock)
        self._answers: QueryCache[Retrieval] = QueryCache(config.query_cache_size, config.query_cache_ttl_s, clock)

    async def search(self, query: str, *, scope: Scope = EVERYTHING, top_k: int | None = None) -> Retrieval:
        """The best `top_k` passages (default: the config's) of what `scope` lets the question see.

        Raises `InputError` for an empty query or a stand-in's unusable answer, `EmbedderError` where meanings were
        demanded and no embedder is there, and what the embedder and the re-ranker raise.
        """
        return (await self.search_many([query], scope=scope, top_k=top_k))[0]

    async def search_many(
        self, queries: Sequence[str], *, scope: Scope = EVERYTHING, top_k: int | None = None
    ) -> list[Retrieval]:
        """What `search` gives for each, embedded together and answered from one state of the index."""
        began = time.perf_counter()
        wanted = self._wanted(top_k)
        questions = [question_of(query) for query in queries]
        if not questions:
            return []
        plan = Plan(fusion="keyword") if self.config.retriever else plan_for(self.config, self._index, self._embedder)
        ahead = await self._made_ahead(questions) if plan.by_meaning else {}
        embedding = (time.perf_counter() - began) * 1000 / len(questions)
        begun = await in_thread(self._begin, questions, scope, wanted, plan, ahead)
        inquiry, drafts, known = begun.inquiry, begun.drafts, begun.known
        version = f"{inquiry.view.epoch}:{inquiry.view.version}"
        answers = begun.answers if begun.answers is not None else await self._answer(drafts, inquiry)
        inquiry.view.close()
        fresh = zip(drafts, answers, strict=True)
        took = {"total": (time.perf_counter() - began) * 1000 / len(questions)}
        found = []
        for question, answer in zip(questions, known, strict=True):
            if answer is not None:
                found.append(replace(answer, cache_hit=True, ms=took))
                continue
            draft, made = next(fresh)
            new = draft.question.for_meaning in ahead and not draft.vector_known
            found.append(replace(made, ms={**made.ms, **({"embed": embedding} if new else {}), **took}))
            if self._keeps_answers and not draft.passing:
                self._answers.put(version, (question.asked, scope.key, wanted), found[-1])
        return found

    @property
    def _keeps_answers(self) -> bool:
        """A user's function may answer otherwise the next time; it is asked each time."""
        return self.config.retriever is None and not isinstance(self._reranker, FunctionReranker)

    def cache_stats(self) -> dict[str, CacheStats]:
        """Of query vectors, and of whole answers."""
        return {"vectors": self._vectors.stats(), "answers": self._answers.stats()}

    async def aclose(self) -> None:
        """Let go of the re-ranker's model; the retriever may be used again."""
        if self._reranker is not None:
            await self._reranker.aclose()

    def _wanted(self, top_k: int | None) -> int:
        if top_k is None:
            return self.config.top_k
        if isinstance(top_k, bool) or not isinstance(top_k, int) or not 1 <= top_k <= MOST_HITS:
            raise ConfigError(f"top_k is {top_k!r}.", fix=f"Give a whole number from 1 to {MOST_HITS}.")
        return top_k

    def _view(self, scope: Scope) -> StoreView:
        return self._store.view(scope if self.config.spoiler_safe else replace(scope, before=None))

    async def _made_ahead(self, questions: Sequence[Question]) -> dict[str, Any]:
        """Vectors of questions, by text, that are unknown and cost no money: so that one thread can do all the rest."""
        info = self._info
        if info is None or not info.local or not self._found_something or self._embedder is None:
            return {}
        texts = dict.fromkeys(question.for_meaning for question in questions)
        unknown = [text for text in texts if (info.key, text) not in self._vectors]
        return dict(zip(unknown, await self._embedder.embed(unknown, "query"), strict=True)) if unknown else {}

    def _begin(
        self, questions: Sequence[Question], scope: Scope, wanted: int, plan: Plan, ahead: Mapping[str, Any]
    ) -> _Begun:
        """All that needs nobody to be waited for, which is everything where the vectors are known: on a busy machine
        each wait for a thread costs more than the search. Synchronous."""
        view = self._view(scope)
        inquiry = Inquiry(
            config=self.config, config_id=self._config_id, plan=plan, view=view, before=scope.before, wanted=wanted
        )
        version = f"{view.epoch}:{view.version}"
        self._found_something = view.count > 0
        known = [self._answers.get(version, (question.asked, scope.key, wanted)) for question in questions]
        drafts = [Draft(question) for question, answer in zip(questions, known, strict=True) if answer is None]
        if not drafts:
            return _Begun(inquiry, drafts, known, [])
        if view.count and plan.by_meaning:
            if self._info is None:
                return _Begun(inquiry, drafts, known, None)
            self._join_embedder(inquiry, self._info)
            self._recall_vectors(drafts, inquiry, ahead)
            if any(draft.vector is None for draft in drafts):
                return _Begun(inquiry, drafts, known, None)
        if view.count and self._may_have_steps:
            return _Begun(inquiry, drafts, known, None)
        return _Begun(inquiry, drafts, known, inquiry.rank_and_finish(drafts, plan.notes))

    @property
    def _may_have_steps(self) -> bool:
        config = self.config
        return config.retriever is not None or config.mode is RAGMode.FULL or config.mmr_lambda is not None

    async def _answer(self, drafts: list[Draft], inquiry: Inquiry) -> list[Retrieval]:
        view, plan = inquiry.view, inquiry.plan
        reranker = await self._reranker_to_use(view)
        if view.count and plan.by_meaning:
            await self._embed(drafts, inquiry)
        notes = (*plan.notes, *((self._reranker_note,) if self._reranker_note else ()))
        steps = self.config.retriever is not None or reranker is not None or self.config.mmr_lambda is not None
        if not steps or not view.count:
            return await in_thread(inquiry.rank_and_finish, drafts, notes)
        await self._in_steps(inquiry, drafts, reranker)
        return await in_thread(inquiry.finish, drafts, notes)

    async def _in_steps(self, inquiry: Inquiry, drafts: list[Draft], reranker: Reranker | None) -> None:
        """With what can't be done in one thread: a user's function, a model."""
        if self.config.retriever is not None:
            for draft in drafts:
                await inquiry.ask_stand_in(draft)
        else:
            await in_thread(inquiry.rank, drafts)
        for draft in drafts:
            if reranker is not None:
                await self._rerank(inquiry, draft, reranker)
            if self.config.mmr_lambda is not None:
                await inquiry.vary(draft, self.config.mmr_lambda)

    async def _rerank(self, inquiry: Inquiry, draft: Draft, reranker: Reranker) -> None:
        try:
            await inquiry.rerank(draft, reranker)
        except EmbedderError as error:
            if not self._reranker_is_a_find:
                raise
            draft.passing = True
            draft.notes.append(f"{error.message} So passages stand in the order of the search.")

    def _join_embedder(self, inquiry: Inquiry, info: EmbedderInfo) -> None:
        asked = self.config.similarity_threshold
        inquiry.index, inquiry.embedder, inquiry.embedder_key = self._index, self._embedder, info.key
        inquiry.lexical = info.lexical
        inquiry.threshold = info.threshold if asked is None else asked

    def _recall_vectors(self, drafts: list[Draft], inquiry: Inquiry, ahead: Mapping[str, Any]) -> None:
        """From the cache, or made just now."""
        version, key = f"{inquiry.view.epoch}:{inquiry.view.version}", inquiry.embedder_key
        for draft in drafts:
            text = draft.question.for_meaning
            draft.ms["embed"] = 0.0
            draft.vector = self._vectors.get(version, (key, text))
            draft.vector_known = draft.vector is not None
            if draft.vector is None and text in ahead:
                draft.vector = ahead[text]
                self._vectors.put(version, (key, text), draft.vector)

    async def _embed(self, drafts: list[Draft], inquiry: Inquiry) -> None:
        """Give each draft its query's vector: a known one, or one embedded with all the unknown."""
        assert self._embedder is not None
        began = time.perf_counter()
        if inquiry.embedder is None:
            if self._info is None:
                self._info = await self._embedder.info()
            self._join_embedder(inquiry, self._info)
            self._recall_vectors(drafts, inquiry, {})
        unknown = list(dict.fromkeys(draft.question.for_meaning for draft in drafts if draft.vector is None))
        if unknown:
            version, key = f"{inquiry.view.epoch}:{inquiry.view.version}", inquiry.embedder_key
            vectors = dict(zip(unknown, await self._embedder.embed(unknown, "query"), strict=True))
            for text, vector in vectors.items():
                self._vectors.put(version, (key, text), vector)
            for draft in drafts:
                if draft.vector is None:
                    draft.vector = vectors[draft.question.for_meaning]
        took = (time.perf_counter() - began) * 1000 / len(drafts)
        for draft in drafts:
            draft.ms["embed"] = took

    async def _reranker_to_use(self, view: StoreView) -> Reranker | None:
        if self.config.mode is not RAGMode.FULL or not view.count:
            return None
        if not self._reranker_sought:
            from ghostkit.rag.retrieval.rerankers import find_reranker

            if self.config.reranker is not None:
                self._reranker = FunctionReranker(self.config.reranker)
            else:
                self._reranker, self._reranker_note = await in_thread(
                    find_reranker, self.config.rerank_model, {one.language for one in view.documents} - {""}
                )
                self._reranker_is_a_find = self.config.rerank_model.strip() == "auto"
            self._reranker_sought = True
        return self._reranker
