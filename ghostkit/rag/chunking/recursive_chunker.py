"""Chunks by separators alone: paragraphs, then lines, then sentences, then words, then characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ghostkit.rag.chunking.blocks import flattened
from ghostkit.rag.chunking.contract import Counter, SentenceFinder
from ghostkit.rag.chunking.language import language_of
from ghostkit.rag.chunking.packing import packed
from ghostkit.rag.chunking.sentence_chunker import checked_sizes
from ghostkit.rag.chunking.sentences import sentences
from ghostkit.rag.chunking.units import PARAGRAPH_LEVEL, SENTENCE_LEVEL, UnitMaker, Units
from ghostkit.rag.document import TextSpan

_LINE = re.compile(r"[^\n]++")


class _LineMaker(UnitMaker):
    """Every line by itself, and no line means more than another."""

    def make(self) -> Units:
        at = 0
        for line in _LINE.finditer(self.flat):
            bare = line[0].strip()
            if bare:
                start = line.start() + line[0].index(bare[0])
                # A line that follows on the line before ends no paragraph: as good a place as a sentence's end.
                blank_line = self.flat.count("\n", at, start) > 1
                self._prose(start, start + len(bare), PARAGRAPH_LEVEL if blank_line else SENTENCE_LEVEL)
                at = start + len(bare)
        self._rank_and_measure()
        return self.units


@dataclass(frozen=True, kw_only=True)
class RecursiveChunker:
    """Like the splitters of that name elsewhere; offsets are exact, and boundaries stay after an edit."""

    size: int = 1000
    overlap: int = 128
    count: Counter | None = None
    finder: SentenceFinder = sentences

    def __post_init__(self) -> None:
        checked_sizes(self.size, self.overlap)

    def __call__(self, text: str, language: str = "") -> Sequence[TextSpan]:
        flat = flattened(text)
        units = _LineMaker(flat, self.size, self.count, self.finder, language or language_of(text)).make()
        return [TextSpan(start=start, end=end) for start, end in packed(units, flat, self.overlap)]
