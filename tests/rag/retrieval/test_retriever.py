"""The whole way of a question over a real store, against brute force and against books that end earlier."""

from __future__ import annotations

from typing import Any

import anyio
import numpy as np
import pytest

from ghostkit.errors import ConfigError, EmbedderError, InputError
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import REFERENCE, Document
from ghostkit.rag.retrieval import Retrieval, Retriever
from ghostkit.rag.retrieval.plan import NO_EMBEDDER
from ghostkit.rag.scope import Scope

from .conftest import MakeShelf, Shelf, book, cut

QUERIES = (
    "Who hid the letter under the stone?",
    "the price of salt at the ferry quay",
    "Mira counted the sacks in chapter 3",
    "silver compass",
    "thought of 421",
)


def told(retrieval: Retrieval) -> tuple[Any, ...]:
    """All but times and caches."""
    return (
        [(hit.rank, hit.score, hit.chunk, dict(hit.parts), hit.merged) for hit in retrieval.hits],
        retrieval.dropped,
        retrieval.notes,
        retrieval.config_id,
        retrieval.embedder,
    )


async def brute_force(shelf: Shelf, query: str, weight: float) -> dict[str, float]:
    """Min-max convex fusion of every chunk's cosine, by NumPy, with the store's BM25."""
    chunks = list(shelf.store.all_chunks())
    rows = (await shelf.embedder.embed([chunk.content for chunk in chunks], "passage")).astype(np.float64)
    asked = (await shelf.embedder.embed([query], "query"))[0].astype(np.float64)
    cosine = {chunk.id: float(row @ asked) for chunk, row in zip(chunks, rows, strict=True)}
    words = dict(shelf.store.view().keyword(query, 1000))
    low, high = min(cosine.values()), max(cosine.values())
    least, most = min(words.values()), max(words.values())
    return {
        one: weight * (value - low) / (high - low)
        + (1 - weight) * ((words[one] - least) / (most - least) if one in words else 0.0)
        for one, value in cosine.items()
    }


# Without thresholds, duplicates and merges, so that scores alone decide.
BARE: dict[str, Any] = {"similarity_threshold": -1.0, "dedupe": False, "merge_overlaps": False, "candidates": 1000}


@pytest.mark.parametrize("query", QUERIES)
async def test_the_hybrid_ranks_as_brute_force_does(shelf: Shelf, query):
    found = await shelf.retriever(**BARE, semantic_weight=0.4).search(query, top_k=20)
    expected = await brute_force(shelf, query, 0.4)
    assert [hit.score for hit in found.hits] == pytest.approx(sorted(expected.values(), reverse=True)[:20])
    for hit in found.hits:
        assert hit.score == pytest.approx(expected[hit.chunk.id])
        assert hit.parts["fused"] == hit.score
        assert {"semantic", "semantic_normalised", "importance"} <= set(hit.parts)


async def test_a_lexical_embedder_weighs_less_unless_somebody_says_otherwise(shelf: Shelf):
    default = await shelf.retriever(**BARE).search(QUERIES[0])
    assert (await shelf.embedder.info()).lexical
    assert told(default)[0] == told(await shelf.retriever(**BARE, semantic_weight=0.2).search(QUERIES[0]))[0]
    assert told(default)[0] != told(await shelf.retriever(**BARE, semantic_weight=0.5).search(QUERIES[0]))[0]


@pytest.mark.parametrize("fusion", ["convex", "rrf", "semantic", "keyword"])
async def test_many_questions_are_answered_as_one_by_one(shelf: Shelf, fusion):
    settings = {"fusion": fusion, "query_cache_size": 0, "importance_weight": 0.3, "recency_weight": 0.2}
    scope = Scope(before=(5, 1))
    together = await shelf.retriever(**settings).search_many([*QUERIES, QUERIES[0]], scope=scope)
    one_by_one = [await shelf.retriever(**settings).search(query, scope=scope) for query in [*QUERIES, QUERIES[0]]]
    assert [told(one) for one in together] == [told(one) for one in one_by_one]
    assert await shelf.retriever().search_many([]) == []


@pytest.mark.parametrize("fusion", ["convex", "rrf", "semantic", "keyword"])
@pytest.mark.parametrize("chapter", [1, 2, 4])
async def test_as_of_a_chapter_nothing_differs_from_a_book_that_ends_before_it(
    shelf: Shelf, make_shelf: MakeShelf, fusion, chapter
):
    short = await make_shelf([one for one in book() if one.chapter is None or one.chapter < chapter])
    settings = {"fusion": fusion, "importance_weight": 0.5, "recency_weight": 0.5, "mmr_lambda": 0.7}
    scope = Scope(before=(chapter, 1))
    for query in QUERIES:
        early = await shelf.retriever(**settings).search(query, scope=scope)
        expected = await short.retriever(**settings).search(query, scope=scope)
        assert told(early) == told(expected)
        assert all(hit.chunk.chapter_num is None or hit.chunk.chapter_num < chapter for hit in early.hits)


async def test_who_turns_spoiler_safety_off_sees_the_whole_book(shelf: Shelf):
    scope = Scope(before=(2, 1))
    safe = await shelf.retriever().search("thought of 621", scope=scope, top_k=50)
    bold = await shelf.retriever(spoiler_safe=False, recency_weight=0.1).search("thought of 621", scope=scope, top_k=50)
    assert {hit.chunk.chapter_num for hit in safe.hits} <= {None, 1}
    assert bold.hits[0].chunk.chapter_num == 6
    assert bold.hits[0].parts["recency"] == 0.0


async def test_filters_reach_the_store(shelf: Shelf):

    async def documents(**scope: Any) -> set[str]:
        found = await shelf.retriever(similarity_threshold=-1.0).search("ferry salt", scope=Scope(**scope), top_k=50)
        return {hit.chunk.metadata.document for hit in found.hits}

    assert await documents(kinds=frozenset({REFERENCE})) == {"almanac"}
    assert await documents(metadata={"author": "Tarn"}) == {"almanac"}
    assert await documents(chapters=(2, 2), kinds=frozenset({"manuscript"})) == {"s21", "s22"}
    assert await documents(tags=frozenset({"early"})) == {"s11", "s12", "s21", "s22"}
    assert await documents(documents=frozenset({"s31"})) == {"s31"}
    assert "s31" not in await documents(without=frozenset({"s31"}))


async def test_hits_are_the_books_own_words_at_their_offsets(shelf: Shelf):
    scope = Scope(documents=frozenset({"s31", "s32", "almanac"}))
    found = await shelf.retriever(similarity_threshold=-1.0).search("Mira waited for the ferry", scope=scope)
    assert any(hit.merged for hit in found.hits)
    assert [hit.rank for hit in found.hits] == list(range(1, len(found.hits) + 1))
    for hit in found.hits:
        where = hit.chunk.metadata
        assert shelf.texts[where.document][where.start : where.end] == hit.chunk.content


async def test_every_candidate_is_accounted_for(shelf: Shelf):
    found = await shelf.retriever(similarity_threshold=0.2, candidates=1000).search("silver compass", top_k=3)
    named = [hit.chunk.id for hit in found.hits] + [one.chunk_id for one in found.dropped]
    assert sorted(named) == sorted(chunk.id for document in book() for chunk in cut(document))
    assert len(found.hits) == 3
    assert {"threshold", "beyond top_k"} <= {one.why for one in found.dropped}


async def test_a_threshold_drops_what_only_meaning_found_and_changes_no_other_score(shelf: Shelf):
    loose = await shelf.retriever(**BARE).search("silver compass", top_k=100)
    strict = await shelf.retriever(**{**BARE, "similarity_threshold": 0.3}).search("silver compass", top_k=100)
    by_words = dict(shelf.store.view().keyword("silver compass", 1000))
    kept = [hit for hit in loose.hits if hit.parts["semantic"] >= 0.3 or hit.chunk.id in by_words]
    assert [(hit.chunk.id, hit.score) for hit in strict.hits] == [(hit.chunk.id, hit.score) for hit in kept]
    assert 0 < len(strict.hits) < len(loose.hits)
    alone = await shelf.retriever(**{**BARE, "similarity_threshold": 0.3}, fusion="semantic").search("silver compass")
    assert all(hit.parts["semantic"] >= 0.3 for hit in alone.hits)


async def test_the_embedders_own_threshold_holds_where_none_is_set(shelf: Shelf):
    own = (await shelf.embedder.info()).threshold
    default = await shelf.retriever(fusion="semantic").search("silver compass", top_k=100)
    same = await shelf.retriever(fusion="semantic", similarity_threshold=own).search("silver compass", top_k=100)
    assert [hit.chunk.id for hit in default.hits] == [hit.chunk.id for hit in same.hits]


async def test_importance_and_recency_weigh_as_the_formula_says(shelf: Shelf):
    scope = Scope(before=(6, 1))
    weighed = shelf.retriever(**BARE, importance_weight=0.6, recency_weight=0.5)
    found = await weighed.search(QUERIES[1], scope=scope, top_k=30)
    for hit in found.hits:
        parts = hit.parts
        expected = parts["fused"] * (1 - 0.6 * (1 - parts["importance"])) * (1 - 0.5 * (1 - parts["recency"]))
        assert hit.score == pytest.approx(expected)
        chapter = hit.chunk.chapter_num
        assert parts["recency"] == pytest.approx(1.0 if chapter is None else 1 - (6 - chapter) / 5)
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)


async def test_variety_takes_vectors_that_are_kept_and_says_what_each_was_taken_for(make_shelf: MakeShelf):
    shelf = await make_shelf(book())
    before = shelf.embedder.counts.computed
    found = await shelf.retriever(**BARE, mmr_lambda=0.3).search(QUERIES[1], top_k=5)
    assert shelf.embedder.counts.computed == before + 1  # the question
    plain = await shelf.retriever(**BARE).search(QUERIES[1], top_k=5)
    assert found.hits[0].chunk == plain.hits[0].chunk
    assert [hit.chunk.id for hit in found.hits] != [hit.chunk.id for hit in plain.hits]
    assert all("mmr" in hit.parts for hit in found.hits)


async def test_the_same_store_gives_the_same_hits_bit_for_bit(make_shelf: MakeShelf):
    shelf = await make_shelf(book())
    again = await make_shelf(list(reversed(book())))
    for query in QUERIES:
        assert told(await shelf.retriever().search(query)) == told(await again.retriever().search(query))


# ── what isn't there ──────────────────────────────────────────────────────────────────────────────────────────


async def test_without_an_embedder_words_are_searched_and_it_is_said(shelf: Shelf):
    found = await shelf.words_only().search("silver compass")
    assert NO_EMBEDDER in found.notes
    assert found.hits
    assert found.embedder == ""
    expected = shelf.store.view().keyword("silver compass", 100)
    assert found.hits[0].score == expected[0][1] == found.hits[0].parts["keyword"]
    assert (await shelf.words_only(fusion="keyword").search("silver compass")).notes == ()


@pytest.mark.parametrize("settings", [{"fusion": "semantic"}, {"embedding_model": "onnx:all-MiniLM-L6-v2"}])
async def test_meanings_that_were_demanded_and_cannot_be_had_are_an_error(shelf: Shelf, settings):
    with pytest.raises(EmbedderError, match="there is no embedder") as caught:
        await shelf.words_only(**settings).search("silver compass")
    assert "hashing" in caught.value.fix


@pytest.mark.parametrize("mode", ["basic", "disabled"])
async def test_a_mode_without_vectors_never_asks_the_embedder(shelf: Shelf, mode):
    class Untouchable:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    retriever = Retriever(shelf.store, Untouchable(), Untouchable(), RAGConfig(mode=mode))  # type: ignore[arg-type]
    assert (await retriever.search("silver compass")).hits


async def test_an_empty_index_gives_no_hits_and_a_note_and_embeds_nothing(make_shelf: MakeShelf):
    shelf = await make_shelf([])
    found = await shelf.retriever().search("silver compass")
    assert found.hits == ()
    assert found.notes == ("There is nothing indexed that this question may see.",)
    assert shelf.embedder.counts.asked == 0
    full = await make_shelf(book())
    unseen = await full.retriever().search("silver compass", scope=Scope(documents=frozenset({"nobody's"})))
    assert unseen.notes == found.notes


async def test_passages_without_vectors_are_told(make_shelf: MakeShelf):
    shelf = await make_shelf(book())
    late = Document(id="late", text="A zeppelin nobody had expected hung over the weir.", chapter=7, section=1)
    from ghostkit.rag.document import text_digest
    from ghostkit.rag.store import ChunkedDocument

    chunks = cut(late)
    shelf.store.apply([ChunkedDocument(document=late, chunks=chunks, digests=[text_digest(c.content) for c in chunks])])
    retriever = shelf.retriever()
    found = await retriever.search("zeppelin")
    assert found.hits[0].chunk.metadata.document == "late"
    assert "1 passage has no vector yet, and was searched by words alone." in found.notes
    await shelf.embedder.embed([chunk.content for chunk in chunks], "passage")
    again = await retriever.search("zeppelin")  # no chunk changed, so the store's version is the same
    assert again.index_version == found.index_version
    assert again.notes == ()
    assert "semantic" in again.hits[0].parts


async def test_a_query_of_100_000_characters_is_searched_with(shelf: Shelf):
    found = await shelf.retriever().search("silver compass " * 7000)
    assert found.hits
    assert any("105,000" in note or "104,999" in note for note in found.notes)
    assert any("word" in note for note in found.notes)


@pytest.mark.parametrize("query", ["  ", "", "\n"])
async def test_an_empty_query_is_refused(shelf: Shelf, query):
    with pytest.raises(InputError, match="empty"):
        await shelf.retriever().search(query)


@pytest.mark.parametrize("query", ["…", "🜨", "the of and", '" OR 1=1; --', "\x00", "\ud800", "(", "NEAR(a b)", "*"])
async def test_odd_queries_find_what_they_find_and_break_nothing(shelf: Shelf, query):
    if not query.strip():
        return
    await shelf.retriever().search(query)


@pytest.mark.parametrize("top_k", [0, -1, 1001, True, 2.5, "3"])
async def test_an_impossible_top_k_is_refused(shelf: Shelf, top_k):
    with pytest.raises(ConfigError, match="top_k"):
        await shelf.retriever().search("salt", top_k=top_k)


# ── caches ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_question_asked_again_is_embedded_once_until_the_index_changes(make_shelf: MakeShelf):
    shelf = await make_shelf(book())
    retriever = shelf.retriever()
    first = await retriever.search("silver compass", top_k=3)
    wider = await retriever.search("silver compass", top_k=4)
    again = await retriever.search("silver compass", top_k=3)
    assert (first.cache_hit, wider.cache_hit, again.cache_hit) == (False, True, True)
    assert told(again) == told(first)
    assert retriever.cache_stats()["vectors"].hits == 1
    assert retriever.cache_stats()["answers"].hits == 1
    await shelf.put(
        [Document(id="s99", text="The silver compass lay at the bottom of the weir.", chapter=9, section=1)]
    )
    changed = await retriever.search("silver compass", top_k=3)
    assert changed.cache_hit is False
    assert changed.index_version != first.index_version
    assert "s99" in {hit.chunk.metadata.document for hit in changed.hits}
    assert retriever.cache_stats()["vectors"].dropped == 1


async def test_scopes_do_not_share_answers(shelf: Shelf):
    retriever = shelf.retriever()
    await retriever.search("thought of 621")
    early = await retriever.search("thought of 621", scope=Scope(before=(2, 1)))
    assert {hit.chunk.chapter_num for hit in early.hits} <= {None, 1}


async def test_cached_vectors_end_with_their_time(shelf: Shelf):
    now = [0.0]
    retriever = shelf.retriever(clock=lambda: now[0], query_cache_ttl_s=10.0)
    await retriever.search("silver compass")
    now[0] = 9.0
    assert (await retriever.search("silver compass")).cache_hit
    now[0] = 10.0
    assert not (await retriever.search("silver compass")).cache_hit


# ── the loop ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_search_can_be_cancelled_while_its_embedder_is_slow(shelf: Shelf):
    asked = anyio.Event()

    class Slow:
        async def info(self) -> Any:
            return await shelf.embedder.info()

        async def embed(self, texts: Any, role: Any) -> Any:
            asked.set()
            await anyio.sleep_forever()

        async def aclose(self) -> None: ...

    retriever = Retriever(shelf.store, shelf.index, Slow(), RAGConfig())  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(retriever.search, "silver compass")
        with anyio.fail_after(5):
            await asked.wait()
        tasks.cancel_scope.cancel()
    assert (await shelf.retriever().search("silver compass")).hits


async def test_many_tasks_at_once_get_what_each_would_alone(shelf: Shelf):
    retriever = shelf.retriever(query_cache_size=2)
    expected = {query: told(await shelf.retriever(query_cache_size=2).search(query)) for query in QUERIES}
    found: list[tuple[str, Any]] = []

    async def ask(query: str) -> None:
        found.append((query, told(await retriever.search(query))))

    async with anyio.create_task_group() as tasks:
        for query in QUERIES * 4:
            tasks.start_soon(ask, query)
    assert all(answer == expected[query] for query, answer in found)
    assert len(found) == 20


class Hops:
    """Counts the waits for a thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import ghostkit.rag.retrieval.retriever as module

        self.count = 0
        in_thread = module.in_thread

        async def counted(function: Any, *args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return await in_thread(function, *args, **kwargs)

        monkeypatch.setattr(module, "in_thread", counted)


async def test_a_question_waits_for_one_thread_and_its_vector_is_made_before(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
):
    retriever = shelf.retriever()
    await retriever.search(QUERIES[0])
    hops = Hops(monkeypatch)
    for query, times in ((QUERIES[1], 1), (QUERIES[1], 2), (QUERIES[0], 3)):
        found = await retriever.search(query, top_k=7)
        assert hops.count == times
        assert told(found) == told(await shelf.retriever().search(query, top_k=7))
        hops.count = times
    assert (await retriever.search(QUERIES[2])).ms["embed"] > 0.0
