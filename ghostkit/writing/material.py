"""What a text is made from: template variables by name, and the hash of each thing it depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ghostkit.book.model import Book, Chapter, Section, Style
from ghostkit.generation import language_name
from ghostkit.ledger import text_hash
from ghostkit.writing.plan import summary_before

PREVIOUS_WORDS = 1500
"""How much of the section before is read: all of it, unless it is very long."""
CHAPTER_SUMMARY_WORDS = 120
BOOK_SUMMARY_WORDS = 400
TOKENS_A_WORD = 3
"""Room for an answer: generous, because Cyrillic and CJK take more tokens a word than English."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """`template` and its `variables`; `inputs` maps what the text depends on to SHA-256 (hex)."""

    template: str
    variables: Mapping[str, object]
    inputs: Mapping[str, str]
    max_tokens: int


def outline_material(book: Book, style: Style) -> Material:
    settings = book.settings
    return _material("outline", {**_common(book), **_style(style)}, ("brief", "style"), 1000 + settings.chapters * 500)


def characters_material(book: Book, style: Style) -> Material:
    variables = {**_common(book), **_style(style), "plan": plan_text(book)}
    return _material("characters", variables, ("brief", "style", "plan"), 8000)


def chapter_outline_material(book: Book, chapter: Chapter, style: Style) -> Material:
    variables = {**_common(book), **_style(style), **_plan(book), **_chapter(chapter)}
    return _material(
        "chapter_outline",
        variables,
        ("brief", "style", "plan", "people", "chapter"),
        800 + book.settings.sections * 600,
    )


def section_material(book: Book, chapter: Chapter, section: Section, style: Style, story: str) -> Material:
    """`story` is the written summary that the plan's edges allow, empty where they allow none."""
    variables = {
        **_common(book),
        **_style(style),
        **_plan(book),
        **_chapter(chapter),
        "story": [story] if story else [],
        "planned": planned_before(book, chapter, story),
        "chapter_plan": "\n".join(f"{chapter.number}.{s.number} {s.title}: {s.brief}" for s in chapter.sections),
        "previous": _previous(chapter, section),
        "section_number": f"{chapter.number}.{section.number}",
        "section_title": section.title,
        "section_brief": section.brief,
        "section_points": _points(section.points),
    }
    names = ("brief", "style", "plan", "people", "story_so_far", "chapter", "chapter_plan", "previous", "section")
    return _material("section", variables, names, book.settings.words * TOKENS_A_WORD + 400)


def chapter_summary_material(book: Book, chapter: Chapter, style: Style) -> Material:
    variables = {
        **_identity(book),
        **_style(style),
        "number": chapter.number,
        "chapter_title": chapter.title,
        "material": [section.content for section in chapter.sections],
        "limit": CHAPTER_SUMMARY_WORDS,
    }
    return _material("chapter_summary", variables, ("style", "material"), CHAPTER_SUMMARY_WORDS * TOKENS_A_WORD + 200)


def book_summary_material(book: Book, chapter: Chapter, style: Style, before: str) -> Material:
    variables = {
        **_identity(book),
        **_style(style),
        "number": chapter.number,
        "before": [before] if before else [],
        "material": [chapter.summary],
        "limit": BOOK_SUMMARY_WORDS,
    }
    return _material(
        "book_summary", variables, ("style", "before", "material"), BOOK_SUMMARY_WORDS * TOKENS_A_WORD + 200
    )


def title_material(book: Book) -> Material:
    return _material("title", _common(book), ("brief",), 100)


def plan_text(book: Book) -> str:
    """The book in plan: its summary, then one line a chapter."""
    lines = [f"{chapter.number}. {chapter.title}: {chapter.brief}" for chapter in book.chapters]
    return "\n".join([book.outline_summary, *lines]).strip()


def people_text(book: Book) -> str:
    """The characters as JSON, in the shape docs/prompt-layout.md gives."""
    people = [
        {
            "name": person.name,
            "role": str(person.role),
            "description": person.description,
            "traits": list(person.traits),
            "backstory": person.backstory,
            "arc": person.arc,
        }
        for person in book.characters
    ]
    return json.dumps(people, ensure_ascii=False)


def planned_before(book: Book, chapter: Chapter, story: str) -> str:
    """The chapters between the written summary (all before `chapter`, where there is none) and this, as planned."""
    written = summary_before(book, chapter)
    first = written.number + 1 if written is not None and story else 1
    planned = [c for c in book.chapters if first <= c.number < chapter.number]
    return "\n".join(f"{c.number}. {c.title}: {c.brief}" for c in planned[-book.settings.continuity_lag :])


def last_words(text: str, words: int) -> str:
    """The end of `text`, at most `words` words, from a paragraph or sentence start where one is near."""
    pieces = text.split()
    if len(pieces) <= words:
        return text.strip()
    tail = " ".join(pieces[-words:])
    cut = max(tail.find(mark) for mark in (". ", "! ", "? ", "… "))
    return tail[cut + 2 :] if 0 <= cut < len(tail) // 2 else tail


def _previous(chapter: Chapter, section: Section) -> list[str]:
    """The section before, in the same chapter: a list of one, or of none."""
    before = [s.content for s in chapter.sections if s.number == section.number - 1 and s.content]
    return [last_words(text, PREVIOUS_WORDS) for text in before]


def _material(template: str, variables: Mapping[str, object], names: tuple[str, ...], max_tokens: int) -> Material:
    parts = {
        "style": ("style_name", "style_guide"),
        "chapter": ("chapter_title", "chapter_brief", "chapter_points"),
        "story_so_far": ("story", "planned"),
        "section": ("section_title", "section_brief", "section_points", "words"),
    }
    inputs = {name: text_hash("\n".join(_text(variables[part]) for part in parts.get(name, (name,)))) for name in names}
    return Material(template=template, variables=variables, inputs=inputs, max_tokens=max_tokens)


def _text(value: object) -> str:
    return "\n\n".join(value) if isinstance(value, list) else str(value)


def _identity(book: Book) -> dict[str, object]:
    return {"title": book.title, "language": book.language, "language_name": language_name(book.language)}


def _common(book: Book) -> dict[str, object]:
    settings = book.settings
    return {
        **_identity(book),
        "brief": book.instructions,
        "chapters": len(book.chapters) or settings.chapters,
        "sections": settings.sections,
        "words": settings.words,
    }


def _style(style: Style) -> dict[str, object]:
    guide = [style.guide, *_listed("Do:", style.do), *_listed("Avoid:", style.avoid)]
    return {"style_name": style.name, "style_guide": "\n".join(line for line in guide if line)}


def _listed(heading: str, items: tuple[str, ...]) -> list[str]:
    return [heading, *(f"- {item}" for item in items)] if items else []


def _plan(book: Book) -> dict[str, object]:
    return {"plan": plan_text(book), "people": people_text(book)}


def _chapter(chapter: Chapter) -> dict[str, object]:
    return {
        "number": chapter.number,
        "chapter_title": chapter.title,
        "chapter_brief": chapter.brief,
        "chapter_points": _points(chapter.points),
    }


def _points(points: tuple[str, ...]) -> str:
    return "\n".join(f"- {point}" for point in points)
