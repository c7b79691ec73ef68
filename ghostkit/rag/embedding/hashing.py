"""`hashing`: vectors from words and their parts, offline, the same on every machine; it matches words, no meanings.

Source: feature hashing with signs, Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning";
words by their character n-grams, Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information".

Which language a short question is in can't be known for sure, and one stemmed otherwise than the texts would find
nothing: so each word's script chooses the stemmer, in any text, and the n-grams carry what that misses.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from ghostkit.rag.embedding.contract import EmbedderInfo, Role
from ghostkit.rag.embedding.hashing_words import DIMENSION, Words
from ghostkit.rag.embedding.threads import in_thread
from ghostkit.rag.store.terms import tokens_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THRESHOLD: Final = 0.1
"""On SciFact nine in ten relevant pairs are above it, and two in ten of all pairs."""
_WORDS_REMEMBERED: Final = 50_000
_TEXTS_AT_ONCE: Final = 256
_WORDS_AT_ONCE: Final = 50_000
_PIECE: Final = 20_000
"""Different words of one text that are summed in one go; a longer text is the sum of its pieces."""
_SLICE: Final = 1_000_000
"""Characters taken apart in one go: a text of 50 MB must not become a list of eight million words."""


class _Piece(NamedTuple):
    row: int
    tokens: list[str]
    counts: list[int]


class HashingEmbedder:
    """See `Embedder`. Nothing is loaded, nothing leaves the machine."""

    name = "hashing"

    def __init__(self, *, chosen_because: str = "") -> None:
        self.chosen_because = chosen_because
        self._words: Words | None = None
        self._lock = threading.Lock()
        self._info: EmbedderInfo | None = None

    async def info(self) -> EmbedderInfo:
        if self._info is None:
            revision = await in_thread(self._revision)
            self._info = EmbedderInfo(
                name=self.name, dimension=DIMENSION, revision=revision, threshold=THRESHOLD, lexical=True
            )
        return self._info

    async def embed(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """Both roles are embedded alike."""
        return await in_thread(self._rows, list(texts))

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _revision(self) -> str:
        """Of what these words become: another stemmer or Unicode table makes other vectors, and says so."""
        return hashlib.sha256(self._rows([_PROBE]).astype("<f4").tobytes()).hexdigest()[:12]

    def _rows(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np

        rows = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            some = texts[start : start + _TEXTS_AT_ONCE]
            sums = np.zeros((len(some), DIMENSION))
            for pieces in _pieces(some):
                self._add(pieces, sums)
            # A running sum adds from left to right on every machine; `sum` goes by the width of its registers.
            lengths = np.sqrt(np.add.accumulate(sums * sums, axis=1)[:, -1:])
            rows[start : start + len(some)] = sums / np.where(lengths > 0, lengths, 1.0)
        return rows

    def _add(self, pieces: list[_Piece], sums: NDArray[np.float64]) -> None:
        """Add each piece's words to its row, in the order of the words, so that sums are the same anywhere."""
        import numpy as np

        with self._lock:
            if self._words is None or len(self._words) > _WORDS_REMEMBERED:
                self._words = Words()
            ids = np.array([id for piece in pieces for id in self._words.ids_of(piece.tokens)], dtype=np.intp)
            places, weights, ends = self._words.flat()
        counts = np.array([count for piece in pieces for count in piece.counts], dtype=np.float64)
        piece_of = np.repeat(np.arange(len(pieces)), [len(piece.tokens) for piece in pieces])
        many = ends[ids + 1] - ends[ids]
        # The features of all words in a row: where each word's begin, and how far into them.
        features = np.arange(many.sum()) + np.repeat(ends[ids] - np.cumsum(many) + many, many)
        # Count to the power of ¾ by roots, which are exact everywhere.
        added = weights[features] * np.repeat(np.sqrt(counts * np.sqrt(counts)), many)
        where = places[features] + np.repeat(piece_of * DIMENSION, many)
        summed = np.bincount(where, added, len(pieces) * DIMENSION).reshape(len(pieces), DIMENSION)
        for piece, sum_of_piece in zip(pieces, summed, strict=True):
            sums[piece.row] += sum_of_piece


def _pieces(texts: list[str]) -> Iterator[list[_Piece]]:
    """Groups of bounded size of pieces that only depend on their text."""
    group: list[_Piece] = []
    held = 0
    for row, text in enumerate(texts):
        counted = _counted(text)
        tokens, counts = list(counted), list(counted.values())
        for at in range(0, len(tokens), _PIECE):
            piece = _Piece(row, tokens[at : at + _PIECE], counts[at : at + _PIECE])
            group.append(piece)
            held += len(piece.tokens)
            if held >= _WORDS_AT_ONCE:
                yield group
                group, held = [], 0
    if group:
        yield group


def _counted(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for piece in _slices(text):
        counts.update(tokens_of(piece))
    return counts


def _slices(text: str) -> Iterator[str]:
    """Of about a million characters, cut at a blank where there is one."""
    start = 0
    while start < len(text):
        end = start + _SLICE
        if end < len(text):
            blank = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
            end = blank if blank > start else end
        yield text[start:end]
        start = end


_PROBE: Final = (
    "The couriers of Saltmarsh were walking quietly beside their horses when 27 lanterns flickered. "
    "Курьеры медленно ехали вдоль берега, когда погасли ещё двадцать фонарей. "
    "信使沿着海岸走着。 Où étaient les chevaux? Die Straße führte nach Süden. ﬁne"
)
