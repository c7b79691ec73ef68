"""What earlier events mean for later rows: what a text was made with, what was tried again, what a cache had."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A retrieval that was made."""

    seq: int
    at: float
    id: str
    config: str
    slot: str
    run_id: str


@dataclass
class History:
    """Of one book, in the order of events."""

    cached: set[str] = field(default_factory=set)
    """Attempts that a cache answered."""
    retries: dict[tuple[str, str], list[tuple[float, int]]] = field(default_factory=dict)
    """(when, number of the attempt to come) by slot and run."""
    _by_slot: dict[tuple[str, str], list[Made]] = field(default_factory=dict)
    _by_object: dict[tuple[str, str], list[Made]] = field(default_factory=dict)

    def retrieved(self, made: Made, object: str, kind: str) -> None:
        self._by_slot.setdefault((made.slot, made.run_id), []).append(made)
        self._by_object.setdefault((object, kind), []).append(made)

    def before(self, object: str, kind: str, seq: int) -> str | None:
        """The last retrieval for a text before that event."""
        found = self._by_object.get((object, kind), [])
        at = bisect_left(found, seq, key=lambda made: made.seq)
        return found[at - 1].id if at else None

    def context_of(self, slot: str, run_id: str, started_at: float) -> tuple[str, str]:
        """(retrieval, config) that an attempt started then was made with; empty for none."""
        found = self._by_slot.get((slot, run_id), [])
        at = bisect_right(found, started_at, key=lambda made: made.at)
        return (found[at - 1].id, found[at - 1].config) if at else ("", "")

    @classmethod
    def read(cls, cursor: duckdb.DuckDBPyConnection, book: str) -> History:
        """What the tables say."""
        history, names = cls(), {"book": book}
        query = "SELECT DISTINCT attempt FROM cache_lookups WHERE book = $book AND hit AND attempt != ''"
        history.cached = {row[0] for row in cursor.execute(query, names).fetchall()}
        query = "SELECT slot, run_id, epoch_us(recorded_at), attempt FROM retries WHERE book = $book ORDER BY seq"
        for slot, run_id, at, number in cursor.execute(query, names).fetchall():
            history.retries.setdefault((slot, run_id), []).append((at / 1e6, number or 0))
        query = (
            "SELECT seq, epoch_us(recorded_at), retrieval, config, slot, run_id, object, kind FROM retrievals "
            "WHERE book = $book ORDER BY seq"
        )
        for seq, at, id, config, slot, run_id, object, kind in cursor.execute(query, names).fetchall():
            made = Made(seq=seq, at=at / 1e6, id=id, config=config, slot=slot, run_id=run_id)
            history.retrieved(made, object, kind)
        return history
