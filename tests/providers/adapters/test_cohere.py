"""Cohere's adapter: what is asked, and what is made of the answers."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import Any

import anyio.to_thread
import pytest

from ghostkit.errors import AuthError, BadAnswer, ContentRefused, ModelNotFound, QuotaExceeded, RateLimited
from ghostkit.providers.adapters.cohere import CohereProvider
from ghostkit.providers.adapters.cohere_reading import CohereReader, completion_from, words_from
from ghostkit.providers.contract import (
    Ending,
    Finished,
    Message,
    ReasoningDelta,
    Request,
    StreamEvent,
    TextDelta,
    Usage,
)
from ghostkit.providers.wire.reading import VendorError
from ghostkit.testing.simulator import Simulator

from ..contract import KEY, WORDS, everything, finish_of
from .vendor_tests import VendorTests, asking


def provider() -> CohereProvider:
    return CohereProvider(api_key=KEY, base_url="http://127.0.0.1:9")


class TestContract(VendorTests):
    name = "cohere"
    model = "command-a-plus-05-2026"

    async def test_nothing_is_left_out_in_silence(
        self, provider: CohereProvider, simulator: Simulator, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The SDK's own reading writes to the log what it can't read, and goes on without it."""
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": "garbage"}})
        with caplog.at_level(logging.DEBUG):
            assert type(await self.fails(provider, self.ask(), stream=True)) is BadAnswer
        assert not [record for record in caplog.records if "Skipping" in record.getMessage()]

    async def test_a_long_text_is_counted_in_pieces(self, provider: CohereProvider, simulator: Simulator) -> None:
        message = Message(role="user", parts=(WORDS * 300,))
        counted = await provider.count_tokens(Request(model=self.model, messages=(message,), max_tokens=5))
        assert counted.tokens > 10_000
        assert not counted.exact
        asked = await anyio.to_thread.run_sync(simulator.requests)
        assert [request["path"] for request in asked] == ["/cohere/v1/tokenize"] * 2
        assert not [line for line in await anyio.to_thread.run_sync(simulator.bill) if line["event"] == "begun"]

    async def test_nothing_in_the_environment_goes_before_what_is_given(
        self, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
    ) -> None:
        monkeypatch.setenv("CO_API_KEY", "wrong-of-the-environment")
        monkeypatch.setenv("CO_API_URL", "http://127.0.0.1:9")
        made = CohereProvider(api_key=KEY, base_url=simulator.url("cohere"))
        assert finish_of(await everything(made, self.ask())).ending is Ending.COMPLETE
        await made.aclose()


# ── what is asked ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "reasoning", "thinking", "max_tokens"),
    [
        ("command-a-03-2025", "high", None, 60),
        ("command-r7b-12-2024", None, None, 60),
        ("command-a-reasoning-08-2025", None, {"type": "disabled"}, 60),
        ("command-a-plus-05-2026", "none", {"type": "disabled"}, 60),
        ("command-a-reasoning-08-2025", "medium", {"type": "enabled", "token_budget": 8_192}, 8_252),
    ],
)
def test_models_that_think_do_so_only_where_it_is_asked(
    model: str, reasoning: str | None, thinking: Any, max_tokens: int
) -> None:
    body = provider().body(asking(model, reasoning=reasoning))
    assert body.get("thinking") == thinking
    assert body["max_tokens"] == max_tokens


def test_every_parameter_has_its_place() -> None:
    shape = {"type": "object", "properties": {"n": {"type": "integer"}}}
    body = provider().body(
        asking("command-a-03-2025", temperature=0.3, top_p=0.9, seed=4, stop=["END"], json_schema=shape)
    )
    assert (body["temperature"], body["p"], body["seed"], body["stop_sequences"]) == (0.3, 0.9, 4, ["END"])
    assert body["response_format"] == {"type": "json_object", "json_schema": shape}
    assert body["request_options"] == {"max_retries": 0}
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_what_only_the_vendor_knows_goes_before_ours() -> None:
    body = provider().body(asking("command-a-03-2025", extra={"k": 3, "max_tokens": 9, "seed": None}, seed=4))
    assert body["request_options"]["additional_body_parameters"] == {"k": 3, "max_tokens": 9}
    assert "max_tokens" not in body
    assert "seed" not in body


def test_a_limit_of_the_users_own_is_what_may_be_billed() -> None:
    assert provider().longest_billed(asking("command-a-plus-05-2026", reasoning="low")) == 60 + 2_048
    assert provider().longest_billed(asking("command-a-plus-05-2026", reasoning="low", extra={"max_tokens": 7})) == 7


# ── what is made of the answers ───────────────────────────────────────────────────────────────────────────────

COUNTS = {"billed_units": {"input_tokens": 8.0, "output_tokens": 5.0},
          "tokens": {"input_tokens": 70.0, "output_tokens": 6.0}, "cached_tokens": 2}  # fmt: skip
COUNTED = Usage(input_tokens=8, output_tokens=5, cached_tokens=2, source="reported")


def fed(*events: Any) -> list[StreamEvent]:
    reader = CohereReader()
    said: list[StreamEvent] = []
    for event in events:
        said.extend(reader.feed(SimpleNamespace(data=event if isinstance(event, str) else json.dumps(event))))
    return said


def content(kind: str = "content-delta", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "index": 0, "delta": {"message": {"content": fields}}}


def end(reason: str | None, **fields: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": reason, **fields}}


def test_thoughts_are_kept_apart_and_what_is_billed_is_counted() -> None:
    events = fed(
        {"type": "message-start", "delta": {"message": {"role": "assistant"}}},
        content("content-start", type="thinking", thinking=""),
        content(thinking="Hm."),
        {"type": "content-end", "index": 0},
        content("content-start", type="text", text="A"),
        content(text="b"),
        {"type": "something-new"},
        end("COMPLETE", usage=COUNTS),
        "[DONE]",
    )
    assert events == [
        ReasoningDelta("Hm."),
        TextDelta("A"),
        TextDelta("b"),
        Finished(ending=Ending.COMPLETE, usage=COUNTED, reason="COMPLETE"),
    ]


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("COMPLETE", Ending.COMPLETE),
        ("STOP_SEQUENCE", Ending.COMPLETE),
        ("MAX_TOKENS", Ending.LENGTH),
        ("ERROR_LIMIT", Ending.LENGTH),
        ("ERROR_TOXIC", Ending.REFUSED),
        ("TOOL_CALL", Ending.ERROR),
        ("USER_CANCEL", Ending.ERROR),
    ],
)
def test_each_reason_is_its_ending(reason: str, ending: Ending) -> None:
    assert finish_of(fed(end(reason))) == Finished(ending=ending, usage=None, reason=reason)
    whole = completion_from({"message": {"content": [{"text": "A"}]}, "finish_reason": reason, "usage": COUNTS})
    assert (whole.ending, whole.reason, whole.text, whole.usage) == (ending, reason, "A", COUNTED)


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_an_answer_that_failed_is_an_error(reason: str) -> None:
    with pytest.raises(VendorError) as caught:
        fed(content(text="A"), end(reason, error="the model fell over"))
    assert caught.value.words.message == "the model fell over"
    with pytest.raises(VendorError):
        completion_from({"message": {"content": []}, "finish_reason": reason})


def test_what_its_filter_stopped_was_refused() -> None:
    finished = finish_of(fed(end("ERROR", error="blocked output: please adjust your prompt")))
    assert finished.ending is Ending.REFUSED
    assert "blocked output" in finished.reason


def test_an_end_without_a_reason_ends_nothing() -> None:
    assert fed(content(text="A"), end(None)) == [TextDelta("A")]
    assert completion_from({"message": {"content": [{"text": "A"}]}}).ending is Ending.TRUNCATED


@pytest.mark.parametrize(
    "event", [[], {}, {"type": "content-delta"}, {"type": "content-delta", "delta": {"message": 1}}]
)
def test_what_has_no_shape_is_no_answer(event: Any) -> None:
    with pytest.raises(BadAnswer):
        fed(event)


@pytest.mark.parametrize("answer", [[], {}, None, {"message": "text"}, {"message": {"content": [1]}}])
def test_what_has_no_shape_is_no_whole_answer_either(answer: Any) -> None:
    with pytest.raises(BadAnswer):
        completion_from(answer)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"message": "invalid api token"}, AuthError),
        (404, {"message": "model 'x' not found"}, ModelNotFound),
        (429, {"message": "You are past the per minute rate limit"}, RateLimited),
        (429, {"message": "a Trial key, which is limited to 1000 API calls / month"}, QuotaExceeded),
        (498, {"message": "blocked"}, ContentRefused),
        (400, {"message": "blocked output: please adjust your prompt"}, ContentRefused),
        (402, "no credit", QuotaExceeded),
    ],
)
def test_its_words_for_errors(status: int, body: Any, kind: type[Exception]) -> None:
    assert CohereProvider.table.kind_of(words_from(status, body)) is kind
