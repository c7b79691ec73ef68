"""What each word adds to a vector of `hashing`, worked out once a word and kept in flat arrays."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ghostkit.rag.store.terms import terms_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSION: Final = 512
_GRAMS: Final = (4, 5)
_GRAM_SHARE: Final = 1.4
"""How long the n-grams of a word are together as a vector, where the word's stem is 1."""
_LONGEST_WORD: Final = 40


class Words:
    """The features of each word: places of the vector, and what is added there. Not thread-safe."""

    def __init__(self) -> None:
        import numpy as np

        self._ids: dict[str, int] = {}
        self._places: list[int] = []
        self._weights: list[float] = []
        self._ends: list[int] = [0]
        self._flat = (np.zeros(0, np.intp), np.zeros(0), np.zeros(1, np.intp))

    def __len__(self) -> int:
        return len(self._ids)

    def ids_of(self, tokens: Sequence[str]) -> list[int]:
        known = self._ids
        for token in tokens:
            if token not in known:
                for feature, weight in _features(token):
                    hashed = _hashed(feature)
                    self._places.append(hashed % DIMENSION)
                    self._weights.append(weight if hashed >> 63 else -weight)
                self._ends.append(len(self._places))
                known[token] = len(known)
        return [known[token] for token in tokens]

    def flat(self) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
        """Places and weights of all features in a row; those of word `i` end before `ends[i + 1]`."""
        import numpy as np

        places, weights, ends = self._flat
        if len(ends) < len(self._ends):
            new = slice(len(places), None)
            self._flat = (
                np.concatenate([places, np.array(self._places[new], dtype=np.intp)]),
                np.concatenate([weights, np.array(self._weights[new], dtype=np.float64)]),
                np.array(self._ends, dtype=np.intp),
            )
        return self._flat


def _features(token: str) -> list[tuple[str, float]]:
    """Its stem and its n-grams. A stop word has none; a pair of characters written without blanks no n-grams."""
    features: list[tuple[str, float]] = []
    for term in terms_of(token[:_LONGEST_WORD]):
        features.append((f"w{term}", 1.0))
        marked = f"<{token[:_LONGEST_WORD]}>"
        grams = [marked[at : at + size] for size in _GRAMS for at in range(len(marked) - size + 1)]
        if len(token) > 2:
            features += [(f"g{gram}", _GRAM_SHARE / math.sqrt(len(grams))) for gram in grams]
    return features


def _hashed(feature: str) -> int:
    """64 bits, the same everywhere; unlike Python's `hash()`."""
    return int.from_bytes(hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
