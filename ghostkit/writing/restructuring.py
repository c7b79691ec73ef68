"""Chapters and sections added, moved, split, merged, deleted and brought back: what may be done, and what that means.

Every function looks at a book's value, tells in one sentence what is wrong with the wish, and otherwise gives the
`Change` that grants it. Nothing here writes: `writing/structure_acts.py` carries changes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ghostkit.book.ids import chapter_id, next_id, section_id
from ghostkit.book.model import Book, Chapter, Section
from ghostkit.book.rendering.outline import tidy_brief, tidy_points
from ghostkit.book.rendering.prose import tidy_title
from ghostkit.book.status import SectionStatus
from ghostkit.errors import InputError, UnknownName
from ghostkit.writing.adoption import taken_ids
from ghostkit.writing.spans import missing_spans, nearest, quoted
from ghostkit.writing.structure_change import Change, chapter_of, halves

MOST_CHAPTERS: Final = 500
MOST_SECTIONS: Final = 200


def add_chapter(
    book: Book, title: str, brief: str = "", points: Iterable[str] = (), *, after: Chapter | None = None
) -> Change:
    """A new chapter after another one, at the end by default; a model plans its sections."""
    if len(book.chapters) >= MOST_CHAPTERS:
        raise InputError(f"The book has {MOST_CHAPTERS} chapters; there is no room for more.", fix="Merge some first.")
    identity, _ = next_id(chapter_id, book.id, book.serial, taken_ids(book))
    before = after or (book.chapters[-1] if book.chapters else None)
    return Change(
        what="add_chapter", object_id=identity, after_id=before.id if before else "",
        title=_title(title, "chapter"), brief=tidy_brief(brief), points=tidy_points(points),
    )  # fmt: skip


def add_section(
    book: Book, chapter: Chapter, title: str, brief: str = "", points: Iterable[str] = (), *,
    after: Section | None = None,
) -> Change:  # fmt: skip
    """A new section after another one of the chapter, at its end by default."""
    _check_room(chapter, 1)
    identity, _ = next_id(section_id, chapter.id, chapter.serial, taken_ids(book))
    before = after or (chapter.sections[-1] if chapter.sections else None)
    return Change(
        what="add_section", object_id=identity, parent_id=chapter.id, after_id=before.id if before else "",
        title=_title(title, "section"), brief=tidy_brief(brief), points=tidy_points(points),
    )  # fmt: skip


def move_chapter(book: Book, chapter: Chapter, to: int) -> Change:
    """The chapter becomes number `to`."""
    if not 1 <= to <= len(book.chapters):
        raise UnknownName(f"There is no place {to} for a chapter.", fix=f"Chapters run from 1 to {len(book.chapters)}.")
    others = [c.id for c in book.chapters if c.id != chapter.id]
    return Change(what="move_chapter", object_id=chapter.id, after_id=others[to - 2] if to > 1 else "")


def move_section(book: Book, section: Section, to: str) -> Change:
    """The section becomes number `to`, such as `3.1`; `3` puts it at the end of chapter 3."""
    at, place = parse_place(to)
    home = chapter_of(book, section.id)
    target = chapter_numbered(book, at)
    if target.id != home.id:
        _check_not_last(home, section, "moved away")
        _check_room(target, 1)
    others = [s.id for s in target.sections if s.id != section.id]
    place = place or len(others) + 1
    if place > len(others) + 1:
        raise UnknownName(
            f"There is no place {to} for a section.", fix=f"Chapter {at} has room for {at}.1 to {at}.{len(others) + 1}."
        )
    after = others[place - 2] if place > 1 else ""
    return Change(what="move_section", object_id=section.id, parent_id=target.id, after_id=after)


def split_section(book: Book, section: Section, at: str | int, title: str = "") -> Change:
    """The section ends before `at`, and a new one begins there.

    `at` is the words that the second half begins with, or the number of its first paragraph (2 or more).
    """
    _check_free(book, section)
    chapter = chapter_of(book, section.id)
    if not section.content:
        raise InputError(
            f"{number_of(book, section.id)} isn't written, so it can't be split.", fix="Add a section beside it."
        )
    _check_room(chapter, 1)
    offset = _offset(section, at)
    first, second = halves(section.content, offset)
    torn = [span for span in section.locked_spans if missing_spans(first, [span]) and missing_spans(second, [span])]
    if torn:
        raise InputError(
            f"The locked passage {quoted(torn[0])} lies across that place.", fix="Split elsewhere, or unlock it first."
        )
    identity, _ = next_id(section_id, chapter.id, chapter.serial, taken_ids(book))
    name = tidy_title(title) or _next_title(section.title, {s.title for s in chapter.sections})
    return Change(
        what="split_section", object_id=section.id, other_id=identity, offset=offset, title=name,
        points=tuple(_points_told_in(second, first, section.points)),
    )  # fmt: skip


def split_chapter(book: Book, chapter: Chapter, at: Section, title: str = "") -> Change:
    """The chapter ends before the section `at`, which begins a new chapter."""
    if at.id not in [s.id for s in chapter.sections]:
        raise UnknownName(
            f"{number_of(book, at.id)} is not in chapter {chapter.number}.", fix="Give one of its own sections."
        )
    if chapter.sections[0].id == at.id:
        raise InputError(f"Chapter {chapter.number} already begins there.", fix="Give a later section.")
    for section in chapter.sections:
        _check_free(book, section)
    identity, _ = next_id(chapter_id, book.id, book.serial, taken_ids(book))
    name = tidy_title(title) or _next_title(chapter.title, {c.title for c in book.chapters})
    return Change(what="split_chapter", object_id=chapter.id, other_id=identity, after_id=at.id, title=name)


def merge_sections(book: Book, first: Section, second: Section) -> Change:
    """Two neighbours become one, which keeps the first one's id and title."""
    chapter = chapter_of(book, first.id)
    one, two = number_of(book, first.id), number_of(book, second.id)
    if [s.id for s in chapter.sections if s.number in (first.number, first.number + 1)] != [first.id, second.id]:
        raise InputError(
            f"{one} and {two} are not neighbours in one chapter.", fix=f"Move {two} to come right after {one} first."
        )
    for section in (first, second):
        _check_free(book, section)
    if bool(first.content) != bool(second.content):
        unwritten = two if first.content else one
        raise InputError(f"{unwritten} isn't written yet, so its plan would be lost.", fix="Write it, or delete it.")
    return Change(what="merge_sections", object_id=first.id, other_id=second.id)


def merge_chapters(book: Book, first: Chapter, second: Chapter) -> Change:
    """Two neighbours become one, which keeps the first one's id and title and holds the sections of both."""
    if second.number != first.number + 1:
        raise InputError(
            f"Chapters {first.number} and {second.number} are not neighbours.",
            fix=f"Move chapter {second.number} to come right after chapter {first.number} first.",
        )
    for chapter in (first, second):
        if not chapter.sections:
            raise InputError(f"Chapter {chapter.number} has no sections yet.", fix="Outline it, or delete it.")
        for section in chapter.sections:
            _check_free(book, section)
    _check_room(first, len(second.sections))
    return Change(what="merge_chapters", object_id=first.id, other_id=second.id)


def delete_section(book: Book, section: Section) -> Change:
    """Take the section out; its texts stay in the ledger, and `bring_back` undoes it."""
    _check_free(book, section)
    _check_not_last(chapter_of(book, section.id), section, "deleted")
    return Change(what="delete_section", object_id=section.id)


def delete_chapter(book: Book, chapter: Chapter) -> Change:
    """Take the chapter out with its sections; their texts stay in the ledger, and `bring_back` undoes it."""
    for section in chapter.sections:
        _check_free(book, section)
    if len(book.chapters) == 1:
        raise InputError(
            f"Chapter {chapter.number} is the only one of the book.",
            fix="Add another chapter first, or delete the whole book.",
        )
    return Change(what="delete_chapter", object_id=chapter.id)


def bring_back(book: Book, object_id: str) -> Change:
    """Put a deleted chapter or section back to where it was, as far as that place is still there."""
    found = next((gone for gone in book.removed if gone.part.id == object_id), None)
    if found is None:
        there = [gone.part.id for gone in book.removed if not gone.into]
        raise UnknownName(
            f"Nothing deleted has the id {object_id!r}.",
            fix=f"There is: {', '.join(there)}." if there else "Nothing was deleted from this book.",
        )
    if found.into:
        raise InputError(
            f"{found.part.title!r} was merged into {_name(book, found.into)}.", fix="Split that one instead."
        )
    parent = _where_is(book, found.parent)
    if isinstance(found.part, Section) and parent not in [c.id for c in book.chapters]:
        raise InputError(f"{found.part.title!r} was in a chapter that is gone too.", fix=f"Bring back {parent} first.")
    return Change(what="bring_back", object_id=object_id, parent_id=parent, after_id=found.after)


# ── places ────────────────────────────────────────────────────────────────────────────────────────────────────


def parse_place(text: str) -> tuple[int, int]:
    """`3.1` → (3, 1), `3` → (3, 0)."""
    found = re.fullmatch(r"\s*([1-9]\d{0,5})(?:\.([1-9]\d{0,5}))?\s*", text)
    if not found:
        raise InputError(f"{text!r} is no place in a book.", fix="Give a section such as 2.3, or a chapter such as 2.")
    return int(found[1]), int(found[2] or 0)


def chapter_numbered(book: Book, number: int) -> Chapter:
    """The chapter displayed as `number`."""
    if 1 <= number <= len(book.chapters):
        return book.chapters[number - 1]
    there = len(book.chapters)
    fix = f"Chapters run from 1 to {there}." if there else "Make the outline first."
    raise UnknownName(f"There is no chapter {number}.", fix=fix)


def number_of(book: Book, section_id: str) -> str:
    """Such as `2.3`."""
    chapter = chapter_of(book, section_id)
    return f"{chapter.number}.{next(s.number for s in chapter.sections if s.id == section_id)}"


# ── checks ────────────────────────────────────────────────────────────────────────────────────────────────────


def _title(title: str, what: str) -> str:
    tidy = tidy_title(title)
    if not tidy:
        raise InputError(f"A {what} needs a title.", fix="Give one; it can be changed later.")
    return tidy


def _check_free(book: Book, section: Section) -> None:
    """What a model is writing at this moment is not taken apart under it."""
    if section.status is SectionStatus.WRITING:
        raise InputError(
            f"{number_of(book, section.id)} is being written at the moment.",
            fix="Wait until it is done, or stop the run first.",
        )


def _check_not_last(chapter: Chapter, section: Section, what: str) -> None:
    if len(chapter.sections) == 1:
        raise InputError(
            f"{chapter.number}.{section.number} is the only section of its chapter, so it can't be {what}.",
            fix=f"Delete chapter {chapter.number}, merge it with its neighbour, or add a section to it first.",
        )


def _check_room(chapter: Chapter, more: int) -> None:
    if len(chapter.sections) + more > MOST_SECTIONS:
        raise InputError(
            f"Chapter {chapter.number} would have more than {MOST_SECTIONS} sections.", fix="Split the chapter first."
        )


# ── splitting ─────────────────────────────────────────────────────────────────────────────────────────────────


def _offset(section: Section, at: str | int) -> int:
    """Where the second half begins, at the beginning of a word."""
    text = section.content
    offset = _paragraph(text, at) if isinstance(at, int) else _words(text, at)
    first, second = halves(text, offset)
    if not first or not second:
        raise InputError("One of the halves would be empty.", fix="Give a place further on in the section.")
    return offset


def _paragraph(text: str, number: int) -> int:
    starts = [found.end() for found in re.finditer(r"\n[ \t]*\n+", text)]
    if not 2 <= number <= len(starts) + 1:
        raise InputError(
            f"There is no paragraph {number} to split at.",
            fix=f"Give one from 2 to {len(starts) + 1}." if starts else "It has one paragraph; give words instead.",
        )
    return starts[number - 2]


def _words(text: str, words: str) -> int:
    wanted = words.split()
    if not wanted:
        raise InputError("Nothing says where to split.", fix="Give the first words of the second half.")
    found = list(re.finditer(r"(?<!\w)" + r"\s+".join(map(re.escape, wanted)), text))
    if not found:
        near = nearest(text, words)
        raise InputError(
            f"The section does not say {quoted(words)}.",
            fix=f"Did you mean {quoted(near)}?" if near else "Give words exactly as they stand in the section.",
        )
    if len(found) > 1:
        raise InputError(
            f"The section says {quoted(words)} {len(found)} times.", fix="Give more words, so that one place is meant."
        )
    # A quotation mark or bracket before the words belongs to them.
    return len(re.sub(r"\S+\Z", "", text[: found[0].start()]))


def _next_title(title: str, taken: Iterable[str]) -> str:
    """`The Gate (2)`, or the next number that is free."""
    stem, known = re.sub(r" \(\d+\)$", "", title), set(taken)
    return next(name for n in range(2, len(known) + 3) if (name := f"{stem} ({n})") not in known)


def _points_told_in(second: str, first: str, points: Iterable[str]) -> Iterable[str]:
    """The points that the second half tells rather than the first, going by their words."""
    there, before = _words_of(second), _words_of(first)
    return (point for point in points if len(_words_of(point) & there) > len(_words_of(point) & before))


def _words_of(text: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"\w{3,}", text)}


def _where_is(book: Book, chapter_id: str) -> str:
    """The chapter that another one has become by merging."""
    into = {gone.part.id: gone.into for gone in book.removed if gone.into}
    while chapter_id in into:
        chapter_id = into[chapter_id]
    return chapter_id


def _name(book: Book, object_id: str) -> str:
    for chapter in book.chapters:
        if chapter.id == object_id:
            return f"chapter {chapter.number}"
    return next((number_of(book, s.id) for _, s in book.sections() if s.id == object_id), object_id)
