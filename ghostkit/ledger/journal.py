"""The event log inside the ledger."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ghostkit.events import Event
from ghostkit.ledger import blobs
from ghostkit.ledger.interning import key_digest, who_id
from ghostkit.ledger.values import StoredEvent, Who


def insert(connection: sqlite3.Connection, events: Iterable[Event], who: Who) -> list[Event]:
    """Record events in the caller's transaction; those whose `key` is there already are left out."""
    fresh = []
    for event in events:
        cursor = connection.execute(
            "INSERT OR IGNORE INTO event (type, data, at, source, who_id, key) VALUES (?, ?, ?, ?, ?, ?)",
            (
                str(event.type),
                _packed(event.data),
                event.timestamp.timestamp(),
                event.source,
                who_id(connection, who, event.run_id),
                key_digest(event.key),
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
        "SELECT event.*, actor, run_id, version FROM event JOIN who ON who.id = who_id "
        f"WHERE seq > ? {wanted} ORDER BY seq {order} LIMIT ?",
        (after, *types, limit),
    ).fetchall()
    events = [_stored(row) for row in rows]
    return events[::-1] if newest else events


def _stored(row: sqlite3.Row) -> StoredEvent:
    return StoredEvent(
        seq=row["seq"],
        type=row["type"],
        data=_unpacked(row["data"]),
        timestamp=datetime.fromtimestamp(row["at"], UTC),
        source=row["source"],
        run_id=row["run_id"],
        actor=row["actor"],
        ghostkit_version=row["version"],
    )


def _packed(data: Mapping[str, Any]) -> bytes:
    """JSON, compressed: events are many and alike, and would be a fifth of the ledger as plain text."""
    return blobs.compress(json.dumps(dict(data), ensure_ascii=False, separators=(",", ":")).encode())


def _unpacked(packed: bytes) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(blobs.decompress(packed))
    return data
