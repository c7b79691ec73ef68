"""Numbers written as words, where a brief says which chapter it means."""

from __future__ import annotations

import re
from typing import Final

_ENGLISH: Final = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_ENGLISH_ORDINAL: Final = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]
_RUSSIAN_ORDINAL: Final = [
    "перв",
    "втор",
    "трет",
    "четв[её]рт",
    "пят",
    "шест",
    "седьм",
    "восьм",
    "девят",
    "десят",
    "одиннадцат",
    "двенадцат",
    "тринадцат",
    "четырнадцат",
    "пятнадцат",
    "шестнадцат",
    "семнадцат",
    "восемнадцат",
    "девятнадцат",
    "двадцат",
]
_RUSSIAN_ENDING: Final = r"(?:ая|ой|ую|ой|ья|ьей|ью)"

_ENGLISH_NAMED = re.compile(
    rf"\bchapters?\s+(\d{{1,3}}|{'|'.join(sorted(_ENGLISH, key=len, reverse=True))})\b"
    rf"|\b({'|'.join(_ENGLISH_ORDINAL)}|last|final|closing|opening)\s+chapter\b",
    re.I,
)
_RUSSIAN_NAMED = re.compile(
    rf"\bглав[аеуыой]*\s+(\d{{1,3}})\b|\b((?:{'|'.join(_RUSSIAN_ORDINAL)}|последн){_RUSSIAN_ENDING}?(?:ей|яя)?)\s+глав",
    re.I,
)
_LENGTH = re.compile(
    r"\bwords\b|\bслов\b|(?:chapters|sections)\s+of\b|\b(?:глав[аы]?|глав)\s+по\b|\bsections each\b", re.I
)


def chapters_named(sentence: str) -> tuple[int, ...]:
    """The chapters a sentence names, in order; -1 is the last one."""
    found = [_english(match[1] or match[2]) for match in _ENGLISH_NAMED.finditer(sentence)]
    found += [_russian(match[1] or match[2]) for match in _RUSSIAN_NAMED.finditer(sentence)]
    return tuple(dict.fromkeys(found))


def length_named(sentence: str) -> bool:
    """Whether a sentence says how long the book is to be, rather than what is in it."""
    return _LENGTH.search(sentence) is not None


def _english(word: str) -> int:
    low = word.lower()
    if low.isdigit():
        return int(low)
    if low in _ENGLISH:
        return _ENGLISH.index(low) + 1
    if low == "opening":
        return 1
    return _ENGLISH_ORDINAL.index(low) + 1 if low in _ENGLISH_ORDINAL else -1


def _russian(word: str) -> int:
    low = word.lower()
    if low.isdigit():
        return int(low)
    for number, stem in enumerate(_RUSSIAN_ORDINAL, start=1):
        if re.match(rf"{stem}{_RUSSIAN_ENDING}$", low):
            return number
    return -1
