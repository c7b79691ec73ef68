"""Ways to show a run on stderr: live on a terminal, line by line elsewhere, as JSON lines for programs, or not."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from ghostkit.cli.terminal import is_terminal, note, note_json
from ghostkit.cli.wording import counted, duration, rough_duration

if TYPE_CHECKING:
    from ghostkit.cli.watch import EndedSection, Watch


class View(Protocol):
    """`tick` is called every `interval_s` seconds, and once more before `close`."""

    interval_s: float

    def begin(self, watch: Watch) -> None: ...
    def tick(self, watch: Watch) -> None: ...
    def close(self) -> None:
        """Leave the terminal as it was; may be called twice."""
        ...


class SilentView:
    """Shows nothing."""

    interval_s = 3600.0

    def begin(self, watch: Watch) -> None:
        return None

    def tick(self, watch: Watch) -> None:
        return None

    def close(self) -> None:
        return None


class PlainView:
    """One line a thing done: for logs, pipes and terminals that can't redraw."""

    interval_s = 0.2

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._stopping = False

    def begin(self, watch: Watch) -> None:
        run = watch.run
        _line(f"{run.book.title}: writing {run.goal_text} with {run.model}")

    def tick(self, watch: Watch) -> None:
        while watch.news:
            _line(f"  {watch.news.popleft()}")
        for slot, doing in watch.doing.items():
            if slot not in self._told:
                self._told.add(slot)
                _line(f"  {doing}")
        while watch.ended:
            _line("  " + self._ended(watch.ended.popleft()))
        if watch.stopping and not self._stopping:
            self._stopping = True
            _line("  stopping")

    def close(self) -> None:
        return None

    @staticmethod
    def _ended(ended: EndedSection) -> str:
        if not ended.whole:
            return f"✗ {ended.number} {ended.title}: {ended.reason or 'did not come out whole'}"
        return f"✓ {ended.number} {ended.title}: {counted(ended.words, 'word')}  ({', '.join(figures(ended.status))})"


class JsonView:
    """JSON lines: `section` when one ends, `progress` every second."""

    interval_s = 1.0

    def begin(self, watch: Watch) -> None:
        note_json({"type": "begin", **watch.run.status()})

    def tick(self, watch: Watch) -> None:
        with suppress(OSError, ValueError):
            while watch.news:
                note_json({"type": "news", "message": watch.news.popleft()})
            while watch.ended:
                note_json({"type": "section", **section_row(watch.ended.popleft())})
            note_json({"type": "progress", **watch.run.status(), "cost_usd": watch.cost_usd})

    def close(self) -> None:
        return None


def section_row(ended: EndedSection) -> dict[str, Any]:
    return {
        "number": ended.number, "title": ended.title, "words": ended.words, "seconds": round(ended.seconds, 2),
        "whole": ended.whole, "reason": ended.reason,
    }  # fmt: skip


def figures(status: Mapping[str, Any]) -> list[str]:
    """How far and how fast a run is, in words, from its status."""
    total = status["sections_total"]
    parts = [f"{status['sections_done']} of {counted(total, 'section')}" if total else "sections to be planned"]
    if status["words"]:
        parts += [counted(status["words"], "word"), f"{status['words_per_s']:,.0f} words/s"]
    if status["eta_s"]:
        parts.append(f"{rough_duration(status['eta_s'])} left")
    elif status["elapsed_s"] >= 1:
        parts.append(duration(status["elapsed_s"]))
    return parts


def _line(text: str) -> None:
    with suppress(OSError, ValueError):  # the terminal is gone; the book is not
        note(text)


def choose_view(*, quiet: bool, as_json: bool, progress: bool) -> View:
    """With `--json`, stderr stays free for an error, unless progress was asked for."""
    if as_json:
        return JsonView() if progress else SilentView()
    if quiet:
        return SilentView()
    if is_terminal(sys.stderr):
        from ghostkit.cli.live import LiveView, can_redraw

        if can_redraw():
            return LiveView()
    return PlainView()
