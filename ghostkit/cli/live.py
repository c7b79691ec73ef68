"""The live view: finished sections scroll up, the text in the making stands below them, progress last."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ghostkit.cli.terminal import printable
from ghostkit.cli.views import figures
from ghostkit.cli.wording import counted, duration, money

if TYPE_CHECKING:
    from ghostkit.cli.watch import Draft, EndedSection, OpenSection, Watch

WIDEST = 100
"""Columns: longer lines of prose are hard to read."""
NARROWEST = 30


def can_redraw() -> bool:
    """Has stderr a terminal that can be drawn on?"""
    console = Console(stderr=True)
    return console.is_terminal and not console.is_dumb_terminal and console.width >= NARROWEST


class LiveView:
    """Redraws ten times a second from the run's own loop, so that no other thread reads what it changes."""

    interval_s = 0.1

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, emoji=False, markup=False)
        self._live = Live(console=self.console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self._spinner = Spinner("dots", style="cyan")
        self._open = False

    def begin(self, watch: Watch) -> None:
        with suppress(OSError, ValueError):
            self._live.start()
            self._open = True
        self.tick(watch)

    def tick(self, watch: Watch) -> None:
        if not self._open:
            return
        with suppress(OSError, ValueError):  # the terminal is gone; the book is not
            while watch.news:
                self.console.print(Text("· " + printable(watch.news.popleft()), style="yellow"))
            while watch.ended:
                self.console.print(self.ended_line(watch.ended.popleft()))
            self._live.update(self.render(watch), refresh=True)

    def close(self) -> None:
        if self._open:
            self._open = False
            with suppress(OSError, ValueError):
                self._live.update(Text(""))
                self._live.stop()

    @property
    def width(self) -> int:
        return min(self.console.width, WIDEST)

    # ── parts ─────────────────────────────────────────────────────────────────────────────────────────────

    def ended_line(self, ended: EndedSection) -> RenderableType:
        """A section that is over, on one line with its figures at the right."""
        if not ended.whole:
            reason = ended.reason or "did not come out whole"
            return Text(f"✗ {ended.number} {printable(ended.title)}: {reason}", style="red")
        figures_ = f"{counted(ended.words, 'word')}  {duration(ended.seconds):>6}"
        room = self.width - cell_len(figures_) - 4
        title = _fitted(f"{ended.number} {printable(ended.title)}", room)
        return Text.assemble(("✓ ", "green"), title, "  ", (figures_, "dim"))

    def render(self, watch: Watch) -> RenderableType:
        """Everything below the finished sections; always as many lines, so that nothing jumps."""
        texts = sorted(watch.open.values(), key=lambda text: text.place)
        draft = watch.draft()
        if texts:
            block = self._prose(texts[0], texts[1:])
        elif draft is not None:
            block = self._draft(draft)
        else:
            block = [self._working("Getting ready" if watch.run.started_at is None else "…")]
        blank = [Text("")] * (self.rows + 1 - len(block))
        return Group(Text(""), *block, *blank, Text(""), self._bar(watch), self._figures(watch), self._hint(watch))

    @property
    def rows(self) -> int:
        """How many lines of text are shown."""
        return max(3, min(10, self.console.height // 3 - 1))

    def _prose(self, section: OpenSection, others: list[OpenSection]) -> list[RenderableType]:
        chapter = f" · {printable(section.chapter)}" if self.width >= 60 else ""
        heading = Text(_cut(f"{section.number} {printable(section.title)}", self.width - 2), style="bold")
        heading.append(_cut(chapter, self.width - heading.cell_len - 2), style="dim not bold")
        beside = [self._others(others)] if others else []
        return [heading, *self._last_lines(section.tail, self.rows - len(beside)), *beside]

    def _draft(self, draft: Draft) -> list[RenderableType]:
        heading = self._working(draft.doing.capitalize())
        if draft.prose:
            return [heading, *self._last_lines(draft.prose, self.rows)]
        numbered = [f"{place:>3}  {printable(name)}" for place, name in enumerate(draft.names, 1)]
        return [heading, *(Text(_cut(line, self.width), style="dim") for line in numbered[-self.rows :])]

    def _working(self, doing: str) -> RenderableType:
        self._spinner.update(text=Text(_cut(doing, self.width - 3), style="cyan"))
        return self._spinner

    def _last_lines(self, tail: str, count: int) -> list[Text]:
        """The end of a text as it is folded here."""
        lines: list[Text] = []
        for paragraph in printable(tail).replace("\t", " ").split("\n"):
            lines += list(Text(paragraph).wrap(self.console, self.width - 3)) if paragraph.strip() else []
        lines = lines[-count:]
        if lines:
            lines[-1].rstrip()
            lines[-1] = Text.assemble(lines[-1], ("▌", "cyan"))
        return [Text.assemble(("│ ", "cyan"), line) for line in lines]

    def _others(self, texts: list[OpenSection]) -> Text:
        named = ", ".join(f"{text.number} ({counted(text.words, 'word')})" for text in texts)
        return Text(_cut(f"at the same time: {named}", self.width), style="dim")

    def _bar(self, watch: Watch) -> RenderableType:
        share = watch.run.progress
        row = Table.grid(padding=(0, 1, 0, 0))
        title = _cut(printable(watch.run.book.title), max(12, self.width // 3))
        bar = ProgressBar(total=1.0, completed=share, width=max(10, self.width - cell_len(title) - 7))
        row.add_row(Text(title, style="bold"), bar, Text(f"{share:4.0%}"))
        return row

    def _figures(self, watch: Watch) -> Text:
        parts = [*figures(watch.run.status()), money(watch.cost_usd)]
        line = " · ".join(parts)
        if cell_len(line) + cell_len(watch.run.model) + 3 <= self.width:
            line += f" · {watch.run.model}"
        return Text(_cut(line, self.width))

    def _hint(self, watch: Watch) -> Text:
        narrow = self.width < 76
        if watch.stopping:
            hint = "Stopping …" if narrow else "Stopping; the text so far is kept. Ctrl-C again leaves at once."
            return Text(hint, "yellow")
        kept = "nothing is lost." if narrow else "everything written is kept, and the next write goes on."
        return Text(f"Ctrl-C stops; {kept}", "dim")


def _cut(text: str, width: int) -> str:
    """At most `width` columns, with an ellipsis where something went."""
    if width <= 0:
        return ""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _fitted(text: str, width: int) -> str:
    """Exactly `width` columns."""
    return set_cell_size(_cut(text, width), max(width, 0))
