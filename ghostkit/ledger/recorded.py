"""The answers that a ledger holds, for whoever wants to hear them again; read without changing or locking anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostkit.ledger import blobs, receipts
from ghostkit.ledger.looking import reading

ENDINGS = ("complete", "length", "refused")
"""Attempts that ended like this have an answer that the same request would get again."""


@dataclass(frozen=True, kw_only=True)
class RecordedRequest:
    """What was asked, and where its answer lies; `number` rises in the order of asking."""

    number: int
    slot: str
    model: str
    ending: str
    parameters: Mapping[str, Any]
    """`max_tokens` among them."""
    messages: tuple[tuple[str, tuple[str, ...]], ...]
    """(role, parts) in order."""


@dataclass(frozen=True, kw_only=True)
class RecordedAnswer:
    """One answer: text, ending, tokens as they were counted, and how long it took."""

    attempt_id: str
    model: str
    text: str
    ending: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    usage_source: str
    first_token_s: float | None
    total_s: float | None


class RecordedLedger:
    """A ledger as a recording. Each method is a look of its own, so it may be written meanwhile.

    They raise `LedgerDamaged`, `LedgerTooNew`, `LedgerError` for an earlier ghostkit's, `StorageError`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def models(self) -> list[str]:
        """Who gave the answers, by name."""
        with reading(self.path) as sql:
            marks = ", ".join("?" * len(ENDINGS))
            rows = sql.execute(f"SELECT DISTINCT model FROM attempt WHERE state IN ({marks}) ORDER BY model", ENDINGS)
            return [row[0] for row in rows]

    def requests(self, known: Collection[int] = ()) -> list[RecordedRequest]:
        """Every answered request but those whose numbers are `known`; what a purge has touched is left out."""
        with reading(self.path) as sql:
            return list(_requests(sql, frozenset(known)))

    def answer(self, number: int) -> RecordedAnswer | None:
        """The answer to a request; None if it was purged since."""
        with reading(self.path) as sql:
            row = sql.execute("SELECT * FROM attempt WHERE id = ?", (number,)).fetchone()
            text = None if row is None else _text(sql, row["text_id"])
            return None if row is None or text is None else _answer(row, text)


def _requests(sql: sqlite3.Connection, known: frozenset[int]) -> Iterator[RecordedRequest]:
    marks = ", ".join("?" * len(ENDINGS))
    rows = sql.execute(
        "SELECT attempt.id, attempt.model, attempt.state, step.object, step.kind, step.variant FROM attempt "
        "JOIN step ON step.id = attempt.step_id LEFT JOIN blob ON blob.id = attempt.text_id "
        f"WHERE attempt.state IN ({marks}) AND (attempt.text_id IS NULL OR blob.data IS NOT NULL) ORDER BY attempt.id",
        ENDINGS,
    ).fetchall()
    unpacked: dict[int, bytes] = {}
    parts: dict[int, str | None] = {}
    for row in rows:
        if row["id"] in known:
            continue
        receipt = receipts.decode(receipts.unpack(sql, row["id"], unpacked))
        for blob in {blob for _, blobs_ in receipt.messages for blob in blobs_} - parts.keys():
            parts[blob] = _text(sql, blob)
        messages = tuple((role, tuple(parts[blob] for blob in blobs_)) for role, blobs_ in receipt.messages)
        kept = tuple((role, tuple(part for part in of if part is not None)) for role, of in messages)
        if kept == messages:
            yield RecordedRequest(
                number=row["id"],
                slot=f"{row['object']}/{row['kind']}/{row['variant']}",
                model=row["model"],
                ending=row["state"],
                parameters=receipt.parameters,
                messages=kept,
            )


def _text(sql: sqlite3.Connection, blob: int | None) -> str | None:
    """None for a text that was purged."""
    if blob is None:
        return ""
    row = sql.execute("SELECT data FROM blob WHERE id = ?", (blob,)).fetchone()
    return None if row is None or row["data"] is None else blobs.decompress(row["data"]).decode()


def _answer(row: sqlite3.Row, text: str) -> RecordedAnswer:
    return RecordedAnswer(
        attempt_id=row["uid"],
        model=row["model"],
        text=text,
        ending=row["state"],
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cached_tokens=row["cached_tokens"],
        cache_write_tokens=row["cache_write_tokens"],
        reasoning_tokens=row["reasoning_tokens"],
        usage_source=row["usage_source"],
        first_token_s=row["first_token_s"],
        total_s=row["total_s"],
    )
