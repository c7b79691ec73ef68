"""Names and numbers of a text, and whether an edit changed any of them: what tells a comma from a fact.

Counts and compares words only; no model is asked. Latin and Cyrillic letters; scripts without capital letters have
numbers but no names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

MATERIAL_SHARE = 0.02
"""An edit of a smaller share of the words that changes no name and no number is noted and not passed on."""
LONG_TEXT_WORDS = 3000
"""Above it words are counted instead of aligned: alignment takes quadratic time."""
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[.!?…。！？]+|\n\s*\n")
_ENDS = frozenset(".!?…。！？\n")
_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "один": 1, "одна": 1, "два": 2, "две": 2, "двух": 2, "три": 3, "трёх": 3, "трех": 3, "четыре": 4, "четырёх": 4,
    "четырех": 4, "пять": 5, "пяти": 5, "шесть": 6, "шести": 6, "семь": 7, "семи": 7, "восемь": 8, "восьми": 8,
    "девять": 9, "девяти": 9, "десять": 10, "десяти": 10, "одиннадцать": 11, "двенадцать": 12, "тринадцать": 13,
    "четырнадцать": 14, "пятнадцать": 15, "шестнадцать": 16, "семнадцать": 17, "восемнадцать": 18,
    "девятнадцать": 19, "двадцать": 20, "двадцати": 20, "тридцать": 30, "тридцати": 30, "сорок": 40, "сорока": 40,
    "пятьдесят": 50, "пятидесяти": 50, "шестьдесят": 60, "семьдесят": 70, "восемьдесят": 80, "девяносто": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "сто": 100, "ста": 100, "тысяча": 1000}
COMMON_NUMBER = 10
"""Numbers up to it stand in nearly every text by chance."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a text can be held to: its words in order, its names, and its numbers each with the word after it."""

    words: tuple[str, ...]
    names: frozenset[str]
    numbers: frozenset[tuple[str, str]]

    @property
    def values(self) -> frozenset[str]:
        """The numbers alone."""
        return frozenset(number for number, _ in self.numbers)


@lru_cache(maxsize=4096)
def facts_of(text: str) -> Facts:
    """Names are capitalised words that do not begin a sentence; numbers are digits or number words, as digits."""
    tokens = _TOKEN.findall(text)
    words = [token for token in tokens if token[0] not in _ENDS]
    return Facts(
        words=tuple(word.casefold() for word in words),
        names=frozenset(_names(tokens)),
        numbers=frozenset(_numbers([word.casefold() for word in words])),
    )


def _names(tokens: list[str]) -> Iterator[str]:
    begins = True
    for token in tokens:
        if token[0] in _ENDS:
            begins = True
            continue
        if not begins and token[0].isupper() and (len(token) > 1 or not token.isascii()):
            yield token.removesuffix("'s").removesuffix("’s")
        begins = False


def _numbers(words: list[str]) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(words):
        end, value = _number_at(words, at)
        if end == at:
            at += 1
            continue
        yield value, words[end] if end < len(words) else ""
        at = end


def _number_at(words: list[str], at: int) -> tuple[int, str]:
    """Where the number that begins at `at` ends, and its digits; `at` itself where none begins."""
    if words[at][0].isdigit():
        return at + 1, words[at].replace(",", "")
    total, current, end = 0, 0, at
    while end < len(words):
        word = words[end]
        if word in _UNITS and (current % 10 == 0 or current == 0):
            if current and (current < 20 and current % 100) and _UNITS[word] < 10:
                break
            current += _UNITS[word]
        elif word in _SCALES and (current or end == at):
            current = max(current, 1) * _SCALES[word]
            if _SCALES[word] > 100:
                total, current = total + current, 0
        else:
            break
        end += 1
    return (end, str(total + current)) if end > at else (at, "")


def is_material(old: str, new: str) -> bool:
    """Does the edit change a name, a number, or at least `MATERIAL_SHARE` of the words?"""
    if old == new:
        return False
    before, after = facts_of(old), facts_of(new)
    if before.words == after.words:
        return False
    known = before.names | after.names
    if before.numbers != after.numbers and before.values != after.values:
        return True
    if _named(before, known) != _named(after, known):
        return True
    return changed_share(before.words, after.words) >= MATERIAL_SHARE


def _named(facts: Facts, known: Collection[str]) -> frozenset[str]:
    """Those of `known` that are in the text, at the beginning of a sentence too."""
    there = set(facts.words)
    return frozenset(name for name in known if name.casefold() in there)


def changed_share(old: tuple[str, ...], new: tuple[str, ...]) -> float:
    """Share of the words that are not in both, from 0 to 1."""
    longer = max(len(old), len(new))
    if not longer:
        return 0.0
    if longer > LONG_TEXT_WORDS:
        same = sum((Counter(old) & Counter(new)).values())
    else:
        blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        same = sum(block.size for block in blocks)
    return 1 - same / longer


def gone(old: str, new: str, known: Collection[str]) -> tuple[str, ...]:
    """Facts of `old` that `new` no longer has, as they can be looked for with `states`; `known` names aside.

    A number is looked for with the word after it ("34 miles"), since numbers alone stand in many texts by chance.
    """
    before, after = facts_of(old), facts_of(new)
    there = set(after.words)
    names = sorted(name for name in before.names if name.casefold() not in there and name not in known)
    numbers = sorted(f"{n} {unit}".strip() for n, unit in before.numbers - after.numbers if unit and n not in ("1",))
    return (*numbers, *names)


def states(text: str, fact: str) -> bool:
    """Does `text` have this fact of `gone`?"""
    facts = facts_of(text)
    number, _, unit = fact.partition(" ")
    if number[:1].isdigit():
        return (number, unit) in facts.numbers if unit else number in facts.values
    return fact.casefold() in facts.words


def names_somebody(text: str, names: Collection[str]) -> bool:
    """Does `text` name somebody or something by one of these names (of several words: by all or the first)?"""
    words = facts_of(text).words
    there = set(words)
    for name in names:
        parts = [part.casefold() for part in re.findall(r"[^\W_]+", name)]
        if parts and (all(part in there for part in parts) or (len(parts[0]) > 2 and _starts(parts[0], there))):
            return True
    return False


def _starts(part: str, there: set[str]) -> bool:
    """As such, or in a case of it where the language has cases (Cyrillic: the stem with another ending)."""
    if part in there:
        return True
    if part[0] < "а" or len(part) < 4:
        return False
    stem = part[:-1]
    return any(word.startswith(stem) and len(word) <= len(part) + 2 for word in there)
