"""How a call is written down: its events, usage and price."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

from ghostkit.errors import CircuitOpen, ProviderError
from ghostkit.events import Event, EventType
from ghostkit.generation.spec import StepSpec
from ghostkit.ledger import AttemptState, Intent, Outcome
from ghostkit.providers import ModelInfo, Request, Usage

CHARACTERS_A_TOKEN = 4
"""The rough estimate used where no provider counted; labelled `estimated` wherever it ends up."""


def intent_of(spec: StepSpec, request: Request, info: ModelInfo, ceiling_usd: float) -> Intent:
    """What is committed of a request before it leaves."""
    return Intent(
        attempt_id=request.attempt_id,
        slot=spec.slot,
        model=f"{info.provider}:{info.model}",
        base_url=info.base_url,
        fingerprint=request.fingerprint(info.provider, info.base_url),
        messages=tuple((message.role, message.parts) for message in request.messages),
        parameters={"max_tokens": request.max_tokens, **request.parameters},
        inputs=spec.inputs,
        cost_ceiling_usd=ceiling_usd,
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


def ended_event(request: Request, model: str, outcome: Outcome, error: ProviderError | None = None) -> Event:
    """Completed, failed or stopped, as the outcome says."""
    data: dict[str, object] = {"slot": request.slot, "attempt": request.attempt_id}
    if outcome.state is AttemptState.COMPLETE:
        data |= {
            "model": model,
            "input_tokens": outcome.input_tokens,
            "output_tokens": outcome.output_tokens,
            "ms": round((outcome.total_s or 0.0) * 1000),
            "cost_usd": outcome.cost_usd,
        }
        return Event(type=EventType.GENERATION_COMPLETED, data=data, source="generation")
    if outcome.state is AttemptState.ERROR:
        kind = error.kind if error is not None else "server"
        data |= {"kind": kind, "reason": outcome.error, "sent": not _never_left(error)}
        return Event(type=EventType.GENERATION_FAILED, data=data, source="generation")
    data |= {"ending": str(outcome.state), "kept_characters": len(outcome.text)}
    return Event(type=EventType.GENERATION_STOPPED, data=data, source="generation")


def _never_left(error: ProviderError | None) -> bool:
    """Failed before the vendor was sent anything: no key, no connection, or a breaker that was open."""
    return isinstance(error, CircuitOpen) or (error is not None and error.rejected and error.status is None)


def priced(outcome: Outcome, request: Request, info: ModelInfo) -> Outcome:
    """With its cost, and with estimated token counts where the provider reported none."""
    if outcome.usage_source == "estimated":
        sent = sum(len(message.text) for message in request.messages)
        # An answer that goes on from an earlier one holds that too, but was only paid for what is new.
        kept = sum(len(message.text) for message in request.messages if message.role == "assistant")
        outcome = replace(
            outcome,
            input_tokens=sent // CHARACTERS_A_TOKEN + 1,
            output_tokens=-(-(len(outcome.text) - kept) // CHARACTERS_A_TOKEN),
        )
    return replace(outcome, cost_usd=info.cost_usd(usage_of(outcome)))


def usage_of(outcome: Outcome) -> Usage:
    return Usage(
        input_tokens=outcome.input_tokens,
        output_tokens=outcome.output_tokens,
        cached_tokens=outcome.cached_tokens,
        source=cast(Literal["reported", "estimated"], outcome.usage_source),
    )
