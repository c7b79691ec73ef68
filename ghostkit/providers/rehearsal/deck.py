"""Decks of sentence patterns, dealt so that a book doesn't say the same thing twice.

A pattern is a sentence with slots. Slots named in the grammar's vocabulary are filled here; the others belong to the
scene (who, where) and are filled by the page. A pattern that comes up for the n-th time in a book gets the n-th entry
of its own list of fillings, which runs through all of them before it comes back to the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from types import ModuleType
from typing import Final

from ghostkit.providers.rehearsal.chance import Chance, seed_of

Words = Mapping[str, Sequence[str]]
_SLOT = re.compile(r"\{(\w+)\}")
_GOLDEN: Final = 0.6180339887


@dataclass(frozen=True, slots=True)
class Pattern:
    """`texts` and `slots` alternate; `own` are the positions of slots that the vocabulary fills, with their lists."""

    source: str
    texts: tuple[str, ...]
    slots: tuple[str, ...]
    own: tuple[tuple[int, Sequence[str]], ...]
    fillings: int


def compile_pattern(source: str, words: Words) -> Pattern:
    """Split a pattern at its slots. A digit after a vocabulary's name (`thing2`) is another draw from it."""
    pieces = _SLOT.split(source)
    slots = tuple(pieces[1::2])
    own = []
    total = 1
    for at, slot in enumerate(slots):
        entries = words.get(slot) or words.get(slot.rstrip("23456789"))
        if entries is not None:
            own.append((at, entries))
            total *= len(entries)
    return Pattern(source, tuple(pieces[0::2]), slots, tuple(own), total)


class Deck:
    """One kind of patterns in an order of its own for one book and style."""

    def __init__(self, patterns: Sequence[Pattern], seed: str) -> None:
        self._patterns = Chance("deck", seed).shuffled(patterns)
        self._seed = seed
        self._walks: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._patterns)

    def deal(self, position: int) -> tuple[Pattern, dict[int, str]]:
        """The pattern at `position` of the endless deck, with what its own slots say this time."""
        cycle, at = divmod(position, len(self._patterns))
        # Each round starts a little further on, so that neighbours in one round aren't neighbours in the next.
        pattern = self._patterns[(at * self._step(cycle) + cycle) % len(self._patterns)]
        start, stride = self._walk(pattern)
        index = (start + cycle * stride) % pattern.fillings
        filled: dict[int, str] = {}
        for slot, entries in pattern.own:
            index, entry = divmod(index, len(entries))
            filled[slot] = entries[entry]
        return pattern, filled

    def _step(self, cycle: int) -> int:
        """A step that visits every pattern once a round."""
        count = len(self._patterns)
        step = 1 + (cycle * 7) % max(1, count - 1)
        while gcd(step, count) != 1:
            step += 1
        return step

    def _walk(self, pattern: Pattern) -> tuple[int, int]:
        known = self._walks.get(pattern.source)
        if known is None:
            stride = max(1, round(pattern.fillings * _GOLDEN))
            while gcd(stride, pattern.fillings) != 1:
                stride += 1
            start = seed_of("walk", self._seed, pattern.source) % pattern.fillings
            known = self._walks[pattern.source] = start, stride
        return known


class Grammar:
    """All decks of one grammar for one book and style."""

    def __init__(self, module: ModuleType, seed: str, length: str) -> None:
        self._seed = seed
        self._decks: dict[str, Deck] = {}
        self._patterns = _compiled(module)
        self._length = length

    def deck(self, kind: str) -> Deck:
        deck = self._decks.get(kind)
        if deck is None:
            chosen = _of_length(self._patterns[kind], self._length)
            deck = self._decks[kind] = Deck(chosen, f"{self._seed}\x1f{kind}")
        return deck

    def has(self, kind: str) -> bool:
        return kind in self._patterns


def _of_length(patterns: Sequence[Pattern], length: str) -> Sequence[Pattern]:
    """The shorter or the longer two thirds, for styles that want them."""
    if length == "any" or len(patterns) < 9:
        return patterns
    ranked = sorted(patterns, key=lambda pattern: (len(pattern.source.split()), pattern.source))
    kept = len(ranked) * 2 // 3
    return ranked[:kept] if length == "short" else ranked[-kept:]


@lru_cache(maxsize=8)
def _compiled(module: ModuleType) -> Mapping[str, tuple[Pattern, ...]]:
    decks: Mapping[str, Sequence[str]] = module.DECKS
    words: Words = module.WORDS
    return {kind: tuple(compile_pattern(source, words) for source in sources) for kind, sources in decks.items()}


@lru_cache(maxsize=64)
def grammar_for(module: ModuleType, seed: str, length: str = "any") -> Grammar:
    """The grammar of one book in one style; kept, because a book asks for it at every section."""
    return Grammar(module, seed, length)
