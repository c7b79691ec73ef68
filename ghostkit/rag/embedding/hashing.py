"""`hashing`: vectors from words and their parts, offline, the same on every machine; it matches words, no meanings.

Source: feature hashing with signs, Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning";
words by their character n-grams, Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information".
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ghostkit.rag.embedding.contract import EmbedderInfo, Role
from ghostkit.rag.embedding.hashing_terms import is_wide, stem_of, words_of
from ghostkit.rag.embedding.threads import in_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSION: Final = 512
_GRAMS: Final = (3, 4)
_GRAM_SHARE: Final = 0.35
"""How much all n-grams of a word weigh together, of what the word weighs."""
_WORDS_REMEMBERED: Final = 50_000
_AT_ONCE: Final = 256
"""Texts in one array: 1 MB of float64."""
_THRESHOLD: Final = 0.1

_Features = tuple["NDArray[np.intp]", "NDArray[np.float64]"]
"""Places of the vector, and what a word adds there."""


class HashingEmbedder:
    """See `Embedder`. Nothing is loaded, nothing leaves the machine."""

    chosen_because = ""

    def __init__(self) -> None:
        self._known: dict[str, _Features] = {}
        self._lock = threading.Lock()
        self._info: EmbedderInfo | None = None

    async def info(self) -> EmbedderInfo:
        if self._info is None:
            revision = await in_thread(self._revision)
            self._info = EmbedderInfo(
                name="hashing", dimension=DIMENSION, revision=revision, threshold=_THRESHOLD, lexical=True
            )
        return self._info

    async def embed(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """Both roles are embedded alike."""
        return await in_thread(self._rows, list(texts))

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _revision(self) -> str:
        """Of what these words become: another stemmer or Unicode table makes other vectors, and says so."""
        return hashlib.sha256(self._rows([_PROBE]).tobytes()).hexdigest()[:12]

    def _rows(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np

        rows = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            rows[start : start + len(some)] = self._block(some)
        return rows

    def _block(self, texts: list[str]) -> NDArray[np.float64]:
        """float64 (n, DIMENSION), of length one; sums run in the order of the words, so they are the same anywhere."""
        import numpy as np

        places, weights = [], []
        for row, text in enumerate(texts):
            for word, count in Counter(words_of(text)).items():
                place, weight = self._features(word)
                places.append(place + row * DIMENSION)
                weights.append(weight * math.sqrt(count))
        if not places:
            return np.zeros((len(texts), DIMENSION))
        summed = np.bincount(np.concatenate(places), np.concatenate(weights), len(texts) * DIMENSION)
        rows = summed.reshape(len(texts), DIMENSION)
        lengths = [math.sqrt(math.fsum(square)) for square in (rows * rows).tolist()]
        units: NDArray[np.float64] = rows / np.array([length or 1.0 for length in lengths])[:, None]
        return units

    def _features(self, word: str) -> _Features:
        found = self._known.get(word)
        if found is None:
            found = _made(word)
            with self._lock:
                if len(self._known) >= _WORDS_REMEMBERED:
                    self._known.clear()
                self._known[word] = found
        return found


def _made(word: str) -> _Features:
    import numpy as np

    if is_wide(word):
        parts = [word] if len(word) == 1 else [word[at : at + 2] for at in range(len(word) - 1)]
        features = [(f"w{part}", 1.0) for part in parts]
    else:
        marked = f"<{word}>"
        grams = [marked[at : at + size] for size in _GRAMS for at in range(len(marked) - size + 1)]
        share = _GRAM_SHARE / math.sqrt(len(grams)) if grams else 0.0
        features = [(f"w{stem_of(word)}", 1.0), *((f"g{gram}", share) for gram in grams)]
    hashed = [_hashed(feature) for feature, _ in features]
    places = np.array([value % DIMENSION for value in hashed], dtype=np.intp)
    signs = np.array([1.0 if value >> 63 else -1.0 for value in hashed])
    return places, signs * np.array([weight for _, weight in features])


def _hashed(feature: str) -> int:
    """64 bits, the same everywhere; unlike Python's `hash()`."""
    return int.from_bytes(hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


_PROBE: Final = (
    "The couriers of Saltmarsh were walking quietly beside their horses when 27 lanterns flickered. "
    "Курьеры медленно ехали вдоль берега, когда погасли ещё двадцать фонарей. "
    "信使沿着海岸走着。 Où étaient les chevaux? Die Straße führte nach Süden. ﬁne"
)
