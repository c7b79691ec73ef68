"""Values that come again and again, stored once and referred to by number: who did something, and digests."""

from __future__ import annotations

import hashlib
import sqlite3

from ghostkit.ledger.values import Who

KEY_BYTES = 12
"""Of an event's key only a digest is stored: enough to tell keys apart, and a third of their length."""


def who_id(connection: sqlite3.Connection, who: Who, run_id: str = "") -> int:
    """The number of (actor, run, version), made if it is new; `run_id` goes before the one in `who`."""
    key = (who.actor, run_id or who.run_id, who.ghostkit_version)
    return _number(connection, "who", "actor, run_id, version", key)


def digest_id(connection: sqlite3.Connection, digest: str) -> int:
    """The number of a SHA-256 (hex), made if it is new."""
    return _number(connection, "digest", "hash", (bytes.fromhex(digest),))


def key_digest(key: str | None) -> bytes | None:
    return None if key is None else hashlib.sha256(key.encode()).digest()[:KEY_BYTES]


def _number(connection: sqlite3.Connection, table: str, columns: str, values: tuple[object, ...]) -> int:
    places = ", ".join("?" * len(values))
    found = connection.execute(f"SELECT id FROM {table} WHERE ({columns}) = ({places})", values).fetchone()
    if found is None:
        cursor = connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)
        assert cursor.lastrowid is not None
        return cursor.lastrowid
    return int(found[0])
