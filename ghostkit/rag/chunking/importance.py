"""How much a chunk has to say, 0 to 1, from what it holds and from the chunks around it.

importance = 0.40 information + 0.20 names + 0.15 dialogue + 0.15 position + 0.10 numbers, each 0 to 1:

- information: the share of the document's chunks whose words are commoner than its own, by the mean of
  ln(N / n) over the chunk's distinct words, n of the N chunks holding the word (0.5 in a document of one chunk);
- names: capitalised words within sentences, as a share of all words, full at 8 %;
- dialogue: the share of its characters that are spoken, between quotes or after a dash;
- position: 1 for the first and the last chunk, falling to 0 at a tenth of the document from either end;
- numbers: as a share of words, full at 5 %.

A table of contents has a fifth of that, and what has fewer than ten words (a heading alone) half. Rounded to two
places, so that an edit far away seldom changes it. The weights are chosen, not fitted: there is no public data to fit
them to.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ghostkit.rag.chunking.line_forms import is_contents

INFORMATION, NAMES, DIALOGUE, POSITION, NUMBERS = 0.40, 0.20, 0.15, 0.15, 0.10
FULL_NAMES: Final = 0.08
FULL_NUMBERS: Final = 0.05
EDGE: Final = 0.1
CONTENTS_FACTOR: Final = 0.2
SHORT_FACTOR: Final = 0.5
FEW_WORDS: Final = 10
_WORD = re.compile(r"\w+")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_NAME = re.compile(r"[A-ZÀ-ÖØ-ÞΑ-ΩЀ-Я](?<=[a-zß-öø-ÿα-ωа-џ,;] .)\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*+")
_SPOKEN = re.compile(
    r"“[^”]*+”?|„[^“”]*+[“”]?|«[^»]*+»?|「[^」]*+」?|『[^』]*+』?|\"[^\"]*+\"?|^[ \t]*+(?:—|–|--)[ \t].*", re.MULTILINE
)


def importances(contents: Sequence[str]) -> list[float]:
    """Of each chunk of one document, in its order."""
    total = len(contents)
    bags = [_distinct(content) for content in contents]
    informations = _information(bags)
    return [
        round(_importance(content, information, position, total), 2)
        for position, (content, information) in enumerate(zip(contents, informations, strict=True))
    ]


def _importance(content: str, information: float, position: int, total: int) -> float:
    words = len(_WIDE.findall(content)) or len(content.split())
    names = min(1.0, len(_NAME.findall(content)) / words / FULL_NAMES)
    numbers = min(1.0, len(_NUMBER.findall(content)) / words / FULL_NUMBERS)
    dialogue = sum(map(len, _SPOKEN.findall(content))) / len(content)
    edge = min(position, total - 1 - position) / max(1.0, EDGE * total)
    value = (
        INFORMATION * information
        + NAMES * names
        + DIALOGUE * min(1.0, dialogue)
        + POSITION * max(0.0, 1.0 - edge)
        + NUMBERS * numbers
    )
    if is_contents(content.split("\n")):
        value *= CONTENTS_FACTOR
    return value * SHORT_FACTOR if words < FEW_WORDS else value


def _distinct(content: str) -> frozenset[str]:
    """Words of a text; of one that has no spaces, pairs of its characters."""
    if _WIDE.search(content):
        return frozenset(map("".join, pairwise(content)))
    return frozenset(_WORD.findall(content.lower()))


def _information(bags: Sequence[frozenset[str]]) -> list[float]:
    total = len(bags)
    if total < 2:
        return [0.5] * total
    found: Counter[str] = Counter()
    for bag in bags:
        found.update(bag)
    # Equal sums in any order: counts are whole numbers, and logarithms are looked up by count and added exactly.
    weights = {word: math.log(total / count) for word, count in found.items()}
    means = [math.fsum(map(weights.__getitem__, bag)) / len(bag) if bag else 0.0 for bag in bags]
    ordered = sorted(means)
    return [bisect_left(ordered, mean) / (total - 1) for mean in means]
