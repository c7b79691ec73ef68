"""An embedding service over a simulated vendor's wire, with everything it did at hand."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ghostkit.generation import Budget, GenerationOptions
from ghostkit.generation.embedding import EmbeddingService
from ghostkit.ledger import SqliteLedger, StoredEvent, Who
from ghostkit.providers.resilience import Gates
from ghostkit.settings import reset_settings
from ghostkit.testing.simulator import Simulator, running_simulator

VENDORS = (
    "openai:text-embedding-3-small@48",
    "cohere:embed-v4.0@256",
    "gemini:gemini-embedding-001@128",
    "openrouter:openai/text-embedding-3-small@48",
    "ollama:nomic-embed-text",
)


full = pytest.mark.skipif(
    os.environ.get("GHOSTKIT_RETRIEVAL") != "full", reason="GHOSTKIT_RETRIEVAL=full tries every vendor here"
)


@pytest.fixture
def anyio_backend() -> str:
    """One event loop: which one makes no difference that the SDKs' own tests on both would not see."""
    return "asyncio"


@pytest.fixture(scope="session")
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


class Serving:
    """A service with a ledger in memory, and what is on record there."""

    def __init__(self, budget: float | None = None, **options: Any) -> None:
        self.ledger = SqliteLedger(None)
        self.ended: list[StoredEvent] | None = None
        chosen = GenerationOptions(**{"first_wait_s": 0.01, "timeout_s": 5.0, **options})
        self.service = EmbeddingService(
            ledger=self.ledger,
            who=Who(run_id="r-1", ghostkit_version="0"),
            budget=Budget(budget),
            options=lambda: chosen,
            gates=Gates(random=lambda: 0.0),
        )

    def on_record(self, type: str = "") -> list[dict[str, Any]]:
        """The data of the events, of one type if given."""
        events = self.ended if self.ended is not None else self.ledger.events()
        return [dict(event.data) | {"type": event.type} for event in events if type in ("", event.type)]


@asynccontextmanager
async def serving(budget: float | None = None, **options: Any) -> AsyncIterator[Serving]:
    made = Serving(budget, **options)
    try:
        yield made
    finally:
        await made.service.aclose()
        made.ended = made.ledger.events()
        made.ledger.close()


def asked(simulator: Simulator) -> list[dict[str, Any]]:
    """The bodies of the calls for embeddings, in order."""
    ends = ("/embeddings", "/embed", ":batchEmbedContents")
    return [one["body"] for one in simulator.requests() if one["path"].partition("?")[0].endswith(ends)]


__all__ = ["VENDORS", "Serving", "asked", "full", "serving"]
