"""Budgets of a call, a run and a day: refused before anything is sent, settled whatever happens."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import anyio
import pytest

from ghostkit.errors import AuthError, BudgetExceeded, ServerError, StorageError
from ghostkit.generation import Budget, GenerationOptions
from ghostkit.generation.spending import DaySpending
from ghostkit.ledger import AttemptState, Slot
from ghostkit.providers import Ending, ModelInfo
from ghostkit.settings import get_settings

from .lab import SLOT, STALL, Lab, lab

pytestmark = pytest.mark.anyio
TEXT = "Salt is white."
DEAR = 1_000_000.0
"""USD per million tokens: a dollar a token, so that a call's ceiling is a little above a hundred."""


def day_options(folder: Path, usd: float) -> dict[str, Any]:
    return {"budget_per_day_usd": usd, "state_dir": folder}


async def test_a_call_that_could_cost_more_than_one_may_is_not_sent() -> None:
    with lab(TEXT, usd=DEAR, budget_per_call_usd=50.0) as it:
        with pytest.raises(BudgetExceeded, match=r"could cost \$1\d\d\.\d+, more than the \$50\.00 that one call may"):
            await it.service.run_step(it.spec())
        assert (it.calls, it.states) == (0, [])
        it.options["budget_per_call_usd"] = 500.0  # obeyed by the next call
        assert (await it.service.run_step(it.spec())).text == TEXT
        assert it.service.budget._reserved == 0


async def test_the_day_counts_every_book_and_stops_the_next_call(tmp_path: Path) -> None:
    spent = 0.0
    for _ in range(3):  # books one after the other, as other processes would open them
        with lab(TEXT, usd=DEAR, **day_options(tmp_path, 150.0)) as it:
            spent += (await it.service.run_step(it.spec())).cost_usd
        assert 0 < spent == pytest.approx(DaySpending(tmp_path).spent_usd())
    with lab(TEXT, usd=DEAR, **day_options(tmp_path, 100.0)) as it:
        with pytest.raises(BudgetExceeded) as refused:
            await it.service.run_step(it.spec())
        assert f"${100 - spent:.4f} of today's $100.00 for all books" in refused.value.message
        assert it.calls == 0
        assert it.service.budget._reserved == 0


async def test_calls_at_once_share_a_days_budget(tmp_path: Path) -> None:
    # Each takes its time: nobody has settled before all have asked.
    with lab(lambda request: [0.5, TEXT, Ending.COMPLETE], usd=DEAR, **day_options(tmp_path, 250.0)) as it:
        refused: list[BudgetExceeded] = []

        async def call(number: int) -> None:
            try:
                await it.service.run_step(it.spec(Slot(object_id=f"s-{number}", kind="section")))
            except BudgetExceeded as error:
                refused.append(error)

        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(call, number)
        assert refused
        assert it.calls == 5 - len(refused)
        assert DaySpending(tmp_path).spent_usd() <= 250.0
        assert it.service.budget._reserved == 0


async def test_a_refusal_by_the_day_gives_the_run_back_what_was_set_aside(tmp_path: Path) -> None:
    budget = Budget(10.0)
    with pytest.raises(BudgetExceeded, match="today"):
        await budget.hold("a", "x:y", 5.0, GenerationOptions(**day_options(tmp_path, 1.0)))
    assert await budget.left_usd(GenerationOptions()) == 10.0


async def test_what_is_left_is_the_least_of_all(tmp_path: Path) -> None:
    budget = Budget(10.0)
    day = GenerationOptions(**day_options(tmp_path, 7.0))
    assert await Budget().left_usd(GenerationOptions()) is None
    assert await budget.left_usd(GenerationOptions(budget_per_call_usd=3.0)) == 3.0
    hold = await budget.hold("a", "x:y", 5.0, day)
    assert await budget.left_usd(day) == 2.0
    await hold.settle(1.0)
    await hold.settle(1.0)  # only the first counts
    assert await budget.left_usd(day) == 6.0
    assert budget.spent_usd == 1.0


@pytest.mark.parametrize("end", ["cancelled", "rejected", "broken", "ledger"])
async def test_however_a_call_ends_the_day_counts_what_its_attempt_cost(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: dict[str, Any] = {
        "cancelled": ["Salt ", STALL],
        "rejected": AuthError("The key is wrong.", rejected=True),
        "broken": ["Salt ", ServerError("It broke.", retryable=False)],
        "ledger": [TEXT],
    }
    with lab(answers[end], usd=DEAR, **day_options(tmp_path, 1_000.0)) as it:
        if end == "ledger":
            monkeypatch.setattr(it.ledger, "close_attempt", _full_disk)
            with pytest.raises(StorageError):
                await it.service.run_step(it.spec())
            assert DaySpending(tmp_path).spent_usd() > 0
            return
        with anyio.move_on_after(0.2 if end == "cancelled" else 5):
            await it.service.run_step(it.spec())
        (attempt,) = it.ledger.attempts(SLOT)
        assert attempt.state is (AttemptState.CANCELLED if end == "cancelled" else AttemptState.ERROR)
        assert DaySpending(tmp_path).spent_usd() == pytest.approx(attempt.cost_usd)
        assert (attempt.cost_usd == 0) == (end == "rejected")
        assert it.service.budget._reserved == 0


def _full_disk(*_: Any) -> None:
    raise StorageError("No room.")


async def test_a_call_that_nobody_settled_goes_on_counting_in_full(tmp_path: Path) -> None:
    """As after a kill: the reservation was made and the process was gone."""
    options = GenerationOptions(**day_options(tmp_path, 10.0))
    await Budget().hold("killed", "x:y", 8.0, options)
    with pytest.raises(BudgetExceeded, match=r"\$2\.0000 of today's"):
        await Budget().hold("next", "x:y", 3.0, options)


async def test_a_settlement_that_the_disk_refuses_leaves_the_ceiling_counted(tmp_path: Path) -> None:
    options = GenerationOptions(**day_options(tmp_path, 10.0))
    hold = await Budget().hold("a", "x:y", 8.0, options)
    with sqlite3.connect(DaySpending(tmp_path).path) as sql:
        sql.execute("CREATE TRIGGER no BEFORE UPDATE ON reservation BEGIN SELECT RAISE(ABORT, 'no room'); END")
    sql.close()
    await hold.settle(1.0)
    assert DaySpending(tmp_path).spent_usd() == 8.0


async def test_without_a_days_budget_nothing_is_kept_of_the_day(tmp_path: Path) -> None:
    with lab(TEXT, usd=DEAR, state_dir=tmp_path / "state", budget=1_000.0) as it:
        await it.service.run_step(it.spec())
    assert not (tmp_path / "state").exists()


# Unknown prices


def unpriced(it: Lab) -> None:
    known = it.provider.info

    def info(model: str) -> ModelInfo:
        from dataclasses import replace

        return replace(known(model), input_usd_per_million=None, output_usd_per_million=None)

    it.provider.info = info  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "limit", [{"budget": 100.0}, {"budget_per_call_usd": 100.0}, {"budget_per_day_usd": 100.0}, {"budget": 0.0}]
)
async def test_with_any_budget_a_model_of_unknown_price_is_refused_with_the_way_to_price_it(
    tmp_path: Path, limit: dict[str, float]
) -> None:
    with lab(TEXT, state_dir=tmp_path, **limit) as it:
        unpriced(it)
        with pytest.raises(BudgetExceeded, match=r"What a call to scripted:x costs is not known") as caught:
            await it.service.run_step(it.spec())
        assert 'GHOSTKIT_PRICES="scripted:x=0.5,1.5"' in caught.value.fix
        assert it.calls == 0
        get_settings().prices = "scripted:x=0.5,1.5"
        if limit != {"budget": 0.0}:
            result = await it.service.run_step(it.spec())
            # 11 characters sent to a provider that counts 4 of them a token, 3 words came
            assert result.cost_usd == pytest.approx((result.usage.input_tokens * 0.5 + 3 * 1.5) / 1e6)
            assert result.cost_known


async def test_without_a_budget_it_is_called_and_its_cost_is_unknown_and_not_nothing() -> None:
    with lab(TEXT) as it:
        unpriced(it)
        result = await it.service.run_step(it.spec())
        assert not result.cost_known
        (attempt,) = it.ledger.attempts(SLOT)
        assert not attempt.cost_known
        assert it.ledger.totals().unpriced == 1
        (done,) = [event for event in it.seen if event.type == "generation_completed"]
        assert done.data["cost_usd"] is None


async def test_a_crash_of_a_call_of_unknown_price_leaves_an_unknown_doubt() -> None:
    with lab(TEXT) as it:
        unpriced(it)
        intent_only = it.ledger.close_attempt
        it.ledger.close_attempt = lambda *_: (_ for _ in ()).throw(StorageError("gone"))  # type: ignore[method-assign]
        with pytest.raises(StorageError):
            await it.service.run_step(it.spec())
        it.ledger.close_attempt = intent_only  # type: ignore[method-assign]
        (doubtful,) = it.ledger.recover(it.service.who)
        assert not it.ledger.attempt(doubtful.id).cost_known
        assert it.ledger.totals().unpriced == 1
