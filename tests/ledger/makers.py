"""Intents, outcomes and the like, with one detail changed at a time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ghostkit.events import Event, EventType
from ghostkit.ledger import AttemptState, Intent, Outcome, RunRecord, Slot, SqliteLedger, Who, text_hash

WHO = Who(actor="Ada", run_id="r-1", ghostkit_version="9.9.9")
SLOT = Slot(object_id="s-1", kind="section")
_numbers = itertools.count(1)


def intent(
    slot: Slot = SLOT,
    *,
    attempt_id: str = "",
    ceiling: float = 0.25,
    messages: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("system", ("Be brief.",)),
        ("user", ("A book.", "Write 1.1.")),
    ),
    inputs: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    **more: Any,
) -> Intent:
    return Intent(
        attempt_id=attempt_id or f"a-{next(_numbers)}",
        slot=slot,
        model="scripted:x",
        base_url="http://localhost/v1",
        fingerprint=text_hash(repr(messages)),
        messages=messages,
        parameters={"max_tokens": 100} if parameters is None else parameters,
        inputs={"brief": text_hash("a brief")} if inputs is None else inputs,
        cost_ceiling_usd=ceiling,
        template="section@1:abcd1234",
        **more,
    )


def answer(text: str = "Ada went home.", **changes: Any) -> Outcome:
    values: dict[str, Any] = {
        "state": AttemptState.COMPLETE, "text": text, "input_tokens": 12, "output_tokens": 4, "cached_tokens": 3,
        "usage_source": "reported", "cost_usd": 0.01, "first_token_s": 0.2, "total_s": 1.5,
    }  # fmt: skip
    return Outcome(**{**values, **changes})


def event(key: str | None = None, type: EventType = EventType.SECTION_COMPLETED, **data: Any) -> Event:
    return Event(type=type, data=data, source="test", key=key)


def run_record(id: str = "r-1", **changes: Any) -> RunRecord:
    values: dict[str, Any] = {
        "id": id, "goal": {"text": "the whole book", "until": [2, 3]}, "state": "running", "model": "scripted:x",
        "actor": "Ada", "started_at": datetime(2026, 11, 5, 10, 0, tzinfo=UTC), "ended_at": None, "reason": "",
    }  # fmt: skip
    return RunRecord(**{**values, **changes})


def written(ledger: SqliteLedger, text: str = "Ada went home.", slot: Slot = SLOT) -> str:
    """Carry one step through to its end; returns the attempt's id."""
    opened = ledger.open_attempt(intent(slot), WHO)
    ledger.close_attempt(opened.id, answer(text), WHO)
    return opened.id
