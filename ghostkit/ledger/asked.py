"""Every request of a book as its ledger holds it, read without changing or locking anything."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ghostkit.ledger import blobs, receipts
from ghostkit.ledger.looking import reading
from ghostkit.ledger.values import AttemptState, Slot


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One attempt: what was to be sent, and whether anything was.

    `characters` counts the message texts that are still kept; `purged_bytes` those that were taken out since.
    `cached` was answered by a cache, `unsent` failed before a byte left: neither went anywhere.
    """

    attempt_id: str
    slot: Slot
    model: str
    base_url: str
    state: AttemptState
    started_at: datetime
    characters: int
    purged_bytes: int
    answered: bool
    """Whether any text came back."""
    cached: bool
    unsent: bool
    turned_away: bool
    """It failed by the vendor's own word, so it did arrive."""


def requests_asked(path: Path) -> list[Asked]:
    """Every attempt in the ledger at `path`, oldest first; none where there is no file.

    Raises `LedgerDamaged`, `LedgerTooNew`, or `LedgerError` for a ledger of an earlier ghostkit.
    """
    if not path.exists():
        return []
    with reading(path) as sql:
        return list(_asked(sql))


def _asked(sql: sqlite3.Connection) -> Iterator[Asked]:
    lengths, known = _Lengths(sql), dict[int, bytes]()
    marks = _marks(sql)
    rows = sql.execute(
        "SELECT attempt.*, step.object, step.kind, step.variant, "
        "EXISTS (SELECT 1 FROM partial WHERE attempt_id = attempt.id) AS begun "
        "FROM attempt JOIN step ON step.id = attempt.step_id ORDER BY attempt.id"
    )
    for row in rows:
        messages = receipts.decode(receipts.unpack(sql, row["id"], known)).messages
        sizes = [lengths.of(part) for _, parts in messages for part in parts]
        joints = sum(2 * (len(parts) - 1) for _, parts in messages if parts)  # the blank lines between parts
        yield Asked(
            attempt_id=row["uid"],
            slot=Slot(object_id=row["object"], kind=row["kind"], variant=row["variant"]),
            model=row["model"],
            base_url=row["base_url"],
            state=AttemptState(row["state"]),
            started_at=datetime.fromtimestamp(row["started_at"], UTC),
            characters=sum(characters for characters, _ in sizes) + joints,
            purged_bytes=sum(purged for _, purged in sizes),
            answered=row["text_id"] is not None or bool(row["begun"]),
            cached=marks.get(row["uid"]) == "cached",
            unsent=marks.get(row["uid"]) == "unsent",
            turned_away=marks.get(row["uid"]) == "turned away",
        )


class _Lengths:
    """How long each stored text is; most prompts share most of their parts."""

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql
        self._known: dict[int, tuple[int, int]] = {}

    def of(self, blob: int) -> tuple[int, int]:
        """Characters, and bytes that were purged: one of the two is 0."""
        if blob not in self._known:
            row = self._sql.execute("SELECT size, data FROM blob WHERE id = ?", (blob,)).fetchone()
            if row["data"] is None:
                self._known[blob] = (0, int(row["size"]))
            else:
                raw = blobs.decompress(row["data"])
                if len(raw) != row["size"]:
                    raise ValueError("a stored text is cut off")
                self._known[blob] = (len(raw.decode()), 0)
        return self._known[blob]


_WORDS_OF_A_VENDOR = frozenset({"auth", "rate", "overloaded", "content", "quota", "bad_request"})
"""Kinds of failure that only an answer can bring."""


def _marks(sql: sqlite3.Connection) -> dict[str, str]:
    """What the events say of attempts: answered by a cache, failed before anything was sent, or turned away."""
    marks: dict[str, str] = {}
    for row in sql.execute("SELECT type, data FROM event WHERE type IN ('cache_hit', 'generation_failed')"):
        data = json.loads(blobs.decompress(row["data"]))
        attempt = str(data.get("attempt", ""))
        if row["type"] == "cache_hit":
            marks[attempt] = "cached"
        elif data.get("sent") is False:
            marks[attempt] = "unsent"
        elif data.get("kind") in _WORDS_OF_A_VENDOR:
            marks[attempt] = "turned away"
    return marks
