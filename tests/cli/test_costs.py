"""Budgets and costs as the command line tells them: one sentence, exit 3, and "unknown" where nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ghostkit.generation.spending import DaySpending
from ghostkit.providers import ModelInfo, registry
from ghostkit.settings import reset_settings
from ghostkit.testing import ScriptedProvider
from tests.cli.conftest import Command

PRICE = "10,30"
"""USD per million tokens in and out, so that a book costs something and a call less than a dollar."""
CALL, DAY = "GHOSTKIT_BUDGET_PER_CALL_USD", "GHOSTKIT_BUDGET_PER_DAY_USD"


@pytest.fixture(autouse=True)
def _priced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_PRICE", PRICE)
    monkeypatch.setenv("GHOSTKIT_STATE_DIR", str(tmp_path / "state"))


Set = Callable[[str, str], None]


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Set a variable as if the next command were a process of its own."""

    def set_it(name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        reset_settings()

    return set_it


class Unpriced(ScriptedProvider):
    def info(self, model: str) -> ModelInfo:
        return replace(super().info(model), input_usd_per_million=None, output_usd_per_million=None)


@pytest.fixture
def unpriced() -> Unpriced:
    provider = Unpriced()
    registry.register_provider("scripted", lambda: provider)
    return provider


def test_the_rehearsal_keeps_to_a_calls_budget(ghostkit: Command, fresh: Path, setting: Set) -> None:
    setting(CALL, "0.0001")
    ran = ghostkit("write", fresh, "--model", "rehearsal", "--json")
    assert ran.code == 3
    assert ran.error["code"] == "budget"
    assert "more than the $0.0001 that one call may cost" in ran.error["message"]
    assert (ran.json["calls"], ran.json["state"]) == (0, "incomplete")
    setting(CALL, "5")
    assert ghostkit("write", fresh, "--model", "rehearsal", "--quiet").code == 0


def test_a_days_budget_is_shared_by_books_and_prompts_and_stops_a_run_cleanly(
    ghostkit: Command, fresh: Path, setting: Set, tmp_path: Path
) -> None:
    day = DaySpending(tmp_path / "state")
    setting(DAY, "0.1")
    ran = ghostkit("write", fresh, "--model", "rehearsal", "--json")
    assert ran.code == 3
    assert ran.json["calls"] >= 1
    assert "of today's $0.10 for all books is left" in ran.error["message"]
    assert day.spent_usd() == pytest.approx(ran.json["cost_usd"], abs=1e-6)
    assert ran.json["cost_usd"] <= 0.1
    prompt = ghostkit("generate", "Write of salt. " * 20, "--model", "rehearsal", "--max-tokens", "16000", "--json")
    assert (prompt.code, prompt.error["code"]) == (3, "budget")
    setting(DAY, "50")
    again = ghostkit("write", fresh, "--model", "rehearsal", "--json")
    assert (again.code, again.json["state"]) == (0, "done")
    assert day.spent_usd() == pytest.approx(ran.json["cost_usd"] + again.json["cost_usd"], abs=1e-6)


def test_a_prompt_keeps_to_the_budget_of_the_settings(ghostkit: Command, setting: Set) -> None:
    setting("GHOSTKIT_BUDGET_USD", "0.001")
    ran = ghostkit("generate", "Write of salt.", "--model", "rehearsal")
    assert ran.code == 3
    assert "of the $0.001 budget is left" in ran.sentence


@pytest.mark.parametrize("limit", [CALL, DAY, "GHOSTKIT_BUDGET_USD"])
def test_a_model_of_unknown_price_needs_one_where_there_is_a_budget(
    ghostkit: Command, unpriced: Unpriced, setting: Set, limit: str
) -> None:
    setting(limit, "1")
    ran = ghostkit("generate", "What is salt?", "--model", "scripted:x")
    assert ran.code == 3
    assert ran.sentence == "What a call to scripted:x costs is not known, so no budget can be kept."
    assert 'GHOSTKIT_PRICES="scripted:x=0.5,1.5"' in ran.err
    assert unpriced.requests == []
    setting("GHOSTKIT_PRICES", "scripted:x=0.5,1.5")
    ran = ghostkit("generate", "What is salt?", "--model", "scripted:x", "--json")
    assert ran.code == 0
    assert ran.json["cost_usd"] > 0


def test_an_unknown_cost_is_null_for_programs_and_said_to_people(
    ghostkit: Command, unpriced: Unpriced, fresh: Path
) -> None:
    assert ghostkit("generate", "What is salt?", "--model", "scripted:x", "--json").json["cost_usd"] is None
    done = ghostkit("write", fresh, "--model", "scripted:x", "--json").json
    assert done["unpriced_calls"] == done["calls"] > 0
    stats = ghostkit("stats", fresh, "--json").json
    assert (stats["cost_usd"], stats["unpriced_calls"]) == (0.0, done["calls"])
    assert "cost     an unknown amount" in ghostkit("stats", fresh).out
    assert "an unknown amount" in ghostkit("status", fresh).out
    receipt = ghostkit("receipt", fresh, "1.1", "--json").json
    assert receipt["cost_usd"] is None
    assert {attempt["cost_usd"] for attempt in receipt["attempts"]} == {None}
    assert "an unknown amount" in ghostkit("receipt", fresh, "1.1").out
