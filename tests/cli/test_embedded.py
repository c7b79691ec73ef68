"""What was embedded for a book, as `stats` and `outbound` tell it from the ledger alone."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from ghostkit import sync
from ghostkit.errors import ServerError
from ghostkit.events import Event, EventType
from ghostkit.generation import GenerationOptions
from ghostkit.generation.embedding import EmbeddingService, embedding_for
from ghostkit.ledger import SqliteLedger, Who
from ghostkit.providers import ProviderRegistry, Usage
from ghostkit.providers.embeddings import Embedded, EmbeddingModel, EmbeddingRequest
from tests.cli.conftest import BRIEF, Command


class FarEmbeddings:
    """Somebody else's provider of embeddings: 100 tokens a text, a dollar for a thousand."""

    fails = False

    def embeddings(self) -> FarEmbeddings:
        return self

    async def known(self, model: str, dimension: int | None = None) -> EmbeddingModel:
        return EmbeddingModel(
            provider="far", model=model, dimension=2, base_url="https://api.far.example/v1", usd_per_million=1000.0
        )

    async def embed(self, request: EmbeddingRequest) -> Embedded:
        if self.fails:
            raise ServerError("It fell over.")
        usage = Usage(input_tokens=100 * len(request.texts), source="reported")
        return Embedded(vectors=[[3.0, 4.0]] * len(request.texts), usage=usage)

    def has_moved(self) -> bool:
        return False

    async def aclose(self) -> None: ...


@pytest.fixture
def embedded(tmp_path: Path) -> Path:
    """A book for which five texts and a question were embedded, one call failed, and one never ended."""
    path = tmp_path / "book"
    book = sync.Book.create(path, brief=BRIEF, chapters=1, sections=1, words=60)
    section = book.live.value.chapters[0].sections[0].id if book.live.value.chapters else "s-1"
    book.live.close()
    ledger = SqliteLedger(path / "ledger.sqlite")
    provider, registry = FarEmbeddings(), ProviderRegistry()
    registry.register_provider("far", lambda: provider)  # type: ignore[arg-type, return-value]
    service = EmbeddingService(
        ledger=ledger,
        who=Who(run_id="r", ghostkit_version="0"),
        providers=registry,
        options=lambda: GenerationOptions(max_retries=0),
    )

    async def work() -> None:
        await service.embed("far:m", ["one", "two", "three", "four", "five"], "passage")
        with embedding_for("context", f"{section}/section/0"):
            await service.embed("far:m", ["a question"], "query")
        provider.fails = True
        with pytest.raises(ServerError):
            await service.embed("far:m", ["six"], "passage")

    anyio.run(work)
    begun = {"embedding": "e-lost", "model": "far:m", "role": "passage", "texts": 7, "characters": 70, "most_usd": 0.5,
             "purpose": "index", "base_url": "https://api.far.example/v1"}  # fmt: skip
    ledger.record([Event(type=EventType.EMBEDDING_STARTED, data=begun)], Who())
    ledger.close()
    return path


def test_stats_add_up_what_was_embedded_and_what_is_in_doubt(ghostkit: Command, embedded: Path) -> None:
    found = ghostkit("stats", embedded, "--json").json
    sums = found["embeddings"]
    assert (sums["calls"], sums["texts"], sums["failed"], sums["in_doubt"]) == (4, 6, 1, 1)
    estimated = sums["cost_usd"] - 0.6
    assert 0 < estimated < 0.01  # of the call that failed
    assert found["cost_usd"] == pytest.approx(sums["cost_usd"])
    assert found["in_doubt_usd"] == pytest.approx(0.5)
    said = ghostkit("stats", embedded).out
    assert "embedded 4 calls, 6 texts" in said
    assert "1 in doubt (at most $0.50" in said
    status = ghostkit("status", embedded, "--json").json
    assert (status["cost_usd"], status["in_doubt_usd"]) == (found["cost_usd"], found["in_doubt_usd"])


def test_outbound_lists_what_left_to_be_embedded(ghostkit: Command, embedded: Path) -> None:
    found = ghostkit("outbound", embedded, "--json").json
    requests = [one for one in found["requests"] if one["text"] == "embedding"]
    assert [(one["host"], one["texts"], one["characters"], one["state"], one["left"]) for one in requests] == [
        ("api.far.example", 5, 19, "complete", "yes"),
        ("api.far.example", 1, 10, "complete", "yes"),
        ("api.far.example", 1, 3, "error", "may have"),
        ("api.far.example", 7, 70, "in_doubt", "may have"),
    ]
    assert found["left_this_machine"] is True
    assert found["characters"] == 102
    said = " ".join(ghostkit("outbound", embedded).out.split())
    assert "5 texts embedded for the index" in said
    assert "api.far.example: 4 requests, 2 of which may not have left, 102 characters" in said
    assert ghostkit("outbound", embedded, "--host", "elsewhere.example", "--json").json["requests"] == []


def test_a_book_for_which_nothing_was_embedded_says_nothing_of_it(ghostkit: Command, tmp_path: Path) -> None:
    book = sync.Book.create(tmp_path / "book", brief=BRIEF, chapters=1, sections=1, words=60)
    book.live.close()
    assert ghostkit("stats", tmp_path / "book", "--json").json["embeddings"]["calls"] == 0
    assert "embedded" not in ghostkit("stats", tmp_path / "book").out
