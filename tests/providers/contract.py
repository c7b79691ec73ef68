"""The contract every provider keeps. Inherit from `ProviderContract` and give it `provider` and `ask`.

class TestMine(ProviderContract):
    @pytest.fixture
    async def provider(self): ...
    def ask(self, max_tokens=400): ...      # a request the provider can answer

Providers of vendors inherit from `WireContract`, which has a simulator answer them and go wrong.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, ClassVar

import anyio
import anyio.to_thread
import pytest

from ghostkit.errors import (
    AuthError,
    BadAnswer,
    BadRequest,
    GhostkitError,
    InputError,
    ModelNotFound,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamTruncated,
    UnknownName,
    Unreachable,
)
from ghostkit.providers import registry
from ghostkit.providers.contract import (
    Ending,
    Finished,
    Message,
    Provider,
    ReasoningDelta,
    Request,
    ResponseStarted,
    StreamEvent,
    TextDelta,
    Timeouts,
)
from ghostkit.testing.simulator import Simulator


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

        async def asks() -> None:
            provider.info(self.unknown_model)
            await everything(provider, replace(self.ask(), model=self.unknown_model))

        with pytest.raises((UnknownName, ModelNotFound)) as caught:
            await asks()
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
        async def stumbles() -> None:
            async with provider.stream(self.ask()) as stream:
                async for _event in stream:
                    _ = 1 // 0

        with pytest.raises(ZeroDivisionError):
            await stumbles()

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


KEY = "simulated-key-1f4c9b77d2"
WRONG_KEY = "wrong-key-5e0a61c38b"
CLOSED_PORT = "http://127.0.0.1:9"
WORDS = "The ferry left at six and the river took no notice of it at all. " * 4
CLOSING_S = 0.010
REFUSALS: tuple[tuple[dict[str, Any], type[ProviderError]], ...] = (
    ({"status": 400}, BadRequest),
    ({"status": 400, "code": "context"}, BadRequest),
    ({"status": 401}, AuthError),
    ({"status": 404}, ModelNotFound),
    ({"status": 408}, ProviderTimeout),
    ({"status": 409}, ServerError),
    ({"status": 413}, BadRequest),
    ({"status": 429, "retry_after_s": 7}, RateLimited),
    ({"status": 429, "code": "quota"}, QuotaExceeded),
    ({"status": 500}, ServerError),
    ({"status": 503}, Overloaded),
    ({"status": 529}, Overloaded),
)


class WireContract(ProviderContract):
    """Tests that hold for any vendor's adapter, answered by the simulator."""

    name: ClassVar[str]
    model: ClassVar[str] = "sim-small"
    takes_keys: ClassVar[bool] = True
    can_refuse: ClassVar[bool] = True
    """Has a word for an answer that its filters stopped."""
    other_classes: ClassVar[dict[tuple[int, str], type[ProviderError]]] = {}
    """What this vendor means by a (status, code) where it differs from `REFUSALS`."""
    other_statuses: ClassVar[dict[tuple[int, str], int]] = {}
    """The status this vendor says it with, where it is another."""

    @pytest.fixture
    async def provider(self, simulator: Simulator) -> AsyncIterator[Provider]:
        provider = self.made(simulator.url(self.name))
        yield provider
        await provider.aclose()

    def made(self, url: str, key: str = KEY) -> Provider:
        return registry.create_provider(self.name, {"base_url": url, "api_key": key})

    def ask(self, max_tokens: int = 400) -> Request:
        return Request(
            model=self.model,
            messages=(
                Message(role="system", parts=("You write of rivers.", "Plainly."), stable=1),
                Message(role="user", parts=("Tell me about a ferry.",)),
            ),
            max_tokens=max_tokens,
            attempt_id="attempt-1",
            cache_key="book-1",
            timeouts=Timeouts(connect_s=5, first_byte_s=10, idle_s=10),
        )

    async def rules(self, simulator: Simulator, *rules: dict[str, Any]) -> None:
        await anyio.to_thread.run_sync(simulator.set_rules, rules)

    async def has_fired(self, simulator: Simulator) -> list[dict[str, Any]]:
        fired = await anyio.to_thread.run_sync(simulator.faults)
        assert fired, "the fault never happened, so the test shows nothing"
        return fired

    async def fails(
        self, provider: Provider, request: Request, *, stream: bool, events: list[StreamEvent] | None = None
    ) -> ProviderError:
        """The error that the call ends with; what came before goes into `events`."""
        came = [] if events is None else events

        async def asks() -> None:
            if not stream:
                await provider.generate(request)
                return
            async with provider.stream(request) as answer:
                async for event in answer:
                    came.append(event)

        with pytest.raises(ProviderError) as caught:
            await asks()
        error = caught.value
        assert error.__cause__ is None
        assert error.__context__ is None, "an SDK's error hangs on, and it knows the key"
        assert KEY not in f"{error!r} {error} {vars(error)}"
        assert error.fix
        return error

    # ── what is asked ─────────────────────────────────────────────────────────────────────────────────────

    async def test_the_attempt_is_named_and_nothing_is_retried(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"fault": {"kind": "status", "status": 503}})
        await self.fails(provider, self.ask(), stream=True)
        await self.fails(provider, self.ask(), stream=False)
        bill = await anyio.to_thread.run_sync(simulator.bill)
        begun = [line for line in bill if line["event"] == "begun"]
        assert [line["attempt_id"] for line in begun] == ["attempt-1"] * 2

    @pytest.mark.parametrize("stream", [True, False])
    async def test_thoughts_are_no_part_of_the_text(
        self, provider: Provider, simulator: Simulator, stream: bool
    ) -> None:
        await self.rules(simulator, {"reply": {"reasoning": "A ferry first.", "text": "The ferry left."}})
        request = replace(self.ask(), parameters={"reasoning": "low"})
        if stream:
            events = await everything(provider, request)
            text, thoughts = text_of(events), thoughts_of(events)
        else:
            whole = await provider.generate(request)
            text, thoughts = whole.text, whole.reasoning
        assert (text, thoughts) == ("The ferry left.", "A ferry first.")

    @pytest.mark.parametrize("stream", [True, False])
    async def test_a_schema_is_kept_to(self, provider: Provider, stream: bool) -> None:
        schema = {
            "type": "object",
            "title": "A Boat",
            "properties": {"name": {"type": "string"}, "seats": {"type": "integer"}},
            "required": ["name", "seats"],
            "additionalProperties": False,
        }
        request = replace(self.ask(), parameters={"json_schema": schema})
        text = text_of(await everything(provider, request)) if stream else (await provider.generate(request)).text
        assert set(json.loads(text)) == {"name", "seats"}

    async def test_every_hint_is_taken_or_left_out(self, provider: Provider) -> None:
        request = replace(self.ask(), parameters={"temperature": 0.7, "seed": 7, "reasoning": "none"})
        assert (await provider.generate(request)).ending is Ending.COMPLETE

    async def test_an_unknown_parameter_is_named_with_the_known_ones(self, provider: Provider) -> None:
        with pytest.raises(InputError, match=r"'temprature'.*temperature, top_p"):
            await everything(provider, replace(self.ask(), parameters={"temprature": 0.5}))

    async def test_a_model_must_be_named(self, provider: Provider) -> None:
        with pytest.raises(UnknownName, match=f"{self.name}:"):
            provider.info("")
        with pytest.raises(UnknownName):
            await everything(provider, replace(self.ask(), model=""))

    # ── what goes wrong before an answer ──────────────────────────────────────────────────────────────────

    @pytest.mark.parametrize("stream", [True, False])
    @pytest.mark.parametrize(("fault", "kind"), REFUSALS)
    async def test_a_refusal_is_told_by_its_kind(
        self, provider: Provider, simulator: Simulator, fault: dict[str, Any], kind: type[ProviderError], stream: bool
    ) -> None:
        await self.rules(simulator, {"fault": {"kind": "status", **fault}})
        error = await self.fails(provider, self.ask(), stream=stream)
        assert type(error) is self.other_classes.get((fault["status"], fault.get("code", "")), kind)
        assert error.rejected
        assert error.status == self.other_statuses.get((fault["status"], fault.get("code", "")), fault["status"])
        if error.retryable and "retry_after_s" in fault:
            assert error.retry_after_s == pytest.approx(fault["retry_after_s"], abs=1)
        await self.has_fired(simulator)

    @pytest.mark.parametrize("stream", [True, False])
    async def test_a_wrong_key_is_told_and_never_shown(self, simulator: Simulator, stream: bool) -> None:
        if not self.takes_keys:
            pytest.skip(f"{self.name} takes no key")
        provider = self.made(simulator.url(self.name), WRONG_KEY)
        error = await self.fails(provider, self.ask(), stream=stream)
        diagnosis = await provider.validate()
        await provider.aclose()
        assert type(error) is AuthError
        assert not diagnosis.ok
        assert WRONG_KEY not in f"{error!r}{error.fix}{diagnosis}{provider!r}"

    async def test_nobody_there_is_told(self) -> None:
        provider = self.made(CLOSED_PORT)
        for stream in (True, False):
            error = await self.fails(provider, self.ask(), stream=stream)
            assert type(error) is Unreachable
            assert error.rejected
        diagnosis = await provider.validate()
        await provider.aclose()
        assert (diagnosis.ok, bool(diagnosis.fix)) == (False, True)

    # ── how answers end ───────────────────────────────────────────────────────────────────────────────────

    @pytest.mark.parametrize("kind", ["early_end", "cut_mid"])
    async def test_an_answer_cut_off_is_no_answer(self, provider: Provider, simulator: Simulator, kind: str) -> None:
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": kind}})
        events: list[StreamEvent] = []
        error = await self.fails(provider, self.ask(), stream=True, events=events)
        assert type(error) is StreamTruncated
        assert not error.rejected
        assert text_of(events) == (await self.has_fired(simulator))[0]["said"]
        assert 0 < len(text_of(events)) < len(WORDS)

    @pytest.mark.parametrize("stream", [True, False])
    async def test_a_cut_before_the_first_word_may_be_tried_again(
        self, provider: Provider, simulator: Simulator, stream: bool
    ) -> None:
        await self.rules(simulator, {"fault": {"kind": "cut_first"}})
        error = await self.fails(provider, self.ask(), stream=stream)
        assert error.retryable
        assert not error.rejected
        await self.has_fired(simulator)

    async def test_an_error_within_an_answer_is_raised_after_what_came(
        self, provider: Provider, simulator: Simulator
    ) -> None:
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": "error_event", "status": 500}})
        events: list[StreamEvent] = []
        error = await self.fails(provider, self.ask(), stream=True, events=events)
        assert error.kind == "server"
        assert not error.rejected
        assert text_of(events) == (await self.has_fired(simulator))[0]["said"] != ""

    @pytest.mark.parametrize("stream", [True, False])
    async def test_a_web_page_is_no_answer(self, provider: Provider, simulator: Simulator, stream: bool) -> None:
        await self.rules(simulator, {"fault": {"kind": "html"}})
        assert type(await self.fails(provider, self.ask(), stream=stream)) is BadAnswer
        await self.has_fired(simulator)

    async def test_what_cannot_be_read_is_never_a_whole_answer(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": "garbage"}})
        error = await self.fails(provider, self.ask(), stream=True)
        assert type(error) in (BadAnswer, StreamTruncated)
        await self.has_fired(simulator)

    async def test_a_stall_is_ended_by_the_deadline(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": "silent_mid"}})
        request = replace(self.ask(), timeouts=Timeouts(connect_s=5, first_byte_s=5, idle_s=0.2))
        events: list[StreamEvent] = []
        assert type(await self.fails(provider, request, stream=True, events=events)) is ProviderTimeout
        assert text_of(events) == (await self.has_fired(simulator))[0]["said"]

    @pytest.mark.parametrize("stream", [True, False])
    async def test_a_refusal_in_place_of_an_answer_is_no_answer(
        self, provider: Provider, simulator: Simulator, stream: bool
    ) -> None:
        if not self.can_refuse:
            pytest.skip(f"{self.name} has no word for it")
        await self.rules(simulator, {"fault": {"kind": "refuse"}})
        if stream:
            finished = finish_of(await everything(provider, self.ask()))
            ending, reason = finished.ending, finished.reason
        else:
            whole = await provider.generate(self.ask())
            ending, reason = whole.ending, whole.reason
        assert ending is Ending.REFUSED
        assert reason
        await self.has_fired(simulator)

    @pytest.mark.parametrize("stream", [True, False])
    async def test_usage_that_was_not_reported_is_not_made_up(
        self, provider: Provider, simulator: Simulator, stream: bool
    ) -> None:
        await self.rules(simulator, {"fault": {"kind": "no_usage"}})
        if stream:
            finished = finish_of(await everything(provider, self.ask()))
            ending, usage = finished.ending, finished.usage
        else:
            whole = await provider.generate(self.ask())
            ending, usage = whole.ending, whole.usage
        assert ending is Ending.COMPLETE
        assert usage is None or usage.source == "estimated"
        await self.has_fired(simulator)

    async def test_events_that_come_twice_end_an_answer_once(self, provider: Provider, simulator: Simulator) -> None:
        await self.rules(simulator, {"reply": {"text": WORDS}, "fault": {"kind": "duplicate"}})
        events = await everything(provider, self.ask())
        assert [type(event) for event in events].count(Finished) == 1
        await self.has_fired(simulator)

    async def test_a_connection_is_used_again(self, provider: Provider, simulator: Simulator) -> None:
        for _ in range(3):
            await everything(provider, self.ask())
            await provider.generate(self.ask())
        assert await anyio.to_thread.run_sync(simulator.closings) == []

    # ── as it comes ───────────────────────────────────────────────────────────────────────────────────────

    async def test_the_first_words_come_while_the_last_are_still_being_made(
        self, provider: Provider, simulator: Simulator
    ) -> None:
        """Forty words at 100 a second take 0.4 s: the first is there long before."""
        await everything(provider, self.ask())  # the client is made
        await self.rules(simulator, {"reply": {"tokens": 40}, "pace": {"tokens_per_s": 100}})
        came: list[float] = []
        async with provider.stream(self.ask()) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    came.append(time.monotonic())
        assert came[-1] - came[0] > 0.25
        assert len(set(came)) > 10

    # ── leaving ───────────────────────────────────────────────────────────────────────────────────────────

    async def test_a_whole_answer_is_left_at_once(self, provider: Provider) -> None:
        for _ in range(2):
            async with provider.stream(self.ask()) as stream:
                async for _event in stream:
                    pass
                whole_at = time.monotonic()
            assert time.monotonic() - whole_at < 1.0

    @pytest.mark.parametrize("how", ["break", "cancel", "error"])
    async def test_leaving_closes_the_socket_at_once(self, provider: Provider, simulator: Simulator, how: str) -> None:
        """Within 10 ms by the simulator's clock, which is this machine's; the best of a few, as machines are busy."""
        await self.rules(simulator, {"reply": {"text": WORDS}, "pace": {"tokens_per_s": 100}})
        took: list[float] = []
        for round_ in range(1, 6):
            left_at = await self.leaves(provider, how)
            closed_at = await self.closed_at(simulator, round_)
            took.append(closed_at - left_at)
        assert min(took) < CLOSING_S, f"{how}: {[f'{s * 1000:.1f} ms' for s in took]}"
        assert max(took) < 0.5

    async def leaves(self, provider: Provider, how: str) -> float:
        """Leave a stream after two pieces of it; when that was."""
        left_at = 0.0
        with anyio.CancelScope() as scope:
            try:
                async with provider.stream(self.ask()) as stream:
                    pieces = 0
                    async for event in stream:
                        pieces += isinstance(event, TextDelta)
                        if pieces == 2:
                            left_at = time.monotonic()
                            if how == "break":
                                break
                            if how == "error":
                                raise ZeroDivisionError
                            scope.cancel()
            except ZeroDivisionError:
                pass
        assert left_at, "the stream ended by itself"
        return left_at

    async def closed_at(self, simulator: Simulator, count: int) -> float:
        with anyio.fail_after(5):
            while True:
                closings = await anyio.to_thread.run_sync(simulator.closings)
                during = [line["monotonic"] for line in closings if line["during"] == "answer"]
                if len(during) >= count:
                    return float(during[count - 1])
                await anyio.sleep(0.005)
