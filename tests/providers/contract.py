"""The contract every provider keeps. Inherit from `ProviderContract` and give it `provider` and `ask`.

class TestMine(ProviderContract):
    @pytest.fixture
    async def provider(self): ...
    def ask(self, max_tokens=400): ...      # a request the provider can answer

Providers of vendors inherit from `WireContract` (wire_contract.py) instead.
"""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from ghostkit.errors import GhostkitError, ModelNotFound, UnknownName
from ghostkit.providers.contract import (
    Ending,
    Finished,
    Provider,
    ReasoningDelta,
    Request,
    ResponseStarted,
    StreamEvent,
    TextDelta,
)


def text_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def thoughts_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def finish_of(events: list[StreamEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


async def everything(provider: Provider, request: Request) -> list[StreamEvent]:
    async with provider.stream(request) as stream:
        return [event async for event in stream]


@pytest.mark.anyio
class ProviderContract:
    """Tests that hold for any provider."""

    unknown_model = "no-such-model"

    def ask(self, max_tokens: int = 400) -> Request:
        raise NotImplementedError

    async def test_a_stream_ends_with_one_terminal_event_and_nothing_after_it(self, provider: Provider) -> None:
        events = await everything(provider, self.ask())
        assert [type(event) for event in events].count(Finished) == 1
        assert finish_of(events).ending is Ending.COMPLETE

    async def test_nothing_comes_before_the_start(self, provider: Provider) -> None:
        events = await everything(provider, self.ask())
        starts = [at for at, event in enumerate(events) if isinstance(event, ResponseStarted)]
        assert starts in ([], [0])
        assert starts == [0] or not provider.info(self.ask().model).keeps_deadlines

    async def test_no_piece_is_empty(self, provider: Provider) -> None:
        events = await everything(provider, self.ask())
        assert all(event.text for event in events if isinstance(event, TextDelta | ReasoningDelta))

    async def test_a_finished_stream_stays_finished(self, provider: Provider) -> None:
        async with provider.stream(self.ask()) as stream:
            receiver = stream.__aiter__()
            async for _event in receiver:
                pass
            with pytest.raises(StopAsyncIteration):
                await receiver.__anext__()

    async def test_the_stream_is_a_receiver_and_not_a_generator(self, provider: Provider) -> None:
        async with provider.stream(self.ask()) as stream:
            assert not hasattr(stream.__aiter__(), "asend")

    async def test_generate_gives_the_text_that_was_streamed(self, provider: Provider) -> None:
        events = await everything(provider, self.ask())
        completion = await provider.generate(self.ask())
        assert completion.ending is Ending.COMPLETE
        assert completion.text == text_of(events)
        assert completion.text.strip()

    async def test_usage_is_told_with_its_source(self, provider: Provider) -> None:
        completion = await provider.generate(self.ask())
        assert completion.usage.input_tokens > 0
        assert completion.usage.output_tokens > 0
        assert completion.usage.source in ("reported", "estimated")

    async def test_the_stream_and_the_whole_answer_tell_the_same_usage(self, provider: Provider) -> None:
        streamed = finish_of(await everything(provider, self.ask())).usage
        assert streamed == (await provider.generate(self.ask())).usage

    async def test_max_tokens_cuts_off_and_says_so(self, provider: Provider) -> None:
        whole = await provider.generate(self.ask())
        cut = await provider.generate(replace(self.ask(), max_tokens=5))
        assert cut.ending is Ending.LENGTH
        assert 0 < cut.usage.output_tokens <= 5
        assert len(cut.text) < len(whole.text)
        assert finish_of(await everything(provider, replace(self.ask(), max_tokens=5))).ending is Ending.LENGTH

    async def test_no_room_for_an_answer_is_refused(self, provider: Provider) -> None:
        with pytest.raises(GhostkitError, match="0"):
            await everything(provider, replace(self.ask(), max_tokens=0))

    async def test_counting_agrees_with_the_usage_when_it_says_exact(self, provider: Provider) -> None:
        counted = await provider.count_tokens(self.ask())
        assert counted.tokens > 0
        if counted.exact:
            assert counted.tokens == (await provider.generate(self.ask())).usage.input_tokens

    async def test_an_unknown_model_is_refused_by_name(self, provider: Provider) -> None:
        """By whoever knows: the provider at once, or the vendor when it is asked."""
        with pytest.raises((UnknownName, ModelNotFound)) as caught:
            provider.info(self.unknown_model)
            await everything(provider, replace(self.ask(), model=self.unknown_model))
        assert self.unknown_model in caught.value.message
        assert caught.value.fix

    async def test_info_names_the_provider_and_its_limits(self, provider: Provider) -> None:
        info = provider.info(self.ask().model)
        assert info.provider == provider.name
        assert info.model
        assert info.context_window >= info.max_output > 0

    async def test_validate_says_whether_it_works(self, provider: Provider) -> None:
        diagnosis = await provider.validate()
        assert diagnosis.ok
        assert diagnosis.message

    async def test_leaving_early_is_no_error(self, provider: Provider) -> None:
        async with provider.stream(self.ask()) as stream:
            async for _event in stream:
                break

    async def test_an_error_inside_the_context_comes_out_as_it_is(self, provider: Provider) -> None:
        with pytest.raises(ZeroDivisionError):
            async with provider.stream(self.ask()) as stream:
                async for _event in stream:
                    _ = 1 // 0

    async def test_many_streams_at_once_do_not_mix(self, provider: Provider) -> None:
        alone = text_of(await everything(provider, self.ask()))
        texts: list[str] = []

        async def one() -> None:
            texts.append(text_of(await everything(provider, self.ask())))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(one)
        assert texts == [alone] * 5

    async def test_it_can_be_closed_and_used_again(self, provider: Provider) -> None:
        before = await provider.generate(self.ask())
        await provider.aclose()
        await provider.aclose()
        assert (await provider.generate(self.ask())).text == before.text
