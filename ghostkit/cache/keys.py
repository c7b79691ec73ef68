"""Keys: a readable beginning to find entries by, and a digest that tells requests apart."""

from __future__ import annotations

import hashlib
import re
from fnmatch import fnmatchcase
from typing import Final

from ghostkit.errors import InputError

LONGEST_KEY: Final = 1000
_SPECIAL: Final = re.compile(r"([*?[])")
_KEPT: Final = 32
"""Hexadecimal digits of a digest in a key: 128 bits, far beyond any chance of two alike."""


def cache_key(prefix: str, *parts: str) -> str:
    """`prefix:digest`, the same in every process and on every machine. `prefix` may hold anything, glob signs too."""
    return f"{prefix}:{digest(*parts)}"


def digest(*parts: str) -> str:
    """32 hexadecimal digits of SHA-256 over the parts; unlike `hash()` the same in every process."""
    together = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        together.update(len(raw).to_bytes(8, "big") + raw)
    return together.hexdigest()[:_KEPT]


def escape(text: str) -> str:
    """A glob that matches exactly `text`: `[`, `*` and `?` stand for themselves."""
    return _SPECIAL.sub(r"[\1]", text)


def matches(key: str, pattern: str) -> bool:
    """Does the glob match the whole key? `*`, `?`, `[abc]` and `[!abc]`; upper and lower case differ."""
    return pattern == "*" or fnmatchcase(key, pattern)


def check_key(key: str) -> str:
    """The key, if it can be one.

    Raises:
        InputError: empty, too long, or no text.
    """
    if not isinstance(key, str) or not key or len(key) > LONGEST_KEY:
        shown = repr(key) if len(repr(key)) <= 60 else repr(key)[:56] + "…"
        raise InputError(
            f"{shown} can't be the key of a cache entry.", fix=f"Give text of 1 to {LONGEST_KEY} characters."
        )
    return key
