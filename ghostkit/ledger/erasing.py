"""Taking a text out of the ledger for good: out of its rows, its pages, its log and its backups.

Hash, cost and the reason stay. What quotes the text goes with it: prompts that carried it and unfinished beginnings
of it; other revisions never do, however much of it they repeat.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ghostkit.errors import LedgerError, StorageError
from ghostkit.ledger import blobs

SCRUB = "scrub"
"""The chore that is written down with a purge and struck out when its last trace is gone from the file."""
TELLING_BYTES = 40
"""Sentences shorter than this may stand anywhere; they tell no text."""
_SEARCH = "rag_retrieval_completed"
_ENDS = ' .!?…。！？"“”«»'
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s*|\n+")


def purge(connection: sqlite3.Connection, blob_id: int, reason: str) -> bool:
    """Forget one text and what quotes it; False if it was purged already."""
    row = connection.execute("SELECT data FROM blob WHERE id = ?", (blob_id,)).fetchone()
    if row is None or row[0] is None:
        return False
    passages = telling(connection, blob_id, blobs.decompress(row[0]).decode())
    _forget(connection, [blob_id], reason)
    _forget(connection, _quoting(connection, passages), f"it quotes a purged text: {reason}")
    for attempt, text in _unfinished(connection):
        if any(passage in text for passage in passages):
            connection.execute("DELETE FROM partial WHERE attempt_id = ?", (attempt,))
    _forget_questions(connection, passages)
    connection.execute("INSERT OR IGNORE INTO chore VALUES (?)", (SCRUB,))
    return True


def blob_of_revision(connection: sqlite3.Connection, revision_id: int) -> int | None:
    row = connection.execute("SELECT text_id FROM revision WHERE id = ?", (revision_id,)).fetchone()
    return int(row[0]) if row else None


def blob_of_hash(connection: sqlite3.Connection, digest: str) -> int | None:
    row = connection.execute("SELECT id FROM blob WHERE hash = ?", (bytes.fromhex(digest),)).fetchone()
    return int(row[0]) if row else None


def passages_of(text: str) -> list[str]:
    """The sentences by which a text is known again; the whole of a short one."""
    sentences = {s.strip() for s in _SENTENCE.split(text)}
    telling = [s for s in sentences if len(s.encode()) >= TELLING_BYTES]
    return telling or [s for s in [text.strip()] if len(s.encode()) >= TELLING_BYTES // 3]


def telling(connection: sqlite3.Connection, blob_id: int, text: str) -> list[str]:
    """Its passages that no other revision has."""
    passages = passages_of(text)
    others = connection.execute(
        "SELECT data FROM blob WHERE id IN (SELECT text_id FROM revision) AND id != ? AND data IS NOT NULL", (blob_id,)
    )
    for row in others:
        other = blobs.decompress(row[0]).decode()
        passages = [passage for passage in passages if passage not in other]
    return passages


def _quoting(connection: sqlite3.Connection, passages: list[str]) -> list[int]:
    """Texts that hold one of the passages and are nobody's revision."""
    rows = connection.execute(
        "SELECT id, data FROM blob WHERE id NOT IN (SELECT text_id FROM revision) AND data IS NOT NULL"
    )
    found = []
    for number, data in rows:
        text = blobs.decompress(data).decode()
        if any(passage in text for passage in passages):
            found.append(number)
    return found


def _forget_questions(connection: sqlite3.Connection, passages: list[str]) -> None:
    """Take out the query of every search that asked for one of the passages, or for a telling part of one."""
    rows = connection.execute("SELECT seq, data FROM event WHERE type = ?", (_SEARCH,)).fetchall()
    for seq, packed in rows:
        data = json.loads(blobs.decompress(packed))
        query = str(data.get("query", "")).strip(_ENDS)
        told = len(query.encode()) >= TELLING_BYTES
        if any(passage.strip(_ENDS) in query or (told and query in passage) for passage in passages):
            changed = json.dumps({**data, "query": blobs.PURGED}, ensure_ascii=False, separators=(",", ":"))
            connection.execute("UPDATE event SET data = ? WHERE seq = ?", (blobs.compress(changed.encode()), seq))


def _unfinished(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """What there is of each text that is being written."""
    pieces: dict[int, list[str]] = {}
    for attempt, text in connection.execute("SELECT attempt_id, text FROM partial ORDER BY attempt_id, seq"):
        pieces.setdefault(attempt, []).append(text)
    return [(attempt, "".join(texts)) for attempt, texts in pieces.items()]


def _forget(connection: sqlite3.Connection, numbers: Iterable[int], reason: str) -> None:
    connection.executemany(
        "UPDATE blob SET data = NULL, purged_at = ?, purge_reason = ? WHERE id = ?",
        [(time.time(), reason, number) for number in numbers],
    )


# ── the file ──────────────────────────────────────────────────────────────────────────────────────────────────


def scrub_due(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM chore WHERE name = ?", (SCRUB,)).fetchone() is not None


def scrub(connection: sqlite3.Connection, path: Path | None) -> None:
    """Leave no byte of what was purged in the file, its log or its backups; can be done again at any time."""
    if path is not None:
        purged = [row[0] for row in connection.execute("SELECT hash FROM blob WHERE data IS NULL")]
        for backup in _backups(path):
            _scrub_backup(backup, purged)
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise LedgerError(
                f"The text is purged, but another process is reading {path}, and its log can't be cleared meanwhile.",
                fix="Close the other process (a notebook, a status view), then purge again.",
            )
    connection.execute("DELETE FROM chore WHERE name = ?", (SCRUB,))
    if path is not None:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _backups(path: Path) -> Iterator[Path]:
    yield from sorted(path.parent.glob(f"{path.name}.v*.backup"))
    for unfinished in path.parent.glob(f".{path.name}.v*.backup.tmp"):
        unfinished.unlink(missing_ok=True)


def _scrub_backup(backup: Path, purged: list[bytes]) -> None:
    try:
        copy = sqlite3.connect(backup, isolation_level=None)
        try:
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute("PRAGMA secure_delete = ON")
            copy.execute("BEGIN IMMEDIATE")
            copy.executemany("UPDATE blob SET data = NULL WHERE hash = ?", [(digest,) for digest in purged])
            copy.execute("DELETE FROM partial")  # the ledger itself has them whole, as their attempts' texts
            copy.execute("COMMIT")
            copy.execute("VACUUM")
        finally:
            copy.close()
    except sqlite3.DatabaseError as error:
        raise StorageError(
            f"The text is purged, but the backup {backup} can't be cleared of it ({error}).",
            fix="Delete the backup if it is damaged, or mend the disk, then purge again.",
        ) from error
