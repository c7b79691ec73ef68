"""What each head is known to agree with: what it was made of, or what somebody said it is fine with."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping

from ghostkit.ledger import packing, receipts, revisions
from ghostkit.ledger.interning import who_id
from ghostkit.ledger.values import Judged, Who


def judge(connection: sqlite3.Connection, revision_id: int, inputs: Mapping[str, str], who: Who, note: str) -> None:
    """Record that a revision is fine with `inputs` (name → SHA-256 hex) as they are."""
    revisions.by_id(connection, revision_id)  # or it says that there is none
    row = connection.execute("SELECT attempt_id FROM revision WHERE id = ?", (revision_id,)).fetchone()
    raw = receipts.encode_inputs(receipts.references(connection, inputs))
    neighbour = receipts.unpack(connection, row[0]) if row[0] is not None else b""
    connection.execute(
        "INSERT INTO judgement (revision_id, inputs, note, who_id, at) VALUES (?, ?, ?, ?, ?)",
        (revision_id, packing.squeeze(raw, neighbour), note, who_id(connection, who), time.time()),
    )


class _Record:
    """Revisions, judgements and receipts by number, read once for one pass over all heads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        rows = connection.execute("SELECT id, base_id, attempt_id FROM revision").fetchall()
        self.revisions: dict[int, tuple[int | None, int | None]] = {row[0]: (row[1], row[2]) for row in rows}
        rows = connection.execute("SELECT revision_id, inputs, note FROM judgement ORDER BY id").fetchall()
        self.judgements: dict[int, tuple[bytes, str]] = {row[0]: (row[1], row[2]) for row in rows}
        self.names = receipts.Names(connection)
        self.names.read_all()
        self.known: dict[int, bytes] = {}

    def judged(self, head: int) -> Judged:
        """The latest judgement of the revision, else its attempt's inputs, else the same of its base."""
        at: int | None = head
        while at is not None and at in self.revisions:
            base, attempt = self.revisions[at]
            if at in self.judgements:
                return self._from_judgement(head, at, attempt)
            if attempt is not None:
                packed = receipts.inputs_in(receipts.unpack(self.connection, attempt, self.known))
                return Judged(revision_id=head, inputs=self.names.inputs(packed), by="attempt")
            at = base
        return Judged(revision_id=head, inputs={}, by="nothing")

    def _from_judgement(self, head: int, at: int, attempt: int | None) -> Judged:
        squeezed, note = self.judgements[at]
        neighbour = receipts.unpack(self.connection, attempt, self.known) if attempt is not None else b""
        packed = receipts.decode_inputs(packing.Reader(packing.unsqueeze(squeezed, neighbour)))
        return Judged(revision_id=head, inputs=self.names.inputs(packed), by="judgement", note=note)


def judged_inputs(connection: sqlite3.Connection) -> dict[tuple[str, str], Judged]:
    """Of every head, by (object id, kind)."""
    record = _Record(connection)
    rows = connection.execute("SELECT object, kind, revision_id FROM head").fetchall()
    return {(row[0], row[1]): record.judged(row[2]) for row in rows}
