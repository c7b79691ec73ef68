"""How far a book is: fraction, speed and time left, from the events alone."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from ghostkit.events.event import EventLike, EventType

RECENT = 15
"""How many finished sections the estimate looks back on."""


@dataclass(frozen=True, kw_only=True)
class ProgressStats:
    """`sections_total` is 0 and `eta_s` None while unknown.

    `tokens` are output tokens, `tokens_per_s` those per second of the run, over all sections written at once;
    `elapsed_s` is the time in runs, pauses between runs left out; `cost_usd` what completed calls cost.
    """

    fraction: float
    sections_done: int
    sections_total: int
    sections_failed: int
    words: int
    tokens: int
    tokens_per_s: float
    elapsed_s: float
    eta_s: float | None
    cost_usd: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


class ProgressTracker:
    """Follows a book's events; subscribe it to all of them. Safe to read from another thread.

    The number of sections is that of the adopted outlines once every chapter has one. Before that it is
    `total_sections`, or a `sections` count in RUN_STARTED or BOOK_STARTED (of the whole book), or a guess: chapters
    without an outline count like the others. `done` has the words of sections finished before, by id. The fraction
    never falls, and is 1 only when every section is done or the book is complete.
    """

    def __init__(
        self,
        total_sections: int | None = None,
        *,
        done: Mapping[str, int] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._given_total = total_sections
        self._outlined: dict[str, int] = {}
        self._chapters = 0
        self._book = ""
        self._words: dict[str, int] = dict(done or {})
        self._failed: set[str] = set()
        self._open: dict[str, datetime] = {}
        self._spans: deque[tuple[datetime, datetime]] = deque(maxlen=RECENT)
        self._attempts: set[str] = set()
        self._tokens = 0
        self._cost_usd = 0.0
        self._run = ""
        self._running_since: datetime | None = None
        self._last_seen: datetime | None = None
        self._ran_s = 0.0
        self._complete = False
        self._highest = 0.0

    def handle(self, event: EventLike) -> None:
        """The same as `track_progress`, under the name an event manager calls."""
        self.track_progress(event)

    def track_progress(self, event: EventLike) -> None:
        """Take one event in; the same event twice counts once."""
        with self._lock:
            if event.type in _TRACKED:
                _TRACKED[EventType(event.type)](self, event)
            self._last_seen = max(event.timestamp, self._last_seen or event.timestamp)
            self._highest = max(self._highest, self._fraction())

    def get_progress(self) -> float:
        """The finished share, from 0 to 1."""
        with self._lock:
            return self._highest

    def get_stats(self) -> ProgressStats:
        """Everything at this moment, by the clock."""
        with self._lock:
            elapsed = self._elapsed()
            return ProgressStats(
                fraction=self._highest,
                sections_done=len(self._words),
                sections_total=self._total(),
                sections_failed=len(self._failed),
                words=sum(self._words.values()),
                tokens=self._tokens,
                tokens_per_s=self._tokens / elapsed if elapsed > 0 else 0.0,
                elapsed_s=elapsed,
                eta_s=self._eta(),
                cost_usd=self._cost_usd,
            )

    # What the events say

    def _started(self, event: EventLike) -> None:
        data = event.data
        self._book = str(data.get("book") or self._book)
        self._chapters = _count(data.get("chapters")) or self._chapters
        self._given_total = self._given_total or _count(data.get("sections")) or None
        self._complete = False
        if event.type == EventType.RUN_STARTED and event.run_id != self._run:
            self._run = event.run_id
            # A run that was killed told no end: it lasted until the last that was heard of it.
            self._stop_clock(self._last_seen or event.timestamp)
        if self._running_since is None:
            self._running_since = event.timestamp

    def _ended(self, event: EventLike) -> None:
        if event.type == EventType.BOOK_COMPLETED:
            self._complete = True
        self._stop_clock(event.timestamp)

    def _stop_clock(self, at: datetime) -> None:
        if self._running_since is not None:
            self._ran_s += _between(self._running_since, at)
            self._running_since = None
        self._open.clear()

    def _adopted(self, event: EventLike) -> None:
        parent, children = str(event.data.get("object", "")), event.data.get("children") or ()
        if parent == self._book or parent.startswith("b-"):
            self._book, self._chapters = parent, len(children)
        else:
            self._outlined[parent] = len(children)

    def _section_started(self, event: EventLike) -> None:
        self._open.setdefault(str(event.data.get("section", "")), event.timestamp)
        if self._running_since is None:
            self._running_since = event.timestamp

    def _section_completed(self, event: EventLike) -> None:
        section = str(event.data.get("section", ""))
        self._words[section] = _count(event.data.get("words"))
        self._failed.discard(section)
        begun = self._open.pop(section, None)
        if begun is not None:
            self._spans.append((begun, event.timestamp))

    def _section_failed(self, event: EventLike) -> None:
        section = str(event.data.get("section", ""))
        self._open.pop(section, None)
        self._failed.add(section)

    def _generated(self, event: EventLike) -> None:
        attempt = str(event.data.get("attempt", ""))
        if attempt and attempt in self._attempts:
            return
        self._attempts.add(attempt)
        self._tokens += _count(event.data.get("output_tokens"))
        cost = event.data.get("cost_usd")
        self._cost_usd += cost if isinstance(cost, int | float) and 0 <= cost < math.inf else 0.0

    # What follows from it

    def _total(self) -> int:
        known = sum(self._outlined.values())
        missing = max(0, self._chapters - len(self._outlined))
        if self._given_total and (missing or not self._chapters):
            return max(self._given_total, len(self._words))
        if not self._outlined:
            return 0
        if missing:
            known += round(missing * known / len(self._outlined))
        return max(known, len(self._words) + len(self._open))

    def _fraction(self) -> float:
        if self._complete:
            return 1.0
        total = self._total()
        share = min(1.0, len(self._words) / total) if total else 0.0
        # While a chapter has no outline its part is a guess, so the whole can't be said to be done.
        sure = self._given_total or 0 < self._chapters <= len(self._outlined)
        return share if sure else min(share, 0.99)

    def _elapsed(self) -> float:
        since = self._running_since
        return self._ran_s + (_between(since, self._clock()) if since is not None else 0.0)

    def _eta(self) -> float | None:
        """The median section's time for what is left, by how many are written at once.

        A median, because one section that waited for a rate limit must not tell the fortune of all others.
        """
        left = self._total() - len(self._words)
        if self._complete or (left <= 0 and self._total()):
            return 0.0
        if not self._spans or not self._total() or self._running_since is None:
            return None
        typical = median(_between(begun, ended) for begun, ended in self._spans)
        now = self._clock()
        under_way = sum(min(typical, _between(begun, now)) for begun in self._open.values())
        return max(0.0, left * typical - under_way) / self._at_once()

    def _at_once(self) -> float:
        """How many recent sections were being written at the same time, on average."""
        first = min(begun for begun, _ in self._spans)
        last = max(ended for _, ended in self._spans)
        busy = sum(_between(begun, ended) for begun, ended in self._spans)
        whole = _between(first, last)
        return max(1.0, busy / whole) if whole > 0 else 1.0


_TRACKED: Mapping[EventType, Callable[[ProgressTracker, EventLike], None]] = {
    EventType.RUN_STARTED: ProgressTracker._started,
    EventType.BOOK_STARTED: ProgressTracker._started,
    EventType.RUN_ENDED: ProgressTracker._ended,
    EventType.BOOK_COMPLETED: ProgressTracker._ended,
    EventType.BOOK_FAILED: ProgressTracker._ended,
    EventType.OUTLINE_ADOPTED: ProgressTracker._adopted,
    EventType.SECTION_STARTED: ProgressTracker._section_started,
    EventType.SECTION_COMPLETED: ProgressTracker._section_completed,
    EventType.SECTION_FAILED: ProgressTracker._section_failed,
    EventType.GENERATION_COMPLETED: ProgressTracker._generated,
}


def _between(earlier: datetime, later: datetime) -> float:
    """Seconds, and never less than none: clocks are set back now and then."""
    return max(0.0, (later - earlier).total_seconds())


def _count(value: Any) -> int:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
    return int(value) if usable else 0
