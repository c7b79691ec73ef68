"""A book between its folder and its ledger: the value as it stands, and how finished steps become part of it.

`book.json` is the truth about structure, the ledger's heads are the truth about texts; every other file is derived
from the two (`writing/files.py`) and watched for a person's edits (`writing/hand_edits.py`). All methods are
synchronous and guarded by one lock: callers run them in worker threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from ghostkit import faults
from ghostkit.book.files import read_text, write_atomic
from ghostkit.book.folder import ProjectFolder
from ghostkit.book.model import Book, Chapter, Section
from ghostkit.book.status import ChapterStatus, SectionStatus
from ghostkit.book.structure import dump_structure, load_structure
from ghostkit.errors import UnknownName, storage_errors
from ghostkit.ledger import AttemptState, FileRecord, Ledger, Origin, Revision, Slot, StepState
from ghostkit.writing import adoption
from ghostkit.writing.plan import (
    CHAPTER_OUTLINE,
    CHAPTER_SUMMARY,
    CHARACTERS,
    OUTLINE,
    SECTION,
    SUMMARIES,
    summary_kind,
)
from ghostkit.writing.window import Span, cover


class Manuscript:
    """The book's value, kept true to folder and ledger."""

    def __init__(self, folder: ProjectFolder, ledger: Ledger) -> None:
        self.folder = folder
        self.ledger = ledger
        self.lock = threading.RLock()
        self.structure_version = 0
        """Rises whenever chapters or sections change, so that a plan knows to grow."""
        self._structure_text = ""
        self._structure_seen = (0, 0)
        self._heads: dict[tuple[str, str], Revision] = {}
        self._places: dict[str, tuple[int, int]] = {}
        self.file_records: dict[str, FileRecord] = {}
        """What each file was when last seen, by path; kept by `FileKeeper`, under the lock, for all that keep files."""
        self.book = self._load()

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────

    def _load(self) -> Book:
        seen, text = self._look_at_structure(), read_text(self.folder.book)
        structure = load_structure(text, str(self.folder.book))
        # Only now: what could not be read is looked at again, and is never written over meanwhile.
        self._structure_seen, self._structure_text = seen, text
        self._heads = {(head.object_id, head.kind): head for head in self.ledger.heads()}
        steps = {(step.slot.object_id, step.slot.kind): step.state for step in self.ledger.steps()}
        chapters = [self._filled_chapter(chapter, steps) for chapter in structure.chapters]
        return self._with_book_texts(replace(structure, chapters=tuple(chapters)))

    def refresh(self) -> None:
        """Take up a `book.json` that changed on disk (it is truth: a person's edit of it simply counts)."""
        with self.lock:
            seen = self._look_at_structure()
            if seen == self._structure_seen:
                return
            if read_text(self.folder.book) != self._structure_text:
                self.reload()
            self._structure_seen = seen

    def _look_at_structure(self) -> tuple[int, int]:
        with storage_errors(self.folder.book, "look at"):
            stat = self.folder.book.stat()
        return stat.st_size, stat.st_mtime_ns

    def reload(self) -> None:
        """Read everything again, as after another process's edit."""
        with self.lock:
            self.book = self._load()
            self.structure_version += 1

    def _filled_chapter(self, chapter: Chapter, steps: dict[tuple[str, str], StepState]) -> Chapter:
        sections = tuple(self._filled_section(section, steps) for section in chapter.sections)
        summary = self._heads.get((chapter.id, CHAPTER_SUMMARY))
        filled = replace(chapter, sections=sections, summary=summary.text.strip() if summary else "")
        return replace(filled, status=chapter_status(filled))

    def _filled_section(self, section: Section, steps: dict[tuple[str, str], StepState]) -> Section:
        head = self._heads.get((section.id, SECTION))
        if head is not None:
            return replace(section, content=head.text.strip("\n"), status=_status_with(head))
        state = steps.get((section.id, SECTION))
        if state is StepState.OPEN:
            return replace(section, status=SectionStatus.WRITING)
        if state is StepState.STOPPED:
            attempts = self.ledger.attempts(Slot(object_id=section.id, kind=SECTION))
            failed = bool(attempts) and attempts[-1].state is AttemptState.ERROR
            return replace(section, status=SectionStatus.FAILED if failed else SectionStatus.STOPPED)
        return replace(section, status=SectionStatus.PENDING)

    def _with_book_texts(self, book: Book) -> Book:
        kinds = (OUTLINE, CHARACTERS, adoption.BIBLE, adoption.GLOSSARY)
        outline, people, bible, terms = (self._heads.get((book.id, kind)) for kind in kinds)
        return replace(
            book,
            outline_summary=adoption.outline_summary(outline.text) if outline else "",
            characters=adoption.characters(people.text) if people else (),
            bible=adoption.bible(bible.text) if bible else (),
            glossary=adoption.glossary(terms.text) if terms else (),
            file_extra={
                **(adoption.file_extra(CHARACTERS, people.text) if people else {}),
                **(adoption.file_extra(adoption.BIBLE, bible.text) if bible else {}),
            },
            summary="\n\n".join(self._told(book)),
        )

    def _told(self, book: Book) -> Iterator[str]:
        """What has been summed up so far, from the start of the book on: the fewest summaries that say it."""
        for span in cover(len(book.chapters)):
            yield from self._told_of(book, span)

    def _told_of(self, book: Book, span: Span) -> Iterator[str]:
        head = self._heads.get((book.chapters[span.last - 1].id, summary_kind(span.chapters)))
        if head is not None:
            yield head.text.strip()
            return
        for part in span.parts():
            yield from self._told_of(book, part)

    def heads(self) -> list[Revision]:
        """Every text that is the book's, from memory."""
        with self.lock:
            return list(self._heads.values())

    def head(self, object_id: str, kind: str) -> Revision | None:
        return self._heads.get((object_id, kind))

    def has_text(self, object_id: str, kind: str) -> bool:
        """Is there a text, and was it not purged?"""
        head = self._heads.get((object_id, kind))
        return head is not None and not head.purged

    def chapter(self, chapter_id: str) -> Chapter:
        for chapter in self.book.chapters:
            if chapter.id == chapter_id:
                return chapter
        raise UnknownName(f"The book has no chapter {chapter_id}.", fix="It was removed from book.json.")

    def section(self, section_id: str) -> tuple[Chapter, Section]:
        chapters = self.book.chapters
        at, inner = self._places.get(section_id, (0, 0))
        if at < len(chapters) and inner < len(chapters[at].sections):
            found = chapters[at].sections[inner]
            if found.id == section_id:
                return chapters[at], found
        # The structure has changed since: learn every place anew, so that a long book costs no more a section.
        self._places = {s.id: (n, m) for n, c in enumerate(chapters) for m, s in enumerate(c.sections)}
        if section_id in self._places:
            at, inner = self._places[section_id]
            return chapters[at], chapters[at].sections[inner]
        raise UnknownName(f"The book has no section {section_id}.", fix="It was removed from book.json.")

    # ── changing ──────────────────────────────────────────────────────────────────────────────────────────

    def text_arrived(self, object_id: str, kind: str) -> None:
        """A slot has a new head: make it part of the book. Doing it again changes nothing."""
        with self.lock:
            head = self.ledger.head(object_id, kind)
            if head is None:
                return
            if kind in (OUTLINE, CHAPTER_OUTLINE):
                self.refresh()  # on disk it may be adopted already, or a person may have outlined it
            self._heads[object_id, kind] = head
            if kind == OUTLINE and not self.book.chapters:
                self.change_structure(lambda book: adoption.adopt_outline(book, head.text))
            elif kind == CHAPTER_OUTLINE and not self.chapter(object_id).sections:
                self.change_structure(lambda book: adoption.adopt_chapter_outline(book, object_id, head.text))
            self._apply_head(object_id, kind, head)

    def _apply_head(self, object_id: str, kind: str, head: Revision) -> None:
        if kind == SECTION:
            chapter, section = self.section(object_id)
            self._put_section(chapter, replace(section, content=head.text.strip("\n"), status=_status_with(head)))
        elif kind == CHAPTER_SUMMARY:
            self._put_chapter(replace(self.chapter(object_id), summary=head.text.strip()))
        if kind in (OUTLINE, CHARACTERS, adoption.BIBLE, adoption.GLOSSARY, *SUMMARIES):
            self.book = self._with_book_texts(self.book)

    def mark_section(self, section_id: str, status: SectionStatus) -> None:
        """Show what is happening to a section; the ledger's step is what counts."""
        with self.lock:
            chapter, section = self.section(section_id)
            self._put_section(chapter, replace(section, status=status))

    def _put_section(self, chapter: Chapter, section: Section) -> None:
        sections = tuple(section if s.id == section.id else s for s in chapter.sections)
        self._put_chapter(replace(chapter, sections=sections))

    def _put_chapter(self, chapter: Chapter) -> None:
        chapter = replace(chapter, status=chapter_status(chapter))
        chapters = tuple(chapter if c.id == chapter.id else c for c in self.book.chapters)
        self.book = replace(self.book, chapters=chapters)

    def change_structure(self, change: Callable[[Book], Book]) -> None:
        """Apply `change` to the structure as it is on disk now and write `book.json`."""
        with self.lock:
            self.refresh()
            changed = change(self.book)
            if changed == self.book:
                return
            changed = replace(changed, updated_at=datetime.now(UTC).replace(microsecond=0))
            data = dump_structure(changed)
            with storage_errors(self.folder.book, "write"):
                faults.point("structure.before_commit")
            write_atomic(self.folder.book, data, "book")
            faults.point("structure.after_commit")
            self._structure_seen = self._look_at_structure()
            self._structure_text = data.decode()
            statuses = (replace(chapter, status=chapter_status(chapter)) for chapter in changed.chapters)
            self.book = replace(changed, chapters=tuple(statuses))
            self.structure_version += 1


def _status_with(head: Revision) -> SectionStatus:
    """What a section is that has this text; one whose text was purged is to be written again."""
    if head.purged:
        return SectionStatus.PENDING
    return SectionStatus.EDITED if head.origin is Origin.HUMAN else SectionStatus.COMPLETE


def chapter_status(chapter: Chapter) -> ChapterStatus:
    """What the states of its sections make of a chapter."""
    states = {section.status for section in chapter.sections}
    if not states:
        return ChapterStatus.PENDING
    if states <= {SectionStatus.COMPLETE, SectionStatus.EDITED}:
        return ChapterStatus.EDITED if SectionStatus.EDITED in states else ChapterStatus.COMPLETE
    if SectionStatus.FAILED in states:
        return ChapterStatus.FAILED
    return ChapterStatus.OUTLINED if states == {SectionStatus.PENDING} else ChapterStatus.WRITING


def find_section(book: Book, number: str) -> tuple[Chapter, Section]:
    """The section called `2.3` (or by its id); raises `UnknownName` saying what there is."""
    for chapter, section in book.sections():
        if number in (section.id, f"{chapter.number}.{section.number}"):
            return chapter, section
    raise UnknownName(f"There is no section {number!r}.", fix=_what_there_is(book.chapters))


def _what_there_is(chapters: Iterable[Chapter]) -> str:
    planned = [chapter for chapter in chapters if chapter.sections]
    if not planned:
        return "No section is outlined yet; make the outline first."
    last = planned[-1]
    return f"Sections run from {planned[0].number}.1 to {last.number}.{last.sections[-1].number}."
