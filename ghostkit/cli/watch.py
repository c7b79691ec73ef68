"""What there is to see of a run, gathered from its updates and its book's events; views only draw it."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ghostkit.events import Event, EventType

if TYPE_CHECKING:
    from ghostkit.workbench import Run

_NAMED = re.compile(r'"(?:title|name)":\s*("(?:[^"\\]|\\.)*")')
TAIL_CHARACTERS = 4000
"""How much of a text in the making is kept for showing its last lines."""

_DOING = {
    "outline": "planning the book",
    "characters": "casting its people",
    "chapter_outline": "planning chapter {chapter}",
    "chapter_summary": "summing up chapter {chapter}",
    "glossary": "listing its terms",
    "span8_summary": "summing up the eight chapters up to chapter {chapter}",
    "span64_summary": "summing up the sixty-four chapters up to chapter {chapter}",
}


@dataclass(kw_only=True)
class OpenSection:
    """A section in the making."""

    id: str
    place: tuple[int, int]
    title: str
    chapter: str
    began: float = field(default_factory=time.monotonic)
    tail: str = ""
    words: int = 0

    @property
    def number(self) -> str:
        return f"{self.place[0]}.{self.place[1]}"

    def add(self, piece: str) -> None:
        # Counted by the pieces' own gaps: joining the whole text for every piece would cost its square.
        joined = bool(self.tail) and not self.tail[-1].isspace() and not piece[:1].isspace()
        self.words += len(piece.split()) - (1 if joined and piece.strip() else 0)
        self.tail = (self.tail + piece)[-TAIL_CHARACTERS:]


@dataclass(frozen=True, kw_only=True)
class EndedSection:
    """A section that came to an end in this run; `whole` unless its text did not come out."""

    number: str
    title: str
    words: int
    seconds: float
    whole: bool
    reason: str = ""
    status: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The run's, at that moment."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A plan or summary in the making: `doing` says what it is; of a plan there are the names so far."""

    doing: str
    names: tuple[str, ...] = ()
    prose: str = ""


class Watch:
    """Follows one run. Everything happens on the run's own loop."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.open: dict[str, OpenSection] = {}
        self.ended: deque[EndedSection] = deque()
        """Sections to be told of; whoever tells takes them out."""
        self.news: deque[str] = deque()
        """Other things to be told once."""
        self.doing: dict[str, str] = {}
        """Texts in the making that are not prose: slot → words for it."""
        self.cost_usd = 0.0
        self.stopping = False
        self._reasons: dict[str, str] = {}
        self._stop_listening = run.subscribe(self._on_update)
        run.book.events.subscribe_all(self._on_event)

    def close(self) -> None:
        self._stop_listening()
        self.run.book.events.unsubscribe(None, self._on_event)

    def draft(self) -> Draft | None:
        """The text in the making that is not prose, as far as it is; None while there is none."""
        for slot, doing in self.doing.items():
            text = next((s.text for s in self.run.book.streams.active() if s.slot == slot), "")
            planned = "summary" not in slot
            names = tuple(_unquoted(found) for found in _NAMED.findall(text)) if planned else ()
            return Draft(doing=doing, names=names, prose="" if planned else text[-TAIL_CHARACTERS:])
        return None

    # ── what comes in ─────────────────────────────────────────────────────────────────────────────────────

    def _on_update(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "text":
            self._section(data["section"]).add(data["delta"])
        elif kind == "section":
            self._end(data["section"], str(data["status"]), data.get("words"))

    def _section(self, section_id: str) -> OpenSection:
        there = self.open.get(section_id)
        if there is None:
            chapter, section = self.run.book.manuscript.section(section_id)
            place = (chapter.number, section.number)
            there = OpenSection(id=section_id, place=place, title=section.title, chapter=chapter.title)
            self.open[section_id] = there
        return there

    def _end(self, section_id: str, status: str, words: int | None = None) -> None:
        was = self._section(section_id)
        del self.open[section_id]
        section = self.run.book.manuscript.section(section_id)[1]
        self.ended.append(
            EndedSection(
                number=was.number,
                title=section.title,
                words=section.word_count if words is None else words,
                seconds=time.monotonic() - was.began,
                whole=status in ("complete", "edited"),
                reason=self._reasons.pop(section_id, ""),
                status=self.run.status(),
            )
        )

    def _on_event(self, event: Event) -> None:
        act = _ACTS.get(event.type)
        if act is not None:
            act(self, event.data)

    def _started(self, data: Mapping[str, Any]) -> None:
        slot = str(data.get("slot", ""))
        object_id, _, rest = slot.partition("/")
        kind = rest.partition("/")[0]
        if kind == "section":
            self._section(object_id)
        elif kind in _DOING:
            numbers = {chapter.id: chapter.number for chapter in self.run.book.value.chapters}
            self.doing[slot] = _DOING[kind].format(chapter=numbers.get(object_id, "?"))

    def _finished(self, data: Mapping[str, Any]) -> None:
        self.doing.pop(str(data.get("slot", "")), None)
        self.cost_usd += float(data.get("cost_usd") or 0.0)

    def _retried(self, data: Mapping[str, Any]) -> None:
        self.news.append(f"The call failed ({data.get('reason')}); trying again in {data.get('delay_s')} s.")
        object_id = str(data.get("slot", "")).partition("/")[0]
        if object_id in self.open:
            self.open[object_id].tail, self.open[object_id].words = "", 0

    def _section_failed(self, data: Mapping[str, Any]) -> None:
        self._reasons[str(data.get("section"))] = str(data.get("reason", ""))
        for ended in [e for e in self.ended if e.number == data.get("number") and not e.reason and not e.whole]:
            self.ended[self.ended.index(ended)] = replace(ended, reason=str(data.get("reason", "")))

    def _error(self, data: Mapping[str, Any]) -> None:
        if data.get("where") == "checkpoints":
            self.news.append(str(data.get("reason")))

    def _edited(self, data: Mapping[str, Any]) -> None:
        self.news.append(f"Your edit of {data.get('path')} is taken in.")

    def _in_doubt(self, data: Mapping[str, Any]) -> None:
        self.news.append(
            "A call of a run that was killed is in doubt: it can have cost "
            f"${float(data.get('most_usd') or 0):.4f} at most; its text is asked for again."
        )


_ACTS = {
    EventType.GENERATION_STARTED: Watch._started,
    EventType.GENERATION_COMPLETED: Watch._finished,
    EventType.GENERATION_FAILED: Watch._finished,
    EventType.GENERATION_STOPPED: Watch._finished,
    EventType.GENERATION_RETRY: Watch._retried,
    EventType.SECTION_FAILED: Watch._section_failed,
    EventType.HUMAN_EDIT: Watch._edited,
    EventType.GENERATION_IN_DOUBT: Watch._in_doubt,
    EventType.ERROR_OCCURRED: Watch._error,
}


def _unquoted(found: str) -> str:
    try:
        return str(json.loads(found))
    except ValueError:
        return found.strip('"')
