"""What embeddings cost: set aside before it is spent, on record before it leaves, in doubt where a process died."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ghostkit.errors import BudgetExceeded, StorageError
from ghostkit.generation.embedding import EmbeddingService
from ghostkit.generation.spending import DaySpending
from ghostkit.ledger import SqliteLedger
from ghostkit.ledger.embeddings import TYPES, embedding_totals, embeddings_asked
from ghostkit.settings import reset_settings
from ghostkit.testing.simulator import Simulator

from .conftest import VENDORS, asked, serving

OPENAI = VENDORS[0]
TEXTS = [f"The salt road ran on to the sea, mile {n}." for n in range(320)]


@pytest.mark.anyio
async def test_costs_are_the_vendors_tokens_at_the_price(simulator: Simulator) -> None:
    async with serving() as lab:
        result = await lab.service.embed(OPENAI, TEXTS, "passage")
        assert lab.service.budget.spent_usd == pytest.approx(result.cost_usd)
    billed = sum(line["input_tokens"] for line in simulator.bill() if line["event"] == "begun")
    assert result.usage.input_tokens == billed
    assert result.cost_usd == pytest.approx(billed * 0.02 / 1e6)
    done = lab.on_record("embedding_completed")
    assert sum(one["cost_usd"] for one in done) == pytest.approx(result.cost_usd)
    begun = lab.on_record("embedding_started")
    assert all(one["most_usd"] >= end["cost_usd"] for one, end in zip(begun, done, strict=True))


@pytest.mark.anyio
async def test_openrouter_says_itself_what_it_costs(simulator: Simulator) -> None:
    simulator.set_rules([{"match": {"kind": "embed"}, "reply": {"usage": {"input": 1000, "cost_usd": 0.125}}}])
    async with serving() as lab:
        result = await lab.service.embed(VENDORS[3], ["salt"], "passage")
    assert (result.cost_usd, result.cost_known, result.usage.input_tokens) == (0.125, True, 1000)
    assert lab.on_record("embedding_started")[0]["most_usd"] is None


@pytest.mark.anyio
async def test_an_unknown_price_is_said_and_can_be_set(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as lab:
        unknown = await lab.service.embed("openai:own@8", ["salt"], "passage")
    assert (unknown.cost_usd, unknown.cost_known) == (0.0, False)
    assert lab.on_record("embedding_completed")[0]["cost_usd"] is None
    async with serving(budget=1.0) as lab:
        with pytest.raises(BudgetExceeded) as refused:
            await lab.service.embed("openai:own@8", ["salt"], "passage")
    assert "GHOSTKIT_PRICES" in refused.value.fix
    assert lab.on_record() == []
    monkeypatch.setenv("GHOSTKIT_PRICES", "openai:own=1000000,0")
    reset_settings()
    async with serving(budget=1e6) as lab:
        priced = await lab.service.embed("openai:own@8", ["salt"], "passage")
    assert priced.cost_usd == pytest.approx(priced.usage.input_tokens)
    assert len(asked(simulator)) == 2


@pytest.mark.anyio
async def test_a_budget_ends_it_cleanly_with_what_is_paid_kept(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GHOSTKIT_PRICES", "openai:*=1000,0")
    reset_settings()
    kept: list[int] = []

    async def told(places: Any, vectors: Any) -> None:
        kept.extend(places)

    async with serving(budget=2.5) as lab:
        with pytest.raises(BudgetExceeded):
            await lab.service.embed(OPENAI, TEXTS, "passage", on_batch=told)
        assert 0 < lab.service.budget.spent_usd <= 2.5
    sent = sum(len(body["input"]) for body in asked(simulator))
    assert 0 < len(kept) == sent < len(TEXTS)
    assert len(lab.on_record("embedding_completed")) == len(lab.on_record("embedding_started")) == len(asked(simulator))


@pytest.mark.anyio
async def test_one_call_and_a_day_have_budgets_too(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GHOSTKIT_PRICES", "openai:*=1000,0")
    reset_settings()
    async with serving(budget_per_call_usd=0.001) as lab:
        with pytest.raises(BudgetExceeded, match="one call may cost"):
            await lab.service.embed(OPENAI, ["The salt road ran on."], "passage")
    assert asked(simulator) == []
    day: dict[str, Any] = {"budget_per_day_usd": 0.03, "state_dir": tmp_path}
    async with serving(**day) as lab:
        spent = 0.0

        async def spend() -> None:
            nonlocal spent
            for _ in range(20):
                spent += (await lab.service.embed(OPENAI, ["The salt road ran on."], "passage")).cost_usd

        with pytest.raises(BudgetExceeded, match="today's"):
            await spend()
    assert 0 < spent <= 0.03
    assert DaySpending(tmp_path).spent_usd() == pytest.approx(spent)


@pytest.mark.anyio
async def test_without_a_record_nothing_is_sent(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(budget=1.0) as lab:

        def refuse(*given: Any) -> Any:
            raise StorageError("The disk is full.", path="x")

        monkeypatch.setattr(lab.ledger, "record", refuse)
        with pytest.raises(StorageError):
            await lab.service.embed(OPENAI, ["salt"], "passage")
        assert lab.service.budget.spent_usd == 0.0
        lab.service.budget.reserve(1.0)  # all of it: nothing is left reserved
    assert simulator.bill() == []


@pytest.mark.anyio
async def test_without_a_ledger_the_record_is_in_memory(simulator: Simulator) -> None:
    service = EmbeddingService()
    await service.embed(OPENAI, ["salt"], "query")
    await service.aclose()
    assert [str(event.type) for event in service.recorded] == ["embedding_started", "embedding_completed"]
    totals = embedding_totals(service.recorded)
    assert (totals.calls, totals.texts, totals.in_doubt) == (1, 1, 0)


_WORK = """
import sys, anyio
from ghostkit.generation.embedding import EmbeddingService
from ghostkit.ledger import SqliteLedger
from pathlib import Path

async def main():
    ledger = SqliteLedger(Path(sys.argv[1]))
    service = EmbeddingService(ledger=ledger)
    await service.embed("openai:text-embedding-3-small@8", ["salt"], "passage")
    await service.embed("openai:text-embedding-3-small@8", ["The salt road ran on."] * 3, "passage")

anyio.run(main)
"""


def test_a_killed_process_leaves_its_money_in_doubt(simulator: Simulator, tmp_path: Path) -> None:
    simulator.set_rules([{"match": {"kind": "embed"}, "nth": 2, "fault": "stall_first"}])
    path = tmp_path / "ledger.db"
    process = subprocess.Popen([sys.executable, "-c", _WORK, str(path)])
    until = time.monotonic() + 60
    while not simulator.faults() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [fault["kind"] for fault in simulator.faults()] == ["stall_first"]
    ledger = SqliteLedger(path)
    totals = embedding_totals(ledger.events(types=TYPES))
    ledger.close()
    assert (totals.calls, totals.in_doubt, totals.texts) == (2, 1, 1)
    assert totals.in_doubt_usd > totals.cost_usd > 0
    done, doubtful = embeddings_asked(path)
    assert (done.ended, doubtful.ended) == ("complete", "")
    assert (doubtful.texts, doubtful.characters) == (3, 3 * len("The salt road ran on."))
    assert simulator.bill()[-1]["attempt_id"] == doubtful.id
