"""Each fault does to the bytes what docs/simulator.md says, in every vendor's format, and is on the bill."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from ghostkit.testing.simulator import Simulator

from .wire import VENDORS, Answer, Wire, events_of, text_of

TEXT = "one two three four five six seven eight"
HALF = "one two three four"
BOTH = pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
EVERY = pytest.mark.parametrize("vendor", VENDORS)


def provoke(wire: Wire, vendor: str, stream: bool, patience_s: float = 10, **fault: Any) -> Answer:
    """One call with that fault, in an answer of eight tokens; the fault must be on the bill."""
    wire.simulator.set_rules([{"fault": fault, "reply": {"text": TEXT}}])
    answer = wire.call(vendor, stream=stream, patience_s=patience_s)
    assert [line["kind"] for line in wire.simulator.faults()] == [fault["kind"]]
    return answer


def bill_events(simulator: Simulator) -> list[str]:
    return [line["event"] for line in simulator.bill()]


@EVERY
@BOTH
def test_without_a_fault_the_whole_text_comes(wire: Wire, vendor: str, stream: bool) -> None:
    wire.simulator.set_rules([{"reply": {"text": TEXT}}])
    answer = wire.call(vendor, stream=stream)
    assert (answer.status, answer.ending) == (200, "whole")
    assert text_of(vendor, answer.body, stream=stream) == TEXT
    assert bill_events(wire.simulator) == ["begun", "answered"]


@EVERY
@BOTH
@pytest.mark.parametrize(("how", "ending"), [("reset", "reset"), ("close", "closed")])
def test_dropped_before_the_headers(wire: Wire, vendor: str, stream: bool, how: str, ending: str) -> None:
    answer = provoke(wire, vendor, stream, kind="drop", how=how)
    assert (answer.status, answer.body, answer.ending) == (0, b"", ending)


@EVERY
@BOTH
def test_cut_before_the_first_token(wire: Wire, vendor: str, stream: bool) -> None:
    answer = provoke(wire, vendor, stream, kind="cut_first")
    assert (answer.status, answer.body, answer.ending) == (200, b"", "reset")


@EVERY
@BOTH
def test_cut_in_the_middle(wire: Wire, vendor: str, stream: bool) -> None:
    answer = provoke(wire, vendor, stream, kind="cut_mid")
    assert (answer.status, answer.ending) == (200, "reset")
    if stream:
        assert text_of(vendor, answer.body, stream=True) == HALF
        assert wire.simulator.faults()[0]["said"] == HALF
    else:
        length = int(answer.headers["content-length"])
        assert len(answer.body) == length // 2
    assert bill_events(wire.simulator) == ["begun", "fault"]


@EVERY
def test_a_cut_after_a_long_text_loses_none_of_it(wire: Wire, vendor: str) -> None:
    wire.simulator.set_rules([{"fault": {"kind": "cut_mid", "after": 20000}, "reply": {"tokens": 30000}}])
    answer = wire.call(vendor, stream=True, room=100_000)
    assert answer.ending == "reset"
    assert text_of(vendor, answer.body, stream=True) == "".join(f" w{number}" for number in range(20000))


@EVERY
def test_a_stream_that_ends_early_ends_cleanly_and_without_its_terminal_event(wire: Wire, vendor: str) -> None:
    answer = provoke(wire, vendor, True, kind="early_end")
    assert (answer.status, answer.ending) == (200, "whole")
    assert text_of(vendor, answer.body, stream=True) == HALF
    for terminal in (b'finish_reason":"', b"[DONE]", b"message_stop", b"message-end", b"finishReason", b'"done":true'):
        assert terminal not in answer.body
    assert b"response.completed" not in answer.body
    assert bill_events(wire.simulator) == ["begun", "fault"]


@EVERY
def test_a_plain_answer_that_ends_early_has_half_the_text_and_no_reason_for_its_end(wire: Wire, vendor: str) -> None:
    value = provoke(wire, vendor, False, kind="early_end").json()
    assert text_of(vendor, json.dumps(value).encode(), stream=False) == HALF
    if vendor in ("openai", "openrouter"):
        assert value["choices"][0]["finish_reason"] is None
    elif vendor == "openai-responses":
        assert value["status"] == "in_progress"
    elif vendor == "anthropic":
        assert value["stop_reason"] is None
    elif vendor == "gemini":
        assert "finishReason" not in value["candidates"][0]
    elif vendor == "cohere":
        assert "finish_reason" not in value
    else:
        assert value["done"] is False


def test_an_early_end_may_come_after_some_of_the_closing_events(wire: Wire) -> None:
    answer = provoke(wire, "anthropic", True, kind="early_end", at=1, closing=2)
    assert text_of("anthropic", answer.body, stream=True) == TEXT
    assert [name for name, _ in events_of(answer.body)][-2:] == ["content_block_stop", "message_delta"]


@EVERY
@BOTH
def test_a_stall_before_the_first_byte_sends_nothing(wire: Wire, vendor: str, stream: bool) -> None:
    answer = provoke(wire, vendor, stream, patience_s=0.1, kind="stall_first")
    assert (answer.status, answer.body, answer.ending) == (0, b"", "silent")


@EVERY
@BOTH
def test_silence_in_the_middle(wire: Wire, vendor: str, stream: bool) -> None:
    answer = provoke(wire, vendor, stream, patience_s=0.1, kind="silent_mid")
    assert (answer.status, answer.ending) == (200, "silent")
    if stream:
        assert text_of(vendor, answer.body, stream=True) == HALF


PINGS = {
    "openai": b": ping\n\n",
    "openai-responses": b": keepalive\n\n",
    "anthropic": b'event: ping\ndata: {"type":"ping"}\n\n',
    "gemini": b": ping\n\n",
    "cohere": b": ping\n\n",
    "openrouter": b": OPENROUTER PROCESSING\n\n",
}


@EVERY
def test_a_stall_in_the_middle_sends_pings_only(wire: Wire, vendor: str) -> None:
    answer = provoke(wire, vendor, True, kind="stall_mid", ping_s=0.01, seconds=0.1)
    assert answer.ending == "reset"
    assert text_of(vendor, answer.body, stream=True) == HALF
    if vendor == "ollama":
        assert answer.body.endswith(b'four"},"done":false}\n')
    else:
        assert answer.body.endswith(PINGS[vendor] * 3)


@EVERY
def test_an_error_in_the_middle_of_a_stream_is_told_in_the_vendors_words(wire: Wire, vendor: str) -> None:
    answer = provoke(wire, vendor, True, kind="error_event", status=529, message="Too busy.")
    assert answer.ending == "whole"
    assert text_of(vendor, answer.body, stream=True) == HALF
    assert b"Too busy." in answer.body
    if vendor == "ollama":
        assert json.loads(answer.body.splitlines()[-1]) == {"error": "Too busy."}
        return
    name, data = [event for event in events_of(answer.body) if event[1] != "[DONE]"][-1]
    expected = {
        "openai": ("", lambda: data["error"]["message"]),
        "openai-responses": ("error", lambda: data["message"]),
        "anthropic": ("error", lambda: data["error"]["message"]),
        "gemini": ("", lambda: data["error"]["message"]),
        "cohere": ("message-end", lambda: data["delta"]["error"]),
        "openrouter": ("", lambda: data["error"]["message"]),
    }[vendor]
    assert (name, expected[1]()) == (expected[0], "Too busy.")


@EVERY
def test_an_error_in_a_plain_answer(wire: Wire, vendor: str) -> None:
    answer = provoke(wire, vendor, False, kind="error_event", status=503)
    value = answer.json()
    if vendor == "openrouter":
        assert (answer.status, value["error"]["code"]) == (200, 503)
    elif vendor == "openai-responses":
        assert (answer.status, value["status"]) == (200, "failed")
    elif vendor == "cohere":
        assert (answer.status, value["finish_reason"]) == (200, "ERROR")
    else:
        assert answer.status == 503
        assert value["error"]


@EVERY
def test_garbage_in_a_stream_stands_between_good_events(wire: Wire, vendor: str) -> None:
    body = provoke(wire, vendor, True, kind="garbage").body
    assert body.count(b"no JSON") == 1
    before, _, after = body.partition(b"no JSON")
    assert b"four" in before
    assert b"eight" in after


@EVERY
def test_garbage_instead_of_a_plain_answer(wire: Wire, vendor: str) -> None:
    answer = provoke(wire, vendor, False, kind="garbage")
    assert answer.status == 200
    with pytest.raises(ValueError, match="Expecting"):
        answer.json()


@EVERY
def test_every_event_comes_twice(wire: Wire, vendor: str) -> None:
    body = provoke(wire, vendor, True, kind="duplicate").body
    assert text_of(vendor, body, stream=True) == "".join(word * 2 for word in _words())
    events = (
        body.split(b"\n\n") if vendor not in ("ollama", "gemini") else body.replace(b"\r\n\r\n", b"\n").split(b"\n")
    )
    assert events[0:-1:2] == events[1:-1:2]


def _words() -> list[str]:
    first, *rest = TEXT.split()
    return [first, *(f" {word}" for word in rest)]


@EVERY
@BOTH
def test_html_with_200(wire: Wire, vendor: str, stream: bool) -> None:
    answer = provoke(wire, vendor, stream, kind="html")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.body.startswith(b"<!DOCTYPE html>")


@EVERY
@BOTH
def test_a_huge_body_is_a_valid_answer_of_that_size(wire: Wire, vendor: str, stream: bool) -> None:
    answer = provoke(wire, vendor, stream, kind="huge", bytes=3_000_000)
    assert text_of(vendor, answer.body, stream=stream) == "x" * 3_000_000


def test_a_huge_body_is_never_held_in_memory(wire: Wire) -> None:
    psutil = pytest.importorskip("psutil")
    process = psutil.Process(wire.simulator.pid)
    before = process.memory_info().rss
    answer = provoke(wire, "openai", True, kind="huge", bytes=60_000_000)
    assert len(answer.body) > 60_000_000
    assert process.memory_info().rss - before < 10_000_000


@EVERY
@BOTH
def test_a_gzip_bomb_is_tiny_on_the_wire(wire: Wire, vendor: str, stream: bool) -> None:
    answer = provoke(wire, vendor, stream, kind="gzip_bomb", bytes=5_000_000)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 20_000
    assert text_of(vendor, gzip.decompress(answer.body), stream=stream) == "x" * 5_000_000


def test_a_gzip_bomb_of_the_usual_size_is_small_on_the_wire(wire: Wire) -> None:
    answer = provoke(wire, "openai", True, kind="gzip_bomb")
    assert len(answer.body) < 400_000
    assert len(zlib.decompressobj(31).decompress(answer.body, 1_000_000)) == 1_000_000


@EVERY
@BOTH
def test_a_drip_sends_byte_by_byte(wire: Wire, vendor: str, stream: bool) -> None:
    answer = provoke(wire, vendor, stream, patience_s=0.3, kind="drip", bytes_per_s=1)
    assert (answer.status, answer.ending) == (200, "silent")
    assert len(answer.body) == 1


def test_a_drip_comes_to_its_end(wire: Wire) -> None:
    answer = provoke(wire, "ollama", False, kind="drip", bytes_per_s=1_000_000)
    assert text_of("ollama", answer.body, stream=False) == TEXT


@EVERY
@BOTH
def test_no_usage(wire: Wire, vendor: str, stream: bool) -> None:
    answer = provoke(wire, vendor, stream, kind="no_usage")
    text = answer.body.decode()
    for name in ("prompt_tokens", "input_tokens", '"output_tokens"', "usageMetadata", "eval_count", "billed_units"):
        assert name not in text
    assert text_of(vendor, answer.body, stream=stream) == TEXT


REASONS = {
    "length": {
        "openai": '"finish_reason":"length"',
        "openai-responses": '"reason":"max_output_tokens"',
        "anthropic": '"stop_reason":"max_tokens"',
        "gemini": '"finishReason":"MAX_TOKENS"',
        "cohere": '"finish_reason":"MAX_TOKENS"',
        "openrouter": '"finish_reason":"length"',
        "ollama": '"done_reason":"length"',
    },
    "refuse": {
        "openai": '"finish_reason":"content_filter"',
        "openai-responses": '"reason":"content_filter"',
        "anthropic": '"stop_reason":"refusal"',
        "gemini": '"blockReason":"PROHIBITED_CONTENT"',
        "cohere": '"finish_reason":"ERROR"',
        "openrouter": '"finish_reason":"content_filter"',
        "ollama": "I can't help with that",
    },
}


@EVERY
@BOTH
@pytest.mark.parametrize("kind", ["length", "refuse"])
def test_other_endings(wire: Wire, vendor: str, stream: bool, kind: str) -> None:
    answer = provoke(wire, vendor, stream, kind=kind)
    assert REASONS[kind][vendor] in answer.body.decode()
    if kind == "length":
        assert text_of(vendor, answer.body, stream=stream) == HALF
    elif vendor != "ollama":
        assert text_of(vendor, answer.body, stream=stream) == ""


@BOTH
def test_a_refusal_may_come_after_some_text(wire: Wire, stream: bool) -> None:
    answer = provoke(wire, "gemini", stream, kind="refuse", after=2)
    assert text_of("gemini", answer.body, stream=stream) == "one two"
    assert '"finishReason":"SAFETY"' in answer.body.decode()


@BOTH
@pytest.mark.parametrize("vendor", ["openai", "openai-responses"])
def test_a_refusal_may_be_said_in_the_field_for_it(wire: Wire, vendor: str, stream: bool) -> None:
    body = provoke(wire, vendor, stream, kind="refuse", form="said").body.decode()
    assert '"refusal":"I\'m sorry' in body or '"delta":"I\'m sorry' in body
    assert "content_filter" not in body


@EVERY
@BOTH
@pytest.mark.parametrize(("kind", "said"), [("empty", ""), ("not_json", "Certainly!")])
def test_other_texts(wire: Wire, vendor: str, stream: bool, kind: str, said: str) -> None:
    text = text_of(vendor, provoke(wire, vendor, stream, kind=kind).body, stream=stream)
    assert text.startswith(said) if said else text == ""


@EVERY
@BOTH
@pytest.mark.parametrize("kind", ["stall_first", "stall_mid", "silent_mid"])
def test_a_stall_may_go_on(wire: Wire, vendor: str, stream: bool, kind: str) -> None:
    answer = provoke(wire, vendor, stream, kind=kind, seconds=0.05, ping_s=0.02, then="go_on")
    assert answer.ending == "whole"
    assert text_of(vendor, answer.body, stream=stream) == TEXT
    assert bill_events(wire.simulator) == ["begun", "fault", "answered"]


@EVERY
def test_a_body_may_end_with_its_connection(wire: Wire, vendor: str) -> None:
    rule = {"reply": {"text": TEXT}, "pace": {"framing": "close"}}
    wire.simulator.set_rules([rule | {"nth": 1}, rule | {"nth": 2, "fault": "early_end"}])
    answers = [wire.call(vendor, stream=True) for _ in (1, 2)]
    for answer, text in zip(answers, (TEXT, HALF), strict=True):
        assert "transfer-encoding" not in answer.headers
        assert "content-length" not in answer.headers
        assert (answer.headers["connection"], answer.ending) == ("close", "closed")
        assert text_of(vendor, answer.body, stream=True) == text
