"""How values stand in a prompt: material that can neither open nor close a tag."""

from __future__ import annotations

import functools
import hashlib
from typing import Any


class Escaped(str):
    """Text that needs no further escaping."""

    __slots__ = ()


def escape(value: Any) -> str:
    """Keep a value from opening or closing a tag: material stays material. A list stands as its items."""
    if isinstance(value, Escaped):
        return value
    if isinstance(value, list | tuple):
        return "\n\n".join(escape(item) for item in value)
    return str(value).replace("&", "&amp;").replace("<", "&lt;")


def unescape(text: str) -> str:
    """Undo `escape`."""
    return text.replace("&lt;", "<").replace("&amp;", "&") if "&" in text else text


def attribute(value: Any) -> Escaped:
    """A value inside a tag's attribute: on one line, without quotation marks that would end it."""
    return Escaped(" ".join(escape(value).split()).replace('"', "&quot;"))


@functools.lru_cache(maxsize=256, typed=True)
def part_text(value: str) -> str:
    """What `=== each` sends and stores of a text."""
    return escape(value).strip()


@functools.lru_cache(maxsize=256, typed=True)
def part_hash(value: str) -> str:
    """SHA-256 (hex) by which the ledger knows the part that `=== each` makes of a text."""
    return hashlib.sha256(part_text(value).encode()).hexdigest()
