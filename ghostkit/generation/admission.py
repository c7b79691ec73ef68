"""An attempt behind its model's gate: it waits for its turn, can be stopped there, and the gate hears how it went."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import anyio

from ghostkit.errors import BudgetExceeded
from ghostkit.events import Event, EventType
from ghostkit.generation.attempt import WRAP_UP_S, Call, Desk, attempt
from ghostkit.generation.spec import StepResult
from ghostkit.ledger import AttemptState
from ghostkit.providers import Ending, ModelInfo
from ghostkit.providers.estimating import estimate_count
from ghostkit.providers.resilience import Gates, Passage, StateChange, Waiting

Tell = Callable[[Event], Awaitable[None]]


async def through_the_gate(desk: Desk, gates: Gates, call: Call, tell: Tell) -> StepResult:
    """What came of the attempt; of one that was stopped before it was sent no attempt is recorded.

    Raises what the gate turns away with; changes of the circuit breaker go to `tell`.
    """
    changes: list[StateChange] = []
    try:
        return await _admitted(desk, _passage(gates, call, changes), call)
    finally:
        await _tell_changes(changes, tell)


async def _admitted(desk: Desk, passage: Passage, call: Call) -> StepResult:
    stream = call.stream
    desk.streams.open(stream)  # so that it can be seen to wait, and stopped
    try:
        async with AsyncExitStack() as gate:
            with anyio.CancelScope() as waiting:
                stream.scope = waiting
                await gate.enter_async_context(passage)
            if waiting.cancelled_caught or stream.cancel_requested:
                stream.end(str(AttemptState.CANCELLED))
                passage.unsent()
                return _stopped(call)
            stream.waits_for, stream.on_started = "", passage.started
            return await _reported(desk, passage, call)
    finally:
        stream.end(str(AttemptState.ERROR))


async def _reported(desk: Desk, passage: Passage, call: Call) -> StepResult:
    """The attempt, of which the gate hears how it went."""
    try:
        result, outcome = await attempt(desk, call)
    except BudgetExceeded:
        passage.unsent()
        raise
    if result.error is not None:
        passage.failed(result.error)
    elif outcome.state is not AttemptState.CANCELLED:
        passage.succeeded(outcome.input_tokens + outcome.output_tokens)
    return result


def _passage(gates: Gates, call: Call, changes: list[StateChange]) -> Passage:
    def note(waiting: Waiting) -> None:
        call.stream.waits_for = waiting.for_what

    gate = gates.gate(gate_key(call.info), call.options.gate_for(call.info))
    return gate.admitted(tokens=_tokens_at_most(call), attempt=call.number, on_wait=note, on_change=changes.append)


def _stopped(call: Call) -> StepResult:
    return StepResult(
        slot=call.spec.slot, text="", ending=Ending.CANCELLED, served_by="provider", attempts=call.number - 1
    )


async def _tell_changes(changes: list[StateChange], tell: Tell) -> None:
    """The breaker's, on record."""
    with anyio.move_on_after(WRAP_UP_S, shield=bool(changes)):
        for change in changes:
            await tell(Event(type=EventType.PROVIDER_STATE, data=change.as_data(), source="providers"))


def gate_key(info: ModelInfo) -> str:
    """One gate for each model of each service; its keys never hold a secret."""
    return f"{info.provider}|{info.base_url}|{info.model}"


def _tokens_at_most(call: Call) -> int:
    """Prompt and answer; of a model on this machine nobody counts them."""
    if not call.info.base_url:
        return 0
    return estimate_count(call.request, call.info.provider).tokens + call.request.max_tokens
