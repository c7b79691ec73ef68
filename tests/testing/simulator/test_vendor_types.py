"""Every answer is what the vendor's SDK has a type for, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from .oracle import judge, judge_stream, types_of
from .wire import Wire

TYPED = ("openai", "openai-responses", "anthropic", "gemini", "cohere", "openrouter")
SITUATIONS: dict[str, list[dict[str, Any]]] = {
    "as it comes": [],
    "with thoughts": [{"reply": {"text": "Done.", "reasoning": "Think twice."}}],
    "cut by its length": [{"reply": {"tokens": 500}}],
    "without text": [{"fault": "empty"}],
    "refused": [{"fault": "refuse"}],
    "refused in words": [{"fault": {"kind": "refuse", "form": "said"}}],
    "refused in the middle": [{"fault": {"kind": "refuse", "after": 3}}],
    "with odd letters": [{"reply": {"text": 'Ω "quoted" \\ back\n\t\u2028 \x07 😀 end'}}],
    "with given usage": [{"reply": {"usage": {"input": 5000, "cached": 4000, "cache_write": 500, "reasoning": 3}}}],
}


@pytest.mark.parametrize("vendor", TYPED)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_plain_answer(wire: Wire, vendor: str, situation: str) -> None:
    wire.simulator.set_rules(SITUATIONS[situation])
    answer = wire.call(vendor, stream=False)
    assert answer.status == 200
    judge(vendor, types_of(vendor)[0], answer.json())


@pytest.mark.parametrize("vendor", TYPED)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_event_of_a_stream(wire: Wire, vendor: str, situation: str) -> None:
    wire.simulator.set_rules(SITUATIONS[situation])
    answer = wire.call(vendor, stream=True)
    assert answer.ending == "whole"
    assert judge_stream(vendor, types_of(vendor)[1], answer.body)


def test_an_answer_that_lacks_a_field_is_not_accepted_by_the_judge(wire: Wire) -> None:
    value = wire.call("openai", stream=False).json()
    del value["choices"][0]["message"]
    with pytest.raises(ValueError, match="message"):
        judge("openai", types_of("openai")[0], value)


def test_a_field_of_our_own_making_is_not_accepted_by_the_judge(wire: Wire) -> None:
    value = wire.call("anthropic", stream=False).json() | {"mood": "good"}
    with pytest.raises(AssertionError, match="mood"):
        judge("anthropic", types_of("anthropic")[0], value)


def test_gemini_without_sse_is_one_json_array(wire: Wire) -> None:
    from google.genai.types import GenerateContentResponse

    for rules in ([], [{"fault": "empty"}], [{"reply": {"text": "a b", "reasoning": "hm"}}]):
        wire.simulator.set_rules(rules)
        url = wire.simulator.url("gemini") + "/v1/models/sim:streamGenerateContent"
        chunks = wire.post(url, {"contents": [{"parts": [{"text": "Hello."}]}]}).json()
        assert isinstance(chunks, list)
        for chunk in chunks:
            judge("gemini", GenerateContentResponse, chunk)
        assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"


def test_the_events_of_a_response_are_numbered_without_a_gap(wire: Wire) -> None:
    for rules in (
        [],
        [{"reply": {"text": "a b c", "reasoning": "hm so"}}],
        [{"fault": {"kind": "refuse", "form": "said"}}],
    ):
        wire.simulator.set_rules(rules)
        body = wire.call("openai-responses", stream=True).body
        events = judge_stream("openai-responses", types_of("openai-responses")[1], body)
        assert [event.sequence_number for event in events] == list(range(len(events)))


def test_the_blocks_of_an_anthropic_stream_open_and_close_in_order(wire: Wire) -> None:
    wire.simulator.set_rules([{"reply": {"text": "a b", "reasoning": "hm"}}])
    body = wire.call("anthropic", stream=True).body
    events = judge_stream("anthropic", types_of("anthropic")[1], body)
    shape = [(event.type, getattr(event, "index", None)) for event in events if "delta" not in event.type]
    assert shape == [
        ("message_start", None),
        ("content_block_start", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_stop", 1),
        ("message_stop", None),
    ]
