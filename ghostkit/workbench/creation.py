"""Make a new book: fill in what wasn't given, then write its folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ghostkit.book import (
    Book,
    BookSettings,
    ProjectFolder,
    book_id,
    dump_structure,
    kind_of,
    language_of,
    load_structure,
    read_brief,
    read_text,
    shape_from_brief,
    style_named,
    title_from_brief,
    validate_settings,
    write_atomic,
)
from ghostkit.errors import InputError
from ghostkit.generation import language_tag

LONGEST_TITLE = 300


def make_value(
    *,
    title: str | None,
    brief: str | Path,
    chapters: int | None,
    sections: int | None,
    words: int | None,
    language: str | None,
    style: str | None,
    kind: str | None = None,
    model: str | None,
    author: str,
    continuity_lag: int | None,
) -> Book:
    """The new book as a value; raises `InputError` for anything out of range."""
    text = read_brief(brief)
    tongue = _language(language) if language else language_of(text)
    shape = {**shape_from_brief(text, language_of(text)), **_given(chapters=chapters, sections=sections, words=words)}
    given = _given(continuity_lag=continuity_lag, model=model)
    settings = replace(BookSettings(), **shape, **given, kind=kind if kind is not None else kind_of(text))
    validate_settings(settings)
    name = check_title(title if title is not None else title_from_brief(text))
    chosen = style_named(style).name if style else "plain"
    return Book(
        id=book_id(name, text, tongue, style=chosen, settings=settings),
        title=name,
        original_title=name,
        language=tongue,
        instructions=text,
        style=chosen,
        settings=settings,
        metadata={"author": author} if author else {},
        created_at=datetime.now(UTC).replace(microsecond=0),
        updated_at=datetime.now(UTC).replace(microsecond=0),
    )


def prepare_folder(folder: ProjectFolder, value: Book) -> None:
    """Write `book.json` into a new folder; a folder that holds the same book already is left as it is."""
    if folder.book.exists():
        there = load_structure(read_text(folder.book), str(folder.book))
        if there.id != value.id:
            raise InputError(
                f"{folder.root} holds another book already ({there.title!r}).",
                fix="Open it, or choose another folder.",
            )
        return
    folder.create()
    write_atomic(folder.book, dump_structure(value), "book")


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def check_title(title: str | None) -> str:
    """The title on one line; raises `InputError` for an empty or overlong one."""
    name = " ".join("".join(c if c.isprintable() else " " for c in title or "").split())
    if not name:
        raise InputError("The book has no title.", fix="Give a title, or begin the brief with a '# Title' line.")
    if len(name) > LONGEST_TITLE:
        raise InputError(
            f"The title has {len(name)} characters, and at most {LONGEST_TITLE} fit.", fix="Give a shorter title."
        )
    return name


def _language(tag: str) -> str:
    primary = language_tag(tag.strip()).replace("_", "-")
    if not all(part.isalnum() and part.isascii() and len(part) <= 8 for part in primary.split("-")) or not primary:
        raise InputError(f"{tag!r} is no language tag.", fix="Give a tag such as en, ru or pt-BR, or an English name.")
    return primary
