"""Rows of the ledger (attempts, revisions, runs) and requests for vectors as rows of the projection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ghostkit.analytics.from_events import NOWHERE, Places, Row, VectorEvent, retries_before
from ghostkit.analytics.history import History
from ghostkit.analytics.values import as_flag, as_real, as_text, as_whole
from ghostkit.ledger import AttemptState


def generation(book: str, row: Row, places: Places, history: History) -> Row:
    """Of an attempt, as `ATTEMPT_COLUMNS`."""
    (
        _id, uid, object, kind, variant, number, state, model, template, fingerprint, ceiling, cost, cost_known,
        tokens_in, tokens_out, cached, cache_write, reasoning, usage_source, request_id, started_at, first_token_s,
        total_s, error, actor, run_id, version, before,
    ) = row  # fmt: skip
    slot = f"{object}/{kind}/{variant}"
    unsettled = state in (AttemptState.OPEN, AttemptState.IN_DOUBT)
    in_doubt = ceiling if state == AttemptState.OPEN else cost if unsettled else 0.0
    return (
        book, uid, number, object, kind, variant, *places.get(object, NOWHERE), model.partition(":")[0], model,
        template, fingerprint, run_id, actor, version, started_at, state, tokens_in, tokens_out, cached, cache_write,
        reasoning, usage_source, _ms(total_s), _ms(first_token_s),
        0.0 if unsettled else cost if cost_known else None, bool(cost_known), in_doubt, uid in history.cached,
        retries_before(history, slot, run_id, started_at, before), *history.context_of(slot, run_id, started_at),
        request_id, error,
    )  # fmt: skip


def revision(book: str, row: Row, places: Places) -> Row:
    """Of a revision, as `REVISION_COLUMNS`; its state is not known here."""
    id, object, kind, base, origin, author, run_id, attempt, model, created_at, digest, text, purged = row
    return (
        book, id, object, kind, *places.get(object, NOWHERE), "earlier", base, origin, author, "", attempt or "",
        model or "", run_id, created_at, len(text.split()), len(text), text, digest, bool(purged),
    )  # fmt: skip


def run(book: str, row: Row) -> Row:
    """Of a run, as `RUN_COLUMNS`."""
    id, goal, state, model, actor, version, started_at, ended_at, reason = row
    try:
        json.loads(goal)
    except ValueError:
        goal = json.dumps(goal)
    return (book, id, goal, state, model, actor, version, started_at, ended_at, reason)


def embedding(book: str, id: str, told: Sequence[VectorEvent]) -> Row:
    """Of all events about one request for vectors, in order."""
    data = [event[3] for event in told]
    types = [event[0] for event in told]
    ended = any(type != "embedding_started" for type in types)
    model = _last(as_text(one, "model") or None for one in data) or ""
    cost, known = _last(as_real(one, "cost_usd") for one in data), _last(as_flag(one, "cost_known") for one in data)
    known = cost is not None if known is None else known
    tokens = _last(_either(as_whole(one, "tokens"), as_whole(one, "input_tokens")) for one in data)
    ending = "complete" if "embedding_completed" in types else "error" if ended else "open"
    return (
        book, id, told[0][1], model.partition(":")[0], model, _last(as_text(one, "role") or None for one in data) or "",
        _last(as_whole(one, "texts") for one in data), _last(as_whole(one, "characters") for one in data), tokens,
        _last(as_real(one, "ms") for one in data), 0.0 if not ended else (cost or 0.0) if known else None,
        known if ended else True, 0.0 if ended else _last(as_real(one, "most_usd") for one in data) or 0.0,
        ending, _last(as_text(one, "reason") or None for one in data) or "", told[0][2],
    )  # fmt: skip


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _either(first: Any, second: Any) -> Any:
    return second if first is None else first


def _last(values: Iterable[Any]) -> Any:
    """The last that is there."""
    found = None
    for value in values:
        found = found if value is None else value
    return found
