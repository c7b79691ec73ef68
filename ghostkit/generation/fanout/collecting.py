"""From what the contestants did and the ledger recorded to one row a model."""

from __future__ import annotations

from collections.abc import Sequence

from ghostkit.generation.fanout.contest import Contestant
from ghostkit.generation.fanout.result import CostSource, ModelResult
from ghostkit.generation.service import GenerationService
from ghostkit.ledger import Attempt, AttemptState, in_thread
from ghostkit.providers import Ending, Usage


async def result_of(service: GenerationService, contestant: Contestant, *, won: bool = False) -> ModelResult:
    """The ledger is asked: of a model that was stopped it alone knows what came and what that cost."""
    spec, step = contestant.spec, contestant.result
    attempts = await in_thread(service.ledger.attempts, spec.slot)
    last = attempts[-1] if attempts else None
    text = step.text if step is not None else ""
    if step is None and last is not None:
        text = await in_thread(service.ledger.partial_text, last.id)
    ending = _ending(contestant, last)
    return ModelResult(
        model=spec.model,
        slot=spec.slot,
        text=text,
        ending=ending,
        error=step.error if step is not None else contestant.error,
        first_token_ms=_since(contestant.begun_at, contestant.first_text_at),
        total_ms=_since(contestant.begun_at, contestant.ended_at),
        usage=_usage(attempts),
        cost_usd=sum(one.cost_usd for one in attempts),
        cost_source=_cost_source(service, contestant, attempts),
        attempts=len(attempts),
        attempt_id=last.id if last is not None else "",
        served_by=step.served_by if step is not None else ("provider" if last is not None else ""),
        won=won and ending is Ending.COMPLETE,
    )


def _ending(contestant: Contestant, last: Attempt | None) -> Ending:
    if contestant.result is not None:
        return contestant.result.ending
    if contestant.error is not None:
        return Ending.ERROR
    # Stopped: in the middle of an answer; between two tries; or before it was asked.
    stopped_late = last is not None and last.state is AttemptState.COMPLETE
    return Ending.COMPLETE if stopped_late else Ending.CANCELLED


def _usage(attempts: Sequence[Attempt]) -> Usage:
    return Usage(
        input_tokens=sum(one.input_tokens for one in attempts),
        output_tokens=sum(one.output_tokens for one in attempts),
        source="reported" if attempts and all(one.usage_source == "reported" for one in attempts) else "estimated",
    )


def _cost_source(service: GenerationService, contestant: Contestant, attempts: Sequence[Attempt]) -> CostSource:
    if not attempts:
        return "none"
    provider, model = service.provider_for(contestant.spec.model)
    info = provider.info(model)
    if (info.local or info.pretends) and not any(one.cost_usd for one in attempts):
        return "free"
    if contestant.result is not None and contestant.result.usage.cost_usd is not None:
        return "vendor"
    if not all(one.cost_known for one in attempts):
        return "unknown"
    return _tokens_source(attempts)


def _tokens_source(attempts: Sequence[Attempt]) -> CostSource:
    return "reported" if _usage(attempts).source == "reported" else "estimated"


def _since(begun: float | None, then: float | None) -> float | None:
    return None if begun is None or then is None else round((then - begun) * 1000, 3)
