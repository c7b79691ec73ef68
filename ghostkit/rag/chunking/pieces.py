"""A sentence too large for a chunk: cut at clauses, where these are too large at words, at last between characters."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from typing import Final

_CLAUSE_END = re.compile(r"[,;:—–)\]}](?=\s)\s*+|[、，；：]|\n\s*+|\s--\s")
_BLANK = re.compile(r"\s++(?=\S)")
_AROUND: Final = 8
_CHARACTERS_TRIED: Final = 64
_JOINERS: Final = frozenset("\u200d\ufe0f\ufe0e")

Fits = Callable[[str, int, int], bool]


def pieces(text: str, start: int, end: int, size: int, fits: Fits) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether a clause ends there) of each piece of `text[start:end]`, without blanks around, in order."""
    at = start
    for found in _CLAUSE_END.finditer(text, start, end):
        if found.end() < end:
            yield from _clause(text, at, found.end(), size, fits)
            at = found.end()
    yield from _clause(text, at, end, size, fits)


def _clause(text: str, start: int, end: int, size: int, fits: Fits) -> Iterator[tuple[int, int, bool]]:
    start, end = _trimmed(text, start, end)
    if start >= end:
        return
    # A token is a character at least, nearly always: `size` characters are the most that is tried.
    step = size
    while end - start > step or not fits(text, start, end):
        length = min(step, end - start - 1)
        cut = _cut(text, start, start + length)
        while cut - start > 1 and not fits(text, *_trimmed(text, start, cut)):
            length = (cut - start) // 2
            cut = _cut(text, start, start + max(length, 1))
        first, last = _trimmed(text, start, cut)
        if first < last:
            yield first, last, False
        start = _trimmed(text, cut, end)[0]
        if end - start <= 1:
            break
    if start < end:
        yield start, end, True


def _cut(text: str, start: int, stop: int) -> int:
    """Where to cut `text[start:stop]`: in its second half, before a word if there is one, by what stands around."""
    middle = start + (stop - start) // 2
    words = [found.end() for found in _BLANK.finditer(text, middle, stop)]
    if words:
        return max(words, key=lambda at: _hash(text, at))
    places = range(max(middle, stop - _CHARACTERS_TRIED, start + 1), stop + 1)
    return max(places, key=lambda at: (not _joined(text, at), _hash(text, at)), default=stop)


def _joined(text: str, at: int) -> bool:
    """Does the character at `at` belong to the one before: an accent, part of an emoji?"""
    after = text[at : at + 1]
    return bool(after) and (unicodedata.combining(after) > 0 or after in _JOINERS or text[at - 1] == "\u200d")


def _hash(text: str, at: int) -> int:
    return zlib.crc32(text[max(0, at - _AROUND) : at + _AROUND].encode("utf-8", "surrogatepass"))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
