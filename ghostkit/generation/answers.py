"""Is what came an answer? An empty text, or one the step can't use, is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ghostkit.errors import BadAnswer, BadRequest, ProviderError
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
    if spec.parameters.get("json_schema") is not None:
        _check_json(spec, text)
    if spec.check is not None:
        spec.check(text)


def _check_json(spec: StepSpec, text: str) -> None:
    """An answer to a request with a schema is JSON, and of the schema's outermost kind with what it requires."""
    schema = spec.parameters["json_schema"]
    try:
        value = json.loads(text)
    except ValueError as error:
        where = f" (line {error.lineno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadAnswer(
            f"{spec.model} was asked for JSON and answered with something else{where}: {text.strip()[:60]!r}.",
            fix="Try again, or choose a model that keeps to a schema; the text is kept.",
        ) from None
    missing = [name for name in schema.get("required", ()) if isinstance(value, dict) and name not in value]
    expected = _KINDS.get(str(schema.get("type", "")))
    if missing or (expected is not None and not isinstance(value, expected)):
        lacks = f"{missing[0]!r} is missing" if missing else f"it is no {schema['type']}"
        raise BadAnswer(
            f"{spec.model} answered with JSON that is not of the asked shape: {lacks}.",
            fix="Try again, or choose a model that keeps to a schema; the text is kept.",
        )


_KINDS: Final[Mapping[str, type]] = {"object": dict, "array": list, "string": str}
