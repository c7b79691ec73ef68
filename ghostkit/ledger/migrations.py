"""Numbered, forward-only migrations; each runs in one transaction together with its record, after a backup."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ghostkit import faults
from ghostkit.errors import LedgerTooNew
from ghostkit.ledger import packed_receipts

MIGRATIONS: Sequence[tuple[str, str | Callable[[sqlite3.Connection], None]]] = (
    (
        "steps",
        """
        CREATE TABLE blob (
            id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, data BLOB,
            codec INTEGER NOT NULL, purged_at REAL, purge_reason TEXT);
        CREATE TABLE who (
            id INTEGER PRIMARY KEY, actor TEXT NOT NULL, run_id TEXT NOT NULL, version TEXT NOT NULL,
            UNIQUE (actor, run_id, version));
        CREATE TABLE digest (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE);
        CREATE TABLE step (
            id INTEGER PRIMARY KEY, object TEXT NOT NULL, kind TEXT NOT NULL, variant INTEGER NOT NULL,
            state TEXT NOT NULL, who_id INTEGER NOT NULL REFERENCES who, created_at REAL NOT NULL,
            updated_at REAL NOT NULL);
        CREATE UNIQUE INDEX step_slot ON step (object, kind, variant) WHERE state != 'superseded';
        CREATE TABLE attempt (
            id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, step_id INTEGER NOT NULL REFERENCES step,
            number INTEGER NOT NULL, state TEXT NOT NULL, model TEXT NOT NULL, base_url TEXT NOT NULL,
            template TEXT NOT NULL, fingerprint BLOB NOT NULL, request TEXT NOT NULL,
            cost_ceiling_usd REAL NOT NULL, cost_usd REAL NOT NULL DEFAULT 0,
            input_tokens INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0,
            cached_tokens INTEGER NOT NULL DEFAULT 0, usage_source TEXT NOT NULL DEFAULT 'estimated',
            text_id INTEGER REFERENCES blob, error TEXT NOT NULL DEFAULT '', started_at REAL NOT NULL,
            first_token_s REAL, total_s REAL, who_id INTEGER NOT NULL REFERENCES who);
        CREATE INDEX attempt_step ON attempt (step_id);
        CREATE INDEX attempt_open ON attempt (state) WHERE state = 'open';
        CREATE TABLE input (
            attempt_id INTEGER NOT NULL REFERENCES attempt, name TEXT NOT NULL,
            digest_id INTEGER NOT NULL REFERENCES digest, PRIMARY KEY (attempt_id, name)) WITHOUT ROWID;
        CREATE TABLE partial (
            attempt_id INTEGER NOT NULL REFERENCES attempt, seq INTEGER NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (attempt_id, seq)) WITHOUT ROWID;
        """,
    ),
    (
        "revisions_and_events",
        """
        CREATE TABLE revision (
            id INTEGER PRIMARY KEY, object TEXT NOT NULL, kind TEXT NOT NULL, base_id INTEGER,
            origin TEXT NOT NULL, text_id INTEGER NOT NULL REFERENCES blob,
            attempt_id INTEGER REFERENCES attempt, who_id INTEGER NOT NULL REFERENCES who,
            created_at REAL NOT NULL);
        CREATE INDEX revision_object ON revision (object, kind);
        CREATE TABLE head (
            object TEXT NOT NULL, kind TEXT NOT NULL, revision_id INTEGER NOT NULL REFERENCES revision,
            PRIMARY KEY (object, kind)) WITHOUT ROWID;
        CREATE TABLE event (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, data BLOB NOT NULL, at REAL NOT NULL,
            source TEXT NOT NULL, who_id INTEGER NOT NULL REFERENCES who, key BLOB);
        CREATE UNIQUE INDEX event_key ON event (key) WHERE key IS NOT NULL;
        """,
    ),
    (
        "runs_lease_and_files",
        """
        CREATE TABLE run (
            id TEXT PRIMARY KEY, goal TEXT NOT NULL, state TEXT NOT NULL, model TEXT NOT NULL,
            actor TEXT NOT NULL, version TEXT NOT NULL, started_at REAL NOT NULL, ended_at REAL,
            reason TEXT NOT NULL DEFAULT '');
        CREATE TABLE lease (
            id INTEGER PRIMARY KEY CHECK (id = 1), token INTEGER NOT NULL, holder TEXT NOT NULL,
            acquired_at REAL NOT NULL, heartbeat_at REAL NOT NULL, released_at REAL);
        CREATE TABLE file (
            path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
            hash BLOB NOT NULL, rendered BLOB) WITHOUT ROWID;
        """,
    ),
    ("packed_receipts_and_proposals", packed_receipts.apply),
    (
        "owners_of_files_and_changes_of_structure",
        """
        ALTER TABLE file ADD COLUMN owner TEXT;
        CREATE TABLE pending_change (
            id INTEGER PRIMARY KEY CHECK (id = 1), change TEXT NOT NULL, in_book INTEGER NOT NULL);
        """,
    ),
    (
        "costs_of_real_vendors",
        """
        ALTER TABLE attempt ADD COLUMN cache_write_tokens INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE attempt ADD COLUMN reasoning_tokens INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE attempt ADD COLUMN request_id TEXT NOT NULL DEFAULT '';
        ALTER TABLE attempt ADD COLUMN cost_known INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE attempt ADD COLUMN characters TEXT NOT NULL DEFAULT '';
        """,
    ),
)
"""Name and SQL (or function) of each migration; the schema's version is how many have run."""

LATEST = len(MIGRATIONS)


def schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: Path | None, *, upto: int = LATEST) -> list[str]:
    """Bring the schema to `upto`; returns the names that ran. Raises `LedgerTooNew` for a later one's file."""
    version = schema_version(connection)
    if version > LATEST:
        raise LedgerTooNew(
            f"The ledger {path} has schema {version}, newer than this ghostkit knows ({LATEST}).",
            fix="Upgrade ghostkit; the file was not touched.",
        )
    if version >= upto:
        return []
    if path is not None and version > 0:
        _back_up(connection, path, version)
    names = []
    for number in range(version, upto):
        _apply(connection, number)
        names.append(MIGRATIONS[number][0])
    return names


def _apply(connection: sqlite3.Connection, number: int) -> None:
    name, change = MIGRATIONS[number]
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the write lock.
        if schema_version(connection) == number:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT, applied_at REAL)"
            )
            if callable(change):
                change(connection)
            else:
                for statement in filter(None, map(str.strip, change.split(";"))):
                    connection.execute(statement)
            connection.execute("INSERT INTO migration VALUES (?, ?, ?)", (number + 1, name, time.time()))
            connection.execute(f"PRAGMA user_version = {number + 1}")
        faults.point("migration.before_commit")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    faults.point("migration.after_commit")


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the ledger beside itself, whole or not at all, so that a migration can be undone by hand."""
    target = path.with_name(f"{path.name}.v{version}.backup")
    if target.exists():
        return
    faults.point("migration.before_backup")
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        copy = sqlite3.connect(temporary)
        try:
            connection.backup(copy)
        finally:
            copy.close()
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    faults.point("migration.after_backup")


def _sync_folder(path: Path) -> None:
    """Make the backup's name durable before anything is migrated, where a folder can be synced."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Network shares and FUSE refuse to sync a folder; they have no better promise to make.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EISDIR):
            raise
    finally:
        os.close(descriptor)
