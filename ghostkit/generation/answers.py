"""Is what came an answer? An empty text, or one the step can't use, is none."""

from __future__ import annotations

from dataclasses import replace

from ghostkit.errors import BadRequest, ProviderError
from ghostkit.generation.spec import StepSpec
from ghostkit.ledger import AttemptState, Outcome


def is_usable(spec: StepSpec, text: str) -> bool:
    """Does the text hold something, and pass the step's own check?"""
    try:
        _check(spec, text)
    except ProviderError:
        return False
    return True


def checked(spec: StepSpec, outcome: Outcome, error: ProviderError | None) -> tuple[Outcome, ProviderError | None]:
    """The outcome as it is, or as a failure where its text is of no use; nothing depends on it then."""
    if outcome.state is not AttemptState.COMPLETE:
        return outcome, error
    try:
        _check(spec, outcome.text)
    except ProviderError as unusable:
        return replace(outcome, state=AttemptState.ERROR, error=unusable.message), unusable
    return outcome, None


def _check(spec: StepSpec, text: str) -> None:
    if not text.strip():
        raise BadRequest(f"{spec.model} answered with nothing.", fix="Try again, or choose another model.")
    if spec.check is not None:
        spec.check(text)
