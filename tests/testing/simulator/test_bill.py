"""The bill: on the disk before the answer goes on, whole lines in order, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from ghostkit.testing.simulator import running_simulator
from ghostkit.testing.simulator.bill import Bill

from .wire import Wire


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_begun_is_on_the_disk_before_the_first_byte_and_answered_before_the_terminal_event(tmp_path: Path) -> None:
    bill = tmp_path / "bill.jsonl"
    pace = {"pace": {"tokens_per_s": 20}, "reply": {"tokens": 8}}
    with running_simulator([pace], bill=bill) as simulator, Wire(simulator) as wire:
        sent = wire.open()
        from .wire import KEYS, call_of, request_bytes

        path, body = call_of("openai", stream=True)
        url = simulator.url("openai") + path
        sent.sendall(request_bytes("POST", url, json.dumps(body).encode(), KEYS | {"idempotency-key": "a-9"}))
        received = sent.recv(65536)
        assert received.startswith(b"HTTP/1.1 200")
        assert [(line["event"], line["attempt_id"]) for line in lines_of(bill)] == [("begun", "a-9")]
        while b"[DONE]" not in received:
            received += sent.recv(65536)
        assert [line["event"] for line in lines_of(bill)] == ["begun", "answered"]
        assert lines_of(bill) == simulator.bill()


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    bill = tmp_path / "bill.jsonl"
    with running_simulator(bill=bill) as simulator, Wire(simulator) as wire:
        for number in range(5):
            wire.call("ollama", stream=True, attempt=f"a-{number}")
        os.kill(simulator.pid, signal.SIGKILL)
    answered = [line["attempt_id"] for line in lines_of(bill) if line["event"] == "answered"]
    assert answered == [f"a-{number}" for number in range(5)]


def test_many_calls_at_once_give_whole_lines(tmp_path: Path) -> None:
    bill = tmp_path / "bill.jsonl"
    bill.write_text('{"event": "older"}\n')
    with running_simulator([{"reply": {"text": "ok"}}], bill=bill) as simulator, Wire(simulator) as wire:

        def ask_ten(name: str) -> None:
            for number in range(10):
                assert wire.call("cohere", stream=False, attempt=f"{name}{number}").status == 200

        threads = [threading.Thread(target=ask_ten, args=(name,)) for name in "abcdef"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    first, *lines = lines_of(bill)
    assert first == {"event": "older"}
    assert len(lines) == 120
    for attempt in {line["attempt_id"] for line in lines}:
        assert [line["event"] for line in lines if line["attempt_id"] == attempt] == ["begun", "answered"]


async def test_a_line_is_synced_before_its_note_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bill, synced = Bill(tmp_path / "bill.jsonl"), []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (fsync(fd), synced.append(len(lines_of(tmp_path / "bill.jsonl")))))
    bill.open()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bill.write)
        for number in range(1, 4):
            await bill.note("begun", attempt_id=str(number))
            assert synced[-1] == number
        tasks.cancel_scope.cancel()
    bill.close()


def test_a_bill_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    from ghostkit.errors import InputError

    with pytest.raises(InputError, match="bill"), running_simulator(bill=tmp_path / "no" / "bill.jsonl"):
        pass
