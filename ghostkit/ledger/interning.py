"""Values that come again and again, stored once and referred to by number: who did something, names, digests.

A name's or digest's number comes from its own hash (the next free one, if two share it), so that their tables need
no second index, and a number never depends on what else is in the ledger.
"""

from __future__ import annotations

import hashlib
import sqlite3

from ghostkit.ledger.values import Who

KEY_BYTES = 12
"""Of an event's key only a digest is stored: enough to tell keys apart, and a third of their length."""
NAME_NUMBERS = 1 << 21
DIGEST_NUMBERS = 1 << 27
"""How many numbers there are: as many as three and (with one bit for what it is) four bytes of a varint hold."""


def who_id(connection: sqlite3.Connection, who: Who, run_id: str = "") -> int:
    """The number of (actor, run, version), made if it is new; `run_id` goes before the one in `who`."""
    key = (who.actor, run_id or who.run_id, who.ghostkit_version)
    found = connection.execute("SELECT id FROM who WHERE (actor, run_id, version) = (?, ?, ?)", key).fetchone()
    if found is None:
        cursor = connection.execute("INSERT INTO who (actor, run_id, version) VALUES (?, ?, ?)", key)
        assert cursor.lastrowid is not None
        return cursor.lastrowid
    return int(found[0])


def name_id(connection: sqlite3.Connection, name: str) -> int:
    """The number of an input's name, made if it is new."""
    wanted = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % NAME_NUMBERS
    return _number(connection, "name", "text", name, wanted, NAME_NUMBERS)


def digest_id(connection: sqlite3.Connection, digest: bytes) -> int:
    """The number of a SHA-256, made if it is new."""
    return _number(connection, "digest", "hash", digest, int.from_bytes(digest[:4]) % DIGEST_NUMBERS, DIGEST_NUMBERS)


def key_digest(key: str | None) -> bytes | None:
    return None if key is None else hashlib.sha256(key.encode()).digest()[:KEY_BYTES]


def _number(
    connection: sqlite3.Connection, table: str, column: str, value: str | bytes, wanted: int, numbers: int
) -> int:
    while True:
        found = connection.execute(f"SELECT {column} FROM {table} WHERE id = ?", (wanted,)).fetchone()
        if found is None:
            connection.execute(f"INSERT INTO {table} (id, {column}) VALUES (?, ?)", (wanted, value))
            return wanted
        if found[0] == value:
            return wanted
        wanted = (wanted + 1) % numbers
