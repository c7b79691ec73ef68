"""A base URL that is set after the first call is where the next one goes: no call goes to the old address."""

from __future__ import annotations

import pytest

import ghostkit as gk
from ghostkit.settings import get_settings, reset_settings
from ghostkit.testing.simulator import Simulator, running_simulator

pytestmark = pytest.mark.anyio
MODELS = ["openai:x", "gemini:x", "ollama:x"]


def asked(simulator: Simulator) -> int:
    return sum(line["event"] == "begun" for line in simulator.bill())


@pytest.mark.parametrize("model", MODELS)
def test_the_next_call_goes_where_the_environment_says_by_then(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    with running_simulator() as one, running_simulator() as other:
        for name, value in one.environment().items():
            monkeypatch.setenv(name, value)
        reset_settings()
        gk.sync.generate_with_cache("A lamp.", model=model, max_tokens=400)
        for name, value in other.environment().items():
            monkeypatch.setenv(name, value)
        gk.sync.generate_with_cache("Another lamp.", model=model, max_tokens=400)
        assert (asked(one), asked(other)) == (1, 1)
    reset_settings()


def test_a_notebook_that_has_begun_can_turn_to_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    reset_settings()
    assert get_settings().openai_base_url is None
    with running_simulator() as simulator:
        for name, value in simulator.environment().items():
            monkeypatch.setenv(name, value)
        gk.sync.generate_with_cache("A lamp.", model="openai:x", max_tokens=400)
        assert asked(simulator) == 1
    reset_settings()


def test_an_address_assigned_in_code_is_obeyed_by_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_simulator() as one, running_simulator() as other:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
        reset_settings()
        for simulator in (one, other):
            get_settings().openai_base_url = simulator.environment()["OPENAI_BASE_URL"]
            gk.sync.generate_with_cache(f"A lamp at {simulator.port}.", model="openai:x", max_tokens=400)
        assert (asked(one), asked(other)) == (1, 1)
    reset_settings()
