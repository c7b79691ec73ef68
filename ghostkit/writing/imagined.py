"""The book as it may be once it is planned and written: filler stands where nothing is yet."""

from __future__ import annotations

from dataclasses import replace

from ghostkit.book.ids import chapter_id, section_id
from ghostkit.book.model import Book, Chapter, Character, Section

STAND_IN = "…"
_WORD = "filler "


def filler(words: int) -> str:
    """So many words that say nothing; they begin with `STAND_IN`."""
    return STAND_IN + _WORD * words


def imagined(book: Book, *, cast_is_known: bool) -> Book:
    """The book with everything planned; ids are those that its outlines will get."""
    chapters = book.chapters or tuple(
        Chapter(
            id=chapter_id(book.id, book.serial + place),
            number=place,
            title=filler(4),
            brief=filler(30),
            points=(filler(10),) * 2,
        )
        for place in range(1, book.settings.chapters + 1)
    )
    person = Character(name=filler(2), description=filler(20), traits=("filler",) * 2, backstory=filler(10))
    return replace(
        book,
        outline_summary=book.outline_summary or filler(60),
        characters=book.characters if cast_is_known or book.characters else (person,) * 4,
        chapters=tuple(_planned(chapter, book.settings.sections) for chapter in chapters),
    )


def _planned(chapter: Chapter, sections: int) -> Chapter:
    if chapter.sections:
        return chapter
    made = tuple(
        Section(
            id=section_id(chapter.id, chapter.serial + place),
            number=place,
            title=filler(4),
            brief=filler(25),
            points=(filler(10),) * 2,
        )
        for place in range(1, sections + 1)
    )
    return replace(chapter, sections=made)
