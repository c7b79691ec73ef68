"""Decks of sentence patterns, dealt so that a book doesn't say the same thing twice.

A pattern is a sentence with slots. Slots named in the grammar's vocabulary are filled here; the others belong to the
scene (who, where) and are filled by the page. A section doesn't draw from whole vocabularies but from a window of
each (`WINDOWS`): the same few things, one weather, one or two bystanders make a scene; the next section's windows lie
further on. A pattern that comes up for the n-th time in a book gets the n-th of its own list of fillings, which runs
through all of them before it comes back to the first.
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
from ghostkit.providers.rehearsal.sentences import upper_first

Words = Mapping[str, Sequence[str]]
Forms = Mapping[str, Sequence[str]]
_SLOT = re.compile(r"\{(\w+)\}")
_GOLDEN: Final = 0.6180339887


@dataclass(frozen=True, slots=True)
class Pattern:
    """`texts` and `slots` alternate. `own` are the slots the vocabulary fills: (position, name, list, form, capital).

    A slot's name stands for the same thing wherever it comes in the pattern; `{thing}` and `{thing2}` are two things.
    """

    source: str
    texts: tuple[str, ...]
    slots: tuple[str, ...]
    own: tuple[tuple[int, str, str, int, bool], ...]
    fillings: int


def compile_pattern(source: str, sizes: Mapping[str, int], forms: Forms) -> Pattern:
    """Split a pattern at its slots; `{Thing}` is `{thing}` with a capital, `{вещь_acc}` is `{вещь}` in another form."""
    pieces = _SLOT.split(source)
    slots = tuple(pieces[1::2])
    own: list[tuple[int, str, str, int, bool]] = []
    total = 1
    for at, slot in enumerate(slots):
        stem, _, form = slot.partition("_")
        bare = stem.rstrip("23456789")
        key = bare if bare in sizes else bare[:1].lower() + bare[1:]
        if key not in sizes:
            continue
        name = key + stem[len(bare) :]
        if all(name != other for _, other, *_ in own):
            total *= sizes[key]
        own.append((at, name, key, forms[key].index(form) if form else 0, bare != key))
    return Pattern(source, tuple(pieces[0::2]), slots, tuple(own), total)


class Deck:
    """One kind of patterns in an order of its own for one book and style."""

    def __init__(self, patterns: Sequence[Pattern], seed: str) -> None:
        self._patterns = Chance("deck", seed).shuffled(patterns)
        self._seed = seed
        self._walks: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._patterns)

    def deal(self, position: int, words: Words) -> tuple[Pattern, dict[int, str]]:
        """The pattern at `position` of the endless deck, with what its own slots say this time."""
        cycle, at = divmod(position, len(self._patterns))
        # Each round goes in another order, so that neighbours in one aren't neighbours in the next.
        pattern = self._patterns[(at * self._step(cycle) + cycle) % len(self._patterns)]
        start, stride = self._walk(pattern)
        index = (start + cycle * stride) % pattern.fillings
        filled: dict[int, str] = {}
        chosen: dict[str, str] = {}
        for slot, name, key, form, capital in pattern.own:
            word = chosen.get(name)
            if word is None:
                entries = words[key]
                index, entry = divmod(index, len(entries))
                taken = {chosen[other] for other in chosen if other.startswith(key)}
                while entries[entry] in taken and len(entries) > len(taken):
                    entry = (entry + 1) % len(entries)
                word = chosen[name] = entries[entry]
            said = word.split("|")[form] if "|" in word else word
            filled[slot] = upper_first(said) if capital else said
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
    """All decks and vocabularies of one grammar for one book and style."""

    def __init__(self, module: ModuleType, seed: str, length: str) -> None:
        self._seed = seed
        self._length = length
        self._decks: dict[str, Deck] = {}
        self._patterns, self._sizes = _compiled(module)
        self._words: Words = module.WORDS
        self._laps: dict[tuple[str, int], list[str]] = {}

    def deck(self, kind: str) -> Deck:
        deck = self._decks.get(kind)
        if deck is None:
            chosen = _of_length(self._patterns[kind], self._length)
            deck = self._decks[kind] = Deck(chosen, f"{self._seed}\x1f{kind}")
        return deck

    def words_for(self, index: int) -> Words:
        """The windows of section number `index`: neighbouring sections share as little as the lists allow."""
        chosen: dict[str, Sequence[str]] = {}
        for key, entries in self._words.items():
            size = self._sizes[key]
            if size == len(entries):
                chosen[key] = entries
                continue
            # Past the end of the list it is mixed anew, so that the windows hold other neighbours.
            lap, at = divmod(index, len(entries) // size)
            chosen[key] = self._mixed(key, lap)[at * size : (at + 1) * size]
        return chosen

    def _mixed(self, key: str, lap: int) -> list[str]:
        mixed = self._laps.get((key, lap))
        if mixed is None:
            mixed = self._laps[key, lap] = Chance("words", self._seed, key, lap).shuffled(self._words[key])
        return mixed


def _of_length(patterns: Sequence[Pattern], length: str) -> Sequence[Pattern]:
    """The shorter or the longer two thirds, for styles that want them."""
    if length == "any" or len(patterns) < 9:
        return patterns
    ranked = sorted(patterns, key=lambda pattern: (len(pattern.source.split()), pattern.source))
    kept = len(ranked) * 2 // 3
    return ranked[:kept] if length == "short" else ranked[-kept:]


@lru_cache(maxsize=8)
def _compiled(module: ModuleType) -> tuple[Mapping[str, tuple[Pattern, ...]], Mapping[str, int]]:
    decks: Mapping[str, Sequence[str]] = module.DECKS
    words: Words = module.WORDS
    windows: Mapping[str, int] = module.WINDOWS
    sizes = {key: min(windows.get(key, len(entries)), len(entries)) for key, entries in words.items()}
    forms: Forms = getattr(module, "FORMS", {})
    compiled = {
        kind: tuple(compile_pattern(source, sizes, forms) for source in sources) for kind, sources in decks.items()
    }
    return compiled, sizes


@lru_cache(maxsize=64)
def grammar_for(module: ModuleType, seed: str, length: str = "any") -> Grammar:
    """The grammar of one book in one style; kept, because a book asks for it at every section."""
    return Grammar(module, seed, length)
