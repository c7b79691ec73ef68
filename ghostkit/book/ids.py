"""Permanent ids, derived once and then stored: the same book made twice has the same ids.

A serial counts every chapter a book, or section a chapter, ever had, so the id of a removed one never returns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict

from ghostkit.book.model import BookSettings

_NO_WISH = ("extra", "kind")
"""What the id doesn't follow from: a person's own fields, and what the brief says of itself."""
_FIRST_DEFAULTS = {"chapters": 5, "sections": 3, "words": 400, "model": "", "continuity_lag": 4, "temperature": 0.7}
"""A default that changes later must not give the same wish another id."""


def book_id(
    title: str,
    brief: str,
    language: str = "en",
    *,
    style: str = "",
    settings: BookSettings | None = None,
    salt: str = "",
) -> str:
    """`b-` and 12 hexadecimal digits of what the author asked for; `salt` tells two equal wishes apart."""
    wish = {
        "title": title,
        "brief": brief,
        "language": language,
        "style": style,
        "settings": dict(_wishes(settings or BookSettings())),
        "salt": salt,
    }
    return f"b-{_digest(wish, 12)}"


def _wishes(settings: BookSettings) -> Iterator[tuple[str, object]]:
    """Each setting as the first ghostkit would have written it: what was left at its default then and is so now."""
    defaults = asdict(BookSettings())
    for name, value in asdict(settings).items():
        if name in _NO_WISH or (name not in _FIRST_DEFAULTS and value == defaults[name]):
            continue
        first = _FIRST_DEFAULTS.get(name)
        if value == defaults[name]:
            yield name, first
        else:  # in a list where it is asked for what once was the default, to be told from that
            yield name, [value] if value == first else value


def chapter_id(book: str, serial: int) -> str:
    """`c-` and 8 hexadecimal digits; `serial` is the chapter's place in the order of creation, from 1."""
    return f"c-{_digest([book, 'chapter', serial], 8)}"


def section_id(chapter: str, serial: int) -> str:
    """`s-` and 8 hexadecimal digits; `serial` is the section's place in the order of creation, from 1."""
    return f"s-{_digest([chapter, 'section', serial], 8)}"


def next_id(make: Callable[[str, int], str], owner: str, serial: int, taken: Collection[str]) -> tuple[str, int]:
    """A new id of `owner` and the serial it used: the first after `serial` whose id nobody has.

    Eight digits are few for a book of thousands of sections, so a clash costs a serial and no more.
    """
    while True:
        serial += 1
        identity = make(owner, serial)
        if identity not in taken:
            return identity, serial


def _digest(value: object, digits: int) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:digits]
