"""What is known of a source beside its text, and `sources/sources.json`, which holds it."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final

from ghostkit.errors import BookDamaged, InputError

VERSION: Final = 1
MAX_TEXT: Final = 10_000
_NOTHING: Mapping[str, str | int | float] = MappingProxyType({})
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
_FILE: Final = re.compile(r"[^/\\\0.][^/\\\0]*\.(?:txt|md)")
_TEXTS: Final = ("title", "author", "note")
GIVEN: Final = ("title", "author", "language", "tags", "rating", "note", "since_chapter")
"""The fields a person gives."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A reference text of a book; `file` lies in `sources/` and holds the text as it is now."""

    id: str
    """Its short name: the file's without the ending."""
    file: str
    title: str
    author: str = ""
    language: str = ""
    """As in `en` or `pt-br`; empty: nobody said."""
    tags: tuple[str, ...] = ()
    rating: float | None = None
    """0 to 10."""
    note: str = ""
    since_chapter: int | None = None
    """The first chapter that may read it; None: all may."""
    original: str = ""
    """The name, without folders, of the file it was taken from."""
    encoding: str = ""
    """What that file's bytes were found to be."""
    sha256: str = ""
    """Of the text as it was added, in UTF-8."""
    added_at: str = ""
    added_by: str = ""
    extra: Mapping[str, str | int | float] = field(default_factory=lambda: _NOTHING, hash=False)
    """What else its front matter said."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, in the order of `sources.json`."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return values | {"tags": list(self.tags), "extra": dict(self.extra)}


def checked(given: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """The fields a person gave, each of its type; None and empty ones are left out.

    `where` says whose they are, for messages.

    Raises:
        InputError: a field there is not, or of the wrong kind.
    """
    unknown = next((name for name in given if name not in GIVEN), None)
    if unknown is not None:
        raise InputError(f"A source has no field {unknown!r}.", fix=f"There is: {', '.join(GIVEN)}.", field=unknown)
    found = {name: _value(name, value, where) for name, value in given.items() if value not in (None, "", (), [])}
    return {name: value for name, value in found.items() if value not in ("", ())}


def _value(name: str, value: Any, where: str) -> Any:
    if name in _TEXTS and isinstance(value, str) and len(value) <= MAX_TEXT:
        return " ".join(_plain(value).split()) if name != "note" else _plain(value).strip()
    if name == "tags":
        items = value.split(",") if isinstance(value, str) else value
        if isinstance(items, list | tuple) and all(isinstance(item, str) for item in items):
            return tuple(dict.fromkeys(" ".join(_plain(item).split()) for item in items if item.strip()))
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if name == "rating" and number and 0 <= value <= 10:
        return float(value)
    if name == "since_chapter" and number and value == int(value) and 1 <= value <= 1_000_000:
        return int(value)
    if name == "language" and isinstance(value, str) and _LANGUAGE.fullmatch(value.strip().lower()):
        return value.strip().lower()
    wanted = {
        "tags": "a list of short texts",
        "rating": "a number from 0 to 10",
        "since_chapter": "a chapter's number, from 1",
        "language": "a language's code, such as en or ru",
    }.get(name, f"a text of at most {MAX_TEXT:,} characters")
    raise InputError(
        f"{where}{name} is {_short(value)}, but must be {wanted}.", fix="Correct it and try again.", field=name
    )


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isprintable() or character in "\n\t ")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


def dump_sources(sources: Iterable[Source]) -> bytes:
    """`sources.json`; one source after the other, so that changes are lines in git."""
    content = {"version": VERSION, "sources": [one.as_dict() for one in sources]}
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def load_sources(text: str) -> tuple[Source, ...]:
    """The sources of a `sources.json` that a person may have edited.

    Raises:
        BookDamaged: it can't be read as such; the message says where.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise _damaged(f"it is not JSON{line}") from None
    rows = content.get("sources") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise _damaged("it has no list `sources`")
    if content.get("version", VERSION) != VERSION:
        raise _damaged(f"it is of version {_short(content['version'])}, and this ghostkit knows {VERSION}")
    sources = tuple(_loaded(row, number) for number, row in enumerate(rows, 1))
    for name in ("id", "file"):
        [(value, times)] = Counter(getattr(one, name).casefold() for one in sources).most_common(1) or [("", 0)]
        if times > 1:
            raise _damaged(f"two of its sources have the {name} {value!r}")
    return sources


def _loaded(row: Any, number: int) -> Source:
    if not isinstance(row, dict):
        raise _damaged(f"its source number {number} is no object")
    file = row.get("file")
    if not isinstance(file, str) or not _FILE.fullmatch(file):
        raise _damaged(f"its source number {number} names no .txt or .md file of the folder as its `file`")
    name = row.get("id", file.rpartition(".")[0])
    if not isinstance(name, str) or not name.strip():
        raise _damaged(f"its source number {number} has no `id`")
    try:
        given = checked({field: row.get(field) for field in GIVEN}, f"the {file}'s ")
    except InputError as error:
        raise _damaged(error.message.rstrip(".")) from None
    told = {field: row.get(field) for field in ("original", "encoding", "sha256", "added_at", "added_by")}
    texts = {field: value for field, value in told.items() if isinstance(value, str)}
    extra = row.get("extra")
    kept = {str(k): v for k, v in extra.items() if isinstance(v, str | int | float)} if isinstance(extra, dict) else {}
    return Source(**{"title": name, **given, **texts}, id=name, file=file, extra=kept)


def _damaged(what: str) -> BookDamaged:
    return BookDamaged(
        f"sources/sources.json can't be used: {what}.",
        fix="Mend it in an editor, or take an earlier copy; the texts beside it are as they were.",
        path="sources/sources.json",
    )
