"""OpenAI's chat, and what compatible servers make of it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import anyio.to_thread
import pytest

from ghostkit.errors import BadAnswer, BadRequest
from ghostkit.providers import registry
from ghostkit.providers.adapters.openai_chat import OpenAIProvider
from ghostkit.providers.adapters.openai_models import is_openai, openai_model
from ghostkit.providers.adapters.openai_reading import ChatReader, completion_from, usage_from
from ghostkit.providers.adapters.openai_service import OpenAIService, words_from
from ghostkit.providers.contract import (
    Ending,
    Finished,
    Message,
    Provider,
    ReasoningDelta,
    Request,
    TextDelta,
    UsageUpdate,
)
from ghostkit.providers.wire import VendorWords
from ghostkit.providers.wire.reading import VendorError
from ghostkit.testing.simulator import Simulator

from ..contract import KEY, WORDS, WireContract, everything, finish_of, text_of

OPENAI = "https://api.openai.com/v1"
ELSEWHERE = "http://127.0.0.1:8000/v1"


class TestContract(WireContract):
    name = "openai"
    other_classes = WireContract.other_classes

    async def test_text_that_comes_twice_is_said_once(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": "duplicate"}})
        assert text_of(await everything(provider, self.ask())) == WORDS
        await self.has_fired(simulator)

    async def test_a_refusal_in_the_models_own_words_is_no_text(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"fault": {"kind": "refuse", "form": "said"}})
        events = await everything(provider, self.ask())
        whole = await provider.generate(self.ask())
        assert (text_of(events), whole.text) == ("", "")
        assert finish_of(events).ending is whole.ending is Ending.REFUSED
        assert finish_of(events).reason == whole.reason
        assert whole.reason.startswith("refusal: ")

    async def test_what_the_vendor_cached_and_thought_is_counted(
        self, provider: Provider, simulator: Simulator
    ) -> None:
        await self.rules(simulator, {"reply": {"usage": {"input": 90, "output": 40, "cached": 64, "reasoning": 12}}})
        usage = finish_of(await everything(provider, self.ask())).usage
        assert usage is not None
        assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens) == (
            90,
            40,
            64,
            12,
        )

    async def test_openai_counts_exactly(
        self, provider: Provider, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(OpenAIService, "is_openai", True)
        counted = await provider.count_tokens(self.ask())
        assert counted.exact
        assert counted.tokens == (await provider.generate(self.ask())).usage.input_tokens

    async def test_other_servers_are_told_nothing_of_the_account(
        self, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
        monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
        provider = self.made(simulator.url("openai"))
        await provider.generate(self.ask())
        await provider.aclose()
        sent = await anyio.to_thread.run_sync(simulator.requests)
        assert "mine" not in str(sent[-1]["headers"])
        assert sent[-1]["body"]["model"] == "sim-small"


def provider(base_url: str = OPENAI) -> OpenAIProvider:
    return OpenAIProvider(api_key=KEY, base_url=base_url)


def asking(model: str = "gpt-4.1-mini", **parameters: Any) -> Request:
    messages = (
        Message(role="system", parts=("Stable one.", "Stable two.", "New."), stable=2),
        Message(role="user", parts=("Write.",)),
    )
    return Request(model=model, messages=messages, max_tokens=500, parameters=parameters, cache_key="book-1")


def test_openai_is_sent_its_newest_names() -> None:
    body = provider().body(asking(temperature=0.7, stop="END", seed=3), stream=True)
    assert body == {
        "model": "gpt-4.1-mini",
        "messages": [
            {"role": "system", "content": "Stable one.\n\nStable two.\n\nNew."},
            {"role": "user", "content": "Write."},
        ],
        "max_completion_tokens": 500,
        "temperature": 0.7,
        "seed": 3,
        "stop": ["END"],
        "prompt_cache_key": "book-1",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_other_servers_are_sent_what_they_all_know() -> None:
    body = provider(ELSEWHERE).body(asking("llama-3.3-70b", temperature=0.7), stream=True)
    assert body["max_tokens"] == 500
    assert body.keys().isdisjoint({"max_completion_tokens", "prompt_cache_key", "reasoning_effort"})


def test_a_gateway_to_openais_models_is_sent_what_these_know() -> None:
    assert provider(ELSEWHERE).body(asking("gpt-5.4"), stream=False)["max_completion_tokens"] == 500
    assert provider(ELSEWHERE).body(asking("gpt-oss-120b"), stream=False)["max_tokens"] == 500


def test_extra_goes_before_everything_and_none_takes_away() -> None:
    extra = {"max_tokens": 9, "stream_options": None, "top_k": 40, "temperature": 0.1}
    body = provider(ELSEWHERE).body(asking("llama", temperature=0.7, extra=extra), stream=True)
    assert body["extra_body"] == {"max_tokens": 9, "top_k": 40, "temperature": 0.1}
    assert body.keys().isdisjoint({"max_tokens", "max_completion_tokens", "stream_options", "temperature"})


@pytest.mark.parametrize(
    ("model", "reasoning", "effort", "samples", "room"),
    [
        ("gpt-4.1", "high", None, True, 0),
        ("gpt-4o-mini", None, None, True, 0),
        ("chatgpt-4o-latest", "low", None, True, 0),
        ("gpt-5-chat-latest", "low", None, True, 0),
        ("gpt-5", None, None, False, 8_192),
        ("gpt-5-mini", "none", "minimal", False, 1_024),
        ("gpt-5.4", None, "none", True, 0),
        ("gpt-5.4", "low", "low", False, 2_048),
        ("gpt-6-astra", "high", "high", False, 24_576),
        ("gpt-5.4-pro", "none", "low", False, 2_048),
        ("o3", "none", "low", False, 2_048),
        ("o4-mini", None, None, False, 8_192),
        ("ft:gpt-4.1-mini:me", "low", None, True, 0),
    ],
)
def test_thinking_and_sampling_go_by_the_model(
    model: str, reasoning: Any, effort: str | None, samples: bool, room: int
) -> None:
    request = asking(model, temperature=0.7, reasoning=reasoning)
    body = provider().body(request, stream=False)
    assert body.get("reasoning_effort") == effort
    assert ("temperature" in body) is samples
    assert body["max_completion_tokens"] == 500 + room == provider().longest_billed(request)


def test_another_makers_model_is_asked_as_it_is() -> None:
    body = provider(ELSEWHERE).body(asking("qwen3", temperature=0.7, reasoning="none"), stream=False)
    assert (body["reasoning_effort"], body["temperature"], body["max_tokens"]) == ("none", 0.7, 500)


def test_the_cache_is_marked_where_it_can_be_and_the_text_stays_the_same() -> None:
    request = asking("gpt-5.6")
    content = provider().body(request, stream=False)["messages"][0]["content"]
    assert [part.get("prompt_cache_breakpoint") for part in content] == [{"mode": "explicit"}, None]
    assert "".join(part["text"] for part in content) == request.messages[0].text
    assert content[0]["text"] == "Stable one.\n\nStable two."
    assert isinstance(provider().body(asking("gpt-5.4"), stream=False)["messages"][0]["content"], str)
    assert isinstance(provider(ELSEWHERE).body(request, stream=False)["messages"][0]["content"], str)


def test_a_wholly_stable_message_is_one_text() -> None:
    request = replace(asking("gpt-5.6"), messages=(Message(role="user", parts=("A", "B"), stable=2),))
    content = provider().body(request, stream=False)["messages"][0]["content"]
    assert [part["text"] for part in content] == ["A\n\nB"]


def test_a_schema_is_strict_where_it_can_be() -> None:
    shut = {"title": "Boat", "type": "object", "properties": {"name": {"type": "string"}}}
    form = provider().body(asking(json_schema=shut), stream=False)["response_format"]["json_schema"]
    assert (form["name"], form["strict"], form["schema"]["additionalProperties"]) == ("Boat", True, False)
    form = provider().body(asking(json_schema={"type": "object"}), stream=False)["response_format"]["json_schema"]
    assert (form["strict"], form["schema"]) == (False, {"type": "object"})


@pytest.mark.parametrize(
    ("url", "own"),
    [
        (OPENAI, True),
        ("https://eu.api.openai.com/v1", True),
        ("https://api.openai.com.evil.example/v1", False),
        ("http://127.0.0.1:8000/v1", False),
        ("https://openrouter.ai/api/v1", False),
    ],
)
def test_openai_is_known_by_its_host(url: str, own: bool) -> None:
    assert is_openai(url) is own


def test_models_of_other_makers_are_not_openais() -> None:
    assert not openai_model("gpt-oss-20b").own
    assert not openai_model("o3000").own
    assert openai_model("openai/gpt-5.4").own


def chunk(text: str | None = None, reason: str | None = None, usage: Any = None, **delta: Any) -> Any:
    from openai.types.chat import ChatCompletionChunk

    choices = [{"index": 0, "delta": {"content": text, **delta}, "finish_reason": reason}]
    if usage and text is None and reason is None:
        choices = []
    return ChatCompletionChunk.construct(id="c", choices=choices, created=1, model="m", usage=usage)


def usage(came: int, went: int) -> dict[str, Any]:
    return {"prompt_tokens": came, "completion_tokens": went, "total_tokens": came + went}


def test_usage_with_the_last_word_ends_the_answer() -> None:
    reader = ChatReader()
    assert [*reader.feed(chunk("Hi"))] == [TextDelta("Hi")]
    (finished,) = reader.feed(chunk(None, "stop", usage(3, 1)))
    assert isinstance(finished, Finished)
    assert reader.finished


def test_usage_on_the_way_is_told() -> None:
    reader = ChatReader()
    text, update = reader.feed(chunk("Hi", usage=usage(3, 1)))
    assert isinstance(text, TextDelta)
    assert isinstance(update, UsageUpdate)
    assert not reader.finished


def test_no_reason_is_no_end() -> None:
    reader = ChatReader()
    reader.feed(chunk("Hi"))
    assert [*reader.feed(chunk(usage=usage(3, 1)))] == [UsageUpdate(usage=usage_from(chunk(usage=usage(3, 1)).usage))]  # type: ignore[arg-type]
    assert [*reader.end()] == []
    assert not reader.finished


def test_an_end_without_usage_is_an_end() -> None:
    reader = ChatReader()
    assert [*reader.feed(chunk(None, "length"))] == []
    assert [*reader.end()] == [Finished(ending=Ending.LENGTH, usage=None, reason="length")]
    assert [*reader.end()] == []


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_thoughts_have_two_names_at_compatible_servers(name: str) -> None:
    assert [*ChatReader().feed(chunk("", **{name: "Hmm."}))] == [ReasoningDelta("Hmm.")]


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("stop", "complete"),
        ("eos", "complete"),
        ("model_length", "length"),
        ("content_filter", "refused"),
        ("tool_calls", "error"),
        ("never heard of", "error"),
    ],
)
def test_the_vendors_word_is_read_and_kept(reason: str, ending: str) -> None:
    reader = ChatReader()
    reader.feed(chunk(None, reason))
    assert [*reader.end()] == [Finished(ending=Ending(ending), reason=reason)]


def test_an_error_for_a_reason_is_an_error() -> None:
    reader = ChatReader()
    with pytest.raises(VendorError):
        [*reader.feed(chunk(None, "error", usage(1, 1)))]
    assert not reader.finished  # else the stream would end without a word


def test_an_error_in_place_of_an_answer_is_an_error() -> None:
    from openai.types.chat import ChatCompletion

    with pytest.raises(VendorError) as caught:
        completion_from(ChatCompletion.construct(error={"code": 502, "message": "upstream"}), "X")
    assert (caught.value.words.status, caught.value.words.message) == (502, "upstream")
    for wrong in (ChatCompletion.construct(), ChatCompletion.construct(choices=[]), "<p>", None):
        with pytest.raises(BadAnswer):
            completion_from(wrong, "X")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"message": "m", "code": "insufficient_quota", "type": "t"}, 429, (429, "insufficient_quota", "m")),
        ({"message": "m", "code": None, "type": "server_error"}, 503, (503, "", "m")),
        ({"message": "m", "code": None, "type": "server_error"}, 0, (0, "server_error", "m")),
        ({"message": "m", "code": 429}, 0, (429, "", "m")),
        ({"message": "m", "code": 502, "type": "x"}, 500, (500, "x", "m")),
        ({"error": {"message": "m", "code": "c"}}, 400, (400, "c", "m")),
        ({"detail": "Not Found"}, 404, (404, "", "Not Found")),
        ("plain words", 500, (500, "", "plain words")),
        (None, 500, (500, "", "otherwise")),
        ([1], 500, (500, "", "otherwise")),
    ],
)
def test_errors_are_read_in_every_servers_form(body: Any, status: int, words: tuple[int, str, str]) -> None:
    found = words_from(body, status=status, otherwise="otherwise")
    assert (found.status, found.code, found.message) == words


def test_a_request_longer_than_a_minutes_tokens_is_not_tried_again() -> None:
    words = VendorWords(status=429, code="rate_limit_exceeded", message="Request too large for gpt-4 on tokens per min")
    assert OpenAIProvider.table.kind_of(words) is BadRequest


def test_no_other_vendors_sdk_is_imported() -> None:
    program = (
        "import sys, anyio\n"
        "from ghostkit.providers import registry\n"
        "provider = registry.create_provider('openai', {'api_key': 'k-123456789'})\n"
        "assert 'openai' not in sys.modules, 'imported before it is needed'\n"
        "provider.info('gpt-5.4')\n"
        "anyio.run(provider.client)\n"
        "found = {'anthropic', 'google.genai', 'cohere', 'httpx'} & set(sys.modules)\n"
        "assert 'openai' in sys.modules and not found, found\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_adapter_is_found_by_its_name() -> None:
    for name in ("openai", "openai-responses", "openrouter", "ollama"):
        made = registry.create_provider(name)
        assert made.name == name
        assert made.info("a-model").keeps_deadlines
