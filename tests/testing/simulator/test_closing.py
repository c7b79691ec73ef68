"""A client that closes is seen at once, in the middle of an answer too."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import pytest

from .wire import KEYS, Wire, call_of, request_bytes


def closings(wire: Wire, wanted: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 5
    while len(found := wire.simulator.closings()) < wanted and time.monotonic() < deadline:
        time.sleep(0.005)
    return found


def begin(wire: Wire, attempt: str, vendor: str = "openai") -> Any:
    sent = wire.open()
    path, body = call_of(vendor, stream=True, room=10_000_000)
    url = wire.simulator.url(vendor) + path
    sent.sendall(request_bytes("POST", url, json.dumps(body).encode(), KEYS | {"idempotency-key": attempt}))
    sent.recv(1000)
    return sent


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "silent_mid"},
        {"pace": {"tokens_per_s": 50}},
        {"reply": {"tokens": 300_000}},
        {"pace": {"first_token_s": 60}},
    ],
    ids=["silent", "paced", "at full speed", "before the first token"],
)
def test_the_moment_of_a_close_is_kept(wire: Wire, rule: dict[str, Any]) -> None:
    wire.simulator.set_rules([rule])
    delays = []
    for number in range(9):
        sent = begin(wire, f"a-{number}")
        closed = time.monotonic()
        sent.close()
        last = closings(wire, number + 1)[-1]
        assert (last["attempt_id"], last["during"]) == (f"a-{number}", "answer")
        delays.append(last["monotonic"] - closed)
    assert min(delays) > -0.001
    assert statistics.median(delays) < 0.01


def test_an_answer_whose_client_left_is_abandoned_on_the_bill(wire: Wire) -> None:
    wire.simulator.set_rules([{"pace": {"tokens_per_s": 100}}])
    begin(wire, "a-1").close()
    closings(wire, 1)
    deadline = time.monotonic() + 5
    while len(wire.simulator.bill()) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert [line["event"] for line in wire.simulator.bill()] == ["begun", "abandoned"]


def test_a_connection_serves_many_requests_and_its_end_is_idle(wire: Wire) -> None:
    from .wire import read_answer

    sent = wire.open()
    for number in range(3):
        path, body = call_of("gemini", stream=True)
        url = wire.simulator.url("gemini") + path
        sent.sendall(request_bytes("POST", url, json.dumps(body).encode(), KEYS | {"idempotency-key": f"a-{number}"}))
        assert read_answer(sent).ending == "whole"
    sent.close()
    (closing,) = closings(wire, 1)
    assert (closing["attempt_id"], closing["during"]) == ("a-2", "idle")


def test_two_requests_in_one_write_are_answered_in_order(wire: Wire) -> None:
    from .wire import read_answer

    path, body = call_of("cohere", stream=False)
    url = wire.simulator.url("cohere") + path
    sent = wire.open()
    sent.sendall(request_bytes("POST", url, json.dumps(body).encode(), KEYS) * 2)
    first = read_answer_exactly(sent)
    assert first.status == read_answer(sent).status == 200


def read_answer_exactly(source: Any) -> Any:
    """One answer, byte by byte at its end, so that nothing of the next one is taken."""
    from .wire import Answer

    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += source.recv(1)
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body = b""
    while len(body) < length:
        body += source.recv(length - len(body))
    return Answer(status=int(head.split()[1]), body=body, ending="whole")


def test_what_is_no_http_ends_the_connection_and_nothing_else(wire: Wire) -> None:
    sent = wire.open()
    sent.sendall(b"\x16\x03\x01 this is TLS\r\n\r\n")
    assert sent.recv(100) == b""
    assert wire.call("openai", stream=True).status == 200
