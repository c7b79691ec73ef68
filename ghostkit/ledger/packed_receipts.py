"""Migration 4: receipts packed, and tables for proposals, judgements and what is still to be tidied up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from ghostkit.ledger import receipts

_TABLES = (
    "ALTER TABLE digest RENAME TO digest_before",
    "CREATE TABLE digest (id INTEGER PRIMARY KEY, hash BLOB NOT NULL)",
    "CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
    "CREATE TABLE proposal (revision_id INTEGER PRIMARY KEY REFERENCES revision, state TEXT NOT NULL, "
    "source TEXT NOT NULL, note TEXT NOT NULL, decided_at REAL, decided_by INTEGER REFERENCES who, "
    "decision TEXT NOT NULL DEFAULT '')",
    "CREATE TABLE judgement (id INTEGER PRIMARY KEY, revision_id INTEGER NOT NULL REFERENCES revision, "
    "inputs BLOB NOT NULL, note TEXT NOT NULL, who_id INTEGER NOT NULL REFERENCES who, at REAL NOT NULL)",
    "CREATE INDEX judgement_revision ON judgement (revision_id)",
    "CREATE TABLE chore (name TEXT PRIMARY KEY) WITHOUT ROWID",
)


def apply(connection: sqlite3.Connection) -> None:
    """Make the tables, then turn each attempt's JSON request and rows of inputs into one packed receipt."""
    for statement in _TABLES:
        connection.execute(statement)
    for attempt, kind, request in _attempts(connection):
        stored = json.loads(request)
        inputs = connection.execute(
            "SELECT name, hash FROM input JOIN digest_before ON digest_before.id = digest_id WHERE attempt_id = ?",
            (attempt,),
        ).fetchall()
        receipt = receipts.Receipt(
            parameters=stored["parameters"],
            messages=tuple((role, tuple(parts)) for role, parts in stored["messages"]),
            inputs=receipts.references(connection, {name: bytes(digest).hex() for name, digest in inputs}),
        )
        packed = receipts.pack(connection, receipt, attempt, kind)
        connection.execute("UPDATE attempt SET request = ? WHERE id = ?", (packed, attempt))
    connection.execute("DROP TABLE input")
    connection.execute("DROP TABLE digest_before")


def _attempts(connection: sqlite3.Connection) -> Iterator[tuple[int, str, str]]:
    """Every attempt in the order they were made, a few at a time: id, its step's kind, its request as JSON."""
    last = 0
    while True:
        rows = connection.execute(
            "SELECT attempt.id, kind, request FROM attempt JOIN step ON step.id = step_id WHERE attempt.id > ? "
            "ORDER BY attempt.id LIMIT 200",
            (last,),
        ).fetchall()
        if not rows:
            return
        yield from (tuple(row) for row in rows)
        last = rows[-1][0]
