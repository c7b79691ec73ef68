"""Steps and attempts as rows. Every function runs in its caller's transaction."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from typing import Any

from ghostkit.errors import LedgerError
from ghostkit.ledger import blobs, receipts, revisions, usage
from ghostkit.ledger.interning import who_id
from ghostkit.ledger.values import (
    ATTEMPT_TRANSITIONS,
    STEP_TRANSITIONS,
    Attempt,
    AttemptState,
    Intent,
    Outcome,
    Slot,
    Step,
    StepState,
    Who,
    check_transition,
)

_ATTEMPT = (
    "SELECT attempt.*, step.object, step.kind, step.variant, who.run_id FROM attempt "
    "JOIN step ON step.id = attempt.step_id JOIN who ON who.id = attempt.who_id "
)
_STEP = (
    "SELECT step.*, actor, run_id, version, "
    "(SELECT fingerprint FROM attempt WHERE step_id = step.id ORDER BY id DESC LIMIT 1) AS fingerprint "
    "FROM step JOIN who ON who.id = step.who_id "
)


def find(connection: sqlite3.Connection, slot: Slot) -> Step | None:
    """The slot's current step, if it has one."""
    row = connection.execute(
        _STEP + "WHERE object = ? AND kind = ? AND variant = ? AND state != 'superseded'",
        (slot.object_id, slot.kind, slot.variant),
    ).fetchone()
    return _step(row) if row else None


def every(connection: sqlite3.Connection) -> list[Step]:
    rows = connection.execute(_STEP + "WHERE state != 'superseded' ORDER BY step.id").fetchall()
    return [_step(row) for row in rows]


def move(connection: sqlite3.Connection, step: Step, state: StepState) -> None:
    check_transition(STEP_TRANSITIONS, step.state, state, f"step {step.slot}")
    connection.execute("UPDATE step SET state = ?, updated_at = ? WHERE id = ?", (str(state), time.time(), step.id))


def _create(connection: sqlite3.Connection, slot: Slot, who: Who) -> Step:
    now = time.time()
    connection.execute(
        "INSERT INTO step (object, kind, variant, state, who_id, created_at, updated_at) "
        "VALUES (?, ?, ?, 'pending', ?, ?, ?)",
        (slot.object_id, slot.kind, slot.variant, who_id(connection, who), now, now),
    )
    step = find(connection, slot)
    assert step is not None
    return step


def open_attempt(connection: sqlite3.Connection, intent: Intent, who: Who) -> Attempt:
    """Record the intent: the step (made if new) opens, the attempt's row, request parts and inputs are written."""
    step = find(connection, intent.slot) or _create(connection, intent.slot, who)
    if step.state is StepState.OPEN:
        raise LedgerError(f"Step {intent.slot} is open already.", fix="Another task of this process is writing it.")
    move(connection, step, StepState.OPEN)
    by = who_id(connection, who)
    connection.execute("UPDATE step SET who_id = ? WHERE id = ?", (by, step.id))
    number = connection.execute("SELECT count(*) FROM attempt WHERE step_id = ?", (step.id,)).fetchone()[0] + 1
    cursor = connection.execute(
        "INSERT INTO attempt (uid, step_id, number, state, model, base_url, template, fingerprint, request, "
        "cost_ceiling_usd, cost_known, characters, started_at, who_id) "
        "VALUES (?, ?, ?, 'open', ?, ?, ?, ?, '', ?, ?, ?, ?, ?)",
        (
            intent.attempt_id, step.id, number, intent.model, intent.base_url, intent.template,
            bytes.fromhex(intent.fingerprint), intent.cost_ceiling_usd, intent.cost_known,
            usage.packed(intent.characters), time.time(), by,
        ),
    )  # fmt: skip
    assert cursor.lastrowid is not None
    receipt = _receipt(connection, intent)
    packed = receipts.pack(connection, receipt, cursor.lastrowid, intent.slot.kind)
    connection.execute("UPDATE attempt SET request = ? WHERE id = ?", (packed, cursor.lastrowid))
    return attempt(connection, intent.attempt_id)


def _receipt(connection: sqlite3.Connection, intent: Intent) -> receipts.Receipt:
    messages = tuple((role, tuple(blobs.put(connection, part) for part in parts)) for role, parts in intent.messages)
    for text in intent.texts:
        blobs.put(connection, text)
    base = intent.base_id
    if base is None:
        base = revisions.head_id(connection, intent.slot.object_id, intent.slot.kind)
    plan = {"base": base, "note": intent.note, "becomes_head": intent.becomes_head}
    return receipts.Receipt(
        parameters=dict(intent.parameters),
        plan={name: value for name, value in plan.items() if value},
        messages=messages,
        inputs=receipts.references(connection, intent.inputs),
    )


def plan_of(connection: sqlite3.Connection, uid: str) -> dict[str, Any]:
    """What the intent said should become of the answer: `base` (the head then), `note`, `becomes_head`."""
    row = connection.execute("SELECT id FROM attempt WHERE uid = ?", (uid,)).fetchone()
    return dict(receipts.receipt_of(connection, row[0]).plan)


def attempt(connection: sqlite3.Connection, uid: str) -> Attempt:
    row = connection.execute(_ATTEMPT + "WHERE attempt.uid = ?", (uid,)).fetchone()
    if row is None:
        raise _unknown(uid)
    return _attempt(row)


def _unknown(uid: str) -> LedgerError:
    return LedgerError(f"The ledger has no attempt {uid}.", fix="It belongs to another book or was never recorded.")


def attempts(connection: sqlite3.Connection, slot: Slot) -> list[Attempt]:
    """All attempts of a slot, oldest first, those of superseded steps too."""
    rows = connection.execute(
        _ATTEMPT + "WHERE step.object = ? AND step.kind = ? AND step.variant = ? ORDER BY attempt.id",
        (slot.object_id, slot.kind, slot.variant),
    ).fetchall()
    return [_attempt(row) for row in rows]


def attempts_of(connection: sqlite3.Connection, object_id: str, kind: str) -> list[Attempt]:
    """All attempts of a text in all variants, oldest first."""
    rows = connection.execute(
        _ATTEMPT + "WHERE step.object = ? AND step.kind = ? ORDER BY attempt.id", (object_id, kind)
    ).fetchall()
    return [_attempt(row) for row in rows]


def open_attempts(connection: sqlite3.Connection) -> list[Attempt]:
    return [_attempt(row) for row in connection.execute(_ATTEMPT + "WHERE attempt.state = 'open'").fetchall()]


def add_partial(connection: sqlite3.Connection, uid: str, seq: int, text: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO partial SELECT id, ?, ? FROM attempt WHERE uid = ? AND state = 'open'",
        (seq, text, uid),
    )


def partial_text(connection: sqlite3.Connection, uid: str) -> str:
    """What there is of an unfinished attempt's text."""
    row = connection.execute("SELECT id, text_id FROM attempt WHERE uid = ?", (uid,)).fetchone()
    if row is None:
        return ""
    if row["text_id"] is not None:
        return blobs.get(connection, row["text_id"], purged="")
    pieces = connection.execute("SELECT text FROM partial WHERE attempt_id = ? ORDER BY seq", (row["id"],))
    return "".join(piece[0] for piece in pieces)


def close_attempt(connection: sqlite3.Connection, uid: str, outcome: Outcome) -> tuple[Attempt, int | None]:
    """Record how the attempt ended and move its step; returns the attempt and the blob of its text."""
    now = attempt(connection, uid)
    check_transition(ATTEMPT_TRANSITIONS, now.state, outcome.state, f"attempt {uid}")
    text = outcome.text or partial_text(connection, uid)
    text_id = blobs.put(connection, text) if text else None
    connection.execute(
        "UPDATE attempt SET state = ?, cost_usd = ?, cost_known = ?, input_tokens = ?, output_tokens = ?, "
        "cached_tokens = ?, cache_write_tokens = ?, reasoning_tokens = ?, usage_source = ?, request_id = ?, "
        "text_id = ?, error = ?, first_token_s = ?, total_s = ? WHERE uid = ?",
        (
            str(outcome.state), outcome.cost_usd, outcome.cost_known, outcome.input_tokens, outcome.output_tokens,
            outcome.cached_tokens, outcome.cache_write_tokens, outcome.reasoning_tokens, outcome.usage_source,
            outcome.request_id, text_id, outcome.error, outcome.first_token_s, outcome.total_s, uid,
        ),
    )  # fmt: skip
    connection.execute("DELETE FROM partial WHERE attempt_id = (SELECT id FROM attempt WHERE uid = ?)", (uid,))
    step = find(connection, now.slot)
    if step is None:
        raise LedgerError(f"Attempt {uid} has no current step.", fix="The ledger was left as it was.")
    done = outcome.state is AttemptState.COMPLETE
    move(connection, step, StepState.DONE if done else StepState.STOPPED)
    return attempt(connection, uid), text_id


def served_step(connection: sqlite3.Connection, slot: Slot) -> str | None:
    """The text of a slot's completed attempt, if its current step is done."""
    row = connection.execute(
        "SELECT attempt.text_id FROM attempt JOIN step ON step.id = attempt.step_id WHERE step.object = ? AND "
        "step.kind = ? AND step.variant = ? AND step.state = 'done' AND attempt.state = 'complete' "
        "ORDER BY attempt.id DESC LIMIT 1",
        (slot.object_id, slot.kind, slot.variant),
    ).fetchone()
    return blobs.get(connection, row[0], purged="") if row else None


def request_of(connection: sqlite3.Connection, uid: str) -> dict[str, Any]:
    """The exact request of an attempt: model, parameters, messages (purged parts say so), template, inputs."""
    row = connection.execute(
        "SELECT attempt.*, actor FROM attempt JOIN who ON who.id = who_id WHERE uid = ?", (uid,)
    ).fetchone()
    if row is None:
        raise _unknown(uid)
    receipt = receipts.receipt_of(connection, row["id"])
    return {
        "model": row["model"],
        "base_url": row["base_url"],
        "template": row["template"],
        "parameters": dict(receipt.parameters),
        "messages": [
            {"role": role, "parts": [blobs.get(connection, part) for part in parts]} for role, parts in receipt.messages
        ],
        "inputs": receipts.Names(connection).inputs(receipt.inputs),
        "actor": row["actor"],
    }


def _step(row: sqlite3.Row) -> Step:
    return Step(
        id=row["id"],
        slot=Slot(object_id=row["object"], kind=row["kind"], variant=row["variant"]),
        state=StepState(row["state"]),
        fingerprint=bytes(row["fingerprint"] or b"").hex(),
        actor=row["actor"],
        run_id=row["run_id"],
        ghostkit_version=row["version"],
    )


def _attempt(row: sqlite3.Row) -> Attempt:
    return Attempt(
        id=row["uid"],
        slot=Slot(object_id=row["object"], kind=row["kind"], variant=row["variant"]),
        number=row["number"],
        state=AttemptState(row["state"]),
        model=row["model"],
        fingerprint=bytes(row["fingerprint"]).hex(),
        cost_ceiling_usd=row["cost_ceiling_usd"],
        cost_usd=row["cost_usd"],
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cached_tokens=row["cached_tokens"],
        cache_write_tokens=row["cache_write_tokens"],
        reasoning_tokens=row["reasoning_tokens"],
        usage_source=row["usage_source"],
        cost_known=bool(row["cost_known"]),
        request_id=row["request_id"],
        characters=usage.unpacked(row["characters"]),
        started_at=datetime.fromtimestamp(row["started_at"], UTC),
        first_token_s=row["first_token_s"],
        total_s=row["total_s"],
        error=row["error"],
        run_id=row["run_id"],
    )
