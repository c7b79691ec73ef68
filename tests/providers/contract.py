"""The contract every provider keeps. Inherit from `ProviderContract` and give it `provider` and `ask`.

class TestMine(ProviderContract):
    @pytest.fixture
    async def provider(self): ...
    def ask(self, max_tokens=400): ...      # a request the provider can answer
"""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from ghostkit.errors import UnknownName
from ghostkit.providers.contract import Ending, Finished, Provider, Request, StreamEvent, TextDelta


def text_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


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
        assert isinstance(events[-1], Finished)
        assert events[-1].ending is Ending.COMPLETE

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
        assert completion.text == text_of(events)
        assert completion.text.strip()

    async def test_usage_is_told_with_its_source(self, provider: Provider) -> None:
        completion = await provider.generate(self.ask())
        assert completion.usage.input_tokens > 0
        assert completion.usage.output_tokens > 0
        assert completion.usage.source in ("reported", "estimated")

    async def test_max_tokens_cuts_off_and_says_so(self, provider: Provider) -> None:
        whole = await provider.generate(self.ask())
        cut = await provider.generate(replace(self.ask(), max_tokens=5))
        assert cut.ending is Ending.LENGTH
        assert 0 < cut.usage.output_tokens <= 5
        assert len(cut.text) < len(whole.text)

    async def test_counting_agrees_with_the_usage_when_it_says_exact(self, provider: Provider) -> None:
        counted = await provider.count_tokens(self.ask())
        assert counted.tokens > 0
        if counted.exact:
            assert counted.tokens == (await provider.generate(self.ask())).usage.input_tokens

    async def test_an_unknown_model_is_refused_by_name(self, provider: Provider) -> None:
        with pytest.raises(UnknownName) as caught:
            provider.info(self.unknown_model)
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

    async def test_many_streams_at_once_do_not_mix(self, provider: Provider) -> None:
        alone = text_of(await everything(provider, self.ask()))
        texts: list[str] = []

        async def one() -> None:
            texts.append(text_of(await everything(provider, self.ask())))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(one)
        assert texts == [alone] * 5
