"""A live book's settings of retrieval may change at any time: a run goes on as it began, and the record fits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ghostkit.errors import BudgetExceeded, StorageError
from ghostkit.events import EventType
from ghostkit.ports import FoundContext
from ghostkit.providers.embeddings import Embedded, EmbeddingModel, EmbeddingRequest
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.engine import RetrievalEngine
from ghostkit.rag.retrieval.result import Retrieval
from ghostkit.rag.store.damage import Damaged
from ghostkit.workbench.retrieving import ENGINES_KEPT
from ghostkit.writing.retrieval.source import BookRetrieval

from ..desk import QUICK, Desk, write

pytestmark = pytest.mark.anyio
HASHING = RAGConfig(embedding_model="hashing")


@pytest.fixture
def desk_with(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("tests.desk.QUICK", replace(QUICK, rag=HASHING))
    desk.answer = lambda kind, request: "Ada mended the lamp at the mill. " * 12 if kind == "section" else None
    return desk


async def test_a_run_goes_on_with_the_settings_it_began_with(desk_with: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    book = desk_with.create(chapters=12)
    looked_up, plain = [0], BookRetrieval.context_for

    async def changing(self: BookRetrieval, slot: str, query: str, budget_tokens: int):  # type: ignore[no-untyped-def]
        looked_up[0] += 1
        if looked_up[0] == 2:
            book.rag = HASHING.with_changes(top_k=1)
        return await plain(self, slot, query, budget_tokens)

    monkeypatch.setattr(BookRetrieval, "context_for", changing)
    await write(book, parallel=2)
    assert looked_up[0] > 2
    events = book.ledger.events(types=["rag_retrieval_completed"])
    assert {event.data["config"] for event in events} == {HASHING.config_id}
    await book.search("lamp")
    assert book.ledger.events(types=["rag_retrieval_completed"])[-1].data["config"] == book.rag.config_id


async def test_the_record_of_a_search_has_the_settings_it_was_made_with(desk_with: Desk) -> None:
    book = desk_with.create(chapters=1)
    await write(book)
    book.rag = HASHING.with_changes(mode="basic")  # people may look all the same
    assert (await book.search("lamp")).hits
    data = book.ledger.events(types=["rag_retrieval_completed"])[-1].data
    assert (data["config"], data["settings"]) == (HASHING.config_id, {"embedding_model": "hashing"})


async def test_a_forecast_asks_no_vendor_for_vectors(desk_with: Desk) -> None:
    """There is none to be asked here: asking would be an error, and be on record."""
    book = desk_with.create(chapters=12)
    await write(book)
    book.rag = RAGConfig(embedding_model="openai:text-embedding-3-small")
    source = book.context_source(looking=True, asking_nobody=True)
    assert source is not None
    found = await source.context_for(f"{book.section('12.1').id}/section/0", "the lamp at the mill", 2000)
    assert isinstance(found, FoundContext)
    assert found.passages
    assert found.evidence["embedder"] == ""
    assert not book.ledger.events(types=[EventType.EMBEDDING_STARTED, EventType.EMBEDDING_FAILED])


async def test_trying_many_settings_keeps_few_engines_open(desk_with: Desk) -> None:
    book = desk_with.create(chapters=1)
    await write(book)
    for top_k in range(1, 6):
        book.rag = HASHING.with_changes(top_k=top_k)
        assert len((await book.search("lamp mill")).hits) <= top_k
    assert len(book._engines.opened) == ENGINES_KEPT


async def test_an_index_that_is_lost_under_a_run_or_a_search_is_filled_again_and_stops_neither(
    desk_with: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = desk_with.create(chapters=10)
    lost, plain = [0], RetrievalEngine.search

    async def losing(self: RetrievalEngine, query: str, **options: Any) -> Retrieval:
        store = await self.store()
        if lost[0] < 2:  # what happens when a page that is read in the middle of a search turns out to be torn
            lost[0] += 1
            store._lost(Damaged("It was torn."), store._database.take().epoch)
        return await plain(self, query, **options)

    monkeypatch.setattr(RetrievalEngine, "search", losing)
    await write(book)
    assert lost[0] == 2
    assert all(section.text for chapter in book.chapters for section in chapter.sections)
    found = [hit.chunk.id for hit in (await book.search("lamp")).hits]
    lost[0] = 0
    assert found == [hit.chunk.id for hit in (await book.search("lamp")).hits] != []
    assert lost[0] == 2
    lost[0] = -1
    with pytest.raises(StorageError, match="Nothing of the book is lost"):
        await book.search("lamp")


class Dear:
    """A vendor's embeddings at a dollar a token; counts what it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def known(self, model: str, dimension: int | None = None) -> EmbeddingModel:
        return EmbeddingModel(
            provider="openai", model=model, dimension=2, base_url="https://api.far.example/v1", usd_per_million=1e6
        )

    async def embed(self, request: EmbeddingRequest) -> Embedded:
        self.asked += 1
        return Embedded(vectors=[[3.0, 4.0]] * len(request.texts), usage=None)

    def has_moved(self) -> bool:
        return False

    async def aclose(self) -> None: ...


async def test_vectors_are_paid_from_the_runs_budget(desk_with: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    dear = Dear()
    monkeypatch.setattr("ghostkit.generation.embedding.service.embedding_provider", lambda name, providers: dear)
    monkeypatch.setattr("tests.desk.QUICK", replace(QUICK, rag=RAGConfig(embedding_model="openai:far")))
    book = desk_with.create(chapters=12)
    with pytest.raises(BudgetExceeded):
        await write(book, budget_usd=1.0)
    assert dear.asked == 0
    assert "section 10.1" not in desk_with.asked_for()  # the first that would have looked for passages
