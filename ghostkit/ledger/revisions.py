"""The chain of revisions of each text, and which one is its head. Functions run in their caller's transaction."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime

from ghostkit.errors import LedgerError
from ghostkit.ledger import blobs
from ghostkit.ledger.interning import who_id
from ghostkit.ledger.values import Origin, Revision, Who

_REVISION = (
    "SELECT revision.*, who.actor AS author, attempt.uid AS attempt_uid, attempt.model AS model FROM revision "
    "JOIN who ON who.id = revision.who_id "
    "LEFT JOIN attempt ON attempt.id = revision.attempt_id "
)
_HEADS = _REVISION.replace("FROM revision ", "FROM head JOIN revision ON revision.id = head.revision_id ")


class StaleBase(LedgerError):
    """The head moved since the caller read it."""

    code = "stale_base"


def append(
    connection: sqlite3.Connection,
    object_id: str,
    kind: str,
    text_id: int,
    who: Who,
    *,
    origin: Origin,
    attempt_id: str | None = None,
    expected_base: int | None = None,
    check_base: bool = False,
) -> Revision:
    """Add a revision and make it the head; with `check_base` only if the head is still `expected_base`."""
    current = head(connection, object_id, kind)
    base = current.id if current else None
    if check_base and base != expected_base:
        raise StaleBase(
            f"The {kind} of {object_id} has changed since it was read.", fix="Look at the newer text, then try again."
        )
    attempt_row = connection.execute("SELECT id FROM attempt WHERE uid = ?", (attempt_id,)).fetchone()
    cursor = connection.execute(
        "INSERT INTO revision (object, kind, base_id, origin, text_id, attempt_id, who_id, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            object_id, kind, base, str(origin), text_id, attempt_row[0] if attempt_row else None,
            who_id(connection, who), time.time(),
        ),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO head VALUES (?, ?, ?) ON CONFLICT (object, kind) DO UPDATE SET revision_id = excluded.revision_id",
        (object_id, kind, cursor.lastrowid),
    )
    added = head(connection, object_id, kind)
    assert added is not None
    return added


def head(connection: sqlite3.Connection, object_id: str, kind: str) -> Revision | None:
    row = connection.execute(_HEADS + "WHERE head.object = ? AND head.kind = ?", (object_id, kind)).fetchone()
    return _revision(connection, row) if row else None


def heads(connection: sqlite3.Connection) -> list[Revision]:
    return [_revision(connection, row) for row in connection.execute(_HEADS).fetchall()]


def history(connection: sqlite3.Connection, object_id: str, kind: str) -> list[Revision]:
    """Oldest first."""
    rows = connection.execute(
        _REVISION + "WHERE object = ? AND kind = ? ORDER BY revision.id", (object_id, kind)
    ).fetchall()
    return [_revision(connection, row) for row in rows]


def _revision(connection: sqlite3.Connection, row: sqlite3.Row) -> Revision:
    return Revision(
        id=row["id"],
        object_id=row["object"],
        kind=row["kind"],
        base_id=row["base_id"],
        author=row["author"],
        origin=Origin(row["origin"]),
        text=blobs.get(connection, row["text_id"]),
        text_hash=blobs.get_hash(connection, row["text_id"]),
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        attempt_id=row["attempt_uid"],
        model=row["model"] or "",
    )
