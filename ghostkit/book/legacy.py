"""A book as the plain dictionary of the performance guide, and back.

    {"title": …, "instructions": …, "language": "en", "summary": …,
     "toc": {"chapters": [{"number": 1, "title": …, "brief": …, "summary": …, "content": …,
                           "sections": [{"number": 1, "title": …, "content": …}]}]},
     "characters": [{"name": …}], "relationships": [{"from": …, "to": …, "kind": …}], "bible": [{"name": …}]}

Everything may be missing, so `{}` is a book without a title. A chapter may be its title alone, and one without
sections becomes one section of its `content`. Fields that ghostkit doesn't know are kept and given back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ghostkit.book.ids import book_id, chapter_id, next_id, section_id
from ghostkit.book.model import Book, BookSettings, Chapter, Section
from ghostkit.book.rendering import (
    join_characters,
    parse_bible,
    parse_profiles,
    parse_relationships,
    render_bible,
    render_profiles,
    render_relationships,
)
from ghostkit.book.status import ChapterStatus, SectionStatus
from ghostkit.book.structure import FORMAT, dump_json, dump_structure, load_structure
from ghostkit.errors import BookDamaged, InputError

WHERE = "the book's dictionary"
_TEXTS = ("outline_summary", "summary")
_FIX = "It looks like {'title': …, 'toc': {'chapters': [{'title': …, 'sections': [{'title': …, 'content': …}]}]}}."


def to_legacy(book: Book) -> dict[str, Any]:
    """The book as a dictionary of plain values, JSON-ready; `from_legacy` makes the same book of it."""
    document: dict[str, Any] = json.loads(dump_structure(book))
    del document["format"]
    chapters = document.pop("chapters")
    for chapter, value in zip(chapters, book.chapters, strict=True):
        chapter |= {"number": value.number, "status": str(value.status), "summary": value.summary}
        chapter["content"] = "\n\n".join(section.content for section in value.sections if section.content)
        for section, part in zip(chapter["sections"], value.sections, strict=True):
            section |= {"number": part.number, "status": str(part.status), "content": part.content}
    toc = document.pop("toc", None)
    document["toc"] = {**(toc if isinstance(toc, dict) else {}), "chapters": chapters}
    document |= {name: document.get(name) or getattr(book, name) for name in _TEXTS}
    document["characters"] = json.loads(render_profiles(book.characters))["characters"]
    document["relationships"] = json.loads(render_relationships(book.characters))["relationships"]
    document["bible"] = json.loads(render_bible(book.bible))["entries"]
    return document


def from_legacy(document: Mapping[str, Any], **wish: str) -> Book:
    """The book that a dictionary tells of; `wish` (title, instructions, language …) fills in what it doesn't say.

    Raises:
        InputError: it has another shape; the message says where.
    """
    if not isinstance(document, Mapping):
        raise _bad(f"it is {_kind(document)}, not a dictionary")
    given = json.loads(dump_json(dict(document)))
    for name, value in wish.items():
        given.setdefault(name, value)
    structure, chapters = _structure(given)
    try:
        book = load_structure(json.dumps(structure), WHERE)
        people = parse_profiles(json.dumps({"characters": given.get("characters", [])}), WHERE)
        pairs = parse_relationships(json.dumps({"relationships": given.get("relationships", [])}), WHERE)
        characters = join_characters(people, pairs, WHERE)
        bible = parse_bible(json.dumps({"entries": given.get("bible", [])}), WHERE)
    except BookDamaged as error:
        message = error.message.removeprefix(f"{WHERE} can't be read: ").replace("chapters[", "toc.chapters[", 1)
        raise _bad(message.rstrip(".")) from error
    return replace(
        book,
        chapters=tuple(_filled(value, chapter) for value, chapter in zip(book.chapters, chapters, strict=True)),
        characters=characters,
        bible=bible,
        outline_summary=_text(given, "outline_summary", "outline_summary"),
        summary=_text(given, "summary", "summary"),
    )


def _structure(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What `book.json` would hold, and the chapters as given, with what was left out of them filled in."""
    toc = given.get("toc") or {}
    if not isinstance(toc, dict):
        raise _bad(f"toc is {_kind(toc)}, not a dictionary")
    listed = toc.get("chapters") or []
    if not isinstance(listed, list):
        raise _bad(f"toc.chapters is {_kind(listed)}, not a list")
    known = {"toc", "characters", "relationships", "bible", *_TEXTS}
    structure = {key: value for key, value in given.items() if key not in known}
    structure["title"] = given.get("title", "")
    structure["id"] = given.get("id") or _id_of(structure)
    structure["format"] = FORMAT
    chapters = [_chapter(f"toc.chapters[{place}]", chapter) for place, chapter in enumerate(listed)]
    _give_ids(structure["id"], chapters)
    structure["chapters"] = [_without_texts(chapter) for chapter in chapters]
    added = {key: value for key, value in toc.items() if key != "chapters"}
    return (structure | {"toc": added} if added else structure), chapters


def _chapter(where: str, given: Any) -> dict[str, Any]:
    chapter = {"title": given} if isinstance(given, str) else given
    if not isinstance(chapter, dict):
        raise _bad(f"{where} is {_kind(given)}, not a dictionary")
    listed = chapter.get("sections") or []
    if not isinstance(listed, list):
        raise _bad(f"{where}.sections is {_kind(listed)}, not a list")
    sections = []
    for place, part in enumerate(listed):
        section = {"title": part} if isinstance(part, str) else part
        if not isinstance(section, dict):
            raise _bad(f"{where}.sections[{place}] is {_kind(part)}, not a dictionary")
        sections.append({"title": "", **section, "content": _text(section, "content", f"{where}.sections[{place}]")})
    content, title = _text(chapter, "content", where), chapter.get("title", "")
    if content.strip() and not any(section["content"].strip() for section in sections):
        sections = [{"title": title, "content": content}, *sections]
    return {"title": "", **chapter, "summary": _text(chapter, "summary", where), "sections": sections}


def _give_ids(book: str, chapters: list[dict[str, Any]]) -> None:
    """Ids for the parts that have none, those the book would have given them."""
    parts = [*chapters, *(section for chapter in chapters for section in chapter["sections"])]
    taken = {str(part["id"]) for part in parts if part.get("id")}
    for place, chapter in enumerate(chapters):
        if not chapter.get("id"):
            chapter["id"], _ = next_id(chapter_id, str(book), place, taken)
            taken.add(chapter["id"])
        for inner, section in enumerate(chapter["sections"]):
            if not section.get("id"):
                section["id"], _ = next_id(section_id, str(chapter["id"]), inner, taken)
                taken.add(section["id"])


def _without_texts(chapter: Mapping[str, Any]) -> dict[str, Any]:
    ours = ("number", "status", "content")
    sections = [{key: value for key, value in part.items() if key not in ours} for part in chapter["sections"]]
    kept = {key: value for key, value in chapter.items() if key not in (*ours, "summary")}
    return {**kept, "sections": sections}


def _filled(value: Chapter, given: Mapping[str, Any]) -> Chapter:
    sections = tuple(_with_text(part, one) for part, one in zip(value.sections, given["sections"], strict=True))
    status = next((known for known in ChapterStatus if known == given.get("status")), value.status)
    return replace(value, sections=sections, summary=given["summary"], status=status)


def _with_text(value: Section, given: Mapping[str, Any]) -> Section:
    written = SectionStatus.COMPLETE if given["content"].strip() else SectionStatus.PENDING
    status = next((known for known in SectionStatus if known == given.get("status")), written)
    return replace(value, content=given["content"], status=status)


def _id_of(structure: Mapping[str, Any]) -> str:
    texts = [structure.get(name) or "" for name in ("title", "instructions", "language", "style")]
    title, brief, language, style = (text if isinstance(text, str) else "" for text in texts)
    return book_id(title, brief, language or "en", style=style, settings=BookSettings())


def _text(given: Mapping[str, Any], name: str, where: str) -> str:
    value = given.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise _bad(f"{where if where.endswith(name) else f'{where}.{name}'} is {_kind(value)}, not text")


def _kind(value: Any) -> str:
    names = {dict: "a dictionary", list: "a list", str: "text", bool: "true or false", int: "a number"}
    return names.get(type(value), f"a {type(value).__name__}") if value is not None else "nothing"


def _bad(what: str) -> InputError:
    return InputError(f"The book's dictionary can't be read: {what}.", fix=_FIX)
