"""The default chunker: whole sentences, cut where the text itself pauses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ghostkit.errors import ConfigError
from ghostkit.rag.chunking.blocks import flattened
from ghostkit.rag.chunking.contract import Counter, SentenceFinder
from ghostkit.rag.chunking.language import language_of
from ghostkit.rag.chunking.packing import packed
from ghostkit.rag.chunking.sentences import sentences
from ghostkit.rag.chunking.units import UnitMaker
from ghostkit.rag.document import TextSpan


@dataclass(frozen=True, kw_only=True)
class SentenceChunker:
    """Chunks of at most `size`, each beginning with up to `overlap` of whole sentences of the one before.

    Both are in characters, or in tokens by `count`. Raises `ConfigError` for sizes that can't be.
    """

    size: int = 1000
    overlap: int = 128
    count: Counter | None = None
    finder: SentenceFinder = sentences

    def __post_init__(self) -> None:
        checked_sizes(self.size, self.overlap)

    def __call__(self, text: str, language: str = "") -> Sequence[TextSpan]:
        flat = flattened(text)
        units = UnitMaker(flat, self.size, self.count, self.finder, language or language_of(text)).make()
        return [TextSpan(start=start, end=end) for start, end in packed(units, flat, self.overlap)]


def checked_sizes(size: int, overlap: int) -> None:
    """Raises `ConfigError` for what no chunk can be made of."""
    if size < 1 or not 0 <= overlap < size:
        raise ConfigError(
            f"Chunks of {size} with {overlap} of overlap can't be made.",
            fix="Give a size of at least 1 and an overlap below it.",
        )
