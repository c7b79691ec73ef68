"""Anthropic's adapter: what is asked, and what is made of the answers."""

from __future__ import annotations

import json
import warnings
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from ghostkit.errors import BadAnswer, InputError, Overloaded, QuotaExceeded
from ghostkit.providers.adapters.anthropic import AnthropicProvider
from ghostkit.providers.adapters.anthropic_reading import AnthropicReader, completion_from, words_from
from ghostkit.providers.contract import (
    Ending,
    Finished,
    Message,
    ReasoningDelta,
    Request,
    StreamEvent,
    TextDelta,
    Usage,
    UsageUpdate,
)
from ghostkit.providers.wire.call import WireCall
from ghostkit.providers.wire.reading import VendorError
from ghostkit.testing.simulator import Simulator

from ..contract import KEY, WORDS, everything, finish_of
from .vendor_tests import VendorTests, asking


def provider() -> AnthropicProvider:
    return AnthropicProvider(api_key=KEY, base_url="http://127.0.0.1:9")


class TestContract(VendorTests):
    name = "anthropic"
    model = "claude-sonnet-5-5"
    other_statuses: ClassVar = {(429, "quota"): 400}

    async def test_what_is_stable_is_kept_in_the_vendors_cache(
        self, provider: AnthropicProvider, simulator: Simulator
    ) -> None:
        plan = Message(role="user", parts=(WORDS * 40, "Write the first section."), stable=1)
        other = Message(role="user", parts=(WORDS * 40, "Write the second section."), stable=1)
        first = Request(model=self.model, messages=(plan,), max_tokens=50)
        second = Request(model=self.model, messages=(other,), max_tokens=50)
        written = finish_of(await everything(provider, first)).usage
        read = finish_of(await everything(provider, second)).usage
        assert written is not None
        assert read is not None
        assert written.cache_write_tokens > 1_000
        assert written.cached_tokens == 0
        assert read.cached_tokens == written.cache_write_tokens
        assert read.input_tokens > read.cached_tokens

    @pytest.mark.parametrize("stream", [True, False])
    async def test_the_key_given_is_the_one_sent(
        self, monkeypatch: pytest.MonkeyPatch, simulator: Simulator, stream: bool
    ) -> None:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "wrong-of-the-environment")
        monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "wrong-too")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
        provider = AnthropicProvider(api_key=KEY, base_url=simulator.url("anthropic"))
        if stream:
            assert finish_of(await everything(provider, self.ask())).ending is Ending.COMPLETE
        else:
            assert (await provider.generate(self.ask())).ending is Ending.COMPLETE
        await provider.aclose()

    async def test_old_and_new_models_are_asked_without_a_warning(self, provider: AnthropicProvider) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for model in ("claude-opus-4-6", "claude-opus-5-5", "claude-haiku-4-5"):
                assert (await provider.generate(asking(model, reasoning="high"))).ending is Ending.COMPLETE


# ── what is asked ─────────────────────────────────────────────────────────────────────────────────────────────


def test_each_part_is_a_block_and_the_last_stable_one_a_breakpoint() -> None:
    body = provider().body(asking("claude-sonnet-5-5"))
    assert body["system"] == [
        {"type": "text", "text": "You write books."},
        {"type": "text", "text": "\n\nPlainly.", "cache_control": {"type": "ephemeral"}},
    ]
    (turn,) = body["messages"]
    assert ["cache_control" in block for block in turn["content"]] == [False, True, False]
    assert "".join(block["text"] for block in turn["content"]) == asking("m").messages[1].text


def test_blocks_do_not_depend_on_what_comes_after_them() -> None:
    short = Message(role="user", parts=("One.", "Two."), stable=2)
    long = Message(role="user", parts=("One.", "Two.", "Three."), stable=2)
    shorter, longer = (
        provider().body(Request(model="m", messages=(message,), max_tokens=5))["messages"][0]["content"]
        for message in (short, long)
    )
    assert longer[:2] == shorter


def test_there_are_at_most_four_breakpoints_and_the_first_is_one() -> None:
    messages = tuple(Message(role="user", parts=(f"Part {number}.",), stable=1) for number in range(7))
    turns = provider().body(Request(model="m", messages=messages, max_tokens=5))["messages"]
    marked = [number for number, turn in enumerate(turns) if "cache_control" in turn["content"][-1]]
    assert marked == [0, 4, 5, 6]


def test_empty_parts_are_not_sent() -> None:
    message = Message(role="user", parts=("", "Text.", "  "), stable=3)
    (turn,) = provider().body(Request(model="m", messages=(message,), max_tokens=5))["messages"]
    assert turn["content"] == [{"type": "text", "text": "Text.", "cache_control": {"type": "ephemeral"}}]


@pytest.mark.parametrize(
    ("model", "reasoning", "thinking", "effort", "max_tokens"),
    [
        ("claude-3-5-haiku-latest", "high", None, None, 60),
        ("claude-sonnet-4-5-20250929", None, None, None, 60),
        ("claude-sonnet-4-5-20250929", "low", {"type": "enabled", "budget_tokens": 2_048}, None, 2_108),
        ("claude-haiku-4-5", "high", {"type": "enabled", "budget_tokens": 24_576}, None, 24_636),
        ("claude-opus-4-6", None, None, None, 60),
        ("claude-opus-4-6", "high", {"type": "adaptive", "display": "summarized"}, "high", 24_636),
        ("claude-sonnet-5", None, {"type": "disabled"}, None, 60),
        ("claude-opus-5", "none", {"type": "disabled"}, None, 60),
        ("claude-sonnet-5-5", None, {"type": "between_tools"}, None, 60),
        ("claude-sonnet-5-5", "medium", {"type": "adaptive", "display": "summarized"}, "medium", 8_252),
        ("claude-haiku-5-5", "none", {"type": "disabled"}, None, 60),
        ("claude-opus-5-5", None, {"type": "adaptive", "display": "summarized"}, None, 8_252),
        ("claude-opus-5-5", "none", {"type": "adaptive", "display": "summarized"}, "low", 2_108),
        ("claude-fable-5-1", "low", {"type": "adaptive", "display": "summarized"}, "low", 2_108),
        ("claude-something-9", None, {"type": "adaptive", "display": "summarized"}, None, 8_252),
    ],
)
def test_each_generation_is_told_to_think_in_its_own_way(
    model: str, reasoning: str | None, thinking: Any, effort: str | None, max_tokens: int
) -> None:
    body = provider().body(asking(model, reasoning=reasoning))
    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == effort
    assert body["max_tokens"] == max_tokens
    assert provider().longest_billed(asking(model, reasoning=reasoning)) == max_tokens


def test_temperature_goes_to_the_models_that_take_it_and_thinking_gives_way() -> None:
    body = provider().body(asking("claude-sonnet-4-6", temperature=1.4, top_p=0.9, reasoning="high"))
    assert body["extra_body"] == {"temperature": 1.0}
    assert body["extra_headers"] == {"anthropic-version": "2023-06-01"}
    assert "thinking" not in body
    body = provider().body(asking("claude-opus-5-5", temperature=0.4))
    assert "extra_body" not in body
    assert "extra_headers" not in body


def test_what_only_the_vendor_knows_goes_before_ours() -> None:
    body = provider().body(
        asking("claude-haiku-5-5", extra={"max_tokens": 7, "service_tier": "auto", "thinking": None})
    )
    assert body["extra_body"] == {"max_tokens": 7, "service_tier": "auto"}
    assert "max_tokens" not in body
    assert "thinking" not in body


def test_a_schema_is_made_as_the_vendor_wants_it() -> None:
    shape = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
    (form,) = provider().body(asking("claude-haiku-5-5", json_schema=shape))["output_config"].values()
    assert form["type"] == "json_schema"
    assert form["schema"]["additionalProperties"] is False
    assert "minimum" not in form["schema"]["properties"]["n"]
    with pytest.raises(InputError, match="json_schema"):
        provider().body(asking("claude-haiku-5-5", json_schema={"properties": {"n": {}}}))


def test_a_limit_of_the_users_own_is_what_may_be_billed() -> None:
    assert provider().longest_billed(asking("claude-haiku-5-5", reasoning="low")) == 60 + 2_048
    assert provider().longest_billed(asking("claude-haiku-5-5", reasoning="low", extra={"max_tokens": 7})) == 7


# ── what is made of the answers ───────────────────────────────────────────────────────────────────────────────


def fed(*events: tuple[str, Any]) -> list[StreamEvent]:
    reader = AnthropicReader()
    said: list[StreamEvent] = []
    for name, data in events:
        said.extend(reader.feed(SimpleNamespace(event=name, data=json.dumps(data) if data != "" else "")))
    return said


START = ("message_start", {"message": {"usage": {"input_tokens": 3, "cache_read_input_tokens": 20,
                                                  "cache_creation_input_tokens": 7, "output_tokens": 1}}})  # fmt: skip
STOP: tuple[str, Any] = ("message_stop", {})


def delta(**fields: Any) -> tuple[str, Any]:
    return ("content_block_delta", {"index": 0, "delta": fields})


def stopping(reason: str | None, **usage: Any) -> tuple[str, Any]:
    return ("message_delta", {"delta": {"stop_reason": reason}, "usage": usage})


def test_usage_is_cumulative_and_counts_what_the_cache_held() -> None:
    events = fed(START, stopping(None, output_tokens=4), stopping("end_turn", output_tokens=9,
                 output_tokens_details={"thinking_tokens": 5}), STOP)  # fmt: skip
    begun = Usage(input_tokens=30, output_tokens=1, cached_tokens=20, cache_write_tokens=7)
    whole = Usage(input_tokens=30, output_tokens=9, cached_tokens=20, cache_write_tokens=7, reasoning_tokens=5,
                  source="reported")  # fmt: skip
    assert events == [UsageUpdate(usage=begun), Finished(ending=Ending.COMPLETE, usage=whole, reason="end_turn")]


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("end_turn", Ending.COMPLETE),
        ("stop_sequence", Ending.COMPLETE),
        ("max_tokens", Ending.LENGTH),
        ("model_context_window_exceeded", Ending.LENGTH),
        ("pause_turn", Ending.LENGTH),
        ("refusal", Ending.REFUSED),
        ("something_new", Ending.ERROR),
    ],
)
def test_each_stop_is_its_ending(reason: str, ending: Ending) -> None:
    last = fed(START, stopping(reason, output_tokens=1), STOP)[-1]
    assert isinstance(last, Finished)
    assert (last.ending, last.reason) == (ending, reason)


def test_thoughts_pings_signatures_and_what_is_new_are_not_prose() -> None:
    events = fed(
        ("ping", {"type": "ping"}),
        ("content_block_start", {"content_block": {"type": "thinking", "thinking": ""}}),
        delta(type="thinking_delta", thinking="Hm."),
        delta(type="signature_delta", signature="abc"),
        ("content_block_start", {"content_block": {"type": "text", "text": "A"}}),
        delta(type="text_delta", text="b"),
        delta(type="text_delta", text=""),
        ("something_new", {"text": "no"}),
    )
    assert events == [ReasoningDelta("Hm."), TextDelta("A"), TextDelta("b")]


def test_events_without_a_line_of_their_own_are_known_by_their_type() -> None:
    reader = AnthropicReader()
    data = json.dumps({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "A"}})
    assert list(reader.feed(SimpleNamespace(event=None, data=data))) == [TextDelta("A")]
    with pytest.raises(BadAnswer):
        reader.feed(SimpleNamespace(event=None, data="{}"))


def test_a_stop_without_a_reason_ends_nothing() -> None:
    assert not any(isinstance(event, Finished) for event in fed(START, delta(type="text_delta", text="A"), STOP))


@pytest.mark.parametrize("data", [[], {"delta": {}}, {"delta": None}, {"delta": {"type": "text_delta"}}])
def test_what_has_no_shape_is_no_answer(data: Any) -> None:
    with pytest.raises(BadAnswer):
        fed(("content_block_delta", data))


@pytest.mark.parametrize("answer", [[], {}, None, {"content": "text"}, {"content": [{}]}, {"content": [1]}])
def test_what_has_no_shape_is_no_whole_answer_either(answer: Any) -> None:
    with pytest.raises(BadAnswer):
        completion_from(answer)


def test_a_whole_answer_is_read_as_a_streamed_one() -> None:
    content = [{"type": "thinking", "thinking": "Hm.", "signature": "abc"}, {"type": "text", "text": "A"},
               {"type": "something_new"}, {"type": "text", "text": "b"}]  # fmt: skip
    usage = {"input_tokens": 3, "output_tokens": 9, "cache_read_input_tokens": 20, "cache_creation": {"a": 1}}
    whole = completion_from({"content": content, "stop_reason": "refusal", "usage": usage})
    assert (whole.text, whole.reasoning, whole.ending, whole.reason) == ("Ab", "Hm.", Ending.REFUSED, "refusal")
    assert whole.usage == Usage(input_tokens=23, output_tokens=9, cached_tokens=20, source="reported")
    assert completion_from({"content": [], "stop_reason": None}).ending is Ending.TRUNCATED


def test_an_error_event_keeps_its_words() -> None:
    with pytest.raises(VendorError) as caught:
        fed(("error", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}))
    error = AnthropicProvider.table.error_for(caught.value.words, WireCall(), model="m", in_stream=True)
    assert type(error) is Overloaded
    assert not error.rejected


def test_a_spending_limit_is_no_rate_limit() -> None:
    body = {"error": {"type": "rate_limit_error", "message": "No.",
                      "details": {"error_code": "enforced_spend_limit_reached"}}}  # fmt: skip
    assert AnthropicProvider.table.kind_of(words_from(body, 429)) is QuotaExceeded
