"""Who may run steps: one runner at a time, in this process, another process, or on another machine."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ghostkit.errors import LeaseHeld, LeaseLost, StorageError
from ghostkit.ledger import Slot, SqliteLedger
from ghostkit.ledger import lease as lease_module

from .makers import SLOT, WHO, answer, event, intent

HOLD = """
import sys
from pathlib import Path
from ghostkit.ledger import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]))
ledger.acquire_lease({"goal": "the whole book"})
print("held", flush=True)
sys.stdin.readline()
ledger.release_lease()
print("given back", flush=True)
sys.stdin.readline()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A real process that has the lease, until it reads a line."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@contextmanager
def opened(path: Path) -> Iterator[SqliteLedger]:
    ledger = SqliteLedger(path)
    try:
        yield ledger
    finally:
        ledger.close()


def test_a_lease_held_by_another_process_is_refused_naming_it_until_it_is_given_back(path: Path) -> None:
    with holder(path) as process, opened(path) as ledger:
        started = time.monotonic()
        with pytest.raises(LeaseHeld) as refused:
            ledger.acquire_lease({"goal": "chapter 2"})
        assert time.monotonic() - started < 1
        assert f"process {process.pid} on " in str(refused.value)
        assert "writing the whole book" in str(refused.value)
        assert refused.value.holder["pid"] == process.pid  # type: ignore[attr-defined]
        with pytest.raises(LeaseLost):
            ledger.open_attempt(intent(), WHO)
        ledger.add_human_revision("s-1", "section", "a person may", WHO, base_id=None)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "given back\n"
        assert ledger.acquire_lease({"goal": "chapter 2"}) == 2
        ledger.open_attempt(intent(), WHO)
        ledger.release_lease()


def test_the_lease_of_a_killed_process_is_free_at_once(path: Path) -> None:
    with holder(path) as process:
        process.kill()
        process.wait()
        with opened(path) as ledger:
            assert ledger.lease_holder()["released"] is False
            assert ledger.acquire_lease({}) == 2
            ledger.release_lease()


def test_two_ledgers_of_one_process_do_not_both_get_it(path: Path) -> None:
    with opened(path) as one, opened(path) as two:
        one.acquire_lease({"goal": "one"})
        with pytest.raises(LeaseHeld, match="writing one"):
            two.acquire_lease({"goal": "two"})
        one.release_lease()
        two.acquire_lease({"goal": "two"})
        two.release_lease()


def test_looking_for_edits_elsewhere_delays_a_runner_but_does_not_turn_it_away(path: Path) -> None:
    """A process that only opens the book keeps runners out for a moment; that is no runner."""
    inside, leave = threading.Event(), threading.Event()

    def look() -> None:
        with opened(path) as reader, reader.exclusive_if_free() as free:
            assert free
            inside.set()
            leave.wait(10)

    with opened(path) as ledger:
        thread = threading.Thread(target=look)
        thread.start()
        assert inside.wait(10)
        timer = threading.Timer(0.05, leave.set)
        timer.start()
        assert ledger.acquire_lease({"goal": "writing"}) == 1
        assert leave.is_set()
        thread.join()
        timer.join()
        ledger.release_lease()


def test_nobody_is_let_in_to_look_while_a_runner_is_at_work(path: Path) -> None:
    with opened(path) as runner, opened(path) as other:
        with other.exclusive_if_free() as free:
            assert free
        runner.acquire_lease({})
        for ledger in (runner, other):
            with ledger.exclusive_if_free() as free:
                assert not free
        runner.release_lease()
        with other.exclusive_if_free() as free:
            assert free


# ── two machines that share a folder: no common lock, only the row ────────────────────────────────────────────


class Machine:
    """Makes this process look like one machine or another, whose locks don't reach each other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        self._patch = monkeypatch
        monkeypatch.setattr(lease_module.time, "time", lambda: self.now)

    def be(self, name: str) -> None:
        self._patch.setattr(lease_module.socket, "gethostname", lambda: name)

    @staticmethod
    def leave_lock(ledger: SqliteLedger) -> None:
        ledger._lease._drop_os_lock()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_a_runner_on_another_machine_is_believed_while_it_is_heard_of(path: Path, machine: Machine) -> None:
    with opened(path) as one, opened(path) as two:
        machine.be("desk")
        one.acquire_lease({})
        machine.leave_lock(one)
        machine.be("laptop")
        machine.now += 59
        with pytest.raises(LeaseHeld, match="on desk"):
            two.acquire_lease({})
        one.heartbeat()
        machine.now += 59
        with pytest.raises(LeaseHeld, match="on desk"):
            two.acquire_lease({})


def test_a_runner_that_was_taken_over_writes_nothing_more(path: Path, machine: Machine) -> None:
    with opened(path) as one, opened(path) as two:
        machine.be("desk")
        first = one.acquire_lease({})
        attempt = one.open_attempt(intent(), WHO)
        machine.leave_lock(one)
        machine.be("laptop")
        machine.now += 61
        assert two.acquire_lease({}) == first + 1
        assert [a.id for a in two.recover(WHO)] == [attempt.id]
        before = two.attempts(SLOT)
        for act in _writes(one, attempt.id):
            with pytest.raises(LeaseLost, match="taken this book over"):
                act()
        assert two.attempts(SLOT) == before
        assert [e.type for e in two.events()] == ["generation_in_doubt"]
        one.release_lease()  # what isn't held any more can't be given back
        assert two.lease_holder()["released"] is False
        two.open_attempt(intent(), WHO)
        two.release_lease()


def _writes(ledger: SqliteLedger, attempt_id: str) -> list[Callable[[], object]]:
    return [
        lambda: ledger.open_attempt(intent(Slot(object_id="s-2", kind="section")), WHO, [event()]),
        lambda: ledger.add_partial(attempt_id, 1, "late"),
        lambda: ledger.close_attempt(attempt_id, answer(), WHO, [event()]),
        lambda: ledger.recover(WHO),
        lambda: ledger.supersede(SLOT),
        ledger.heartbeat,
    ]


# ── trouble ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_release_that_could_not_be_recorded_still_frees_the_book(path: Path, fault: Callable[[str], None]) -> None:
    with opened(path) as ledger:
        ledger.acquire_lease({})
        fault("lease.before_release:1:eio")
        with pytest.raises(StorageError, match="Could not write the ledger"):
            ledger.release_lease()
        assert ledger.acquire_lease({}) == 2
        ledger.release_lease()


def test_a_lease_that_could_not_be_recorded_is_not_held(path: Path, fault: Callable[[str], None]) -> None:
    with opened(path) as ledger:
        fault("lease.before_commit:1:enospc")
        with pytest.raises(StorageError, match="Could not write the ledger"):
            ledger.acquire_lease({})
        with pytest.raises(LeaseLost):
            ledger.recover(WHO)
        assert ledger.acquire_lease({}) == 1
        ledger.release_lease()


def test_a_folder_that_can_not_be_locked_is_named(path: Path) -> None:
    with opened(path) as ledger:
        (path.parent / "ledger.lock").mkdir()
        with pytest.raises(StorageError, match="Could not lock"):
            ledger.acquire_lease({})
