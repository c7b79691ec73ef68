"""Take a person's edit of a file in: as a revision where it is text, as structure where it is plan.

Nothing a person wrote is dropped: what can't be understood for certain is kept beside the file under another name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ghostkit.book.files import write_atomic
from ghostkit.book.ids import chapter_id, next_id, section_id
from ghostkit.book.model import Book, Chapter, Section
from ghostkit.book.rendering import (
    ParsedChapter,
    ParsedSection,
    content_title,
    parse_chapter_outline,
    parse_content,
    parse_glossary,
    parse_metadata,
    parse_outline,
    parse_section,
)
from ghostkit.errors import UnknownName
from ghostkit.events import Event, EventType
from ghostkit.ledger import Revision, Who, text_hash
from ghostkit.writing import adoption, lore_files
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.spans import missing_spans
from ghostkit.writing.tracked_files import TrackedFile, aside


class Absorber:
    """Callable as `absorb(file, text)`; `taken` lists the events of what it took in, for delivery."""

    def __init__(self, manuscript: Manuscript, who: Who) -> None:
        self.manuscript = manuscript
        self.who = who
        self.taken: list[Event] = []

    def __call__(self, file: TrackedFile, text: str) -> bool:
        try:
            return getattr(self, f"_absorb_{file.kind}")(file, text) is not False
        except UnknownName:  # whose text it is has been taken out of the book since
            self._keep_aside(file, text)
            return False

    # ── prose ─────────────────────────────────────────────────────────────────────────────────────────────

    def _absorb_section(self, file: TrackedFile, text: str) -> None:
        title, body = parse_section(text)
        self._section_edited(file, file.object_id, title, body)

    def _absorb_content(self, file: TrackedFile, text: str) -> bool:
        """False where the file then says something else than the book: it is written anew."""
        chapter = self._as_held(file)
        parts = parse_content(text, chapter) if chapter.sections else None
        if parts is None:
            self._keep_aside(file, text)
            return False
        title = content_title(text)
        if title and title != chapter.title and chapter.number:
            self._rename_chapter(chapter.id, title)
        # A section's own file may have been edited too; an older text of ours here is then no edit.
        older = {object_id for object_id, _, body in parts if self._is_older(object_id, body)}
        for object_id, section_title, body in parts:
            if object_id not in older:
                self._section_edited(file, object_id, section_title, body)
        return not older

    def _as_held(self, file: TrackedFile) -> Chapter:
        """The chapter with the sections that its file holds, wherever they are by now; number 0 if it is gone."""
        known = {chapter.id: chapter for chapter in self.manuscript.book.chapters}
        chapter = known.get(file.object_id) or Chapter(id=file.object_id, number=0, title="")
        if not file.holds:
            return chapter
        return replace(chapter, sections=tuple(self.manuscript.section(held)[1] for held in file.holds))

    def _section_edited(self, file: TrackedFile, object_id: str, title: str | None, body: str) -> None:
        _, section = self.manuscript.section(object_id)
        if title and title != section.title:
            self._change_section(object_id, title=title)
        if body != section.content:
            lost = missing_spans(body, section.locked_spans)
            self._revise(file, object_id, "section", body, unlocked=lost)
            if lost:
                kept = tuple(span for span in section.locked_spans if span not in lost)
                self._change_section(object_id, locked_spans=kept)

    def _is_older(self, object_id: str, body: str) -> bool:
        """Is it a text of ours that is not, or no longer, the book's? The newest may be one: heads move back, too."""
        _, section = self.manuscript.section(object_id)
        head = self.manuscript.ledger.head(object_id, "section")
        history = self.manuscript.ledger.history(object_id, "section")
        others = (r for r in history if head is None or r.id != head.id)
        return body != section.content and any(not r.purged and r.text.strip("\n") == body for r in others)

    # ── plan ──────────────────────────────────────────────────────────────────────────────────────────────

    def _absorb_outline(self, file: TrackedFile, text: str) -> None:
        parsed = parse_outline(text, str(file.path))

        def merged(book: Book) -> Book:
            return merge_outline(book, parsed.title, parsed.chapters)

        # The revision goes first: should the process die in between, the file still differs from the plan and is
        # taken in again. The other way round it would agree, and nobody would know of the edit.
        planned = replace(merged(self.manuscript.book), outline_summary=parsed.summary)
        self._record(file, planned.id, "outline", adoption.outline_text(planned))
        self.manuscript.change_structure(merged)
        self.manuscript.text_arrived(planned.id, "outline")

    def _absorb_chapter_outline(self, file: TrackedFile, text: str) -> None:
        parsed = parse_chapter_outline(text, str(file.path))
        wanted = file.object_id
        book = self.manuscript.book
        planned = merge_chapter(self.manuscript.chapter(wanted), parsed, adoption.taken_ids(book))
        self._record(file, wanted, "chapter_outline", adoption.chapter_outline_text(planned))  # first, as above
        self.manuscript.change_structure(
            lambda book: replace(
                book,
                chapters=tuple(
                    merge_chapter(c, parsed, adoption.taken_ids(book)) if c.id == wanted else c for c in book.chapters
                ),
            )
        )
        self.manuscript.text_arrived(wanted, "chapter_outline")

    def _absorb_metadata(self, file: TrackedFile, text: str) -> None:
        found = parse_metadata(text, str(file.path))
        chapter = self.manuscript.chapter(file.object_id)
        if found.title != chapter.title:
            self._rename_chapter(chapter.id, found.title)
        if found.summary != chapter.summary:
            self._revise(file, chapter.id, "chapter_summary", found.summary)

    def _absorb_glossary(self, file: TrackedFile, text: str) -> None:
        terms = parse_glossary(text, str(file.path))
        self._revise(file, file.object_id, adoption.GLOSSARY, adoption.glossary_text(terms))

    # ── people ────────────────────────────────────────────────────────────────────────────────────────────

    def _absorb_profiles(self, file: TrackedFile, text: str) -> None:
        self._cast_edited(file, profiles=text)

    def _absorb_relationships(self, file: TrackedFile, text: str) -> None:
        self._cast_edited(file, relationships=text)

    def _cast_edited(self, file: TrackedFile, *, profiles: str | None = None, relationships: str | None = None) -> None:
        manuscript = self.manuscript
        cast = lore_files.people_text(
            manuscript.book, manuscript.folder, profiles=profiles, relationships=relationships
        )
        self._revise(file, file.object_id, "characters", cast)

    def _absorb_bible(self, file: TrackedFile, text: str) -> None:
        lore = lore_files.bible_text(self.manuscript.book, self.manuscript.folder, text)
        self._revise(file, file.object_id, adoption.BIBLE, lore)

    # ── recording ─────────────────────────────────────────────────────────────────────────────────────────

    def _revise(self, file: TrackedFile, object_id: str, kind: str, text: str, unlocked: Sequence[str] = ()) -> None:
        self._record(file, object_id, kind, text, unlocked)
        # Another process may have recorded this very text: then it is news here all the same.
        self.manuscript.text_arrived(object_id, kind)

    def _record(
        self, file: TrackedFile, object_id: str, kind: str, text: str, unlocked: Sequence[str] = ()
    ) -> Revision | None:
        """A person's text as the head, unless it is that already; `unlocked` are passages it no longer says."""
        head = self.manuscript.ledger.head(object_id, kind)
        if head is not None and head.text.strip("\n") == text:
            return None
        event = self._event(file, object_id, kind, text)
        if unlocked:
            event = replace(event, data={**event.data, "unlocked": list(unlocked)})
        revision = self.manuscript.ledger.add_human_revision(
            object_id, kind, text, self.who, base_id=head.id if head else None, events=[event]
        )
        self.taken.append(event)
        return revision

    def _event(self, file: TrackedFile, object_id: str, kind: str, text: str) -> Event:
        path = file.path.relative_to(self.manuscript.folder.root).as_posix()
        data = {"object": object_id, "kind": kind, "path": path, "revision": text_hash(text)[:12]}
        return Event(type=EventType.HUMAN_EDIT, data=data, source="writing", run_id=self.who.run_id)

    def _keep_aside(self, file: TrackedFile, text: str) -> None:
        """Keep what can't be matched to sections under a name of its own; ours is then written again."""
        path = aside(file.path, text)
        if not path.exists():
            write_atomic(path, text.encode(), file.kind)
        event = self._event(replace(file, path=path), file.object_id, "kept_aside", text)
        # The key and not the file says whether it was told: a crash may have come between the two.
        told = replace(event, key=f"kept_aside:{event.data['path']}")
        self.taken += self.manuscript.ledger.record([told], self.who)

    def _rename_chapter(self, wanted: str, title: str) -> None:
        self.manuscript.change_structure(
            lambda book: replace(
                book, chapters=tuple(replace(c, title=title) if c.id == wanted else c for c in book.chapters)
            )
        )

    def _change_section(self, wanted: str, **fields: Any) -> None:
        def changed(chapter: Chapter) -> Chapter:
            sections = tuple(replace(s, **fields) if s.id == wanted else s for s in chapter.sections)
            return replace(chapter, sections=sections)

        self.manuscript.change_structure(lambda book: replace(book, chapters=tuple(map(changed, book.chapters))))


def merge_outline(book: Book, title: str, parsed: Sequence[ParsedChapter]) -> Book:
    """The book with its plan as a person wrote it: known ids keep their object, new headings become new chapters.

    What has text is never dropped: a chapter missing from the plan stays, at the end, if any of it is written. A
    section's heading under another chapter moves the section there. What was deleted does not come back by a plan
    that was opened in an editor before.
    """
    known = {chapter.id: chapter for chapter in book.chapters}
    taken, gone = adoption.taken_ids(book), _deleted(book)
    placed = {planned.id for part in parsed for planned in part.sections if planned.id}
    sections = {section.id: section for _, section in book.sections()}
    serial, chapters = book.serial, []
    for part in parsed:
        if part.id in gone:
            continue
        old = known.pop(part.id, None) if part.id else None
        if old is None:
            identity, serial = next_id(chapter_id, book.id, serial, taken)
            taken.add(identity)
            old = Chapter(id=identity, number=0, title=part.title)
        here = {planned.id for planned in part.sections}
        stay = tuple(s for s in old.sections if s.id in here or s.id not in placed)
        come = tuple(sections[i] for i in here if i in sections and i not in {s.id for s in old.sections})
        part = replace(part, sections=tuple(s for s in part.sections if s.id not in gone))
        chapters.append(merge_chapter(replace(old, sections=(*stay, *come)), part, taken))
    rest = (replace(c, sections=tuple(s for s in c.sections if s.id not in placed)) for c in known.values())
    chapters += [chapter for chapter in rest if chapter.word_count]
    # One that lost its last section to others has nothing left to say.
    emptied = {
        c.id for c in chapters if not c.sections and c.serial and c.id in {o.id for o in book.chapters if o.sections}
    }
    numbered = (c for c in chapters if c.id not in emptied)
    book = replace(book, title=title or book.title, serial=serial)
    return replace(book, chapters=tuple(replace(c, number=place) for place, c in enumerate(numbered, 1)))


def _deleted(book: Book) -> set[str]:
    """Ids of what was taken out, and is not in the book."""
    there = {c.id for c in book.chapters} | {s.id for _, s in book.sections()}
    return adoption.taken_ids(book) - there


def merge_chapter(chapter: Chapter, part: ParsedChapter, taken: set[str]) -> Chapter:
    """The chapter with its plan as a person wrote it; the same rules as for chapters hold for its sections.

    `taken` are the ids in use; those given to new sections are added to it. A plan that names no section at all
    says nothing of them: it was written, or opened in an editor, before there were any.
    """
    if not part.sections:
        there = tuple(replace(section, number=place) for place, section in enumerate(chapter.sections, 1))
        return replace(chapter, title=part.title or chapter.title, sections=there, **_plan_of(part))
    known = {section.id: section for section in chapter.sections}
    serial, sections = chapter.serial, []
    for planned in part.sections:
        old = known.pop(planned.id, None) if planned.id else None
        if old is None:
            identity, serial = next_id(section_id, chapter.id, serial, taken)
            taken.add(identity)
            old = Section(id=identity, number=0, title=planned.title)
        sections.append(_planned(old, planned))
    sections += [section for section in known.values() if section.content]
    return replace(
        chapter,
        title=part.title or chapter.title,
        **_plan_of(part),
        sections=tuple(replace(section, number=place) for place, section in enumerate(sections, 1)),
        serial=serial,
    )


def _plan_of(part: ParsedChapter) -> dict[str, Any]:
    return {"part": part.part, "brief": part.brief, "goals": part.goals, "points": part.points}


def _planned(section: Section, part: ParsedSection) -> Section:
    return replace(section, title=part.title or section.title, brief=part.brief, points=part.points)
