"""The book as it may be once it is planned and written: filler stands where nothing is yet."""

from __future__ import annotations

from dataclasses import replace

from ghostkit.book.ids import chapter_id, section_id
from ghostkit.book.model import Book, Chapter, Character, Section
from ghostkit.writing.material import BOOK_SUMMARY_WORDS

STORY_WORDS_A_CHAPTER = 100
"""How fast the summary of the story so far grows, up to its limit."""
STAND_IN = "…"
_WORD = "filler "


def filler(words: int) -> str:
    """So many words that say nothing; they begin with `STAND_IN`."""
    return STAND_IN + _WORD * words


def story_words(chapter: Chapter) -> int:
    """How long the summary of the story up to `chapter` may be expected to be."""
    return min(STORY_WORDS_A_CHAPTER * chapter.number, BOOK_SUMMARY_WORDS)


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


def filled(chapter: Chapter, book: Book) -> Chapter:
    """The chapter as if it were written."""
    words = book.settings.words
    return replace(chapter, sections=tuple(replace(s, content=s.content or filler(words)) for s in chapter.sections))
