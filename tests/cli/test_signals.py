"""Stopping: Ctrl-C and a polite kill end cleanly, and the next `write` finishes the same book."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from ghostkit.cli.interrupts import stopping_on_signals
from tests.cli.conftest import Command, Process, words_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
STALLS = {"GHOSTKIT_REHEARSAL_FAULTS": "section=stall@2"}
"""The second section stays in the middle for ever, so that nothing here depends on how fast the machine is."""
Start = Callable[..., Process]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "polite kill"])
def test_a_stop_in_the_middle_keeps_everything_and_the_next_write_finishes_the_same_book(
    ghostkit: Command, start: Start, fresh: Path, finished: Path, number: signal.Signals
) -> None:
    process = start("write", fresh, **STALLS)
    process.read_err_until("✓ 1.1")
    process.popen.send_signal(number)
    ran = process.wait()
    assert ran.code == 130
    assert "Traceback" not in ran.err
    assert "of 4 sections written and kept" in ran.err
    assert f"Go on with: ghostkit write {fresh}" in ran.err
    status = ghostkit("status", fresh, "--json").json
    assert status["attempts"]["cancelled"] == 1
    assert status["attempts"].get("in_doubt", 0) == 0
    assert (status["steps"]["open"], status["steps"]["stopped"]) == (0, 1)
    kept = words_of(fresh)
    assert 1 <= len(kept) < 4
    again = ghostkit("write", fresh, "--json")
    assert (again.code, again.json["state"]) == (0, "done")
    assert words_of(fresh).items() >= kept.items()
    assert words_of(fresh) == words_of(finished)


def test_a_rewrite_that_was_stopped_goes_on_with_the_command_it_names_and_buys_nothing_twice(
    ghostkit: Command, start: Start, finished: Path, tmp_path: Path
) -> None:
    bill = tmp_path / "bill"
    process = start(
        "rewrite", finished, "--all", "--note", "Less weather.", GHOSTKIT_REHEARSAL_BILL=str(bill), **STALLS
    )
    process.read_err_until("✓ 1.1")
    process.popen.send_signal(signal.SIGINT)
    ran = process.wait()
    assert ran.code == 130
    assert f"Go on with: ghostkit rewrite {finished} --all --note 'Less weather.'" in ran.err
    assert len(ghostkit("proposals", finished, "--json").json) == 1
    again = start(
        "rewrite", finished, "--all", "--note", "Less weather.", "--json", GHOSTKIT_REHEARSAL_BILL=str(bill)
    ).wait()
    assert (again.code, again.json["state"], len(again.json["proposals"])) == (0, "done", 4)
    answered = [line for line in map(json.loads, bill.read_text("utf-8").splitlines()) if line["event"] == "answered"]
    assert len(answered) == len({line["slot"] for line in answered}) == 4


def test_the_partial_text_of_a_stopped_section_is_in_the_ledger(start: Start, fresh: Path) -> None:
    from ghostkit.ledger import Slot
    from ghostkit.workbench import Book

    process = start("write", fresh, "--json", "--progress", **STALLS)
    for _ in range(2):  # the first may be from before the second section was begun
        process.read_err_until('"sections_done": 1,')
    process.popen.send_signal(signal.SIGINT)
    ran = process.wait()
    assert ran.code == 130
    assert ran.json["state"] == "cancelled"
    book = Book.open(fresh)
    stopped = [s for _, s in book.value.sections() if str(s.status) == "stopped"]
    partial = [
        book.ledger.partial_text(attempt.id)
        for section in stopped
        for attempt in book.ledger.attempts(Slot(object_id=section.id, kind="section"))
    ]
    book.close()
    assert any(len(text.split()) > 3 for text in partial)


def test_json_of_an_interrupted_write_says_so_on_both_streams(start: Start, fresh: Path, tmp_path: Path) -> None:
    bill = tmp_path / "bill"
    process = start("write", fresh, "--json", GHOSTKIT_REHEARSAL_BILL=str(bill), **STALLS)
    _wait_for(process, bill, "section")
    process.popen.send_signal(signal.SIGINT)
    ran = process.wait()
    assert (ran.code, ran.error["code"], ran.json["state"]) == (130, "interrupted", "cancelled")


def _wait_for(process: Process, bill: Path, text: str) -> None:
    """Until the provider has been called for `text`."""
    while not bill.exists() or text not in bill.read_text(encoding="utf-8"):
        assert process.popen.poll() is None, process.wait()


def test_a_second_runner_is_held_off_with_4_and_told_who_has_the_book(
    ghostkit: Command, start: Start, fresh: Path
) -> None:
    process = start("write", fresh, **STALLS)
    process.read_err_until("✓ 1.1")
    second = start("write", fresh, "--json").wait()
    assert (second.code, second.out) == (4, "")
    assert second.error["code"] == "held"
    assert f"process {process.popen.pid}" in second.error["message"]
    assert ghostkit("status", fresh, "--json").code == 0  # readers never wait
    assert ghostkit("write", fresh, "--dry-run").code == 0
    process.popen.send_signal(signal.SIGTERM)
    assert process.wait().code == 130
    assert start("write", fresh, "--quiet").wait().code == 0


def test_a_killed_run_leaves_at_most_one_call_in_doubt_and_the_next_write_finishes(
    ghostkit: Command, start: Start, fresh: Path, finished: Path
) -> None:
    process = start("write", fresh, **STALLS)
    process.read_err_until("✓ 1.1")
    process.popen.kill()
    process.wait()
    ran = ghostkit("write", fresh, "--json")
    assert ran.code == 0
    assert ghostkit("status", fresh, "--json").json["attempts"]["in_doubt"] <= 1
    assert words_of(fresh) == words_of(finished)


def test_ctrl_c_during_generate_keeps_what_came(start: Start) -> None:
    process = start("generate", "Tell me of salt.", "--stream", GHOSTKIT_REHEARSAL_FAULTS="text=stall")
    assert process.popen.stdout is not None
    first = process.popen.stdout.read(20)
    process.popen.send_signal(signal.SIGINT)
    ran = process.wait()
    assert (ran.code, ran.err) == (130, "Stopped before the answer was whole.\n")
    assert len(first) == 20


def test_ctrl_c_during_generate_gives_the_contract_as_json(start: Start, tmp_path: Path) -> None:
    bill = tmp_path / "bill"
    process = start(
        "generate", "Tell me of salt.", "--json",
        GHOSTKIT_REHEARSAL_FAULTS="text=stall", GHOSTKIT_REHEARSAL_BILL=str(bill),
    )  # fmt: skip
    _wait_for(process, bill, "begun")
    process.popen.send_signal(signal.SIGINT)
    ran = process.wait()
    assert (ran.code, ran.error["code"]) == (130, "interrupted")
    assert ran.json.keys() == {"text", "ending", "usage", "cost_usd", "attempts"}
    assert (ran.json["ending"], ran.json["attempts"]) == ("cancelled", 1)


async def test_a_second_signal_leaves_at_once_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    left = anyio.Event()

    def leave(code: int) -> None:
        done.append(code)
        left.set()

    monkeypatch.setattr("ghostkit.cli.interrupts.os._exit", leave)
    with anyio.fail_after(5):
        async with stopping_on_signals(lambda: done.append("stop"), lambda: done.append("close")) as stopped:
            await anyio.wait_all_tasks_blocked()
            os.kill(os.getpid(), signal.SIGINT)
            await stopped.wait()
            os.kill(os.getpid(), signal.SIGINT)
            await left.wait()
    assert done[:3] == ["stop", "close", 130]


def test_events_can_be_followed_while_a_book_is_written(start: Start, fresh: Path) -> None:
    follower = start("events", fresh, "--follow", "--json", "--type", "section_completed")
    assert start("write", fresh, "--quiet").wait().code == 0
    assert follower.popen.stdout is not None
    lines = [follower.popen.stdout.readline() for _ in range(4)]
    follower.popen.send_signal(signal.SIGINT)
    assert follower.wait().code == 130
    assert all('"section_completed"' in line for line in lines)
