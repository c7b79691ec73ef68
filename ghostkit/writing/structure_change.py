"""A change of the book's structure as plain data, and what it makes of a book. Pure.

`apply` carries a `Change` out; doing it again changes nothing, so that what a crash interrupted is simply done once
more. Texts are the ledger's: a split or a merge only shows them here until they are read from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, TypeVar

from ghostkit.book.ids import chapter_id, section_id
from ghostkit.book.model import Book, Chapter, Removed, Section
from ghostkit.book.rendering.prose import tidy_body
from ghostkit.book.status import SectionStatus
from ghostkit.errors import UnknownName
from ghostkit.writing.adoption import taken_ids
from ghostkit.writing.spans import missing_spans

Part = TypeVar("Part", Chapter, Section)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One act on the structure. `what` names its function here; the rest are permanent ids and plain values.

    `object_id` is what it happens to, `other_id` the second of two that are merged, or what a split makes;
    `parent_id` the chapter that a section goes to, `after_id` what it then follows (empty: it comes first).
    `offset` is where a section's text is split.
    """

    what: str
    object_id: str
    other_id: str = ""
    parent_id: str = ""
    after_id: str = ""
    offset: int = 0
    title: str = ""
    brief: str = ""
    points: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Change:
        return cls(**{**values, "points": tuple(values.get("points", ()))})

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, without what is empty."""
        found = {name: value for name, value in asdict(self).items() if value}
        return {**found, "points": list(self.points)} if self.points else found


# ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────


def chapter_of(book: Book, section_id: str) -> Chapter:
    """The chapter that holds the section."""
    for chapter, section in book.sections():
        if section.id == section_id:
            return chapter
    raise UnknownName(f"The book has no section {section_id}.", fix="It was taken out of the book.")


def halves(text: str, offset: int) -> tuple[str, str]:
    """The two sections that a text makes; every word is in one of them, only blanks between them go."""
    return text[:offset].rstrip(" \t\n"), tidy_body(text[offset:])


def joined(first: str, second: str) -> str:
    """The text of two sections merged."""
    return "\n\n".join(filter(None, (first, second)))


# ── carrying out ──────────────────────────────────────────────────────────────────────────────────────────────


def apply(book: Book, change: Change) -> Book:
    """The book with the change made; the same book if it has been made already, or what it is about is gone."""
    changed = _APPLY[change.what](book, change)
    return numbered(changed) if changed is not book else book


def numbered(book: Book) -> Book:
    """Numbers follow from the order."""
    chapters = tuple(
        replace(c, number=n, sections=tuple(replace(s, number=m) for m, s in enumerate(c.sections, 1)))
        for n, c in enumerate(book.chapters, 1)
    )
    return replace(book, chapters=chapters)


def _add_chapter(book: Book, change: Change) -> Book:
    if change.object_id in taken_ids(book):
        return book
    new = Chapter(
        id=change.object_id, number=0, part=_part_after(book.chapters, change.after_id), title=change.title,
        brief=change.brief, points=change.points,
    )  # fmt: skip
    return replace(_with_chapter_serial(book, change.object_id), chapters=_put(book.chapters, new, change.after_id))


def _add_section(book: Book, change: Change) -> Book:
    if change.object_id in taken_ids(book):
        return book
    new = Section(id=change.object_id, number=0, title=change.title, brief=change.brief, points=change.points)
    return _in_chapter(
        book,
        change.parent_id,
        lambda c: replace(_with_section_serial(c, change.object_id), sections=_put(c.sections, new, change.after_id)),
    )


def _move_chapter(book: Book, change: Change) -> Book:
    moved = [c for c in book.chapters if c.id == change.object_id]
    if not moved:
        return book
    rest = tuple(c for c in book.chapters if c.id != change.object_id)
    chapter = replace(moved[0], part=_part_after(rest, change.after_id, moved[0].part))
    return replace(book, chapters=_put(rest, chapter, change.after_id))


def _move_section(book: Book, change: Change) -> Book:
    moved = [s for _, s in book.sections() if s.id == change.object_id]
    if not moved or change.parent_id not in [c.id for c in book.chapters]:
        return book
    without = _in_chapter(book, chapter_of(book, change.object_id).id, lambda c: _without(c, change.object_id))
    return _in_chapter(
        without, change.parent_id, lambda c: replace(c, sections=_put(c.sections, moved[0], change.after_id))
    )


def _split_section(book: Book, change: Change) -> Book:
    if change.other_id in taken_ids(book) or change.object_id not in {s.id for _, s in book.sections()}:
        return book
    chapter = chapter_of(book, change.object_id)
    whole = next(s for s in chapter.sections if s.id == change.object_id)
    # After a crash the first half may be the section's text already; its spans then lie where they are found.
    first_text, second_text = halves(whole.content, change.offset)
    told = set(change.points)
    first = replace(
        whole, content=first_text, points=tuple(p for p in whole.points if p not in told),
        locked_spans=tuple(s for s in whole.locked_spans if not missing_spans(first_text, [s])),
    )  # fmt: skip
    second = Section(
        id=change.other_id, number=0, title=change.title, brief=whole.brief, points=change.points,
        content=second_text, status=whole.status, locked=whole.locked,
        locked_spans=tuple(s for s in whole.locked_spans if s not in first.locked_spans),
    )  # fmt: skip
    sections = [part for s in chapter.sections for part in ((first, second) if s.id == whole.id else (s,))]
    return _in_chapter(
        book,
        chapter.id,
        lambda c: replace(_with_section_serial(c, change.other_id), sections=tuple(sections)),
    )


def _split_chapter(book: Book, change: Change) -> Book:
    old = next((c for c in book.chapters if c.id == change.object_id), None)
    if change.other_id in taken_ids(book) or old is None or change.after_id not in [s.id for s in old.sections]:
        return book
    place = [s.id for s in old.sections].index(change.after_id)
    new = Chapter(
        id=change.other_id, number=0, part=old.part, title=change.title, brief=old.brief, goals=old.goals,
        sections=old.sections[place:],
    )  # fmt: skip
    kept = _in_chapter(book, old.id, lambda c: replace(c, sections=c.sections[:place]))
    return replace(_with_chapter_serial(book, new.id), chapters=_put(kept.chapters, new, old.id))


def _merge_sections(book: Book, change: Change) -> Book:
    found = {s.id: s for _, s in book.sections() if s.id in (change.object_id, change.other_id)}
    if len(found) < 2:
        return book
    first, second = found[change.object_id], found[change.other_id]
    merged = replace(
        first,
        content=joined(first.content, second.content),
        brief=_both(first.brief, second.brief),
        points=(*first.points, *(p for p in second.points if p not in first.points)),
        locked=first.locked or second.locked,
        locked_spans=(*first.locked_spans, *(s for s in second.locked_spans if s not in first.locked_spans)),
        status=second.status if second.status is SectionStatus.EDITED else first.status,
    )
    without = _taken_out(book, second, chapter_of(book, second.id).id, first.id, into=first.id)
    return _in_chapter(
        without,
        chapter_of(without, first.id).id,
        lambda c: replace(c, sections=tuple(merged if s.id == first.id else s for s in c.sections)),
    )


def _merge_chapters(book: Book, change: Change) -> Book:
    found = {c.id: c for c in book.chapters if c.id in (change.object_id, change.other_id)}
    if len(found) < 2:
        return book
    first, second = found[change.object_id], found[change.other_id]
    merged = replace(
        first,
        brief=_both(first.brief, second.brief),
        goals=(*first.goals, *(g for g in second.goals if g not in first.goals)),
        points=(*first.points, *(p for p in second.points if p not in first.points)),
        sections=(*first.sections, *second.sections),
    )
    gone = Removed(part=replace(second, sections=(), summary=""), after=first.id, into=first.id)
    chapters = tuple(merged if c.id == first.id else c for c in book.chapters if c.id != second.id)
    return replace(book, chapters=chapters, removed=(*book.removed, gone))


def _delete_section(book: Book, change: Change) -> Book:
    found = [(c, s) for c, s in book.sections() if s.id == change.object_id]
    if not found:
        return book
    chapter, section = found[0]
    return _taken_out(book, section, chapter.id, _before(chapter.sections, section))


def _delete_chapter(book: Book, change: Change) -> Book:
    found = [c for c in book.chapters if c.id == change.object_id]
    if not found:
        return book
    bare = replace(found[0], summary="", sections=tuple(map(_without_text, found[0].sections)))
    gone = Removed(part=bare, after=_before(book.chapters, found[0]))
    chapters = tuple(c for c in book.chapters if c.id != change.object_id)
    return replace(book, chapters=chapters, removed=(*book.removed, gone))


def _bring_back(book: Book, change: Change) -> Book:
    found = next((gone for gone in book.removed if gone.part.id == change.object_id), None)
    if found is None:
        return book
    removed = tuple(gone for gone in book.removed if gone is not found)
    back = replace(book, removed=removed)
    part = found.part
    if isinstance(part, Chapter):
        return replace(back, chapters=_put(book.chapters, part, change.after_id, otherwise_last=True))
    return _in_chapter(
        back,
        change.parent_id,
        lambda c: replace(c, sections=_put(c.sections, part, change.after_id, otherwise_last=True)),
    )


_APPLY: Final[Mapping[str, Callable[[Book, Change], Book]]] = {
    "add_chapter": _add_chapter,
    "add_section": _add_section,
    "move_chapter": _move_chapter,
    "move_section": _move_section,
    "split_section": _split_section,
    "split_chapter": _split_chapter,
    "merge_sections": _merge_sections,
    "merge_chapters": _merge_chapters,
    "delete_section": _delete_section,
    "delete_chapter": _delete_chapter,
    "bring_back": _bring_back,
}


# ── pieces ────────────────────────────────────────────────────────────────────────────────────────────────────


def _part_after(chapters: tuple[Chapter, ...], after: str, own: str | None = None) -> str:
    """The part of a chapter put after another: that of its neighbours, or between two parts its `own`, if it can be."""
    place = next((n for n, chapter in enumerate(chapters, 1) if chapter.id == after), 0)
    beside = [chapter.part for chapter in chapters[max(place - 1, 0) : place + 1]]
    between = place in (0, len(chapters)) or len(set(beside)) > 1
    if own is not None and between and (own in beside or own not in {chapter.part for chapter in chapters}):
        return own
    return beside[0] if beside else ""


def _put(parts: tuple[Part, ...], part: Part, after: str, *, otherwise_last: bool = False) -> tuple[Part, ...]:
    """`part` right after the one with the id `after`; first if that is empty or, unless told otherwise, gone."""
    ids = [p.id for p in parts]
    place = ids.index(after) + 1 if after in ids else len(parts) if after and otherwise_last else 0
    put = list(parts)
    put.insert(place, part)
    return tuple(put)


def _before(parts: tuple[Part, ...], part: Part) -> str:
    """The id of the one before, empty for the first."""
    place = [p.id for p in parts].index(part.id)
    return parts[place - 1].id if place else ""


def _in_chapter(book: Book, wanted: str, change: Callable[[Chapter], Chapter]) -> Book:
    return replace(book, chapters=tuple(change(c) if c.id == wanted else c for c in book.chapters))


def _without(chapter: Chapter, section_id: str) -> Chapter:
    return replace(chapter, sections=tuple(s for s in chapter.sections if s.id != section_id))


def _taken_out(book: Book, section: Section, parent: str, after: str, into: str = "") -> Book:
    gone = Removed(part=_without_text(section), parent=parent, after=after, into=into)
    return replace(_in_chapter(book, parent, lambda c: _without(c, section.id)), removed=(*book.removed, gone))


def _without_text(section: Section) -> Section:
    return replace(section, content="", status=SectionStatus.PENDING)


def _both(first: str, second: str) -> str:
    return first if second in ("", first) else "\n\n".join(filter(None, (first, second)))


def _serial_of(make: Callable[[str, int], str], owner: str, serial: int, identity: str) -> int:
    """The serial that gave `identity`; ids in use were passed over, so it may be some way on."""
    return next((n for n in range(serial + 1, serial + 1000) if make(owner, n) == identity), serial)


def _with_chapter_serial(book: Book, identity: str) -> Book:
    return replace(book, serial=_serial_of(chapter_id, book.id, book.serial, identity))


def _with_section_serial(chapter: Chapter, identity: str) -> Chapter:
    return replace(chapter, serial=_serial_of(section_id, chapter.id, chapter.serial, identity))
