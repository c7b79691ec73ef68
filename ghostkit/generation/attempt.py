"""One request on its way: intent, call, outcome; each durable before the next, and none left open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import anyio

from ghostkit import faults
from ghostkit.errors import GhostkitError, InputError, ProviderError, ProviderTimeout
from ghostkit.events import Event
from ghostkit.generation import records
from ghostkit.generation.answers import checked
from ghostkit.generation.budget import Budget
from ghostkit.generation.options import GenerationOptions
from ghostkit.generation.receiver import Receiver
from ghostkit.generation.spec import StepResult, StepSpec
from ghostkit.generation.streams import LiveStream, StreamManager
from ghostkit.ledger import AttemptState, Ledger, Outcome, Who, in_thread
from ghostkit.providers import Ending, ModelInfo, Provider, Request

WRAP_UP_S = 10.0
"""How long recording a cancelled attempt may take."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is about to be asked of whom. `stall_s` is the time allowed without text.

    `ceiling_usd` is the most it can cost, None where nobody knows.
    """

    spec: StepSpec
    provider: Provider
    info: ModelInfo
    request: Request
    stream: LiveStream
    options: GenerationOptions
    number: int
    stall_s: float
    ceiling_usd: float | None
    looked_up: list[Event] = field(default_factory=list)
    """The events of a look-up in the cache, which commit with the first attempt."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The collaborators of an attempt."""

    ledger: Ledger
    who: Who
    budget: Budget
    streams: StreamManager
    emit: Callable[[Event], Awaitable[None]]
    emit_new: Callable[[Sequence[Event]], Awaitable[None]]
    count_look_up: Callable[[Event], None]


async def attempt(desk: Desk, call: Call) -> tuple[StepResult, Outcome]:
    """Send the request; the result never raises for an answer that ended badly, `BudgetExceeded` does."""
    request, info, stream = call.request, call.info, call.stream
    faults.point("intent.before")
    hold = await desk.budget.hold(request.attempt_id, stream.model, call.ceiling_usd, call.options)
    cost = 0.0
    try:
        begun = await _open(desk, call)
        cost = hold.ceiling_usd
        receiver = Receiver(desk.ledger, stream, call.options, call.stall_s)
        try:
            await desk.emit_new(begun)
            outcome, error = await _call(call, receiver)
        except BaseException as stop:
            # Cancelled from outside, or the ledger refuses: record what came, then let it go on its way.
            outcome = receiver.stopped(stop)
            sent = receiver.sent and not isinstance(stop, InputError)  # which adapters raise of what they can't send
            if sent:
                outcome = records.priced(outcome, request, info, thoughts=receiver.thoughts)
            cost = outcome.cost_usd
            await _close_stopped(desk, call, outcome, sent=sent)
            raise
        outcome, error = checked(call.spec, outcome, error)
        outcome = records.priced(outcome, request, info, error, receiver.thoughts)
        cost = outcome.cost_usd
        await _close(desk, call, outcome, error)
    finally:
        stream.end(stream.ending or str(AttemptState.ERROR))
        with anyio.CancelScope(shield=True):
            await hold.settle(cost)
    result = StepResult(
        slot=call.spec.slot,
        text=outcome.text,
        ending=Ending(str(outcome.state)),
        served_by="provider",
        attempt_id=request.attempt_id,
        model=f"{info.provider}:{info.model}",
        usage=records.usage_of(outcome),
        cost_usd=cost,
        cost_known=outcome.cost_known,
        attempts=call.number,
        reasoning=receiver.thoughts,
        error=error,
    )
    return result, outcome


async def _open(desk: Desk, call: Call) -> list[Event]:
    """Commit the intent; returns the events that did with it, the look-up's among them."""
    intent = records.intent_of(call.spec, call.request, call.info, call.ceiling_usd)
    events = [*call.spec.started_events, *call.looked_up, records.started_event(intent)]
    await in_thread(desk.ledger.open_attempt, intent, desk.who, events)
    for event in call.looked_up:
        desk.count_look_up(event)
    call.looked_up.clear()  # once, however many attempts follow
    return events


async def _call(call: Call, receiver: Receiver) -> tuple[Outcome, ProviderError | None]:
    """Call the provider; what came, and the error that ended it if one did."""
    stream = call.stream
    try:
        with anyio.CancelScope() as scope:
            stream.scope = scope
            if stream.cancel_requested:
                scope.cancel()
            await receiver.receive(call.provider, call.request, scope)
    except ProviderError as error:
        return receiver.failed(error), error
    except GhostkitError:
        raise
    except Exception as bug:
        unknown = ProviderError(
            f"{stream.model} failed in a way ghostkit doesn't know: {type(bug).__name__}: {bug}.",
            fix="This is a defect of that provider; try another model.",
        )
        unknown.__cause__ = bug
        return receiver.failed(unknown), unknown
    if scope.cancelled_caught and not stream.cancel_requested:
        late = ProviderTimeout(
            f"{stream.model} sent nothing for {call.stall_s:g} s.",
            fix="Try again; GHOSTKIT_TIMEOUT_S lengthens the wait.",
        )
        return receiver.failed(late), late
    if scope.cancelled_caught:
        return receiver.outcome(AttemptState.CANCELLED), None
    return receiver.outcome(), None


async def _close_stopped(desk: Desk, call: Call, outcome: Outcome, *, sent: bool) -> None:
    """Record an attempt that something other than its provider ended; where even that fails, recovery will."""
    event = records.ended_event(call.request, call.stream.model, outcome, sent=sent)
    with suppress(GhostkitError), anyio.move_on_after(WRAP_UP_S, shield=True):
        await in_thread(desk.ledger.close_attempt, call.request.attempt_id, outcome, desk.who, [event])
        call.stream.end(str(outcome.state))
        await desk.emit(event)


async def _close(desk: Desk, call: Call, outcome: Outcome, error: ProviderError | None) -> None:
    faults.point("stream.end")
    spec, request = call.spec, call.request
    events = [records.ended_event(request, call.stream.model, outcome, error)]
    if outcome.state is AttemptState.COMPLETE and spec.done_events is not None:
        events += spec.done_events(request.attempt_id, outcome.text)
    with anyio.CancelScope(shield=True):
        await in_thread(desk.ledger.close_attempt, request.attempt_id, outcome, desk.who, events)
    call.stream.end(str(outcome.state))
    for event in events:
        await desk.emit(event)
