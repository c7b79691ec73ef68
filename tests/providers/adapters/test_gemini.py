"""Google's adapter: what is asked, and what is made of the answers."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import anyio.to_thread
import pytest

from ghostkit.errors import AuthError, BadRequest, ProviderTimeout, QuotaExceeded, RateLimited, ServerError
from ghostkit.providers.adapters.gemini import GeminiProvider
from ghostkit.providers.adapters.gemini_reading import GeminiReader, completion_from, words_from
from ghostkit.providers.contract import (
    Ending,
    Finished,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
    UsageUpdate,
)
from ghostkit.testing.simulator import Simulator

from ..contract import KEY, everything, finish_of
from .vendor_tests import VendorTests, asking


def provider() -> GeminiProvider:
    return GeminiProvider(api_key=KEY, base_url="http://127.0.0.1:9")


# Where an error ends its nested generators, the SDK closes none of them; trio says so, asyncio doesn't.
@pytest.mark.filterwarnings("ignore:Async generator .* was garbage collected:ResourceWarning")
class TestContract(VendorTests):
    name = "gemini"
    model = "gemini-2.5-flash"
    other_statuses: ClassVar = {(401, ""): 401}

    @pytest.mark.parametrize("stream", [True, False])
    async def test_nothing_in_the_environment_goes_before_what_is_given(
        self,
        monkeypatch: pytest.MonkeyPatch,
        simulator: Simulator,
        caplog: pytest.LogCaptureFixture,
        stream: bool,
    ) -> None:
        for variable in ("GOOGLE_API_KEY", "GEMINI_API_KEY"):
            monkeypatch.setenv(variable, "wrong-of-the-environment")
        for variable in ("GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"):
            monkeypatch.setenv(variable, "true")
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "a-project")
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
        made = GeminiProvider(api_key=KEY, base_url=simulator.url("gemini"))
        with caplog.at_level(logging.WARNING):
            if stream:
                assert finish_of(await everything(made, self.ask())).ending is Ending.COMPLETE
            else:
                assert (await made.generate(self.ask())).ending is Ending.COMPLETE
        await made.aclose()
        assert not caplog.records

    async def test_the_key_travels_in_a_header_and_never_in_the_address(
        self, provider: GeminiProvider, simulator: Simulator
    ) -> None:
        await everything(provider, self.ask())
        await provider.count_tokens(self.ask())
        await provider.validate()
        asked = await anyio.to_thread.run_sync(simulator.requests)
        assert len(asked) == 3
        assert not [request for request in asked if "key" in request["path"] or KEY in request["path"]]

    async def test_the_sdk_asks_once_and_no_more(self, provider: GeminiProvider, simulator: Simulator) -> None:
        """By itself it would go on asking where an answer was paused."""
        await provider.generate(self.ask())
        await everything(provider, self.ask())
        begun = [line for line in await anyio.to_thread.run_sync(simulator.bill) if line["event"] == "begun"]
        assert len(begun) == 2


# ── what is asked ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "reasoning", "thinking", "max_tokens"),
    [
        ("gemini-2.0-flash", "high", None, 60),
        ("gemini-2.5-flash", None, {"thinking_budget": 0}, 60),
        ("gemini-2.5-flash-lite", "none", {"thinking_budget": 0}, 60),
        ("gemini-2.5-flash", "low", {"include_thoughts": True, "thinking_budget": 2_048}, 2_108),
        ("gemini-2.5-pro", None, {"include_thoughts": True}, 8_252),
        ("gemini-2.5-pro", "none", {"include_thoughts": True, "thinking_budget": 2_048}, 2_108),
        ("gemini-3.8-flash", None, {"include_thoughts": True}, 8_252),
        ("gemini-3.8-flash", "none", {"include_thoughts": True, "thinking_level": "low"}, 2_108),
        ("gemini-3.1-pro-preview", "high", {"include_thoughts": True, "thinking_level": "high"}, 24_636),
        ("gemma-3-27b-it", "high", None, 60),
    ],
)
def test_each_generation_is_told_to_think_in_its_own_way(
    model: str, reasoning: str | None, thinking: Any, max_tokens: int
) -> None:
    config = provider().config(asking(model, reasoning=reasoning))
    assert config.get("thinking_config") == thinking
    assert config["max_output_tokens"] == max_tokens


async def test_room_to_think_ends_where_the_model_does() -> None:
    model = "gemini-2.5-pro"
    longest = provider().info(model).max_output
    assert provider().config(asking(model, longest - 10))["max_output_tokens"] == longest
    assert provider().config(asking(model, longest + 10))["max_output_tokens"] == longest + 10


def test_every_parameter_has_its_place() -> None:
    shape = {"type": "object", "properties": {"n": {"type": "integer"}}}
    config = provider().config(
        asking("gemini-2.5-flash", temperature=0.3, top_p=0.9, seed=4, stop="END", json_schema=shape)
    )
    assert config["temperature"] == 0.3
    assert config["top_p"] == 0.9
    assert config["seed"] == 4
    assert config["stop_sequences"] == ["END"]
    assert config["response_json_schema"] == shape
    assert config["response_mime_type"] == "application/json"
    assert config["system_instruction"] == "You write books.\n\nPlainly."
    assert config["automatic_continuation"] is False


def test_what_only_the_vendor_knows_is_passed_on() -> None:
    config = provider().config(asking("gemini-2.5-flash", extra={"safetySettings": [], "labels": None}))
    assert config["http_options"] == {"extra_body": {"safetySettings": []}}


def test_a_limit_of_the_users_own_is_what_may_be_billed() -> None:
    assert provider().longest_billed(asking("gemini-2.5-pro", reasoning="low")) == 60 + 2_048
    assert (
        provider().longest_billed(
            asking("gemini-2.5-pro", reasoning="low", extra={"generationConfig": {"maxOutputTokens": 7}})
        )
        == 7
    )


# ── what is made of the answers ───────────────────────────────────────────────────────────────────────────────


def chunk(
    text: str | None = None, *, thought: bool = False, stop: str | None = None, blocked: str | None = None, **usage: int
) -> Any:
    from google.genai.types import GenerateContentResponse

    parts = [] if text is None else [{"text": text, "thought": thought}]
    said: dict[str, Any] = {}
    if blocked is not None:
        said["prompt_feedback"] = {"block_reason": blocked}
    else:
        said["candidates"] = [{"content": {"parts": parts}, "finish_reason": stop}]
    return GenerateContentResponse.model_validate({**said, **({"usage_metadata": usage} if usage else {})})


def fed(*chunks: Any, ended: bool = False) -> list[StreamEvent]:
    reader = GeminiReader()
    said: list[StreamEvent] = []
    for one in chunks:
        said.extend(reader.feed(one))
    return [*said, *reader.end()] if ended else said


def test_thoughts_are_kept_apart_and_counted_as_output() -> None:
    counts = {"prompt_token_count": 9, "candidates_token_count": 5, "thoughts_token_count": 3,
              "cached_content_token_count": 4, "tool_use_prompt_token_count": 2}  # fmt: skip
    events = fed(chunk("Hm.", thought=True, prompt_token_count=9), chunk("A"), chunk("b", stop="STOP", **counts))
    whole = Usage(input_tokens=11, output_tokens=8, cached_tokens=4, reasoning_tokens=3, source="reported")
    assert events == [
        ReasoningDelta("Hm."),
        UsageUpdate(usage=Usage(input_tokens=9)),
        TextDelta("A"),
        TextDelta("b"),
        Finished(ending=Ending.COMPLETE, usage=whole, reason="STOP"),
    ]


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("STOP", Ending.COMPLETE),
        ("MAX_TOKENS", Ending.LENGTH),
        ("CONTINUATION", Ending.LENGTH),
        ("SAFETY", Ending.REFUSED),
        ("RECITATION", Ending.REFUSED),
        ("PROHIBITED_CONTENT", Ending.REFUSED),
        ("BLOCKLIST", Ending.REFUSED),
        ("SPII", Ending.REFUSED),
        ("OTHER", Ending.ERROR),
        ("MALFORMED_RESPONSE", Ending.ERROR),
    ],
)
def test_each_reason_is_its_ending(reason: str, ending: Ending) -> None:
    last = chunk("A", stop=reason, prompt_token_count=3)
    assert finish_of(fed(last)).ending is ending
    whole = completion_from(last)
    assert (whole.ending, whole.reason, whole.text) == (ending, reason, "A")


def test_a_blocked_prompt_is_a_refusal_whatever_the_word() -> None:
    for reason in ("PROHIBITED_CONTENT", "OTHER"):
        last = chunk(blocked=reason, prompt_token_count=3)
        assert finish_of(fed(last)).ending is Ending.REFUSED
        assert finish_of(fed(last)).reason == reason
        assert completion_from(last).ending is Ending.REFUSED


def test_a_count_that_comes_after_the_reason_is_waited_for_and_not_needed() -> None:
    late = fed(chunk("A", stop="STOP"), chunk(prompt_token_count=3, candidates_token_count=1))
    assert finish_of(late).usage == Usage(input_tokens=3, output_tokens=1, source="reported")
    assert not any(isinstance(event, Finished) for event in fed(chunk("A", stop="STOP")))
    assert finish_of(fed(chunk("A", prompt_token_count=3), chunk(stop="STOP"), ended=True)).usage is None
    assert not any(isinstance(event, Finished) for event in fed(chunk("A", prompt_token_count=3), ended=True))


def error(status: int, word: str, message: str = "No.", *details: dict[str, Any]) -> Any:
    return words_from(status, {"error": {"code": status, "status": word, "message": message, "details": list(details)}})


def test_details_say_what_the_status_does_not() -> None:
    kind_of = GeminiProvider.table.kind_of
    assert kind_of(error(400, "INVALID_ARGUMENT")) is BadRequest
    assert kind_of(error(400, "INVALID_ARGUMENT", "No.", {"reason": "API_KEY_INVALID"})) is AuthError
    assert kind_of(error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")) is AuthError
    assert kind_of(error(504, "DEADLINE_EXCEEDED")) is ProviderTimeout
    assert kind_of(error(500, "INTERNAL")) is ServerError
    a_minute, a_day = (
        {"violations": [{"quotaId": f"GenerateRequestsPer{each}PerProject"}]} for each in ("Minute", "Day")
    )
    assert kind_of(error(429, "RESOURCE_EXHAUSTED", "No.", a_minute)) is RateLimited
    assert kind_of(error(429, "RESOURCE_EXHAUSTED", "No.", a_day)) is QuotaExceeded


def test_the_wait_is_read_from_the_details() -> None:
    assert error(429, "RESOURCE_EXHAUSTED", "No.", {"retryDelay": "34.07s"}).waits_s == pytest.approx(34.07)
    assert error(429, "RESOURCE_EXHAUSTED", "No.", {"retryDelay": "soon"}).waits_s is None


@pytest.mark.parametrize("body", ["a page", [], None, {"error": "text"}, {"error": {"details": ["x"]}}])
def test_any_body_of_an_error_has_words(body: Any) -> None:
    assert words_from(500, body).status == 500
