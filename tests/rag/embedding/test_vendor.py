"""A vendor's embedder over the simulator, as the search uses it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import numpy as np
import pytest

from ghostkit.errors import BudgetExceeded
from ghostkit.generation import Budget, GenerationOptions
from ghostkit.generation.embedding import EmbeddingService
from ghostkit.providers.resilience import Gates
from ghostkit.rag.embedding.contract import Embedder
from ghostkit.rag.embedding.create import create_embedder
from ghostkit.rag.embedding.kept import KeptEmbedder
from ghostkit.rag.embedding.vector_store import VectorStore
from ghostkit.rag.embedding.vendor import VendorEmbedder
from ghostkit.settings import reset_settings
from ghostkit.testing.simulator import Simulator, running_simulator

from .contract import EmbedderContract

NAMES = {
    "openai:text-embedding-3-small@48": 48,
    "cohere:embed-v4.0@256": 256,
    "gemini:gemini-embedding-001@128": 128,
    "openrouter:openai/text-embedding-3-small@48": 48,
    "ollama:nomic-embed-text": 768,
}


# Without GHOSTKIT_RETRIEVAL=full the contract is tried on two of them; the others have all else tried.
TRIED = list(NAMES) if os.environ.get("GHOSTKIT_RETRIEVAL") == "full" else list(NAMES)[:: len(NAMES) - 1]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def _running() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(_running: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    for name, value in _running.environment().items():
        monkeypatch.setenv(name, value)
    reset_settings()
    _running.reset()
    return _running


def service(budget: float | None = None) -> EmbeddingService:
    options = GenerationOptions(first_wait_s=0.01, timeout_s=5.0)
    return EmbeddingService(options=lambda: options, gates=Gates(), budget=Budget(budget))


@asynccontextmanager
async def closing(services: EmbeddingService) -> AsyncIterator[EmbeddingService]:
    try:
        yield services
    finally:
        await services.aclose()


class TestVendors(EmbedderContract):
    tolerance: ClassVar[float] = 2e-7

    @pytest.fixture(params=TRIED)
    async def embedder(self, simulator: Simulator, request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
        services = service()
        yield create_embedder(request.param, services=services)
        await services.aclose()


class TestOneOfItsOwn(EmbedderContract):
    """Nobody knows its dimension, and how much of a text it reads, until it is asked."""

    tolerance: ClassVar[float] = 2e-7

    @pytest.fixture
    async def embedder(self, simulator: Simulator) -> AsyncIterator[Embedder]:
        made = create_embedder("openai:BAAI/bge-m3")
        yield made
        await made.aclose()


@pytest.mark.anyio
@pytest.mark.parametrize("name", NAMES)
async def test_it_says_what_it_is(simulator: Simulator, name: str) -> None:
    services = service()
    info = await create_embedder(name, services=services).info()
    await services.aclose()
    assert (info.name, info.dimension) == (name.partition("@")[0], NAMES[name])
    assert (info.local, info.lexical) == (True, False)  # the simulator is this machine


@pytest.mark.anyio
async def test_another_address_or_dimension_is_another_key(simulator: Simulator) -> None:
    async with closing(service()) as both:
        small = await VendorEmbedder("openai:text-embedding-3-small@48", both).info()
        whole = await VendorEmbedder("openai:text-embedding-3-small", both).info()
    assert small.key != whole.key
    assert small.revision  # this is not OpenAI's own address


@pytest.mark.anyio
async def test_without_services_it_has_one_of_its_own(simulator: Simulator) -> None:
    embedder = VendorEmbedder("openai:text-embedding-3-small@48")
    assert (await embedder.embed(["salt"], "query")).any()
    await embedder.aclose()
    assert (await embedder.embed(["salt"], "query")).any()  # and can be used again
    await embedder.aclose()


@pytest.mark.anyio
async def test_what_was_paid_before_a_budget_ended_is_never_paid_again(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GHOSTKIT_PRICES", "openai:*=1000,0")
    reset_settings()
    texts = [f"The salt road ran on to the sea, mile {n}." for n in range(300)]
    store = VectorStore(None)
    name = "openai:text-embedding-3-small@48"
    async with closing(service(3.0)) as poor:
        with pytest.raises(BudgetExceeded):
            await KeptEmbedder(VendorEmbedder(name, poor), store).embed(texts, "passage")
    paid = sent(simulator)
    assert 0 < len(paid) < 300
    async with closing(service()) as rich:
        rows = await KeptEmbedder(VendorEmbedder(name, rich), store).embed(texts, "passage")
    assert rows.any(axis=1).all()
    again = sent(simulator)[len(paid) :]
    assert sorted(paid + again) == sorted(texts)
    store.close()


@pytest.mark.anyio
async def test_texts_that_were_cut_are_noted(simulator: Simulator) -> None:
    async with closing(service()) as services:
        embedder = VendorEmbedder("openai:text-embedding-3-small@48", services)
        vectors = await embedder.embed(["word " * 20_000], "passage")
    assert np.linalg.norm(vectors[0]) == pytest.approx(1.0, abs=1e-6)
    assert "the beginning alone was embedded" in embedder.notes[0]


def sent(simulator: Simulator) -> list[Any]:
    return [
        text for one in simulator.requests() if one["path"].endswith("/embeddings") for text in one["body"]["input"]
    ]
