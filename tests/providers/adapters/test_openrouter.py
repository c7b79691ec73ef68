"""OpenRouter: costs, thinking, its numbered errors, and whose words they are."""

from __future__ import annotations

from typing import Any, ClassVar

import anyio.to_thread
import pytest

from ghostkit.errors import AuthError, ContentRefused, ProviderError, QuotaExceeded, ServerError
from ghostkit.providers.adapters.openrouter import OpenRouterProvider
from ghostkit.providers.contract import Message, Provider, Request, StreamEvent
from ghostkit.providers.wire import VendorWords
from ghostkit.testing.simulator import Simulator

from ..contract import KEY, WORDS, WireContract, everything, finish_of, text_of


class TestContract(WireContract):
    name = "openrouter"
    other_classes: ClassVar[dict[tuple[int, str], type[ProviderError]]] = {}

    async def test_the_cost_is_openrouters_own(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"reply": {"text": "Hi.", "usage": {"input": 9, "output": 3, "cost_usd": 0.0123}}})
        finished = finish_of(await everything(provider, self.ask()))
        whole = await provider.generate(self.ask())
        assert finished.usage is not None
        assert finished.usage.cost_usd == whole.usage.cost_usd == 0.0123
        assert provider.info(self.model).cost_usd(whole.usage) == 0.0123

    async def test_its_own_name_for_the_answer_is_the_request_id(self, provider: Provider) -> None:
        assert (await provider.generate(self.ask())).request_id.startswith("gen-")

    async def test_the_maker_that_failed_is_named(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": "error_event", "status": 502}})
        events: list[StreamEvent] = []
        error = await self.fails(provider, self.ask(), stream=True, events=events)
        assert type(error) is ServerError
        assert "Simulator" in error.message
        assert text_of(events)

    async def test_an_error_in_the_place_of_an_answer_is_an_error(
        self, provider: Provider, simulator: Simulator
    ) -> None:
        await self.rules(simulator, {"fault": {"kind": "error_event", "status": 502}})
        assert type(await self.fails(provider, self.ask(), stream=False)) is ServerError
        await self.has_fired(simulator)

    async def test_it_is_not_told_who_calls(self, provider: Provider, simulator: Simulator) -> None:
        await everything(provider, self.ask())
        sent = (await anyio.to_thread.run_sync(simulator.requests))[-1]
        names = {name.lower() for name in dict(sent["headers"])}
        assert names.isdisjoint({"http-referer", "x-title"})
        assert sent["body"]["usage"] == {"include": True}


def body(model: str, **parameters: Any) -> dict[str, Any]:
    messages = (Message(role="user", parts=("Stable.", "New."), stable=1),)
    request = Request(model=model, messages=messages, max_tokens=500, parameters=parameters, cache_key="book-1")
    return OpenRouterProvider(api_key=KEY).body(request, stream=True)


def test_thinking_has_one_form_for_all_makers() -> None:
    sent = body("deepseek/deepseek-r1", reasoning="low", temperature=0.7)
    assert sent["extra_body"] == {"usage": {"include": True}, "reasoning": {"effort": "low"}}
    assert (sent["temperature"], sent["max_tokens"]) == (0.7, 500 + 2_048)
    assert "reasoning_effort" not in sent
    assert "prompt_cache_key" not in sent


def test_extra_goes_before_what_ghostkit_asks() -> None:
    sent = body("x/y", reasoning="low", extra={"reasoning": {"max_tokens": 9}, "provider": {"order": ["a"]}})
    assert sent["extra_body"]["reasoning"] == {"max_tokens": 9}
    assert sent["extra_body"]["provider"] == {"order": ["a"]}


def test_claudes_cache_is_told_up_to_where() -> None:
    content = body("anthropic/claude-sonnet-4.5")["messages"][0]["content"]
    assert content[0]["cache_control"] == {"type": "ephemeral"}
    assert "".join(part["text"] for part in content) == "Stable.\n\nNew."
    assert body("openai/gpt-5.6")["messages"][0]["content"] == "Stable.\n\nNew."


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (402, "Insufficient credits. Add more", QuotaExceeded),
        (403, "Key limit exceeded (total limit)", QuotaExceeded),
        (403, "The model requires moderation and your input was flagged", ContentRefused),
        (401, "No auth credentials found", AuthError),
        (502, "Provider returned error", ServerError),
    ],
)
def test_its_words_are_understood(status: int, message: str, kind: type[ProviderError]) -> None:
    assert OpenRouterProvider.table.kind_of(VendorWords(status=status, message=message)) is kind


def test_what_thinks_unasked_has_room_to() -> None:
    assert body("openai/gpt-5.4")["max_completion_tokens"] == 500 + 8_192
    assert body("openai/gpt-5.4", reasoning="none")["max_completion_tokens"] == 500
    assert body("meta-llama/llama-4")["max_tokens"] == 500
