"""What people do to a live book's structure, and to the words of one section."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ghostkit import book as values
from ghostkit.errors import DependedOn, GhostkitError, InputError, LeaseHeld
from ghostkit.ledger.lease import held_by
from ghostkit.workbench.editing import Edited, edit
from ghostkit.workbench.handles import Chapter, Section
from ghostkit.writing import restructuring
from ghostkit.writing.manuscript import find_section
from ghostkit.writing.restructuring import chapter_numbered, number_of
from ghostkit.writing.spans import missing_spans, quoted, span_in
from ghostkit.writing.structure_acts import Plan, StructureActs, readers_of
from ghostkit.writing.structure_change import Change, chapter_of

if TYPE_CHECKING:
    from ghostkit.events import EventManager
    from ghostkit.ledger import Ledger, Who
    from ghostkit.workbench.run import Run
    from ghostkit.workbench.services import Services
    from ghostkit.writing.manuscript import Manuscript

LOOKING_TAKES_S = 5.0
"""How long an act waits for another process that only looks at the book."""


class BookStructure:
    """The part of a `Book` that adds, moves, splits, merges and deletes. Places are as displayed: `2`, `2.3`, or ids.

    While this process writes the book, an act goes through and the run's plan follows; what a model is writing at
    that moment is refused. While another process writes it, acts are refused with `LeaseHeld`.
    """

    folder: values.ProjectFolder
    services: Services
    manuscript: Manuscript
    ledger: Ledger
    events: EventManager

    @property
    def value(self) -> values.Book:
        return self.manuscript.book

    @property
    def active_run(self) -> Run | None:
        raise NotImplementedError

    def who(self) -> Who:
        raise NotImplementedError

    # ── adding ────────────────────────────────────────────────────────────────────────────────────────────

    def add_chapter(
        self, title: str, brief: str = "", points: Iterable[str] = (), *, after: int | None = None
    ) -> Chapter:
        """A new chapter at the end, or after chapter number `after` (0: at the beginning)."""
        given = tuple(points)

        def plan(book: values.Book) -> Change:
            before = chapter_numbered(book, after) if after else None
            change = restructuring.add_chapter(book, title, brief, given, after=before)
            return replace(change, after_id="") if after == 0 else change

        return Chapter(self, self.restructure(plan).object_id)  # type: ignore[arg-type]

    def add_section(
        self, chapter: int, title: str, brief: str = "", points: Iterable[str] = (), *, after: str | None = None
    ) -> Section:
        """A new section at the end of chapter number `chapter`, or after the section `after`."""
        given = tuple(points)

        def plan(book: values.Book) -> Change:
            home = chapter_numbered(book, chapter)
            before = find_section(book, after)[1] if after else None
            if before is not None and before.id not in [s.id for s in home.sections]:
                raise InputError(f"{after} is not in chapter {chapter}.", fix="Give one of its own sections.")
            return restructuring.add_section(book, home, title, brief, given, after=before)

        return Section(self, self.restructure(plan).object_id)  # type: ignore[arg-type]

    # ── moving and cutting ────────────────────────────────────────────────────────────────────────────────

    def move(self, place: str, to: str) -> Change:
        """A chapter (`"2"`) becomes chapter number `to`; a section (`"2.3"`) becomes section `to`, such as `"3.1"`."""

        def plan(book: values.Book) -> Change:
            part = part_at(book, place)
            if isinstance(part, values.Section):
                return restructuring.move_section(book, part, str(to))
            number, inner = restructuring.parse_place(str(to))
            if inner:
                raise InputError(f"A chapter can't become section {to}.", fix="Give a chapter's number.")
            return restructuring.move_chapter(book, part, number)

        return self.restructure(plan)

    def split(self, place: str, at: str | int, title: str = "") -> Chapter | Section:
        """Cut a section before the words `at` (or its paragraph number `at`), or a chapter before its section `at`.

        The first half keeps the id, the second gets a new one and is returned.
        """

        def plan(book: values.Book) -> Change:
            part = part_at(book, place)
            if isinstance(part, values.Section):
                return restructuring.split_section(book, part, at, title)
            return restructuring.split_chapter(book, part, find_section(book, str(at))[1], title)

        change = self.restructure(plan)
        handle = Section if change.what == "split_section" else Chapter
        return handle(self, change.other_id)  # type: ignore[arg-type]

    def merge(self, first: str, second: str | None = None) -> Change:
        """Make one of two neighbouring sections or chapters; `second` is by default the one after `first`."""

        def plan(book: values.Book) -> Change:
            one = part_at(book, first)
            other = part_at(book, second) if second else _next(book, one)
            if isinstance(one, values.Section) and isinstance(other, values.Section):
                return restructuring.merge_sections(book, one, other)
            if isinstance(one, values.Chapter) and isinstance(other, values.Chapter):
                return restructuring.merge_chapters(book, one, other)
            raise InputError("A chapter and a section can't become one.", fix="Give two sections or two chapters.")

        return self.restructure(plan)

    # ── taking out and bringing back ──────────────────────────────────────────────────────────────────────

    def delete(self, place: str, *, force: bool = False) -> Change:
        """Take a chapter or section out; `undelete` brings it back, for its texts stay in the ledger.

        Raises:
            DependedOn: other sections were made from its text, and `force` isn't given.
        """

        def plan(book: values.Book) -> Change:
            part = part_at(book, place)
            readers = [] if force else readers_of(self.manuscript, [part.id])
            if readers:
                listed = [f"{chapter.number}.{section.number}" for chapter, section in readers]
                name = number_of(book, part.id) if isinstance(part, values.Section) else f"Chapter {part.number}"
                raise DependedOn(
                    f"{name} is read by {_listed(listed)}.",
                    fix="Delete it with --yes (in Python: force=True); those then are out of date.",
                    readers=listed,
                )
            if isinstance(part, values.Section):
                return restructuring.delete_section(book, part)
            return restructuring.delete_chapter(book, part)

        part = part_at(self.value, place)
        texts = [s.content for s in ([part] if isinstance(part, values.Section) else part.sections) if s.content]
        change = self.restructure(plan)
        self._forget_answers(texts)
        return change

    def _forget_answers(self, texts: list[str]) -> None:
        """Take texts out of the cache: the ledger keeps them for `undelete`, nothing else should."""
        cache = self.services.cache(self.folder)
        if cache is not None and texts:
            with suppress(GhostkitError, OSError):  # what a cache can't do is no trouble of the book's
                cache.purge(texts)

    def undelete(self, object_id: str) -> Chapter | Section:
        """Bring a deleted chapter or section back, with its text, to where it was."""
        gone = {r.part.id: r.part for r in self.value.removed}
        change = self.restructure(lambda book: restructuring.bring_back(book, object_id))
        handle = Chapter if isinstance(gone.get(change.object_id), values.Chapter) else Section
        return handle(self, change.object_id)  # type: ignore[arg-type]

    @property
    def removed(self) -> tuple[values.Removed, ...]:
        """What was taken out of the book, oldest first; `undelete` takes the ids."""
        return self.value.removed

    # ── one section's words ───────────────────────────────────────────────────────────────────────────────

    def edit(self, place: str, text: str, *, base_id: int | None = None) -> Edited:
        """Give a section another text, by a person; see `Section.edit`."""
        with self.manuscript.lock:
            _, section = find_section(self.value, place)
            edited, happened = edit(self.manuscript, self.who(), section.id, text, base_id)
        self._tell(happened)
        return edited

    def lock_span(self, section_id: str, words: str) -> str:
        """Lock a passage of a section word for word; returns it as it stands there."""
        _, section = self.manuscript.section(section_id)
        span = span_in(section.content, words)
        if span not in section.locked_spans:
            self._set_section(section_id, locked_spans=(*section.locked_spans, span))
        return span

    def unlock_span(self, section_id: str, words: str) -> None:
        """Unlock the passages that say `words`."""
        _, section = self.manuscript.section(section_id)
        kept = tuple(span for span in section.locked_spans if missing_spans(span, [words]))
        if kept == section.locked_spans:
            there = ", ".join(map(quoted, section.locked_spans))
            raise InputError(
                f"No locked passage says {quoted(words)}.",
                fix=f"Locked are: {there}." if there else "None of its passages is locked.",
            )
        self._set_section(section_id, locked_spans=kept)

    def set_locked(self, section_id: str, locked: bool) -> None:
        """A locked section is never written by a model; unlocking it frees its passages too."""
        self._set_section(section_id, locked=locked, **({} if locked else {"locked_spans": ()}))

    def _set_section(self, section_id: str, **fields: Any) -> None:
        def change(book: values.Book) -> values.Book:
            chapters = tuple(
                replace(c, sections=tuple(replace(s, **fields) if s.id == section_id else s for s in c.sections))
                for c in book.chapters
            )
            return replace(book, chapters=chapters)

        self.manuscript.change_structure(change)

    # ── carrying out ──────────────────────────────────────────────────────────────────────────────────────

    def restructure(self, plan: Plan) -> Change:
        """Carry one act out, durably, and tell of it."""
        with self.kept_from_others():
            acts = StructureActs(self.manuscript, self.who())
            try:
                return acts.carry_out(plan)
            finally:
                self._tell(acts.happened)

    @contextmanager
    def kept_from_others(self) -> Iterator[None]:
        """Hold other processes' runners off; a run of this process works on the same manuscript, under its lock."""
        started = time.monotonic()
        while True:
            with self.ledger.exclusive_if_free() as free:
                if free or self._is_ours():
                    yield
                    return
            holder = self.ledger.lease_holder()
            if holder.get("released") is False or time.monotonic() - started > LOOKING_TAKES_S:
                raise _held(holder)
            time.sleep(0.02)

    def _is_ours(self) -> bool:
        run = self.active_run
        return run is not None and self.ledger.lease_holder().get("run") == run.id

    def _tell(self, happened: Iterable[Any]) -> None:
        for event in happened:
            self.events.emit(event)


def part_at(book: values.Book, place: str) -> values.Chapter | values.Section:
    """The chapter called `2`, the section called `2.3`, or either by its id."""
    place = str(place).strip()
    for chapter in book.chapters:
        if place == chapter.id:
            return chapter
    if place in {section.id for _, section in book.sections()}:
        return find_section(book, place)[1]
    number, inner = restructuring.parse_place(place)
    return find_section(book, f"{number}.{inner}")[1] if inner else chapter_numbered(book, number)


def _next(book: values.Book, part: values.Chapter | values.Section) -> values.Chapter | values.Section:
    """The neighbour after it."""
    if isinstance(part, values.Chapter):
        if part.number == len(book.chapters):
            raise InputError(f"Chapter {part.number} is the last one.", fix="Merge the one before it instead.")
        return book.chapters[part.number]
    sections = chapter_of(book, part.id).sections
    if part.number == len(sections):
        raise InputError(
            f"{number_of(book, part.id)} is the last section of its chapter.", fix="Merge the one before it instead."
        )
    return sections[part.number]


def _held(holder: Any) -> LeaseHeld:
    error = held_by(holder)
    return LeaseHeld(error.message, fix="Wait for it or stop it; the plan can be changed after that.", holder=holder)


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= 8 else [*names[:7], f"{len(names) - 7} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
