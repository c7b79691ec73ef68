"""The ledger in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ghostkit import faults
from ghostkit.events import Event, EventType
from ghostkit.ledger import journal, proposals, revisions, steps, usage
from ghostkit.ledger.acts import RevisionActs, proposed
from ghostkit.ledger.changes import ChangeActs
from ghostkit.ledger.connection import Connection
from ghostkit.ledger.lease import Lease
from ghostkit.ledger.migrations import LATEST
from ghostkit.ledger.usage import REMEMBERED
from ghostkit.ledger.values import (
    Attempt,
    AttemptState,
    FileRecord,
    Intent,
    Origin,
    Outcome,
    Revision,
    RunRecord,
    Slot,
    Step,
    StepState,
    StoredEvent,
    Totals,
    Who,
)


class SqliteLedger(RevisionActs, ChangeActs):
    """See `Ledger` for the contract. `path` None keeps it in memory, for tests and throw-away generations."""

    def __init__(self, path: Path | None, *, upto: int = LATEST, synchronous: str = "FULL") -> None:
        self._connection = Connection(path, upto=upto, synchronous=synchronous)
        self._lease = Lease(self._connection)

    # ── steps and attempts ────────────────────────────────────────────────────────────────────────────────

    def open_attempt(self, intent: Intent, who: Who, events: Sequence[Event] = ()) -> Attempt:
        with self._connection.transaction() as sql:
            self._lease.check(sql)
            attempt = steps.open_attempt(sql, intent, who)
            journal.insert(sql, events, who)
            faults.point("intent.before_commit")
        faults.point("intent.after_commit")
        return attempt

    def add_partial(self, attempt_id: str, seq: int, text: str) -> None:
        with self._connection.transaction() as sql:
            faults.point("stream.before_flush")
            self._lease.check(sql)
            steps.add_partial(sql, attempt_id, seq, text)
        faults.point("stream.after_flush")

    def close_attempt(
        self, attempt_id: str, outcome: Outcome, who: Who, events: Sequence[Event] = ()
    ) -> tuple[Attempt, Revision | None]:
        with self._connection.transaction() as sql:
            self._lease.check(sql)
            closed = _closed(sql, attempt_id, outcome, who, events)
            faults.point("result.before_commit")
        faults.point("result.after_commit")
        return closed

    def add_answer(
        self, intent: Intent, outcome: Outcome, who: Who, events: Sequence[Event] = ()
    ) -> tuple[Attempt, Revision | None]:
        with self._connection.transaction() as sql:
            self._lease.check(sql)
            steps.open_attempt(sql, intent, who)
            closed = _closed(sql, intent.attempt_id, outcome, who, events)
            faults.point("result.before_commit")
        faults.point("result.after_commit")
        return closed

    def recover(self, who: Who) -> list[Attempt]:
        with self._connection.transaction() as sql:
            self._lease.check(sql)
            doubtful = steps.open_attempts(sql)
            for attempt in doubtful:
                outcome = Outcome(
                    state=AttemptState.IN_DOUBT,
                    cost_usd=attempt.cost_ceiling_usd,
                    cost_known=attempt.cost_known,
                    error="the process ended before the answer was recorded",
                )
                steps.close_attempt(sql, attempt.id, outcome)
                event = Event(
                    type=EventType.GENERATION_IN_DOUBT,
                    data={
                        "slot": str(attempt.slot), "attempt": attempt.id, "most_usd": attempt.cost_ceiling_usd,
                    },
                    source="ledger",
                    key=f"in_doubt:{attempt.id}",
                )  # fmt: skip
                journal.insert(sql, [event], who)
            sql.execute(
                "UPDATE run SET state = 'interrupted', ended_at = ?, reason = 'the process ended' "
                "WHERE ended_at IS NULL AND id != ?",
                (time.time(), who.run_id),
            )
            faults.point("recovery.before_commit")
        faults.point("recovery.after_commit")
        return doubtful

    def supersede(self, slot: Slot) -> None:
        with self._connection.transaction() as sql:
            self._lease.check(sql)
            step = steps.find(sql, slot)
            if step is not None:
                steps.move(sql, step, StepState.SUPERSEDED)

    def step(self, slot: Slot) -> Step | None:
        with self._connection.reading() as sql:
            return steps.find(sql, slot)

    def steps(self) -> list[Step]:
        with self._connection.reading() as sql:
            return steps.every(sql)

    def attempt(self, attempt_id: str) -> Attempt:
        with self._connection.reading() as sql:
            return steps.attempt(sql, attempt_id)

    def attempts(self, slot: Slot) -> list[Attempt]:
        with self._connection.reading() as sql:
            return steps.attempts(sql, slot)

    def attempts_of(self, object_id: str, kind: str) -> list[Attempt]:
        with self._connection.reading() as sql:
            return steps.attempts_of(sql, object_id, kind)

    def partial_text(self, attempt_id: str) -> str:
        with self._connection.reading() as sql:
            return steps.partial_text(sql, attempt_id)

    def finished_text(self, slot: Slot) -> str | None:
        with self._connection.reading() as sql:
            return steps.served_step(sql, slot)

    def request(self, attempt_id: str) -> Mapping[str, Any]:
        with self._connection.reading() as sql:
            return steps.request_of(sql, attempt_id)

    def totals(self, run_id: str | None = None) -> Totals:
        where, values = ("WHERE who_id IN (SELECT id FROM who WHERE run_id = ?)", (run_id,)) if run_id else ("", ())
        with self._connection.reading() as sql:
            row = sql.execute(
                "SELECT count(*), total(input_tokens), total(output_tokens), "
                "total(CASE state WHEN 'in_doubt' THEN 0 ELSE cost_usd END), "
                "total(CASE state WHEN 'in_doubt' THEN cost_usd WHEN 'open' THEN cost_ceiling_usd ELSE 0 END), "
                f"total(total_s), total(NOT cost_known) FROM attempt {where}",
                values,
            ).fetchone()
            attempts = sql.execute(f"SELECT state, count(*) FROM attempt {where} GROUP BY state", values).fetchall()
            counts = sql.execute("SELECT state, count(*) FROM step GROUP BY state").fetchall()
        return Totals(
            calls=row[0], input_tokens=int(row[1]), output_tokens=int(row[2]), cost_usd=row[3], in_doubt_usd=row[4],
            seconds=row[5], unpriced=int(row[6]),
            attempts={state: n for state, n in attempts}, steps={state: n for state, n in counts},
        )  # fmt: skip

    def reported_usage(self, limit: int = REMEMBERED) -> list[tuple[str, Mapping[str, int], int]]:
        with self._connection.reading() as sql:
            return usage.reported(sql, limit)

    def cost_by_object(self) -> dict[str, float]:
        with self._connection.reading() as sql:
            rows = sql.execute(
                "SELECT step.object, total(attempt.cost_usd) FROM attempt JOIN step ON step.id = attempt.step_id "
                "GROUP BY step.object"
            ).fetchall()
        return {row[0]: row[1] for row in rows}

    # ── events ────────────────────────────────────────────────────────────────────────────────────────────

    def record(self, events: Sequence[Event], who: Who) -> list[Event]:
        with self._connection.transaction() as sql:
            return journal.insert(sql, events, who)

    def events(
        self, after: int = 0, types: Sequence[str] = (), limit: int = -1, newest: bool = False
    ) -> list[StoredEvent]:
        with self._connection.reading() as sql:
            return journal.select(sql, after, types, limit, newest)

    # ── runs ──────────────────────────────────────────────────────────────────────────────────────────────

    def start_run(self, run: RunRecord, who: Who, events: Sequence[Event] = ()) -> None:
        with self._connection.transaction() as sql:
            sql.execute(
                "INSERT INTO run (id, goal, state, model, actor, version, started_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    run.id, json.dumps(dict(run.goal), ensure_ascii=False), run.state, run.model, run.actor,
                    who.ghostkit_version, run.started_at.timestamp(),
                ),
            )  # fmt: skip
            journal.insert(sql, events, who)
            faults.point("run.before_commit")
        faults.point("run.after_commit")

    def end_run(self, run_id: str, state: str, reason: str, who: Who, events: Sequence[Event] = ()) -> None:
        with self._connection.transaction() as sql:
            faults.point("run.before_end")
            sql.execute(
                "UPDATE run SET state = ?, ended_at = ?, reason = ? WHERE id = ?", (state, time.time(), reason, run_id)
            )
            journal.insert(sql, events, who)
        faults.point("run.after_end")

    def runs(self) -> list[RunRecord]:
        with self._connection.reading() as sql:
            rows = sql.execute("SELECT * FROM run ORDER BY started_at, rowid").fetchall()
        return [_run(row) for row in rows]

    # ── files ─────────────────────────────────────────────────────────────────────────────────────────────

    def file_records(self) -> dict[str, FileRecord]:
        with self._connection.reading() as sql:
            rows = sql.execute("SELECT * FROM file").fetchall()
        return {
            row["path"]: FileRecord(
                path=row["path"],
                size=row["size"],
                mtime_ns=row["mtime_ns"],
                text_hash=bytes(row["hash"]).hex(),
                rendered_hash=bytes(row["rendered"] or row["hash"]).hex(),
                owner=row["owner"] or "",
            )
            for row in rows
        }

    def note_files(self, records: Sequence[FileRecord]) -> None:
        with self._connection.transaction() as sql:
            sql.executemany(
                "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (r.path, r.size, r.mtime_ns, bytes.fromhex(r.text_hash), _unless_same(r), r.owner or None)
                    for r in records
                ],
            )

    # ── lease ─────────────────────────────────────────────────────────────────────────────────────────────

    def acquire_lease(self, holder: Mapping[str, Any]) -> int:
        return self._lease.acquire(holder)

    def heartbeat(self) -> None:
        self._lease.heartbeat()

    def release_lease(self) -> None:
        self._lease.release()

    def exclusive_if_free(self) -> AbstractContextManager[bool]:
        return self._lease.exclusive_if_free()

    def lease_holder(self) -> Mapping[str, Any]:
        return self._lease.holder()

    def close(self) -> None:
        self._connection.close()


def _closed(
    sql: sqlite3.Connection, attempt_id: str, outcome: Outcome, who: Who, events: Sequence[Event]
) -> tuple[Attempt, Revision | None]:
    attempt, text_id = steps.close_attempt(sql, attempt_id, outcome)
    revision = None
    if outcome.state is AttemptState.COMPLETE and text_id is not None:
        revision = _new_revision(sql, attempt, text_id, who)
    journal.insert(sql, events, who)
    return attempt, revision


def _new_revision(sql: sqlite3.Connection, attempt: Attempt, text_id: int, who: Who) -> Revision:
    """The answer's revision: the new head; or a proposal, if it is a variant or a person wrote in the meantime."""
    slot = attempt.slot
    head = revisions.head(sql, slot.object_id, slot.kind)
    plan = steps.plan_of(sql, attempt.id)
    moved = plan.get("base") != (head.id if head else None)
    conflict = not slot.variant and moved and head is not None and head.origin is Origin.HUMAN
    base = head.id if head and not slot.variant else plan.get("base")
    revision = revisions.add(
        sql, slot.object_id, slot.kind, text_id, who,
        origin=Origin.GENERATED, base_id=base, attempt_id=attempt.id,
    )  # fmt: skip
    if conflict or (slot.variant and (moved or not plan.get("becomes_head"))):
        proposal = proposals.propose(sql, revision, "conflict" if conflict else "rewrite", plan.get("note", ""))
        journal.insert(sql, [proposed(proposal)], who)
    else:
        revisions.point_head(sql, revision)
    return revision


def _unless_same(record: FileRecord) -> bytes | None:
    return None if record.rendered_hash == record.text_hash else bytes.fromhex(record.rendered_hash)


def _run(row: sqlite3.Row) -> RunRecord:
    return RunRecord(
        id=row["id"],
        goal=json.loads(row["goal"]),
        state=row["state"],
        model=row["model"],
        actor=row["actor"],
        started_at=datetime.fromtimestamp(row["started_at"], UTC),
        ended_at=datetime.fromtimestamp(row["ended_at"], UTC) if row["ended_at"] else None,
        reason=row["reason"],
    )
