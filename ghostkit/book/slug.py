"""Titles to folder names, and the fence that keeps every path inside its root."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ghostkit.errors import InputError

MAX_CHARACTERS: Final = 80
MAX_BYTES: Final = 200
_FALLBACK: Final = "book"
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin", "conout", "clock"}
    | {f"{device}{digit}" for device in ("com", "lpt") for digit in range(10)}
)
_DROPPED: Final = frozenset("'’ʼ`´")


def safe_slug(title: str, taken: Iterable[str] = ()) -> str:
    """A folder name for `title`: lower-case letters and digits of any script, joined by hyphens.

    Never empty, a dot name, a Windows device or a path; at most 80 characters and 200 bytes in UTF-8, and with
    -2, -3 … unlike every name in `taken`, also where upper and lower case count as the same.
    """
    base = _cut(_hyphenated(_folded(title[:2000])), MAX_CHARACTERS, MAX_BYTES) or _FALLBACK
    if base in _RESERVED:
        base += "-book"
    used = {_folded(name) for name in taken}
    slug, number = base, 1
    while slug in used:
        number += 1
        suffix = f"-{number}"
        slug = _cut(base, MAX_CHARACTERS - len(suffix), MAX_BYTES - len(suffix)) + suffix
    return slug


def inside(root: Path, path: Path | str) -> Path:
    """`path` (relative to `root`, or absolute), resolved.

    Raises:
        InputError: the resolved path leaves `root`, by `..` or by a symbolic link.
    """
    try:
        home = root.resolve()
        resolved = (home / path).resolve()
    except (ValueError, RuntimeError, OSError) as error:  # a NUL, a loop of links, a name too long
        raise InputError(f"{str(path)!r} is not a usable path: {error}.", fix="Give another name.") from error
    if not resolved.is_relative_to(home):
        raise InputError(
            f"{str(path)!r} leaves {root}.", fix="Give a name inside the folder, without '..' or links out of it."
        )
    return resolved


def _folded(text: str) -> str:
    # Lower-casing can leave text denormalised (İ), hence twice.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def _hyphenated(text: str) -> str:
    """Letters, digits and their marks stay; format characters and apostrophes go; the rest parts words."""
    kept: list[str] = []
    for character in text:
        if character.isalnum() or (_is_mark(character) and kept and kept[-1] != "-"):
            kept.append(character)
        elif character not in _DROPPED and unicodedata.category(character) != "Cf":
            kept.append("-")
    # What stood between a letter and its accent may be gone now.
    return unicodedata.normalize("NFKC", re.sub("-+", "-", "".join(kept)).strip("-"))


def _is_mark(character: str) -> bool:
    """An accent or vowel sign, which belongs to the letter before it; not an emoji's variation selector."""
    selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return unicodedata.category(character) in ("Mn", "Mc") and not selector


def _cut(text: str, characters: int, size: int) -> str:
    return text[:characters].encode()[:size].decode(errors="ignore").rstrip("-")
