"""What the benchmark of the wire compares: the bare SDKs of OpenAI and Anthropic, our adapters, and our service."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from ghostkit.generation import GenerationOptions, GenerationService
from ghostkit.ledger import SqliteLedger, Who
from ghostkit.providers import Message, ProviderRegistry, Request, TextDelta, registry
from ghostkit.providers.resilience import Gates
from ghostkit.testing.simulator import Simulator

PROMPT: Final = "Go on."
KEY: Final = "sk-bench"
ROOM: Final = 16_000
Seen = Callable[[str], None]
"""Told each piece of text."""


class Subjects:
    """One vendor. Each method gets a whole answer of the model it is told, and hands its pieces on."""

    def __init__(self, simulator: Simulator, vendor: str) -> None:
        self.vendor = vendor
        self.sdk = _sdk(vendor, simulator.url(vendor))
        self.provider = registry.create_provider(vendor, {"api_key": KEY, "base_url": simulator.url(vendor)})
        providers = ProviderRegistry()
        providers.register_provider(vendor, lambda: self.provider)
        self.ledger = SqliteLedger(None)
        self.ledger.acquire_lease({})
        self.service = GenerationService(
            ledger=self.ledger, who=Who(actor="bench", ghostkit_version="0"), providers=providers, gates=Gates(),
            options=lambda: GenerationOptions(max_retries=0),
        )  # fmt: skip

    async def bare(self, model: str, seen: Seen) -> None:
        messages: list[Any] = [{"role": "user", "content": PROMPT}]
        if self.vendor == "anthropic":
            stream = await self.sdk.messages.create(model=model, messages=messages, max_tokens=ROOM, stream=True)
            async with stream:
                async for event in stream:
                    if event.type == "content_block_delta" and event.delta.type == "text_delta":
                        seen(event.delta.text)
            return
        stream = await self.sdk.chat.completions.create(
            model=model, messages=messages, max_tokens=ROOM, stream=True, stream_options={"include_usage": True}
        )
        async with stream:
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    seen(chunk.choices[0].delta.content)

    async def adapter(self, model: str, seen: Seen) -> None:
        async with self.provider.stream(_request(model)) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    seen(event.text)

    async def generate(self, model: str, seen: Seen) -> None:
        seen((await self.service.generate(f"{self.vendor}:{model}", PROMPT, max_tokens=ROOM)).text)

    async def stream(self, model: str, seen: Seen) -> None:
        async with self.service.stream_text(f"{self.vendor}:{model}", PROMPT, max_tokens=ROOM) as stream:
            async for piece in stream:
                seen(piece)

    async def bare_request(self, model: str, seen: Seen) -> None:
        messages: list[Any] = [{"role": "user", "content": PROMPT}]
        if self.vendor == "anthropic":
            seen((await self.sdk.messages.create(model=model, messages=messages, max_tokens=ROOM)).content[0].text)
            return
        answer = await self.sdk.chat.completions.create(model=model, messages=messages, max_tokens=ROOM)
        seen(answer.choices[0].message.content)

    async def request(self, model: str, seen: Seen) -> None:
        seen((await self.provider.generate(_request(model))).text)

    async def aclose(self) -> None:
        await self.service.aclose()
        await self.sdk.close()
        self.ledger.release_lease()
        self.ledger.close()


@asynccontextmanager
async def subjects_of(simulator: Simulator, vendor: str) -> AsyncIterator[Subjects]:
    subjects = Subjects(simulator, vendor)
    try:
        yield subjects
    finally:
        await subjects.aclose()


def _sdk(vendor: str, url: str) -> Any:
    if vendor == "anthropic":
        import anthropic

        return anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0)
    import openai

    return openai.AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0)


def _request(model: str) -> Request:
    messages = (Message(role="user", parts=(PROMPT,)),)
    return Request(model=model, messages=messages, max_tokens=ROOM, attempt_id="a-bench")


def unseen(piece: str) -> None:
    """For whoever only wants the time it takes."""


def delays_into(late: list[float]) -> Seen:
    """Seconds by which each piece comes later than the stamp it is (`reply.stamps`)."""

    def seen(piece: str) -> None:
        now = time.monotonic()
        late.extend(now - float(stamp) for stamp in piece.split())

    return seen
