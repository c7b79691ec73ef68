"""The chain of revisions of each text, and which one is its head. Functions run in their caller's transaction."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime

from ghostkit.errors import LedgerError, UnknownName
from ghostkit.ledger import blobs
from ghostkit.ledger.interning import who_id
from ghostkit.ledger.values import Origin, Revision, Who

_REVISION = (
    "SELECT revision.*, who.actor AS author, attempt.uid AS attempt_uid, attempt.model AS model, blob.hash AS hash, "
    "blob.data AS data FROM revision JOIN who ON who.id = revision.who_id JOIN blob ON blob.id = revision.text_id "
    "LEFT JOIN attempt ON attempt.id = revision.attempt_id "
)
_HEADS = _REVISION.replace("FROM revision ", "FROM head JOIN revision ON revision.id = head.revision_id ")


class StaleBase(LedgerError):
    """The head moved since the caller read it."""

    code = "stale_base"


class NothingToChange(LedgerError):
    """What was asked for is so already, or was decided otherwise."""

    code = "nothing_to_change"


def add(
    connection: sqlite3.Connection,
    object_id: str,
    kind: str,
    text_id: int,
    who: Who,
    *,
    origin: Origin,
    base_id: int | None,
    attempt_id: str | None = None,
) -> Revision:
    """Add a revision; the head stays where it is."""
    attempt_row = connection.execute("SELECT id FROM attempt WHERE uid = ?", (attempt_id,)).fetchone()
    cursor = connection.execute(
        "INSERT INTO revision (object, kind, base_id, origin, text_id, attempt_id, who_id, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            object_id, kind, base_id, str(origin), text_id, attempt_row[0] if attempt_row else None,
            who_id(connection, who), time.time(),
        ),
    )  # fmt: skip
    assert cursor.lastrowid is not None
    return by_id(connection, cursor.lastrowid)


def append(
    connection: sqlite3.Connection,
    object_id: str,
    kind: str,
    text_id: int,
    who: Who,
    *,
    origin: Origin,
    attempt_id: str | None = None,
) -> Revision:
    """Add a revision on the head and make it the head."""
    added = add(
        connection, object_id, kind, text_id, who,
        origin=origin, base_id=head_id(connection, object_id, kind), attempt_id=attempt_id,
    )  # fmt: skip
    point_head(connection, added)
    return added


def point_head(connection: sqlite3.Connection, revision: Revision) -> None:
    """Make a revision its text's head, whatever was."""
    connection.execute(
        "INSERT INTO head VALUES (?, ?, ?) ON CONFLICT (object, kind) DO UPDATE SET revision_id = excluded.revision_id",
        (revision.object_id, revision.kind, revision.id),
    )


def check_base(connection: sqlite3.Connection, object_id: str, kind: str, base_id: int | None) -> None:
    """Raise `StaleBase` unless `base_id` is the head (None: there is none)."""
    current = head(connection, object_id, kind)
    if (current.id if current else None) == base_id:
        return
    now = f"it is revision {current.id} by {current.author} now" if current else "it has no text now"
    was = f"revision {base_id}" if base_id is not None else "no text"
    raise StaleBase(
        f"The {kind} of {object_id} has changed since it was read: it was {was}, and {now}.",
        fix="Look at the newer text, then try again.",
        base_id=base_id,
        head_id=current.id if current else None,
    )


def by_id(connection: sqlite3.Connection, revision_id: int) -> Revision:
    row = connection.execute(_REVISION + "WHERE revision.id = ?", (a_rows_id(revision_id),)).fetchone()
    if row is None:
        raise UnknownName(
            f"There is no revision {revision_id} in this book.", fix="`ghostkit history` lists what there is."
        )
    return _revision(row)


def a_rows_id(number: int) -> int:
    """`number`, or 0 (which no row has) for one that is larger than SQLite's."""
    return number if abs(number) < 2**63 else 0


def head_id(connection: sqlite3.Connection, object_id: str, kind: str) -> int | None:
    row = connection.execute("SELECT revision_id FROM head WHERE object = ? AND kind = ?", (object_id, kind)).fetchone()
    return int(row[0]) if row else None


def head(connection: sqlite3.Connection, object_id: str, kind: str) -> Revision | None:
    row = connection.execute(_HEADS + "WHERE head.object = ? AND head.kind = ?", (object_id, kind)).fetchone()
    return _revision(row) if row else None


def heads(connection: sqlite3.Connection) -> list[Revision]:
    return [_revision(row) for row in connection.execute(_HEADS).fetchall()]


def history(connection: sqlite3.Connection, object_id: str, kind: str) -> list[Revision]:
    """Oldest first, proposals too."""
    rows = connection.execute(
        _REVISION + "WHERE object = ? AND kind = ? ORDER BY revision.id", (object_id, kind)
    ).fetchall()
    return [_revision(row) for row in rows]


def _revision(row: sqlite3.Row) -> Revision:
    purged = row["data"] is None
    return Revision(
        id=row["id"],
        object_id=row["object"],
        kind=row["kind"],
        base_id=row["base_id"],
        author=row["author"],
        origin=Origin(row["origin"]),
        text="" if purged else blobs.decompress(row["data"]).decode(),
        text_hash=bytes(row["hash"]).hex(),
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        attempt_id=row["attempt_uid"],
        model=row["model"] or "",
        purged=purged,
    )
