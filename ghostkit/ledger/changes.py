"""A change of the book's structure, from the moment it is decided until folder and ledger both show it.

The ledger and `book.json` can't be written in one stroke. So the change is first recorded here together with its
texts and its event, in one transaction; whoever opens the book after a crash finds it and finishes it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ghostkit import faults
from ghostkit.events import Event
from ghostkit.ledger import blobs, journal, revisions
from ghostkit.ledger.connection import Connection
from ghostkit.ledger.values import Origin, Revision, Who


@dataclass(frozen=True, kw_only=True)
class NewText:
    """A text that a change brings with it: the new head of its object, if the head is still `base_id`."""

    object_id: str
    kind: str
    text: str
    origin: Origin
    base_id: int | None = None
    attempt_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class PendingChange:
    """A change not finished yet; `in_book` says that `book.json` has it and only files are missing."""

    change: Mapping[str, Any]
    in_book: bool


class ChangeActs:
    """The part of a `SqliteLedger` that deals with the structure's changes."""

    _connection: Connection

    def begin_change(
        self, change: Mapping[str, Any], texts: Sequence[NewText], who: Who, events: Sequence[Event] = ()
    ) -> None:
        with self._connection.transaction() as sql:
            for text in texts:
                _add(sql, text, who)
            sql.execute("INSERT INTO pending_change VALUES (1, ?, 0)", (json.dumps(dict(change), ensure_ascii=False),))
            journal.insert(sql, events, who)
            faults.point("restructure.before_commit")
        faults.point("restructure.after_commit")

    def pending_change(self) -> PendingChange | None:
        with self._connection.reading() as sql:
            row = sql.execute("SELECT change, in_book FROM pending_change").fetchone()
        return PendingChange(change=json.loads(row[0]), in_book=bool(row[1])) if row else None

    def change_is_in_book(self) -> None:
        with self._connection.transaction() as sql:
            sql.execute("UPDATE pending_change SET in_book = 1")

    def end_change(self) -> None:
        with self._connection.transaction() as sql:
            sql.execute("DELETE FROM pending_change")
            faults.point("restructure.before_end")
        faults.point("restructure.after_end")


def _add(sql: sqlite3.Connection, text: NewText, who: Who) -> Revision:
    revisions.check_base(sql, text.object_id, text.kind, text.base_id)
    return revisions.append(
        sql, text.object_id, text.kind, blobs.put(sql, text.text), who, origin=text.origin, attempt_id=text.attempt_id
    )
