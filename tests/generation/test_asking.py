"""Fallbacks, gates and breakers around a step's attempts; answers that must be JSON."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import anyio
import pytest

from ghostkit.errors import (
    AuthError,
    BadRequest,
    CircuitOpen,
    ContentRefused,
    ModelNotFound,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from ghostkit.events import EventType
from ghostkit.providers import Ending, RateLimits, ResponseStarted
from ghostkit.providers.resilience import GatePolicy
from ghostkit.testing import ScriptedProvider

from .lab import SLOT, Lab, lab

pytestmark = pytest.mark.anyio
TEXT = "Ada went on. Bo watched her do it."


def with_second(it: Lab, *answers: Any) -> ScriptedProvider:
    """Another provider, `second`, that the lab's options name as the fallback."""
    given = iter(answers)
    second = ScriptedProvider(lambda kind, request: next(given, TEXT))
    second.name = "second"
    it.service._providers.register_provider("second", lambda: second)
    it.options["fallback_models"] = ("second:y",)
    return second


@pytest.mark.parametrize("error", [AuthError, QuotaExceeded, ServerError, Overloaded, ModelNotFound, ProviderError])
async def test_a_model_that_can_not_answer_is_followed_by_the_next_and_the_receipt_says_so(
    error: type[ProviderError],
) -> None:
    with lab(error("no use"), max_retries=0) as it:
        with_second(it)
        result = await it.service.run_step(it.spec())
        assert (result.text, result.ending, result.model, result.attempts) == (TEXT, "complete", "second:y", 2)
        assert [(a.model, str(a.state)) for a in it.ledger.attempts(SLOT)] == [
            ("scripted:x", "error"), ("second:y", "complete"),
        ]  # fmt: skip
        told = next(e for e in it.seen if e.type is EventType.GENERATION_RETRY)
        assert (told.data["model"], told.data["reason"]) == ("second:y", error.kind)
        it.settled()


@pytest.mark.parametrize("error", [ContentRefused, BadRequest])
async def test_what_another_model_would_not_do_better_ends_there(error: type[ProviderError]) -> None:
    with lab(error("no use")) as it:
        second = with_second(it)
        result = await it.service.run_step(it.spec())
        assert isinstance(result.error, error)
        assert second.requests == []


async def test_text_that_has_been_shown_is_not_replaced_by_another_models() -> None:
    with lab(["Ada ", ServerError("cut")]) as it:
        second = with_second(it)
        result = await it.service.run_step(it.spec())
        assert (result.text, str(result.ending), second.requests) == ("Ada ", "error", [])


async def test_a_fallback_that_does_not_exist_is_told_only_when_its_turn_comes() -> None:
    with lab(TEXT) as it:
        it.options["fallback_models"] = ("nobody:z",)
        assert (await it.service.run_step(it.spec())).text == TEXT
    with lab(ServerError("down"), max_retries=0) as it:
        it.options["fallback_models"] = ("nobody:z",)
        result = await it.service.run_step(it.spec())
        assert isinstance(result.error, ModelNotFound)
        assert "nobody" in result.error.message


async def test_an_open_breaker_turns_calls_away_without_an_attempt_and_is_told_once() -> None:
    policy = GatePolicy(breaker_failures=2, breaker_cool_down_s=300.0)
    with lab(ServerError("down"), max_retries=0, gate=policy) as it:
        for n in range(4):
            result = await it.service.run_step(it.spec(it.spec().slot.__class__(object_id=f"s-{n}", kind="section")))
        assert isinstance(result.error, CircuitOpen)
        assert (it.calls, result.attempts) == (2, 0)
        states = [e.data["state"] for e in it.seen if e.type is EventType.PROVIDER_STATE]
        assert states == ["open"]
        it.settled()


async def test_an_open_breaker_is_waited_for_once_where_nobody_else_can_be_asked() -> None:
    policy = GatePolicy(breaker_failures=1, breaker_cool_down_s=0.05)
    with lab(ServerError("down"), TEXT, max_retries=1, first_wait_s=0.0, gate=policy) as it:
        with anyio.fail_after(5):
            result = await it.service.run_step(it.spec())
        assert (result.text, it.calls) == (TEXT, 2)
        states = [e.data["state"] for e in it.seen if e.type is EventType.PROVIDER_STATE]
        assert states[0] == "open"
        assert states[-1] == "closed"


async def test_with_an_open_breaker_the_fallback_is_asked_at_once() -> None:
    policy = GatePolicy(breaker_failures=1, breaker_cool_down_s=300.0)
    with lab(ServerError("down"), max_retries=3, first_wait_s=0.0, gate=policy) as it:
        with_second(it)
        with anyio.fail_after(5):
            result = await it.service.run_step(it.spec())
        assert (result.text, it.calls) == (TEXT, 1)


async def test_a_stream_that_waits_for_its_turn_says_so_and_can_be_stopped() -> None:
    policy = GatePolicy(requests_per_minute=1)
    with lab(TEXT, gate=policy) as it:
        await it.service.run_step(it.spec())
        other = it.spec(SLOT.__class__(object_id="s-2", kind="section"), stream_id="waits")
        results: list[Any] = []

        async def ask() -> None:
            results.append(await it.service.run_step(other))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                while not it.service.streams.active() or not it.service.streams.active()[0].waits_for:
                    await anyio.sleep(0.001)
                status = it.service.streams.get_stream_status("waits")
                assert status["state"] == "waiting"
                assert "minute" in status["waits_for"]
                it.service.streams.cancel("waits")
        assert (results[0].ending, results[0].attempts, it.calls) == (Ending.CANCELLED, 0, 1)
        assert it.ledger.attempts(other.slot) == []
        it.settled()


async def test_the_vendors_limits_are_kept_from_its_first_headers_on() -> None:
    limits = RateLimits(requests_limit=60, requests_remaining=0, requests_reset_s=60.0)
    with lab([ResponseStarted(limits=limits), TEXT, Ending.COMPLETE]) as it:
        await it.service.run_step(it.spec())
        with anyio.move_on_after(0.1) as scope:
            await it.service.run_step(it.spec(SLOT.__class__(object_id="s-2", kind="section")))
        assert (scope.cancelled_caught, it.calls) == (True, 1)


async def test_works_for_any_provider_as_for_a_vendors_rate_limits_shrink_it() -> None:
    with lab(RateLimited("slow", retry_after_s=0.01), TEXT, first_wait_s=0.0) as it:
        with anyio.fail_after(5):
            assert (await it.service.run_step(it.spec())).text == TEXT
        assert it.service.gates.snapshot()[0].shrinks == 1


SCHEMA = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


@pytest.mark.parametrize(
    ("answer", "why"),
    [("It is Ada.", "something else"), ('["Ada"]', "it is no object"), ('{"age": 3}', "'name' is missing")],
)
async def test_an_answer_that_is_not_the_json_asked_for_is_told_and_kept(answer: str, why: str) -> None:
    with lab(answer) as it:
        result = await it.service.run_step(it.spec(parameters={"json_schema": SCHEMA}))
        assert result.error is not None
        assert why in result.error.message
        assert (result.ending, it.kept, it.calls) == (Ending.ERROR, answer, 1)


async def test_json_of_the_asked_shape_is_an_answer() -> None:
    with lab(json.dumps({"name": "Ada"})) as it:
        result = await it.service.run_step(it.spec(parameters={"json_schema": SCHEMA}))
        assert result.ending is Ending.COMPLETE


async def test_each_try_has_more_time_than_the_one_before_and_the_fourth_failure_is_told() -> None:
    with lab(ProviderTimeout("late"), first_wait_s=0.0, timeout_s=10.0) as it:
        result = await it.service.run_step(it.spec())
        assert isinstance(result.error, ProviderTimeout)
        assert (it.calls, result.attempts) == (4, 4)
        given = [
            (sent.timeouts.connect_s, sent.timeouts.first_byte_s, sent.timeouts.idle_s) for sent in it.provider.requests
        ]
        assert all(later > earlier for one, two in pairwise(given) for earlier, later in zip(one, two, strict=True))
        assert [event.data["attempt"] for event in it.seen if event.type is EventType.GENERATION_RETRY] == [2, 3, 4]
        it.settled()


@pytest.mark.parametrize("fallback", [False, True])
async def test_a_stream_that_waits_to_be_tried_again_says_so_and_can_be_stopped(fallback: bool) -> None:
    with lab(RateLimited("slow down", retry_after_s=100.0), usd=1000.0) as it:
        second = with_second(it) if fallback else None
        results: list[Any] = []

        async def ask() -> None:
            results.append(await it.service.run_step(it.spec(stream_id="waits")))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                while not any(stream.waits_for == "another try" for stream in it.service.streams.active()):
                    await anyio.sleep(0.001)
                assert it.service.streams.get_stream_status("waits")["state"] == "waiting"
                it.service.streams.cancel("waits")
        assert (results[0].ending, results[0].attempts, it.calls) == (Ending.CANCELLED, 1, 1)
        assert results[0].cost_usd == sum(one.cost_usd for one in it.ledger.attempts(SLOT))
        assert second is None or second.requests == []
        it.settled()
