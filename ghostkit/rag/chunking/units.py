"""The smallest parts that chunks are made of, and how willingly a chunk may begin at each."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Final

from ghostkit.rag.chunking.blocks import CODE, CONTENTS, HEADING, LIST, PROSE, SCENE, TABLE, VERSE, Block, blocks
from ghostkit.rag.chunking.contract import Counter, SentenceFinder
from ghostkit.rag.chunking.pieces import pieces

WORD_LEVEL, CLAUSE_LEVEL, SENTENCE_LEVEL, PARAGRAPH_LEVEL, SECTION_LEVEL = range(5)
"""SECTION_LEVEL and above: before a heading."""
HASH_BITS: Final = 20
_HASH_MASK: Final = (1 << HASH_BITS) - 1
_SHORT_PARAGRAPH: Final = 64
"""Characters; a paragraph this short is not cut into sentences."""


@dataclass
class Units:
    """Unit i is `text[starts[i]:ends[i]]`, and stands from `begin[i]` to `finish[i]` in the unit of measure.

    `ranks[i]`: a chunk begins at the unit of the highest rank that it can. The level comes first, then a hash of the
    lengths around: so the choice depends on the text nearby and not on where the chunk before ended, and after an
    edit the same places are chosen again.
    """

    size: int
    count: Counter | None
    starts: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    ranks: array[int] = field(default_factory=lambda: array("q"))
    begin: array[float] | array[int] = field(default_factory=lambda: array("q"))
    finish: array[float] | array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.starts)

    def fits(self, text: str, start: int, end: int) -> bool:
        if self.count is None:
            return end - start <= self.size
        return self.count(text[start:end]) <= self.size


class UnitMaker:
    """Makes the units of one flattened text."""

    def __init__(self, flat: str, size: int, count: Counter | None, finder: SentenceFinder, language: str) -> None:
        self.flat = flat
        self.units = Units(size=size, count=count)
        self._finder = finder
        self._language = language
        self._after_heading = False
        self._after_own = False

    def make(self) -> Units:
        for block in blocks(self.flat):
            self._block(block)
        self._rank_and_measure()
        return self.units

    def _block(self, block: Block) -> None:
        kind, start, end, level = block
        opens = self._opening_level(kind, level, start)
        if kind == PROSE:
            self._prose(start, end, opens)
        elif kind in (HEADING, SCENE) or self.units.fits(self.flat, start, end):
            self._whole(start, end, opens)
        elif kind == LIST:
            self._rows(start, end, opens, SENTENCE_LEVEL, prose=True)
        elif kind in (TABLE, CODE, VERSE, CONTENTS):
            self._rows(start, end, opens, CLAUSE_LEVEL, prose=False)
        self._after_heading = kind == HEADING
        self._after_own = kind in (SCENE, CONTENTS)

    def _opening_level(self, kind: int, level: int, start: int) -> int:
        """A heading stays with what follows it, a break between scenes with what is before, a list with its lead-in."""
        if self._after_heading and kind != CONTENTS:
            return WORD_LEVEL
        if kind == HEADING:
            return level
        if kind == SCENE:
            return WORD_LEVEL
        if self._after_own or kind == CONTENTS:
            return SECTION_LEVEL
        ends = self.units.ends
        if kind == LIST and ends and self.flat[ends[-1] - 1] == ":":
            return CLAUSE_LEVEL
        return PARAGRAPH_LEVEL

    def _add(self, start: int, end: int, level: int) -> None:
        units = self.units
        units.starts.append(start)
        units.ends.append(end)
        units.ranks.append(level)

    def _whole(self, start: int, end: int, level: int) -> None:
        """One unit, or its pieces where it is too large."""
        if self.units.fits(self.flat, start, end):
            self._add(start, end, level)
            return
        for first, last, clause in pieces(self.flat, start, end, self.units.size, self.units.fits):
            self._add(first, last, level)
            level = CLAUSE_LEVEL if clause else WORD_LEVEL

    def _prose(self, start: int, end: int, level: int) -> None:
        if end - start <= _SHORT_PARAGRAPH:
            self._whole(start, end, level)
            return
        size = self.units.size if self.units.count is None else 0
        add = self._add
        for first, last in self._finder(self.flat, start, end, self._language):
            if last - first <= size:
                add(first, last, level)
            else:
                self._whole(first, last, level)
            level = SENTENCE_LEVEL

    def _rows(self, start: int, end: int, level: int, inner: int, *, prose: bool) -> None:
        at = start
        for line in self.flat[start:end].split("\n"):
            bare = line.strip()
            if bare:
                first = at + line.index(bare[0])
                if prose:
                    self._prose(first, first + len(bare), level)
                else:
                    self._whole(first, first + len(bare), level)
                level = inner
            at += len(line) + 1

    def _rank_and_measure(self) -> None:
        units = self.units
        starts, ends, ranks = units.starts, units.ends, units.ranks
        before = 0
        for index, (start, end, level) in enumerate(zip(starts, ends, ranks, strict=True)):
            length = end - start
            mixed = (before * 0x9E3779B1 ^ length * 0x85EBCA6B) * 0x27D4EB2F
            ranks[index] = level << HASH_BITS | (mixed >> 12) & _HASH_MASK
            before = length
        if units.count is None:
            units.begin, units.finish = starts, ends
            return
        units.begin, units.finish = _measured(self.flat, units, units.count)


def _measured(flat: str, units: Units, count: Counter) -> tuple[array[float], array[float]]:
    """Where each unit begins and ends in tokens; blanks between two units count where they are more than a space."""
    begin, finish = array("d"), array("d")
    at, previous = 0.0, 0
    for start, end in zip(units.starts, units.ends, strict=True):
        at += count(flat[previous:start]) if start - previous > 1 else 0.0
        begin.append(at)
        at += count(flat[start:end])
        finish.append(at)
        previous = end
    return begin, finish
