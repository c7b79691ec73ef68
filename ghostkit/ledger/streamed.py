"""A ledger's rows since a mark, for whoever keeps a copy of them: many at once, without changing or locking anything.

Rows are only added, with these exceptions, and each has a way here to be noticed: an open attempt closes
(`attempts(also=…)`), a head moves and a proposal is decided (`standing`), a text is purged (`purged_revisions`, after
a `text_purged` event), a run ends (`runs`), and the whole file gives way to another (`Mark.is_of`).
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ghostkit.errors import GhostkitError, LedgerDamaged
from ghostkit.ledger import blobs
from ghostkit.ledger.connection import DAMAGE_FIX
from ghostkit.ledger.looking import reading

BATCH = 20_000
Row = tuple[Any, ...]

EVENT_COLUMNS = ("seq", "type", "data", "at", "source", "actor", "run_id", "version")
ATTEMPT_COLUMNS = (
    "id", "uid", "object", "kind", "variant", "number", "state", "model", "template", "fingerprint",
    "cost_ceiling_usd", "cost_usd", "cost_known", "input_tokens", "output_tokens", "cached_tokens",
    "cache_write_tokens", "reasoning_tokens", "usage_source", "request_id", "started_at", "first_token_s", "total_s",
    "error", "actor", "run_id", "version", "before",
)  # fmt: skip
REVISION_COLUMNS = (
    "id", "object", "kind", "base", "origin", "author", "run_id", "attempt", "model", "created_at", "hash", "text",
    "purged",
)  # fmt: skip
RUN_COLUMNS = ("id", "goal", "state", "model", "actor", "version", "started_at", "ended_at", "reason")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How far a copy of a ledger goes: the last row of each kind, and what that row is known again by."""

    event: int = 0
    event_at: float = 0.0
    attempt: int = 0
    attempt_uid: str = ""
    revision: int = 0
    revision_at: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; `Mark(**…)` takes it."""
        return asdict(self)


class Stream:
    """One consistent look at a ledger."""

    def __init__(self, sql: sqlite3.Connection, path: Path) -> None:
        self._sql, self._path = sql, path

    def is_of(self, mark: Mark) -> bool:
        """Does this ledger go on from `mark`? Not if it is another one, or an older copy that was put back."""
        return (
            self._one("SELECT at FROM event WHERE seq = ?", mark.event, mark.event_at)
            and self._one("SELECT uid FROM attempt WHERE id = ?", mark.attempt, mark.attempt_uid)
            and self._one("SELECT created_at FROM revision WHERE id = ?", mark.revision, mark.revision_at)
        )

    def mark(self) -> Mark:
        """The mark of all that is here now."""
        event = self._last("SELECT seq, at FROM event ORDER BY seq DESC LIMIT 1", (0, 0.0))
        attempt = self._last("SELECT id, uid FROM attempt ORDER BY id DESC LIMIT 1", (0, ""))
        revision = self._last("SELECT id, created_at FROM revision ORDER BY id DESC LIMIT 1", (0, 0.0))
        return Mark(
            event=event[0],
            event_at=event[1],
            attempt=attempt[0],
            attempt_uid=attempt[1],
            revision=revision[0],
            revision_at=revision[1],
        )

    def events(self, after: int) -> Iterator[list[Row]]:
        """Batches of rows as `EVENT_COLUMNS`, by sequence number; `data` is JSON text."""
        batches = self._batches(
            "SELECT seq, type, data, at, source, actor, run_id, version FROM event JOIN who ON who.id = who_id "
            "WHERE seq > ? ORDER BY seq",
            (after,),
        )
        for batch in batches:
            yield [(seq, type, self._text(data), *rest) for seq, type, data, *rest in batch]

    def attempts(self, after: int, also: Collection[int] = ()) -> Iterator[list[Row]]:
        """Batches as `ATTEMPT_COLUMNS`: rows with a greater id than `after`, and those whose ids are `also` given.

        `before` is when the attempt before it in the same step was started, or None.
        """
        marks = ",".join(str(int(number)) for number in also)
        yield from self._batches(
            "SELECT attempt.id, uid, object, kind, variant, number, attempt.state, model, template, "
            "lower(hex(fingerprint)), cost_ceiling_usd, cost_usd, cost_known, input_tokens, output_tokens, "
            "cached_tokens, cache_write_tokens, reasoning_tokens, usage_source, request_id, started_at, "
            "first_token_s, total_s, error, actor, run_id, version, "
            "(SELECT max(b.started_at) FROM attempt AS b WHERE b.step_id = step.id AND b.id < attempt.id) "
            "FROM attempt JOIN step ON step.id = step_id JOIN who ON who.id = attempt.who_id "
            f"WHERE attempt.id > ? OR attempt.id IN ({marks}) ORDER BY attempt.id",
            (after,),
        )

    def revisions(self, after: int) -> Iterator[list[Row]]:
        """Batches as `REVISION_COLUMNS`; the text of a purged one is empty."""
        batches = self._batches(
            "SELECT revision.id, object, kind, base_id, origin, actor, run_id, uid, model, created_at, "
            "lower(hex(hash)), data, data IS NULL FROM revision JOIN who ON who.id = revision.who_id "
            "JOIN blob ON blob.id = revision.text_id LEFT JOIN attempt ON attempt.id = attempt_id "
            "WHERE revision.id > ? ORDER BY revision.id",
            (after,),
            size=BATCH // 20,
        )
        for batch in batches:
            yield [(*row[:11], self._text(row[11]), row[12]) for row in batch]

    def open_attempts(self) -> list[int]:
        """Row ids of attempts that have not ended."""
        return [row[0] for row in self._all("SELECT id FROM attempt WHERE state = 'open' ORDER BY id")]

    def standing(self) -> tuple[set[int], dict[int, tuple[str, str]]]:
        """The revisions that are heads, and the (state, source) of every proposal by its revision."""
        heads = {row[0] for row in self._all("SELECT revision_id FROM head")}
        proposals = self._all("SELECT revision_id, state, source FROM proposal")
        return heads, {number: (state, source) for number, state, source in proposals}

    def purged_revisions(self) -> list[int]:
        """Those whose text was taken out for good."""
        query = "SELECT revision.id FROM revision JOIN blob ON blob.id = text_id WHERE data IS NULL"
        return [row[0] for row in self._all(query)]

    def purged_since(self, event: int) -> bool:
        """Was a text purged after the event of this number?"""
        return bool(self._all("SELECT 1 FROM event WHERE seq > ? AND type = 'text_purged' LIMIT 1", (event,)))

    def runs(self) -> list[Row]:
        """All of them, as `RUN_COLUMNS`."""
        return self._all("SELECT id, goal, state, model, actor, version, started_at, ended_at, reason FROM run")

    def _text(self, data: bytes | None) -> str:
        try:
            return blobs.decompress(data).decode() if data else ""
        except (ValueError, zlib.error) as error:  # pages are whole, what they hold is not
            raise LedgerDamaged(f"The ledger {self._path} is damaged ({error}).", fix=DAMAGE_FIX) from error

    def _one(self, query: str, number: int, expected: Any) -> bool:
        if not number:
            return True
        found = self._all(query, (number,))
        return bool(found) and found[0][0] == expected

    def _last(self, query: str, nothing: Row) -> Row:
        found = self._all(query)
        return found[0] if found else nothing

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        cursor = self._sql.cursor()
        cursor.row_factory = None
        return cursor.execute(query, values).fetchall()

    def _batches(self, query: str, values: Sequence[Any], size: int = BATCH) -> Iterator[list[Row]]:
        cursor = self._sql.cursor()
        cursor.row_factory = None
        cursor.execute(query, values)
        while rows := cursor.fetchmany(size):
            yield rows


@contextmanager
def streaming(path: Path) -> Iterator[Stream]:
    """A look at the ledger at `path`; what is written meanwhile is not seen.

    Raises `LedgerDamaged`, `LedgerTooNew`, `StorageError`, or `LedgerError` for a ledger of an earlier ghostkit. What
    the caller raises stays as it is.
    """
    failed: Exception | None = None
    with reading(path) as sql:
        try:
            yield Stream(sql, path)
        except (sqlite3.Error, GhostkitError):
            raise
        except Exception as error:  # `reading` would take it for a sign of damage
            failed = error
    if failed is not None:
        raise failed


def marked(stored: Mapping[str, Any]) -> Mark:
    """The mark that `Mark.as_dict` told of."""
    return Mark(**stored)
