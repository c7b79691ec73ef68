"""Providers are tried on both event loops."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ghostkit.providers.rehearsal import RehearsalProvider


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def rehearsal(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RehearsalProvider]:
    """A rehearsal that no setting of the machine reaches."""
    for name in ("TOKENS_PER_S", "FIRST_TOKEN_S", "JITTER", "BILL", "FAULTS", "PRICE"):
        monkeypatch.delenv(f"GHOSTKIT_REHEARSAL_{name}", raising=False)
    provider = RehearsalProvider()
    yield provider
    await provider.aclose()
