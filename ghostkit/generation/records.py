"""How a call is written down: its events, usage and price."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, Literal, cast

from ghostkit.errors import CircuitOpen, ProviderError
from ghostkit.events import Event, EventType
from ghostkit.generation.spec import StepSpec
from ghostkit.ledger import AttemptState, Intent, Outcome
from ghostkit.providers import ModelInfo, Request, Usage
from ghostkit.providers.estimating import characters_sent, estimate_count, estimate_tokens, observe


def intent_of(spec: StepSpec, request: Request, info: ModelInfo, ceiling_usd: float | None) -> Intent:
    """What is committed of a request before it leaves; `ceiling_usd` None: nobody knows what it can cost."""
    return Intent(
        attempt_id=request.attempt_id,
        slot=spec.slot,
        model=f"{info.provider}:{info.model}",
        base_url=info.base_url,
        fingerprint=request.fingerprint(info.provider, info.base_url),
        messages=tuple((message.role, message.parts) for message in request.messages),
        parameters={"max_tokens": request.max_tokens, **request.parameters},
        inputs=spec.inputs,
        cost_ceiling_usd=ceiling_usd or 0.0,
        cost_known=ceiling_usd is not None,
        characters=characters_sent(request),
        template=spec.prompt.template,
        base_id=spec.base_id,
        note=spec.note,
        becomes_head=spec.becomes_head,
        texts=tuple(spec.texts),
    )


def started_event(intent: Intent) -> Event:
    return Event(
        type=EventType.GENERATION_STARTED,
        data={"slot": str(intent.slot), "attempt": intent.attempt_id, "model": intent.model},
        source="generation",
    )


def ended_event(
    request: Request, model: str, outcome: Outcome, error: ProviderError | None = None, *, sent: bool = True
) -> Event:
    """Completed, failed or stopped, as the outcome says. `sent` False: nothing can have left."""
    data: dict[str, object] = {"slot": request.slot, "attempt": request.attempt_id}
    if outcome.state is AttemptState.COMPLETE:
        data |= {
            "model": model,
            "input_tokens": outcome.input_tokens,
            "output_tokens": outcome.output_tokens,
            "ms": round((outcome.total_s or 0.0) * 1000),
            "cost_usd": outcome.cost_usd if outcome.cost_known else None,
        }
        return Event(type=EventType.GENERATION_COMPLETED, data=data, source="generation")
    if outcome.state is AttemptState.ERROR:
        kind = error.kind if error is not None else "server"
        data |= {"kind": kind, "reason": outcome.error, "sent": sent and not _never_left(error)}
        return Event(type=EventType.GENERATION_FAILED, data=data, source="generation")
    data |= {"ending": str(outcome.state), "kept_characters": len(outcome.text)}
    return Event(type=EventType.GENERATION_STOPPED, data=data, source="generation")


def _never_left(error: ProviderError | None) -> bool:
    """Failed before the vendor was sent anything: no key, no connection, or a breaker that was open."""
    return isinstance(error, CircuitOpen) or (error is not None and error.rejected and error.status is None)


def priced(
    outcome: Outcome, request: Request, info: ModelInfo, error: ProviderError | None = None, thoughts: str = ""
) -> Outcome:
    """With its cost, and with estimated token counts where the provider reported none.

    What the vendor rejected costs nothing. A call that broke is estimated at its input and what came of it, the
    `thoughts` among it; counts that were reported before it broke are kept where they say more.
    """
    if error is not None and error.rejected:
        return replace(outcome, **_NOTHING_USED)
    if outcome.usage_source == "estimated":
        outcome = _estimated(outcome, request, f"{info.provider}:{info.model}", thoughts)
    elif outcome.input_tokens:
        observe(request, info.provider, outcome.input_tokens)
    usage = usage_of(outcome)
    known = usage.cost_usd is not None or info.prices_known
    return replace(outcome, cost_usd=info.cost_usd(usage) if known else 0.0, cost_known=known)


_NOTHING_USED: Final[dict[str, Any]] = {
    "input_tokens": 0,
    "output_tokens": 0,
    "cached_tokens": 0,
    "cache_write_tokens": 0,
    "reasoning_tokens": 0,
    "cost_usd": 0.0,
    "cost_known": True,
}


def _estimated(outcome: Outcome, request: Request, model: str, thoughts: str) -> Outcome:
    # An answer that goes on from an earlier one holds that too, but was only paid for what is new.
    kept = sum(len(message.text) for message in request.messages if message.role == "assistant")
    thought = max(outcome.reasoning_tokens, estimate_tokens(thoughts, model))
    return replace(
        outcome,
        input_tokens=outcome.input_tokens or estimate_count(request, model.partition(":")[0]).tokens,
        output_tokens=max(outcome.output_tokens, thought + estimate_tokens(outcome.text[kept:], model)),
        reasoning_tokens=thought,
    )


def usage_of(outcome: Outcome) -> Usage:
    return Usage(
        input_tokens=outcome.input_tokens,
        output_tokens=outcome.output_tokens,
        cached_tokens=outcome.cached_tokens,
        cache_write_tokens=outcome.cache_write_tokens,
        reasoning_tokens=outcome.reasoning_tokens,
        cost_usd=outcome.vendor_cost_usd,
        source=cast(Literal["reported", "estimated"], outcome.usage_source),
    )
