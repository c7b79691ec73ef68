"""`book.json`: a book's settings and structure. Prose, characters and summaries live in files of their own.

States are not in it: they follow from the ledger, and a second copy would be wrong half of the time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ghostkit.book.model import Book, BookSettings, Chapter, Removed, Section
from ghostkit.errors import BookDamaged, InputError

FORMAT: Final = 1
"""The version of `book.json` that this ghostkit writes."""

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "chapters": (1, 500),
    "sections": (1, 50),
    "words": (50, 20_000),
    "temperature": (0, 2),
    "continuity_lag": (1, 50),
}
"""Setting to its least and greatest value."""


KINDS: Final = ("", "fiction", "non-fiction")
"""What a book can be; empty where nobody said."""


def load_structure(text: str, where: str = "book.json") -> Book:
    """A book without its prose, from the text of `book.json`.

    Raises:
        BookDamaged: one sentence saying where it is wrong, by line and column or by field.
    """
    from ghostkit.book.structure_schema import parse_book

    book = parse_book(text, where)
    try:
        validate_settings(book.settings)
    except InputError as error:
        raise damaged(where, f"settings: {error.message}") from error
    return book


def dump_structure(book: Book) -> bytes:
    """The bytes of `book.json`: UTF-8, two spaces of indent, keys in a fixed order, a newline at the end.

    Raises:
        InputError: `metadata` or an added field holds something JSON can't.
    """
    document = {
        "format": FORMAT,
        "id": book.id,
        "title": book.title,
        "original_title": book.original_title,
        "language": book.language,
        "instructions": book.instructions,
        "style": book.style,
        "settings": _settings(book.settings),
        "metadata": dict(book.metadata),
        "created_at": _moment(book.created_at),
        "updated_at": _moment(book.updated_at),
        "serial": book.serial,
        "chapters": [_chapter(chapter) for chapter in book.chapters],
        **({"removed": [_removed(gone) for gone in book.removed]} if book.removed else {}),
    }
    return dump_json({**document, **_added(book.extra, document)}).encode()


def validate_settings(settings: BookSettings) -> BookSettings:
    """Give `settings` back if every number is in its range.

    Raises:
        InputError: naming the field and its range.
    """
    for name, (least, most) in RANGES.items():
        value = getattr(settings, name)
        kinds = (int, float) if name == "temperature" else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            kind = "number" if name == "temperature" else "whole number"
            raise InputError(
                f"{name} is {value!r}, but must be a {kind} from {least:g} to {most:g}.",
                fix=f"Give {name} a value in that range.",
                field=name,
            )
    if settings.kind not in KINDS:
        raise InputError(
            f"kind is {settings.kind!r}, but must be fiction or non-fiction.",
            fix="Choose one of the two.",
            field="kind",
        )
    return settings


def dump_json(document: Mapping[str, Any]) -> str:
    """JSON as every file of a book has it.

    Raises:
        InputError: something JSON or UTF-8 can't hold.
    """
    try:
        text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"The book holds something that can't be stored: {error}.",
            fix="Use text, numbers, true, false, null, lists and mappings of these.",
        ) from error
    return text


def parse_json(text: str, where: str) -> Any:
    """The JSON value of `text`.

    Raises:
        BookDamaged: with line and column.
    """
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
    except json.JSONDecodeError as error:
        raise damaged(where, f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise damaged(where, str(error)) from error


def damaged(where: str, what: str) -> BookDamaged:
    """The one shape of complaint about a book's JSON file."""
    return BookDamaged(
        f"{where} can't be read: {what.rstrip('.')}.",
        fix="Correct it in an editor, or restore it from checkpoints/.",
        path=where,
    )


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC; one without a zone is taken to be UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _settings(settings: BookSettings) -> dict[str, Any]:
    known = {
        "chapters": settings.chapters,
        "sections": settings.sections,
        "words": settings.words,
        **({"kind": settings.kind} if settings.kind else {}),
        "model": settings.model,
        "continuity_lag": settings.continuity_lag,
        "temperature": settings.temperature,
    }
    return {**known, **_added(settings.extra, known)}


def _chapter(chapter: Chapter) -> dict[str, Any]:
    known = {
        "id": chapter.id,
        "title": chapter.title,
        **({"part": chapter.part} if chapter.part else {}),
        "brief": chapter.brief,
        **({"goals": list(chapter.goals)} if chapter.goals else {}),
        "points": list(chapter.points),
        "serial": chapter.serial,
        "sections": [_section(section) for section in chapter.sections],
    }
    return {**known, **_added(chapter.extra, known)}


def _section(section: Section) -> dict[str, Any]:
    known = {
        "id": section.id,
        "title": section.title,
        "brief": section.brief,
        "points": list(section.points),
        "locked": section.locked,
        **({"locked_spans": list(section.locked_spans)} if section.locked_spans else {}),
    }
    return {**known, **_added(section.extra, known)}


def _removed(gone: Removed) -> dict[str, Any]:
    places = {"parent": gone.parent, "after": gone.after, "into": gone.into}
    known = {name: value for name, value in places.items() if value}
    return {**known, **(_chapter(gone.part) if isinstance(gone.part, Chapter) else _section(gone.part))}


def _added(extra: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in extra.items() if key not in known}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else as_utc(moment).isoformat().replace("+00:00", "Z")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key given twice would silently lose one of its values."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the field {twice!r} is given twice in one object")
    return found
