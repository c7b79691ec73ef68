"""OpenAI's Responses: what is asked, numbered events, how they end."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
import pytest

from ghostkit.errors import InputError, RateLimited
from ghostkit.providers.adapters.openai_responses import OpenAIResponsesProvider, ResponsesReader, read_output
from ghostkit.providers.adapters.openai_service import OpenAIService
from ghostkit.providers.contract import (
    Ending,
    Finished,
    Message,
    Provider,
    ReasoningDelta,
    Request,
    StreamEvent,
    TextDelta,
)
from ghostkit.providers.wire.reading import VendorError
from ghostkit.testing.simulator import Simulator

from ..contract import KEY, WORDS, WireContract, everything, finish_of, text_of


class TestContract(WireContract):
    name = "openai-responses"

    async def test_events_that_come_twice_are_said_once(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": "duplicate"}})
        assert text_of(await everything(provider, self.ask())) == WORDS
        await self.has_fired(simulator)

    async def test_a_refusal_in_the_models_own_words_is_no_text(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"fault": {"kind": "refuse", "form": "said"}})
        events = await everything(provider, self.ask())
        whole = await provider.generate(self.ask())
        assert (text_of(events), whole.text) == ("", "")
        assert finish_of(events).ending is whole.ending is Ending.REFUSED
        assert finish_of(events).reason == whole.reason != ""

    @pytest.mark.parametrize("status", [429, 500])
    async def test_a_failure_within_an_answer_keeps_its_kind(
        self, provider: Provider, simulator: Simulator, status: int
    ) -> None:
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": "error_event", "status": status}})
        events: list[StreamEvent] = []
        error = await self.fails(provider, self.ask(), stream=True, events=events)
        assert isinstance(error, RateLimited) is (status == 429)
        assert text_of(events)
        await self.has_fired(simulator)

    async def test_openai_counts_exactly(
        self, provider: Provider, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(OpenAIService, "is_openai", True)
        counted = await provider.count_tokens(self.ask())
        assert counted.exact
        assert counted.tokens == (await provider.generate(self.ask())).usage.input_tokens

    async def test_nothing_is_kept_at_the_vendor(self, provider: Provider, simulator: Simulator) -> None:
        await everything(provider, self.ask())
        sent = (await anyio.to_thread.run_sync(simulator.requests))[-1]["body"]
        assert sent["store"] is False
        assert sent["instructions"] == "You write of rivers.\n\nPlainly."
        assert sent["input"] == [{"role": "user", "content": "Tell me about a ferry."}]


def body(model: str = "gpt-4.1", **parameters: Any) -> dict[str, Any]:
    messages = (
        Message(role="system", parts=("Stable.", "New."), stable=1),
        Message(role="user", parts=("Write.",)),
        Message(role="assistant", parts=("So far.",), stable=1),
        Message(role="user", parts=("Go on.",)),
    )
    request = Request(model=model, messages=messages, max_tokens=500, parameters=parameters, cache_key="book-1")
    return OpenAIResponsesProvider(api_key=KEY, base_url="https://api.openai.com/v1").body(request)


def test_it_is_asked_in_its_own_terms() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    sent = body(temperature=0.7, seed=3, json_schema=schema)
    assert sent.pop("text")["format"] == {
        "type": "json_schema",
        "name": "answer",
        "schema": {**schema, "additionalProperties": False, "required": ["a"]},
        "strict": True,
    }
    assert sent == {
        "model": "gpt-4.1",
        "instructions": "Stable.\n\nNew.",
        "input": [
            {"role": "user", "content": "Write."},
            {"role": "assistant", "content": "So far."},
            {"role": "user", "content": "Go on."},
        ],
        "max_output_tokens": 500,
        "temperature": 0.7,
        "prompt_cache_key": "book-1",
        "store": False,
    }


def test_a_marked_system_text_is_input() -> None:
    sent = body("gpt-5.6", reasoning="medium")
    assert "instructions" not in sent
    assert sent["input"][0]["content"] == [
        {"type": "input_text", "text": "Stable.", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "input_text", "text": "\n\nNew."},
    ]
    assert sent["input"][2] == {"role": "assistant", "content": "So far."}
    assert (sent["reasoning"], sent["max_output_tokens"]) == ({"effort": "medium"}, 500 + 8_192)


def test_it_has_no_stop_and_says_so() -> None:
    with pytest.raises(InputError, match=r"no 'stop'.*openai:gpt-4\.1"):
        body(stop="END")


def event(kind: str, number: int | None, **fields: Any) -> Any:
    from openai._models import construct_type
    from openai.types.responses import ResponseStreamEvent

    value = {"type": kind, "sequence_number": number, **fields}
    return construct_type(type_=ResponseStreamEvent, value=value)


def response(status: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": "r",
        "status": status,
        "output": [],
        "usage": None,
        "error": None,
        "incomplete_details": None,
        **fields,
    }


def read(*events: Any) -> list[StreamEvent]:
    reader = ResponsesReader()
    return [said for one in events for said in reader.feed(one)]


def delta(text: str, number: int | None) -> Any:
    return event("response.output_text.delta", number, delta=text)


def test_events_without_numbers_are_all_new() -> None:
    assert read(delta("a", None), delta("a", None)) == [TextDelta("a"), TextDelta("a")]


def test_an_older_number_is_old_news() -> None:
    assert read(delta("a", 4), delta("b", 5), delta("a", 4), delta("b", 5), delta("c", 6)) == [
        TextDelta("a"),
        TextDelta("b"),
        TextDelta("c"),
    ]


def test_summaries_of_thoughts_are_kept_apart_from_each_other() -> None:
    kind = "response.reasoning_summary"
    said = read(
        event(f"{kind}_part.added", 1, summary_index=0),
        event(f"{kind}_text.delta", 2, delta="One."),
        event(f"{kind}_part.added", 3, summary_index=1),
        event(f"{kind}_text.delta", 4, delta="Two."),
        event("response.reasoning_text.delta", 5, delta="Raw."),
    )
    assert said == [ReasoningDelta("One."), ReasoningDelta("\n\n"), ReasoningDelta("Two."), ReasoningDelta("Raw.")]


@pytest.mark.parametrize(
    ("reason", "ending"),
    [("max_output_tokens", "length"), ("content_filter", "refused"), ("steered", "error"), (None, "error")],
)
def test_an_incomplete_response_says_why(reason: str | None, ending: str) -> None:
    whole = response("incomplete", incomplete_details={"reason": reason})
    assert read(event("response.incomplete", 1, response=whole)) == [
        Finished(ending=Ending(ending), reason=reason or "incomplete")
    ]


@pytest.mark.parametrize(
    "failure",
    [
        event("response.failed", 1, response=response("failed", error={"code": "server_error", "message": "m"})),
        event("response.failed", 1, response=response("failed")),
        event("error", 1, code="rate_limit_exceeded", message="m"),
    ],
)
def test_a_failure_is_an_error(failure: Any) -> None:
    with pytest.raises(VendorError):
        read(failure)


def test_text_that_came_only_with_the_end_is_not_lost() -> None:
    item = {"type": "message", "content": [{"type": "output_text", "text": "Whole."}]}
    done = event("response.completed", 9, response=response("completed", output=[item]))
    assert [type(said) for said in read(done)] == [TextDelta, Finished]
    assert [type(said) for said in read(delta("Whole.", 1), done)] == [TextDelta, Finished]


def test_a_response_still_under_way_is_no_end() -> None:
    reader = ResponsesReader()
    assert [*reader.feed(event("response.completed", 1, response=response("in_progress")))] == []
    assert not reader.finished


def test_what_a_whole_response_holds_is_told_apart() -> None:
    from openai.types.responses import Response

    whole = Response.construct(
        output=[
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "One."}]},
            {"type": "function_call", "name": "f", "arguments": "{}"},
            {
                "type": "message",
                "content": [{"type": "output_text", "text": "A"}, {"type": "refusal", "refusal": "No."}],
            },
        ]
    )
    assert read_output(whole) == ("A", "One.", "No.")
