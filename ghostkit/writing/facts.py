"""Names and numbers of a text, and whether an edit changed any of them: what tells a comma from a fact.

Counts and compares words only; no model is asked. Names are capitalised words, so scripts without capital letters have
numbers but no names; a name that is given (`names_somebody`) is found in any script.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from ghostkit.writing.numerals import LONE_ONE, number_at
from ghostkit.writing.worddiff import UNSPACED

MATERIAL_SHARE = 0.02
"""An edit of a smaller share of the words that changes no name and no number is noted and not passed on."""
LONG_TEXT_WORDS = 3000
"""Above it words are counted instead of aligned: alignment takes quadratic time."""
COMMON_NUMBER = 10
"""Numbers up to it stand in nearly every text by chance."""
_TOKEN = re.compile(
    rf"\d+(?:[.,]\d+)*|[{UNSPACED}]|(?:(?![{UNSPACED}])[^\W\d_])+(?:'(?:(?![{UNSPACED}])[^\W\d_])+)*"
    r"|[.!?…。！？]+|[\n“„«\"]"
)
_BEGINS = frozenset('.!?…。！？\n“„«"')
"""After one of these a capital letter says nothing."""
_UNSPACED = re.compile(rf"[{UNSPACED}]")
ARTICLES = frozenset(("the", "a", "an", "der", "die", "das", "le", "la", "les", "el", "los", "las", "il", "lo"))
_ENDING = re.compile(r"[аеёийоуыьэюя]+(?:м|ми|х)?$")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a text can be held to.

    `words` are all in order, without case and possessive 's, numbers as digits; `names` those that are capitalised
    where nothing else makes them so, as written; `capitals` the keys (`name_key`) of every capitalised word;
    `numbers` each number in order with the word after it.
    """

    words: tuple[str, ...]
    names: frozenset[str]
    capitals: frozenset[str]
    numbers: tuple[tuple[str, str], ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The numbers alone."""
        return tuple(number for number, _ in self.numbers)


@lru_cache(maxsize=4096)
def facts_of(text: str) -> Facts:
    """Names are capitalised words that begin neither sentence, line nor quotation; numbers are digits or words."""
    tokens = [_without_possessive(token) for token in _TOKEN.findall(text.replace("’", "'"))]
    plain = [token for token in tokens if token[0] not in _BEGINS]
    words, numbers = _with_digits([token.casefold() for token in plain])
    return Facts(
        # One copy of each word for all texts: the facts of a whole book are kept while it is looked through.
        words=tuple(map(sys.intern, words)),
        names=frozenset(_names(tokens)),
        capitals=frozenset(name_key(token) for token in plain if token[0].isupper()),
        numbers=tuple(numbers),
    )


def _without_possessive(token: str) -> str:
    return token[:-2] if token[-2:] in ("'s", "'S") else token


@lru_cache(maxsize=16384)
def name_key(word: str) -> str:
    """What tells names apart: without case, and without a Cyrillic name's ending (Мира, Миру, Мирой)."""
    key = word.casefold()
    stem = _ENDING.sub("", key)
    return stem if len(stem) >= 2 else key


def _names(tokens: list[str]) -> Iterator[str]:
    begins = True
    for token in tokens:
        if token[0] in _BEGINS:
            begins = True
            continue
        if not begins and token[0].isupper() and token != "A" and token.partition("'")[0] != "I":
            yield token
        begins = False


def _with_digits(words: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The words with every number as digits, and the numbers each with the word after it."""
    found, numbers, at = [], [], 0
    while at < len(words):
        end, value = number_at(words, at)
        if end == at or (end == at + 1 and words[at] in LONE_ONE):
            found.append(words[at])
            at += 1
            continue
        found.append(value)
        numbers.append((value, words[end] if end < len(words) else ""))
        at = end
    return found, numbers


def is_material(old: str, new: str) -> bool:
    """Does the edit change a name, a number, or at least `MATERIAL_SHARE` of the words?"""
    if old == new:
        return False
    before, after = facts_of(old), facts_of(new)
    if before.words == after.words:
        return False
    if before.values != after.values:
        return True
    known = {name_key(name) for name in before.names | after.names}
    if known & before.capitals != known & after.capitals:
        return True
    return changed_share(before.words, after.words) >= MATERIAL_SHARE


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
    there = after.capitals | {name_key(name) for name in known}
    names = sorted({name_key(name): name for name in sorted(before.names) if name_key(name) not in there}.values())
    numbers = sorted({f"{n} {unit}" for n, unit in {*before.numbers} - {*after.numbers} if unit and n != "1"})
    return (*numbers, *names)


def states(text: str, fact: str) -> bool:
    """Does `text` have this fact of `gone`?"""
    facts = facts_of(text)
    number, _, unit = fact.partition(" ")
    if number[:1].isdigit():
        return (number, unit) in facts.numbers if unit else number in facts.values
    return name_key(fact) in facts.capitals


def parts_of_name(name: str) -> tuple[str, ...]:
    """The words of a name as `facts_of` would cut them, without a leading article."""
    parts = [_without_possessive(part) for part in _TOKEN.findall(name.replace("’", "'")) if part[0] not in _BEGINS]
    if len(parts) > 1 and parts[0].casefold() in ARTICLES:
        del parts[0]
    return tuple(parts)


def names_somebody(text: str, names: Iterable[str]) -> bool:
    """Does `text` name somebody or something by one of these names (of several words: by all or the first)?"""
    facts = facts_of(text)
    for name in names:
        if _UNSPACED.search(name):
            if unicodedata.normalize("NFKC", name).strip() in unicodedata.normalize("NFKC", text):
                return True
            continue
        parts = parts_of_name(name)
        if parts and (
            all(_is_there(part, facts) for part in parts) or (len(parts[0]) > 2 and _is_there(parts[0], facts))
        ):
            return True
    return False


def _is_there(part: str, facts: Facts) -> bool:
    """A name with a capital letter counts only where the text has one: nobody is called by "will" or "mark"."""
    if part[0].isupper():
        return name_key(part) in facts.capitals
    word = part.casefold()
    if word in facts.words:
        return True
    # Scripts without capital letters that add endings to a name, such as Korean's.
    return part.upper() == part.lower() and len(word) > 1 and any(w.startswith(word) for w in facts.words)
