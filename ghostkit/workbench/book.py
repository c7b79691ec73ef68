"""The live book: what people hold in their hands."""

from __future__ import annotations

import secrets
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit import __version__
from ghostkit import book as values
from ghostkit.book.files import sweep_temporaries
from ghostkit.book.folder import ProjectFolder
from ghostkit.errors import GhostkitError, InputError, UnknownName
from ghostkit.generation import StepResult
from ghostkit.ledger import Who
from ghostkit.ports import Spawner
from ghostkit.settings import get_settings
from ghostkit.workbench.creation import check_title
from ghostkit.workbench.handles import Chapter, Section
from ghostkit.workbench.limits import checked_limits
from ghostkit.workbench.model_choice import check_model, choose_model, is_cached
from ghostkit.workbench.restructuring import BookStructure
from ghostkit.workbench.retrieving import BookSearch, Engines
from ghostkit.workbench.revisions import BookRevisions
from ghostkit.workbench.run import Run
from ghostkit.workbench.run_state import RunState
from ghostkit.workbench.services import Services
from ghostkit.workbench.session import Session
from ghostkit.workbench.spawning import find_spawner
from ghostkit.writing.absorbing import Absorber
from ghostkit.writing.conflicts import ConflictTaker
from ghostkit.writing.manuscript import Manuscript, find_section
from ghostkit.writing.plan import Goal
from ghostkit.writing.structure_acts import StructureActs
from ghostkit.writing.tracked_files import FileKeeper, all_files

if TYPE_CHECKING:
    import polars

    from ghostkit.export import Exported
    from ghostkit.workbench.bible import Bible
    from ghostkit.workbench.pages import OutlineView
    from ghostkit.workbench.people import People
    from ghostkit.workbench.sources import Sources
    from ghostkit.workbench.styles import Styles
    from ghostkit.workbench.templates import Templates
    from ghostkit.writing.staleness import StaleReport, StaleText

_open_books: weakref.WeakValueDictionary[Path, Book] = weakref.WeakValueDictionary()
_opening = threading.Lock()


class Book(BookRevisions, BookStructure, BookSearch):
    """A book that is open: its value, its ledger, and the runs that write it.

    Opening a folder twice in one process gives the same object. Reading never waits for a runner.
    """

    def __init__(self, folder: ProjectFolder, services: Services) -> None:
        """Use `Book.open` or `Book.create`."""
        self.folder = folder
        self.services = services
        self.ledger = services.ledger(folder.ledger)
        try:
            self.manuscript = Manuscript(folder, self.ledger)
        except BaseException:
            self.ledger.close()
            raise
        self._ledger_file = _file_identity(folder.ledger)
        self.events = services.events()
        self.streams = services.streams()
        self._runs: dict[str, Run] = {}
        self._observed = False
        self._engines = Engines()
        self._rag = None

    # ── making and opening ────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        title: str | None = None,
        brief: str | Path = "",
        chapters: int | None = None,
        sections: int | None = None,
        words: int | None = None,
        language: str | None = None,
        style: str | None = None,
        kind: str | None = None,
        model: str | None = None,
        author: str = "",
        continuity_lag: int | None = None,
        services: Services | None = None,
    ) -> Book:
        """Make a book in the folder `path`; with equal arguments on an existing one, open that.

        What isn't given is read from the brief where it says so (title, numbers, language, kind), else a default.
        `kind` is "fiction" or "non-fiction": the latter gets parts, learning goals and a glossary.
        `words` is per section. `brief` is text, or the path of a file.
        """
        from ghostkit.workbench.creation import make_value, prepare_folder

        value = make_value(
            title=title, brief=brief, chapters=chapters, sections=sections, words=words, language=language,
            style=style, kind=kind, model=model, author=author, continuity_lag=continuity_lag,
        )  # fmt: skip
        if value.settings.model:
            check_model(value.settings.model, (services or Services()).providers)
        folder = ProjectFolder(Path(path))
        prepare_folder(folder, value)
        return cls.open(folder.root, services=services)

    @classmethod
    def from_legacy(
        cls, document: Mapping[str, Any], path: str | Path, *, services: Services | None = None, **wish: Any
    ) -> Book:
        """Make a book in the folder `path` of a dictionary such as `{"title": …, "toc": {"chapters": […]}}`.

        Its texts are recorded as a person's; `wish` (see `create`) fills in what the dictionary doesn't say.
        """
        from ghostkit.workbench.legacy import create_from_legacy

        return create_from_legacy(cls, document, path, services, **wish)

    def to_legacy(self) -> dict[str, Any]:
        """The book as a plain dictionary, for programs of the time before; see `ghostkit/book/legacy.py`."""
        from ghostkit.book.legacy import to_legacy

        return to_legacy(self.value)

    @classmethod
    def open(cls, path: str | Path, *, services: Services | None = None) -> Book:
        """Open the book in the folder `path`, taking in what people changed since it was last looked at."""
        folder = ProjectFolder(Path(path))
        key = folder.root.expanduser().resolve()
        with _opening:
            live = _open_books.get(key)
            if live is not None and live._ledger_file != _file_identity(folder.ledger):
                # Deleted or replaced under it, as by a notebook that begins by cleaning up: what it wrote is lost.
                if live.active_run is None:
                    live.ledger.close()
                live = None
            if live is None:
                folder.open(writable=False)
                live = _open_books[key] = cls(folder, services or Services())
        live.look_for_edits()
        return live

    def close(self) -> None:
        """Close the ledger. A run must have ended; reading afterwards needs another `Book.open`."""
        if self.active_run is not None:
            raise GhostkitError("The book is being written.", fix="Cancel the run and wait for it, then close.")
        key = self.folder.root.expanduser().resolve()
        if _open_books.get(key) is self:  # not one opened since this was closed
            del _open_books[key]
        self.close_engines()
        self.ledger.close()

    def look_for_edits(self) -> bool:
        """Take in changed files now, unless a runner is at work (it does so itself); True if any were."""
        if self.active_run is not None:
            return False
        with self.ledger.exclusive_if_free() as free:
            if not free:
                self.manuscript.reload()
                return False
            sweep_temporaries(self.folder.root)
            self.manuscript.reload()
            StructureActs(self.manuscript, self.who()).finish()
            absorber = Absorber(self.manuscript, self.who())
            taken = FileKeeper(self.manuscript, absorber).take_in(all_files)
            conflicts = ConflictTaker(self.manuscript, self.who())
            with self.manuscript.lock:
                taken = conflicts.take_in() or taken
        for event in (*absorber.taken, *conflicts.happened):
            self.events.emit(event)
        return taken

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────

    @property
    def value(self) -> values.Book:
        """The book as a plain value, as it stands now."""
        return self.manuscript.book

    @property
    def title(self) -> str:
        return self.value.title

    @property
    def chapters(self) -> list[Chapter]:
        return [Chapter(self, chapter.id) for chapter in self.value.chapters]

    def chapter(self, number: int) -> Chapter:
        for chapter in self.value.chapters:
            if chapter.number == number:
                return Chapter(self, chapter.id)
        there = len(self.value.chapters)
        raise UnknownName(
            f"There is no chapter {number}.",
            fix=f"Chapters run from 1 to {there}." if there else "Make the outline first.",
        )

    def section(self, number: str) -> Section:
        """The section called `2.3` (or by its id)."""
        _, section = find_section(self.value, number)
        return Section(self, section.id)

    @property
    def runs(self) -> list[Run]:
        """Every run of this book, oldest first; those of earlier processes too."""
        return [self._runs.get(record.id) or self._past_run(record.id) for record in self.ledger.runs()]

    def _past_run(self, run_id: str) -> Run:
        record = next(record for record in self.ledger.runs() if record.id == run_id)
        until = record.goal.get("until")
        goal = Goal(
            chapters=tuple(record.goal.get("chapters", ())),
            sections=tuple(record.goal.get("sections", ())),
            until=(until[0], until[1]) if until else None,
            outline_only=bool(record.goal.get("outline_only")),
        )
        state = RunState.INTERRUPTED if record.ended_at is None else RunState(record.state)
        run = Run(self, id=run_id, goal=goal, goal_text=record.goal["text"], model=record.model, state=state)
        run.reason = record.reason
        run.started_at, run.ended_at = record.started_at, record.ended_at
        run.restore()
        return run

    @property
    def active_run(self) -> Run | None:
        """The run at work or waiting in this process."""
        for run in self._runs.values():
            run.bring_to_an_end_if_abandoned()
        return next((run for run in reversed(self._runs.values()) if not run.done), None)

    def status(self) -> dict[str, Any]:
        """The contract of `ghostkit status --json`."""
        from ghostkit.workbench import reports

        return reports.status(self)

    def receipt(self, section: str) -> dict[str, Any]:
        """Where a section's text comes from: the contract of `ghostkit receipt --json`."""
        from ghostkit.workbench import reports

        return reports.receipt(self, section)

    def stats(self) -> dict[str, Any]:
        from ghostkit.workbench import reports

        return reports.stats(self)

    def stale(self) -> StaleReport:
        """What is out of date and why, section by section: `for text in book.stale()`; `.maybe` may be affected."""
        from ghostkit.workbench import outdated

        return outdated.stale(self)

    def measures(self) -> polars.DataFrame:
        """Scores of each section as it was written, such as the share of its names that are known: one row each."""
        from ghostkit.workbench import reports

        return reports.measures(self)

    def accept_stale(self, *sections: str, note: str = "", maybe: bool = False) -> list[StaleText]:
        """Record that these sections (or all that are out of date) are fine as they are; gives them back."""
        from ghostkit.workbench import outdated

        return outdated.accept_stale(self, sections, note, maybe=maybe)

    def __repr__(self) -> str:
        value = self.value
        planned = f"{len(value.chapters)} chapters" if value.chapters else "no outline yet"
        return f"<Book {value.title!r}: {planned}, {value.word_count} words>"

    def _repr_html_(self) -> str:
        from ghostkit.workbench.pages import book_html

        return book_html(self)

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────

    def write(
        self,
        *,
        until: str | None = None,
        parallel: int = 1,
        model: str | None = None,
        budget_usd: float | None = None,
        export: Sequence[str] = (),
        use_cache: bool | None = None,
        use_streaming: bool | None = None,
        spawner: Spawner | None = None,
    ) -> Run:
        """Write what isn't written yet, in the background; returns at once.

        `until` stops after a section (`"2.3"`) or chapter (`"2"`); `parallel` is how many texts may be in the making
        at a time (the book is the same either way); `export` names the formats to write at the end. Answers to equal
        requests are taken from the cache (CACHE_BACKEND) unless `use_cache` is False; `use_streaming` goes before
        ENABLE_STREAMING. Calling it again while it runs gives the same run.
        """
        goal = Goal(until=self.place(until))
        return self.start(
            goal, parallel, model, budget_usd, spawner, export, use_cache=use_cache, use_streaming=use_streaming
        )

    def place(self, until: str | None) -> tuple[int, int] | None:
        """`until` as numbers; raises `UnknownName` where the plan shows that there is no such place."""
        place, settings = parse_until(until), self.value.settings
        if place is None:
            return None
        if not self.value.chapters:
            if place[0] > settings.chapters or place[1] > settings.sections:
                raise UnknownName(
                    f"There is no place {until} in {settings.chapters} chapters of {settings.sections} sections.",
                    fix=f"The last one is {settings.chapters}.{settings.sections}.",
                )
            return place
        chapter = self.chapter(place[0]).value
        if place[1] and chapter.sections:
            find_section(self.value, f"{place[0]}.{place[1]}")
        return place

    async def outline(self, *, model: str | None = None) -> OutlineView:
        """Plan the book: its outline, its people and the outline of every chapter. Edit it in `outline.md`."""
        from ghostkit.workbench.pages import OutlineView

        await self.start(Goal(outline_only=True), 1, model, None, None)
        return OutlineView(self)

    def start(
        self,
        goal: Goal,
        parallel: int,
        model: str | None,
        budget_usd: float | None,
        spawner: Spawner | None,
        export: Sequence[str] = (),
        *,
        use_cache: bool | None = None,
        use_streaming: bool | None = None,
    ) -> Run:
        """Start a run for any goal; `write` and the handles end up here."""
        active = self.active_run
        if active is not None and active.goal == goal:
            return active
        limit = checked_limits(parallel, budget_usd)
        if export:
            from ghostkit.export import exporters

            for format in export:
                exporters.get(format)
        place = find_spawner(spawner)
        chosen = self.choose_model(model)
        cache = self.services.cache(self.folder) if is_cached(self, chosen, use_cache) else None
        run = Run(
            self,
            id="r-" + secrets.token_hex(6),
            goal=goal,
            goal_text=goal.describe(self.value),
            model=chosen,
            state=RunState.PENDING,
        )
        session = Session(
            self, run, parallel=parallel, budget_usd=limit, export=export, cache=cache, streaming=use_streaming
        )
        return self.launch(run, session, place)

    def launch(self, run: Run, session: Session, spawner: Spawner) -> Run:
        """Let a session carry a run out in the background."""
        self._runs[run.id] = run
        self.observe()
        try:
            spawner(session.work, f"ghostkit run {run.id}")
        except BaseException:
            del self._runs[run.id]  # nothing will carry it out
            raise
        return run

    def observe(self) -> None:
        """Subscribe the log files, once the book is written to and not before: reading leaves no trace."""
        if not self._observed:
            self._observed = True
            for observer in self.services.observers(self.folder, self.value.id):
                self.events.subscribe_all(observer)
                # A handler that fails harms nobody, but it is written down.
                self.events.on_error = getattr(observer, "handler_failed", self.events.on_error)

    async def wait_for_turn(self, run: Run) -> None:
        """Runs of one book go one after the other."""
        for other in list(self._runs.values()):
            if other is run:
                return
            if not other.done:
                await other.wait()

    def choose_model(self, model: str | None) -> str:
        """The model to write with: given, else the book's, else the setting's, else the embedded rehearsal.

        Rehearsal is never slipped into a book that holds real words: then `ModelChoiceNeeded` names the choices.
        """
        return choose_model(self, model)

    async def generate(self, prompt: str, *, model: str | None = None, **options: Any) -> StepResult:
        """Ask a model something beside the book, without a place in it."""
        from ghostkit.workbench.aside import aside

        async with aside(self) as service:
            return await service.generate(self.choose_model(model), prompt, **options)

    async def propose_title(self, *, model: str | None = None) -> str:
        """A title for the book by a model; the book keeps its own until `retitle`."""
        from ghostkit.workbench.aside import propose_title

        return await propose_title(self, model)

    # ── people's acts ─────────────────────────────────────────────────────────────────────────────────────

    def retitle(self, title: str) -> None:
        """Give the book another title; `original_title` stays what it was made with."""
        name = check_title(title)
        self.manuscript.change_structure(lambda book: replace(book, title=name))

    @property
    def people(self) -> People:
        """Who is in the book: list, add, edit, relate; `create` and `develop` ask a model."""
        from ghostkit.workbench.people import People

        return People(self)

    @property
    def bible(self) -> Bible:
        """The places, dates and things of the book: list, add, edit, remove."""
        from ghostkit.workbench.bible import Bible

        return Bible(self)

    @property
    def styles(self) -> Styles:
        """The writing styles: list, add, edit, remove, use."""
        from ghostkit.workbench.styles import Styles

        return Styles(self)

    @property
    def sources(self) -> Sources:
        """The reference texts beside the manuscript: list, add, remove."""
        from ghostkit.workbench.sources import Sources

        return Sources(self)

    @property
    def templates(self) -> Templates:
        """The prompt templates this book is written with: list, edit, diff, reset."""
        from ghostkit.workbench.templates import Templates

        return Templates(self)

    @property
    def checkpoints(self) -> values.CheckpointManager:
        """The snapshots taken after each chapter: list, load, prune."""
        return values.CheckpointManager(self.folder.checkpoints)

    async def export(self, format: str = "epub", out: str | Path | None = None) -> Exported:
        """Write the book as `format`; returns where, how large and its SHA-256."""
        from ghostkit.workbench.exporting import export_book

        return await export_book(self, format, Path(out) if out is not None else None)

    def who(self) -> Who:
        return Who(actor=get_settings().actor, ghostkit_version=__version__)


def _file_identity(path: Path) -> tuple[int, int] | None:
    """Tells a file from another one that took its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def parse_until(text: str | None) -> tuple[int, int] | None:
    """`"2.3"` → (2, 3), `"2"` → (2, 0)."""
    if text is None:
        return None
    chapter, _, section = str(text).strip().partition(".")
    if not chapter.isdecimal() or (section and not section.isdecimal()) or int(chapter) < 1:
        raise InputError(f"{text!r} is no place in a book.", fix="Give a section such as 2.3, or a chapter such as 2.")
    return int(chapter), int(section or 0)
