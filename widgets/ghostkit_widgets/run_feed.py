"""What a page is told of one run: text in batches, status now and then, the whole picture when asked.

Messages to the page (dicts, JSON-ready; every one has `kind`, `run` and `seq`, which counts them from 1):

    text      {section, pos, delta, more?}    `delta` belongs at character `pos` of that section's text; what other
                                              sections got meanwhile is in `more`, a list of the same three
    section   {section, number, title, place, status, text?}
                                              a section began or ended; `text` only where it differs from what was
                                              streamed
    status    {status}                        `Run.status()`, a few times a second at most
    snapshot  {book, status, sections}        the answer to `resync`; each of `sections` has what `section` has and
                                              `pos` and `text`: all of its text from character `pos` on

A position counts characters (Unicode code points), which is not what JavaScript counts. `place` sorts sections in
reading order. `publish` is given the same snapshot, as a value that outlives the messages, when sections end.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ghostkit.book import Chapter, Section
    from ghostkit.workbench import Run

FLUSH_S = 0.04
"""Text waits this long for more: 25 messages a second, which the eye takes for a flow."""
STATUS_S = 0.34
"""At most three status messages a second between changes of state."""
GROWTH = 1.25
"""A snapshot is published when the prose has grown by a quarter: all of them together stay linear in the prose."""

Message = dict[str, Any]
Send = Callable[[Message], None]
Later = Callable[[float, Callable[[], None]], Callable[[], None] | None]
"""Calls something after so many seconds; gives what takes the call back, or None where there is no timer."""


def on_running_loop(delay_s: float, act: Callable[[], None]) -> Callable[[], None] | None:
    """A timer on the asyncio loop that runs here; there is none on another loop."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    return loop.call_later(delay_s, act).cancel


@dataclass(kw_only=True)
class _Open:
    """A section that is being written: its text so far, and how many characters of it have been sent."""

    text: str = ""
    sent: int = 0
    waiting: list[str] = field(default_factory=list)


class RunFeed:
    """Listens to a run while pages look at it, and not longer than the run lasts."""

    def __init__(
        self,
        run: Run,
        send: Send,
        publish: Send,
        *,
        later: Later = on_running_loop,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.run = run
        self._send_message = send
        self._publish = publish
        self._later = later
        self._clock = clock
        # Pages' requests may come in another thread than the run's.
        self._lock = threading.RLock()
        self._seq = 0
        self._open: dict[str, _Open] = {}
        self._pages: set[str] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self._disarm: Callable[[], None] | None = None
        self._flushed_at = self._told_at = clock()
        self._published = 0

    # ── pages come and go ─────────────────────────────────────────────────────────────────────────────────

    @property
    def listening(self) -> bool:
        return self._unsubscribe is not None

    def start(self) -> None:
        """Listen from now on. Pages needn't ask first: where a kernel is busy they couldn't."""
        with self._lock:
            if self.listening:
                return
            so_far = {id: "".join(pieces) for id, pieces in self.run.progress_meter.texts.items()}
            self._open = {id: _Open(text=text, sent=len(text)) for id, text in so_far.items()}
            if not self.run.done:
                self._unsubscribe = self.run.subscribe(self._heard)

    def stop(self) -> None:
        """Listen no more; what waits to be sent is sent."""
        with self._lock:
            if self._unsubscribe is None:
                return
            self._flush()
            self._unsubscribe()
            self._unsubscribe = None

    def resync(self, page: str, have: Mapping[str, int]) -> None:
        """A page has come, or has lost the thread: send what it lacks. `have` is section id → characters it has."""
        with self._lock:
            self._pages.add(page)
            if not self.listening:
                self.start()
                self._publish_now()
            self._flush()
            self._send("snapshot", self.snapshot(have))

    def leave(self, page: str) -> None:
        """A page shows the run no more; after the last one nothing is sent or counted."""
        with self._lock:
            self._pages.discard(page)
            if not self._pages:
                self.stop()

    # ── the run's side ────────────────────────────────────────────────────────────────────────────────────

    def _heard(self, kind: str, data: Mapping[str, Any]) -> None:
        with self._lock:
            if kind == "text":
                self._take(data["section"], data["delta"])
            elif kind == "section":
                self._section_ended(data["section"])
            else:
                self._state_changed()

    def _take(self, section_id: str, delta: str) -> None:
        opened = self._open.get(section_id)
        if opened is None:
            opened = self._open[section_id] = _Open()
            self._tell_section(section_id)
        opened.waiting.append(delta)
        if self._disarm is not None:
            return
        self._disarm = self._later(FLUSH_S, self._time_is_up)
        if self._disarm is None and self._clock() - self._flushed_at >= FLUSH_S:
            self._flush()

    def _time_is_up(self) -> None:
        with self._lock:
            self._flush()
            if self._clock() - self._told_at >= STATUS_S:
                self._tell_status()

    def _flush(self) -> None:
        if self._disarm is not None:
            self._disarm()
            self._disarm = None
        self._flushed_at = self._clock()
        parts = []
        for section_id, opened in self._open.items():
            if opened.waiting:
                delta = "".join(opened.waiting)
                opened.waiting.clear()
                parts.append({"section": section_id, "pos": opened.sent, "delta": delta})
                opened.text += delta
                opened.sent += len(delta)
        if parts:
            self._send("text", {**parts[0], "more": parts[1:]} if parts[1:] else parts[0])

    def _section_ended(self, section_id: str) -> None:
        self._flush()
        final = self._section(section_id)[2].content
        opened = self._open.get(section_id)
        if not final:
            self._tell_section(section_id)  # stopped or failed: what there is stays
            return
        streamed = self._open.pop(section_id).text if opened else ""
        self._tell_section(section_id, None if streamed.strip() == final.strip() else final)
        self._tell_status()
        if sum(len(section.content) for _, _, section in self._wanted()) >= GROWTH * self._published:
            self._publish_now()

    def _state_changed(self) -> None:
        self._flush()
        self._tell_status()
        if self.run.done:
            self._publish_now()
            self.stop()

    # ── what is said ──────────────────────────────────────────────────────────────────────────────────────

    def snapshot(self, have: Mapping[str, int] | None = None) -> Message:
        """The whole picture, less the first `have[section]` characters of each section."""
        sections = []
        for place, chapter, section in self._wanted():
            opened = self._open.get(section.id)
            text = opened.text if opened else section.content
            if text:
                pos = min(max((have or {}).get(section.id, 0), 0), len(text))
                sections.append({**_named(place, chapter, section), "pos": pos, "text": text[pos:]})
        return {
            "run": self.run.id,
            "seq": self._seq,
            "book": self.run.book.title,
            "status": self._status(),
            "sections": sections,
        }

    def _publish_now(self) -> None:
        snapshot = self.snapshot()
        self._published = sum(len(section["text"]) for section in snapshot["sections"])
        self._publish(snapshot)

    def _tell_section(self, section_id: str, text: str | None = None) -> None:
        place, chapter, section = self._section(section_id)
        self._send("section", _named(place, chapter, section) | ({"text": text} if text is not None else {}))

    def _tell_status(self) -> None:
        self._told_at = self._clock()
        self._send("status", {"status": self._status()})

    def _status(self) -> Message:
        status = self.run.status()
        if self.run.done and self.run.progress_meter.started is None:
            # A run of an earlier process wrote nothing in this one; its prose has words all the same.
            status["words"] = len(self.run.text().split())
        return status

    def _send(self, kind: str, content: Message) -> None:
        self._seq += 1
        self._send_message({**content, "kind": kind, "run": self.run.id, "seq": self._seq})

    # ── the book ──────────────────────────────────────────────────────────────────────────────────────────

    def _wanted(self) -> Iterator[tuple[list[int], Chapter, Section]]:
        for c, chapter in enumerate(self.run.book.value.chapters):
            for s, section in enumerate(chapter.sections):
                if self.run.goal.wants_section(chapter, section):
                    yield [c, s], chapter, section

    def _section(self, section_id: str) -> tuple[list[int], Chapter, Section]:
        return next(found for found in self._wanted() if found[2].id == section_id)


def _named(place: list[int], chapter: Chapter, section: Section) -> Message:
    return {
        "section": section.id,
        "number": f"{chapter.number}.{section.number}",
        "title": section.title,
        "place": place,
        "status": str(section.status),
    }
