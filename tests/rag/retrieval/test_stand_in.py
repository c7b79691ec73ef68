"""A user's function as retriever: what it is given, what it may give, and what it may not show."""

from __future__ import annotations

from typing import Any

import pytest

from ghostkit.errors import ConfigError, InputError
from ghostkit.rag.document import Chunk
from ghostkit.rag.retrieval.stand_in import wants_chunks
from ghostkit.rag.scope import Scope

from .conftest import Shelf

BARE: dict[str, Any] = {"merge_overlaps": False, "dedupe": False}


async def test_its_ids_are_the_hits_in_its_order(shelf: Shelf):
    def shortest(query: str, chunks: list[Chunk], top_k: int) -> list[str]:
        return [one.id for one in sorted(chunks, key=lambda one: (len(one.content), one.id))][:top_k]

    found = await shelf.retriever(retriever=shortest, **BARE).search("salt", top_k=4)
    expected = sorted(shelf.store.all_chunks(), key=lambda one: (len(one.content), one.id))[:4]
    assert [hit.chunk.id for hit in found.hits] == [one.id for one in expected]
    assert [hit.score for hit in found.hits] == [1.0, 1 / 2, 1 / 3, 1 / 4]
    assert all(hit.parts["retriever"] == hit.score for hit in found.hits)
    assert "retriever" in found.ms
    assert found.embedder == ""


async def test_an_async_one_may_give_scores_and_find_its_chunks_itself(shelf: Shelf):
    ids = [one.id for one in shelf.store.all_chunks()]

    async def mine(query: str, top_k: int) -> list[tuple[str, float]]:
        return [(ids[3], 0.9), (ids[20], 0.4), (ids[3], 0.1)]

    found = await shelf.retriever(retriever=mine, **BARE).search("salt")
    assert [(hit.chunk.id, hit.score) for hit in found.hits] == [(ids[3], 0.9), (ids[20], 0.4)]


async def test_what_the_question_may_not_see_is_never_shown(shelf: Shelf):
    everything = [one.id for one in shelf.store.all_chunks()]
    given: list[int | None] = []

    def leaky(query: str, chunks: list[Chunk], top_k: int) -> list[str]:
        given.extend(one.chapter_num for one in chunks)
        return [*everything, "invented"]

    found = await shelf.retriever(retriever=leaky, **BARE).search("salt", scope=Scope(before=(3, 1)), top_k=100)
    assert {hit.chunk.chapter_num for hit in found.hits} == {None, 1, 2} == set(given)
    hidden = [one for one in found.dropped if one.why == "not visible"]
    assert "invented" in {one.chunk_id for one in hidden}
    assert len(hidden) + len(found.hits) == len(everything) + 1
    assert found.notes == (
        f"The retriever gave {len(hidden)} ids of chunks that aren't there or may not be seen here.",
    )


async def test_its_hits_are_merged_weighed_and_reranked_like_any_other(shelf: Shelf):
    chunks = [one for one in shelf.store.all_chunks() if one.metadata.document == "s31"]

    def mine(query: str, top_k: int) -> list[str]:
        return [one.id for one in chunks]

    found = await shelf.retriever(retriever=mine).search("salt")
    assert len(found.hits) == 1 + (chunks[-1].metadata.end > found.hits[0].chunk.metadata.end)
    assert found.hits[0].merged
    settings = {"mode": "full", "reranker": lambda query, texts: list(range(len(texts)))}
    turned = await shelf.retriever(retriever=mine, **settings, **BARE).search("salt")
    assert [hit.chunk.id for hit in turned.hits] == [one.id for one in reversed(chunks)]


@pytest.mark.parametrize(
    "answer",
    [None, "id", b"id", 3, [3], [("id",)], [("id", "much")], [("id", float("nan"))], [(3, 1.0)], [None]],
    ids=repr,
)
async def test_an_unusable_answer_is_told_in_words(shelf: Shelf, answer):
    with pytest.raises(InputError, match="The retriever gave") as caught:
        await shelf.retriever(retriever=lambda query, chunks, top_k: answer).search("salt")
    assert "ids, best first" in caught.value.fix


async def test_nothing_found_is_no_error(shelf: Shelf):
    found = await shelf.retriever(retriever=lambda query, chunks, top_k: ()).search("salt")
    assert found.hits == ()


async def test_its_own_error_is_its_own(shelf: Shelf):
    def broken(query: str, top_k: int) -> list[str]:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        await shelf.retriever(retriever=broken).search("salt")


class Mine:
    def __call__(self, query: str, chunks: list[Chunk], top_k: int) -> list[str]:
        return []

    def two(self, query: str, top_k: int) -> list[str]:
        return []


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda query, chunks, top_k: [], True),
        (lambda query, top_k: [], False),
        (lambda *values: [], True),
        (lambda query, chunks=None, top_k=5: [], True),
        (Mine(), True),
        (Mine().two, False),
    ],
)
def test_its_signature_says_whether_it_wants_the_chunks(function, expected):
    assert wants_chunks(function) is expected


@pytest.mark.parametrize("function", [lambda: [], lambda query: [], lambda a, b, c, d: []])
def test_another_signature_is_refused(function):
    with pytest.raises(ConfigError, match=r"takes \d values"):
        wants_chunks(function)
