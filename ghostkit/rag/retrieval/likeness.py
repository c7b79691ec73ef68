"""Tell near-duplicates: texts that share nearly all of their runs of three words.

Source: A. Broder, "On the resemblance of documents" (1997); Jaccard's index over 3-shingles.
"""

from __future__ import annotations

import re

DUPLICATE = 0.8
"""From this resemblance on, a reader learns nothing from the second text. Two words changed in a hundred give 0.89."""
RUN = 3
Shingle = str | tuple[str, ...]
"""A run of words; of a text without any, the text."""
# Scripts without blanks between words are taken by the character, or a whole sentence would be one word.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_PLAIN_WORD = re.compile(r"\w+")
_UNBLANKED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


Shingles = frozenset[tuple[str, ...]]


def shingles_of(text: str) -> Shingles:
    """Every run of three words, casefolded; of a shorter text, the text."""
    pattern = _PLAIN_WORD if text.isascii() or not _UNBLANKED.search(text) else _WORD
    words = pattern.findall(text.casefold())
    if len(words) < RUN:
        return frozenset((tuple(words) or (text.strip(),),))
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def are_near_duplicates(one: Shingles, other: Shingles) -> bool:
    """By Jaccard's index; sizes alone rule most pairs out."""
    small, large = sorted((len(one), len(other)))
    if not small or small < DUPLICATE * large:
        return False
    both = len(one & other)
    return both >= DUPLICATE * (small + large - both)
