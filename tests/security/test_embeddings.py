"""No key comes out of embeddings either, from a vendor that quotes it back in whatever way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ghostkit.errors import GhostkitError
from ghostkit.generation import GenerationOptions
from ghostkit.generation.embedding import EmbeddingService
from ghostkit.ledger import SqliteLedger
from ghostkit.providers.embeddings import embedding_provider
from ghostkit.providers.resilience import GatePolicy, Gates
from ghostkit.settings import reset_settings
from tests.security import looking
from tests.security.canaries import Canary, leaks, new_canaries
from tests.security.echo import echoing_vendor, environment

MODES = ("401", "400", "500", "page", "garbage", "moved")
MODELS = ("openai:text-embedding-3-small", "cohere:embed-v4.0", "gemini:gemini-embedding-001", "openrouter:openai/x")
LOOKS = ("TEXT", "REPR", "FACTS", "CHAIN", "TRACEBACK", "LOCALS", "LOGGED")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    with echoing_vendor() as running:
        yield running


@pytest.fixture
def canaries(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Canary]]:
    made = new_canaries()
    for vendor, canary in made.items():
        monkeypatch.setenv(f"{vendor.upper()}_API_KEY", canary.key)
    reset_settings()
    yield made
    monkeypatch.undo()
    reset_settings()


@pytest.mark.anyio
async def test_no_key_comes_out_of_embeddings(
    echo: str, canaries: dict[str, Canary], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = SqliteLedger(path)
    options = GenerationOptions(max_retries=0, timeout_s=5.0, gate=GatePolicy(breaker_failures=0))
    errors: list[BaseException] = []
    objects: list[Any] = []
    for mode in MODES:
        for name, value in environment(echo, mode).items():
            monkeypatch.setenv(name, value)
        reset_settings()
        service = EmbeddingService(ledger=ledger, options=lambda: options, gates=Gates())
        for model in MODELS:
            try:
                await service.embed(model, ["salt"], "passage")
            except GhostkitError as error:
                errors.append(error)
        objects += [service, *(embedding_provider(model.partition(":")[0]) for model in MODELS)]
        await service.aclose()
    ledger.close()
    assert len(errors) == len(MODES) * len(MODELS)
    for name in LOOKS:
        assert leaks(getattr(looking, f"ERROR_{name}").see(errors), canaries) == [], name
    for look in (looking.REPR, looking.VARS, looking.STATE):
        assert leaks(look.see(objects), canaries) == []
    events = looking.LEDGER_EVENTS.see(path)
    assert b"embedding_failed" in (events if isinstance(events, bytes) else events.encode())
    assert leaks(events, canaries) == []
    assert leaks(looking.LEDGER_FILES.see(path), canaries) == []
