"""The event log inside the ledger."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ghostkit.events import Event
from ghostkit.ledger.values import StoredEvent, Who


def insert(connection: sqlite3.Connection, events: Iterable[Event], who: Who) -> list[Event]:
    """Record events in the caller's transaction; those whose `key` is there already are left out."""
    fresh = []
    for event in events:
        cursor = connection.execute(
            "INSERT OR IGNORE INTO event (type, data, at, source, run_id, actor, version, key) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                str(event.type),
                json.dumps(dict(event.data), ensure_ascii=False, separators=(",", ":")),
                event.timestamp.timestamp(),
                event.source,
                event.run_id or who.run_id,
                who.actor,
                who.ghostkit_version,
                event.key,
            ),
        )
        if cursor.rowcount:
            fresh.append(event)
    return fresh


def select(
    connection: sqlite3.Connection, after: int = 0, types: Sequence[str] = (), limit: int = -1, newest: bool = False
) -> list[StoredEvent]:
    """Events in commit order, from `after` on; with `newest` the last `limit` of them."""
    wanted = f"AND type IN ({','.join('?' * len(types))})" if types else ""
    order = "DESC" if newest else "ASC"
    rows = connection.execute(
        f"SELECT * FROM event WHERE seq > ? {wanted} ORDER BY seq {order} LIMIT ?", (after, *types, limit)
    ).fetchall()
    events = [_stored(row) for row in rows]
    return events[::-1] if newest else events


def _stored(row: sqlite3.Row) -> StoredEvent:
    return StoredEvent(
        seq=row["seq"],
        type=row["type"],
        data=json.loads(row["data"]),
        timestamp=datetime.fromtimestamp(row["at"], UTC),
        source=row["source"],
        run_id=row["run_id"],
        actor=row["actor"],
        ghostkit_version=row["version"],
    )
