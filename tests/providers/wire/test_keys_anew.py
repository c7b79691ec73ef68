"""A key that was wrong or missing is set anew, and the next call in the same kernel takes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ghostkit.errors import AuthError
from ghostkit.providers.adapters.openai_chat import OpenAIProvider
from ghostkit.providers.contract import Ending, Message, Request
from ghostkit.settings import get_settings, reset_settings
from ghostkit.testing.simulator import Simulator, running_simulator

pytestmark = pytest.mark.anyio
ASKED = Request(model="some-name", messages=(Message(role="user", parts=("A lamp.",)),), max_tokens=400)


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with running_simulator() as found:
        for name, value in found.environment().items():
            monkeypatch.setenv(name, value)
        reset_settings()
        yield found
        reset_settings()


async def is_answered(provider: OpenAIProvider) -> bool:
    try:
        return (await provider.generate(ASKED)).ending is Ending.COMPLETE
    except AuthError:
        return False


@pytest.mark.parametrize("before", ["wrong-key", ""])
async def test_a_key_put_right_in_the_environment_is_taken(
    monkeypatch: pytest.MonkeyPatch, simulator: Simulator, before: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", before)
    provider = OpenAIProvider()
    assert not await is_answered(provider)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-right")
    assert await is_answered(provider)
    await provider.aclose()


async def test_a_key_assigned_in_code_is_obeyed_by_the_next_call(simulator: Simulator) -> None:
    provider = OpenAIProvider()
    assert await is_answered(provider)
    get_settings().openai_api_key = "wrong-key"  # type: ignore[assignment]  # as a cell does
    assert not await is_answered(provider)
    get_settings().openai_api_key = "sk-right"  # type: ignore[assignment]
    assert await is_answered(provider)
    await provider.aclose()


async def test_a_key_that_stays_as_it_was_keeps_its_client(
    monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "wrong-key")
    provider = OpenAIProvider()
    clients = set()
    for _ in range(3):
        assert not await is_answered(provider)
        clients.add(id(await provider.client()))
    assert len(clients) == 1
    await provider.aclose()


async def test_an_answer_under_way_outlives_a_change_of_key(simulator: Simulator) -> None:
    provider = OpenAIProvider()
    async with provider.stream(ASKED) as events:
        get_settings().openai_api_key = "sk-other"  # type: ignore[assignment]
        assert await is_answered(provider)
        heard = [event async for event in events]
    assert len(heard) > 3
    await provider.aclose()
