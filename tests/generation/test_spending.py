"""The day's budget: never passed, whatever is killed, whoever else is spending at the same moment."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostkit.errors import BudgetExceeded, StorageError
from ghostkit.generation.spending import FILE_NAME, KEPT_DAYS, DaySpending, dollars, state_folder

DAY_S = 86_400.0


class Clock:
    def __init__(self, now: float = 20_000 * DAY_S + 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def day(tmp_path: Path, clock: Clock) -> DaySpending:
    return DaySpending(tmp_path / "state" / "ghostkit", now=clock)


def test_what_is_reserved_counts_and_what_was_not_used_is_free_again(day: DaySpending) -> None:
    day.reserve("a", 0.60, 1.0)
    assert day.spent_usd() == 0.60
    with pytest.raises(
        BudgetExceeded, match=r"could cost \$0\.5000, and \$0\.4000 of today's \$1\.00 for all books is"
    ):
        day.reserve("b", 0.50, 1.0)
    day.settle("a", 0.10)
    day.reserve("b", 0.50, 1.0)
    assert day.spent_usd() == pytest.approx(0.60)


def test_the_limit_itself_may_be_spent_to_the_last_billionth(day: DaySpending) -> None:
    for number in range(10):
        day.reserve(f"a-{number}", 0.1, 1.0)  # 10 x 0.1 is more than 1.0 in floats added up
    assert day.spent_usd() == 1.0
    with pytest.raises(BudgetExceeded):
        day.reserve("more", 1e-9, 1.0)
    day.reserve("free", 0.0, 1.0)


def test_a_new_day_utc_begins_with_nothing_spent_and_yesterdays_call_stays_yesterdays(
    day: DaySpending, clock: Clock
) -> None:
    day.reserve("late", 1.0, 1.0)
    clock.now += DAY_S
    assert day.spent_usd() == 0.0
    day.reserve("early", 0.9, 1.0)
    day.settle("late", 0.2)
    assert day.spent_usd() == 0.9


def test_days_long_past_are_forgotten(day: DaySpending, clock: Clock) -> None:
    day.reserve("old", 1.0, 1.0)
    clock.now += (KEPT_DAYS + 1) * DAY_S
    day.reserve("new", 1.0, 1.0)
    with sqlite3.connect(day.path) as sql:
        assert sql.execute("SELECT id FROM reservation").fetchall() == [("new",)]


def test_a_settlement_twice_or_of_nothing_changes_nothing_else(day: DaySpending) -> None:
    day.reserve("a", 0.5, 1.0)
    day.settle("a", 0.25)
    day.settle("a", 0.25)
    day.settle("unknown", 9.0)
    assert day.spent_usd() == 0.25


@pytest.mark.parametrize("damage", ["garbage", "folder", "file in the way"])
def test_a_file_that_can_not_be_used_is_told_and_nothing_is_taken_for_granted(
    day: DaySpending, tmp_path: Path, damage: str
) -> None:
    if damage == "file in the way":
        (tmp_path / "state").write_text("")
    else:
        day.path.parent.mkdir(parents=True)
        day.path.mkdir() if damage == "folder" else day.path.write_bytes(b"no database at all " * 100)
    with pytest.raises(StorageError, match="can't be read or written") as caught:
        day.reserve("a", 0.1, 1.0)
    assert "GHOSTKIT_STATE_DIR" in caught.value.fix


def test_the_folder_is_the_given_one_or_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert state_folder(tmp_path) == tmp_path
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert state_folder() == tmp_path / "state" / "ghostkit"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "ghostkit"


@pytest.mark.parametrize(
    ("usd", "said"),
    [(1, "$1.00"), (0.5, "$0.50"), (0.009, "$0.009"), (0.0, "$0.00"), (12.345, "$12.345"), (1e-6, "$0.000001")],
)
def test_a_limit_is_said_as_it_was_set(usd: float, said: str) -> None:
    assert dollars(usd) == said


# Any interleaving


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["call", "call", "settle", "kill"]),
        st.integers(0, 5),
        st.floats(0, 0.7, allow_nan=False),
        st.floats(0, 1),
    ),
    max_size=40,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, limit=st.floats(0, 2))
def test_whatever_is_called_settled_or_killed_in_whatever_order_the_sum_is_never_above_the_limit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, float, float]], limit: float
) -> None:
    """A model of what was really paid: a killed call may have cost all of its ceiling."""
    folder = tmp_path_factory.mktemp("day")
    open_: dict[str, float] = {}
    paid = 0.0
    for number, (act, who, ceiling, share) in enumerate(steps):
        day = DaySpending(folder, now=Clock())  # each step as another process would take it
        id = sorted(open_)[who % len(open_)] if open_ and act != "call" else f"{number}"
        if act == "call":
            try:
                day.reserve(id, ceiling, limit)
            except BudgetExceeded:
                assert day.spent_usd() + ceiling > limit - 1e-6
                continue
            open_[id] = ceiling
        elif id in open_:
            most = open_.pop(id)
            paid += most if act == "kill" else most * share
            if act == "settle":
                day.settle(id, most * share)
        assert paid <= day.spent_usd() + 1e-6
        assert day.spent_usd() <= limit + 1e-9


def test_threads_at_once_never_pass_the_limit(day: DaySpending) -> None:
    done: list[float] = []

    def spend(seed: int) -> None:
        draw = random.Random(seed)
        for number in range(12):
            ceiling = draw.uniform(0.01, 0.2)
            try:
                day.reserve(f"{seed}-{number}", ceiling, 1.0)
            except BudgetExceeded:
                continue
            cost = ceiling * draw.random()
            done.append(cost)
            day.settle(f"{seed}-{number}", cost)

    threads = [threading.Thread(target=spend, args=(seed,)) for seed in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) > 6
    assert day.spent_usd() == pytest.approx(sum(done), abs=1e-6)
    assert sum(done) <= 1.0


_SPENDER = """
import json, random, sys
from pathlib import Path
from ghostkit.errors import BudgetExceeded
from ghostkit.generation.spending import DaySpending

seed, folder, limit = int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
draw, day = random.Random(seed), DaySpending(folder, now=lambda: 20_000 * 86_400.0 + 5)
number = 0
while True:
    number += 1
    id, ceiling = f"{seed}-{number}", draw.uniform(0.001, 0.01)
    try:
        day.reserve(id, ceiling, limit)
    except BudgetExceeded:
        print(json.dumps(["refused", id, 0]), flush=True)
        break
    # "sent" means that the vendor may bill all of the ceiling from here on
    print(json.dumps(["sent", id, ceiling]), flush=True)
    if number == 1:
        sys.stdin.readline()  # until all have begun
    if seed == 3 and number == 5:
        sys.stdin.read()  # until it is killed, with this call under way
    cost = ceiling * draw.random()
    day.settle(id, cost)
    print(json.dumps(["paid", id, cost]), flush=True)
"""


def _go(spender: subprocess.Popen[str]) -> None:
    assert spender.stdin is not None
    spender.stdin.write("go\n")
    spender.stdin.flush()


def test_two_processes_and_a_third_that_is_killed_never_pass_the_limit(tmp_path: Path) -> None:
    limit = 0.35
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    spenders = [
        subprocess.Popen(
            [sys.executable, "-c", _SPENDER, str(seed), str(tmp_path), str(limit)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )
        for seed in (1, 2, 3)
    ]  # fmt: skip
    lines: list[str] = []
    for spender in spenders:
        assert spender.stdout is not None
        lines.append(spender.stdout.readline())
    *others, victim = spenders
    _go(victim)
    assert victim.stdout is not None
    lines += [victim.stdout.readline() for _ in range(8)]  # to the middle of its fifth call
    for spender in others:
        _go(spender)
    assert json.loads(lines[-1])[0] == "sent"
    victim.send_signal(signal.SIGKILL)
    told = [lines, *(spender.communicate(timeout=60)[0].splitlines() for spender in spenders)]
    sent: dict[str, float] = {}
    for line in (line for lines in told for line in lines if line.strip().endswith("]")):
        what, id, usd = json.loads(line)
        sent[id] = usd if what != "refused" else 0.0
    assert victim.returncode == -signal.SIGKILL  # the fault fired
    calls = [id for id, usd in sent.items() if usd]
    assert {id[0] for id in calls} == {"1", "2", "3"}
    day = DaySpending(tmp_path, now=Clock(20_000 * DAY_S + 5))
    # What may have been paid, with the killed call at its ceiling, is no more than what is counted, and that no more
    # than the limit; and the budget was used: only less than one call's ceiling was left.
    assert sum(sent.values()) <= day.spent_usd() + 1e-6
    assert limit - 0.01 - 1e-9 <= day.spent_usd() <= limit
    assert (tmp_path / FILE_NAME).exists()
