"""How many characters of which script a text has; what is no letter of a script is space, line, digit or mark."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

NEUTRAL: Final = frozenset({"space", "line", "digit", "mark", "wide_mark", "dense"})
"""Classes that stand in texts of any script."""
_BLOCKS: Final = (
    (0x0370, "accented"),
    (0x0400, "greek"),
    (0x0530, "cyrillic"),
    (0x0590, "other"),
    (0x0600, "hebrew"),
    (0x0780, "arabic"),
    (0x0900, "other"),
    (0x0E00, "indic"),
    (0x1100, "south_east_asian"),
    (0x1200, "hangul"),
    (0x1780, "other"),
    (0x1800, "south_east_asian"),
    (0x1E00, "other"),
    (0x1F00, "accented"),
    (0x2000, "greek"),
    (0x3040, "other"),
    (0x3130, "kana"),
    (0x3190, "hangul"),
    (0x3400, "kana"),
    (0xA000, "han"),
    (0xAC00, "other"),
    (0xD7B0, "hangul"),
    (0xF900, "other"),
    (0xFB00, "han"),
    (0x20000, "other"),
    (0x32000, "han"),
)
"""Letters below each code point that lie in no earlier block."""
_ASCII: Final = (
    ("space", b" "),
    ("line", b"\n\r\t\v\f"),
    ("digit", string.digits.encode()),
    ("latin", string.ascii_letters.encode()),
)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_DENSE = re.compile(r"[A-Za-z0-9+/=_-]{25,}")
"""No words of a language: keys, hashes and base64 have twice the tokens."""


def count_scripts(text: str) -> dict[str, int]:
    """Characters by class. `dense` ones are counted under their own class as well."""
    return dict(_counted(text))


# Parts of prompts come back again and again; more than a book's worth of them is not kept alive.
@lru_cache(maxsize=128)
def _counted(text: str) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    _count_ascii(text.encode("ascii", "ignore"), found)
    if not text.isascii():
        for character, times in Counter("".join(_BEYOND_ASCII.findall(text))).items():
            found[_class_of(character)] += times
    dense = sum(map(len, _DENSE.findall(text)))
    if dense:
        found["dense"] = dense
    return found


def _count_ascii(text: bytes, found: Counter[str]) -> None:
    left = len(text)
    for name, members in _ASCII:
        number = len(text) - len(text.translate(None, members))
        left -= number
        if number:
            found[name] += number
    if left:
        found["mark"] += left


@lru_cache(maxsize=8192)
def _class_of(character: str) -> str:
    """Of a character beyond ASCII."""
    code = ord(character)
    if character.isspace():
        return "space"
    if character.isdecimal():
        return "digit"
    if character.isalpha() or unicodedata.category(character) in ("Mn", "Mc"):
        return next((name for end, name in _BLOCKS if code < end), "other")
    if code < 0x2E80:
        return "mark"
    return "wide_mark" if code < 0x10000 else "other"
