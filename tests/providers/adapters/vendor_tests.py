"""What holds for the adapters of Anthropic, Google and Cohere besides the contract. Subclasses say which."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import anyio
import anyio.to_thread
import pytest

from ghostkit.errors import ProviderTimeout, StreamTruncated
from ghostkit.providers.contract import Ending, Message, Provider, Request, Timeouts
from ghostkit.providers.wire import VendorProvider
from ghostkit.testing.simulator import Simulator

from ..contract import CLOSING_S, WireContract, everything, finish_of, text_of, thoughts_of


def asking(model: str, max_tokens: int = 60, **parameters: Any) -> Request:
    messages = (
        Message(role="system", parts=("You write books.", "Plainly."), stable=2),
        Message(role="user", parts=("The plan: a harbour.", "The chapter: winter.", "Write of the quay."), stable=2),
    )
    return Request(model=model, messages=messages, max_tokens=max_tokens, parameters=parameters)


class VendorTests(WireContract):
    async def test_every_piece_is_there_once_and_in_its_place(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"reply": {"tokens": 500}})
        assert text_of(await everything(provider, self.ask(600))) == "".join(f" w{number}" for number in range(500))

    async def test_how_a_message_is_cut_into_parts_changes_nothing(self, provider: Provider) -> None:
        parted = asking(self.model, 200)
        whole = replace(parted, messages=tuple(replace(each, parts=(each.text,)) for each in parted.messages))
        first, second = await provider.generate(parted), await provider.generate(whole)
        assert first.text == second.text
        assert first.usage.input_tokens == pytest.approx(second.usage.input_tokens, abs=6)

    @pytest.mark.parametrize("stream", [True, False])
    async def test_an_answer_that_was_too_long_says_so(
        self, provider: Provider, simulator: Simulator, stream: bool
    ) -> None:
        await self.rules(simulator, {"fault": {"kind": "length"}})
        if stream:
            ending = finish_of(await everything(provider, self.ask())).ending
        else:
            ending = (await provider.generate(self.ask())).ending
        assert ending is Ending.LENGTH
        await self.has_fired(simulator)

    async def test_a_plain_answer_that_names_no_end_is_not_whole(
        self, provider: Provider, simulator: Simulator
    ) -> None:
        await self.rules(simulator, {"fault": {"kind": "early_end"}})
        try:
            ending = (await provider.generate(self.ask())).ending
        except StreamTruncated:
            ending = Ending.TRUNCATED
        assert ending is Ending.TRUNCATED
        await self.has_fired(simulator)

    async def test_silence_before_the_first_byte_ends_at_the_deadline(
        self, provider: Provider, simulator: Simulator
    ) -> None:
        await self.rules(simulator, {"fault": {"kind": "stall_first"}})
        request = replace(self.ask(), timeouts=Timeouts(connect_s=5, first_byte_s=0.2, idle_s=5))
        begun = time.monotonic()
        for stream in (True, False):
            assert type(await self.fails(provider, request, stream=stream)) is ProviderTimeout
        assert time.monotonic() - begun < 3
        await self.has_fired(simulator)

    async def test_thinking_takes_none_of_the_answers_room(
        self, provider: VendorProvider, simulator: Simulator
    ) -> None:
        await self.rules(simulator, {"reply": {"tokens": 30, "reasoning": "First the quay, then the boats. " * 20}})
        request = replace(self.ask(30), parameters={"reasoning": "low"})
        events = await everything(provider, request)
        assert len(thoughts_of(events)) > 500
        assert text_of(events) == "".join(f" w{number}" for number in range(30))
        assert finish_of(events).ending is Ending.COMPLETE
        assert provider.longest_billed(request) == 30 + 2_048
        assert provider.longest_billed(self.ask(30)) == 30

    async def test_cancelling_before_the_first_word_closes_the_socket_at_once(
        self, provider: Provider, simulator: Simulator
    ) -> None:
        assert (await provider.validate()).ok  # making the SDK's client takes longer than what follows
        await self.rules(simulator, {"pace": {"first_token_s": 10}})
        took = []
        for round_ in range(1, 4):
            with anyio.move_on_after(0.15):
                await everything(provider, self.ask())
            left_at = time.monotonic()
            took.append(await self.closed_at(simulator, round_) - left_at)
        assert min(took) < CLOSING_S

    async def test_another_event_loop_gets_a_client_of_its_own(self, simulator: Simulator) -> None:
        made = self.made(simulator.url(self.name))

        def elsewhere() -> str:
            async def ask_there() -> str:
                text = (await made.generate(self.ask())).text
                await made.aclose()
                return text

            return anyio.run(ask_there)

        there = await anyio.to_thread.run_sync(elsewhere)
        assert (await made.generate(self.ask())).text == there
        assert await anyio.to_thread.run_sync(elsewhere) == there
        await made.aclose()
