"""Which units make a chunk.

From where a chunk begins, its end is the place of the highest rank in a window: before a heading if there is one,
else between paragraphs, else between sentences; among equals a hash of the text nearby decides. A running fill would
move every later boundary after an edit; this choice finds the old places again after a chunk or two.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from ghostkit.rag.chunking.units import HASH_BITS, SECTION_LEVEL, SENTENCE_LEVEL, Units

LEAST_FILL: Final = 0.6
"""Of the size; a chunk is not shorter, but before a heading or what can't be cut."""
LEAST_SECTION: Final = 0.4
_SECTION: Final = SECTION_LEVEL << HASH_BITS
_SENTENCE: Final = SENTENCE_LEVEL << HASH_BITS


def packed(units: Units, text: str, overlap: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each chunk, in characters; it begins with up to `overlap` of sentences of the one before."""
    total = len(units)
    sections = [index for index, rank in enumerate(units.ranks) if rank >= _SECTION]
    sections.append(total)
    first, section, before = 0, 0, 0
    while first < total:
        start = _overlap_start(units, before, first, overlap) if overlap and first else first
        while sections[section] <= first and sections[section] < total:
            section += 1
        while True:
            most = bisect_right(units.finish, units.begin[start] + units.size, first)
            if most > first or start == first:
                break
            start += 1
        # A unit alone always fits; its measure in place may be larger by rounding.
        most = max(most, first + 1)
        cut = _cut(units, start, first, most, sections[section]) if most < total else total
        if units.count is not None:
            start, cut = _within(units, text, start, first, cut)
        yield units.starts[start], units.ends[cut - 1]
        before, first = first, cut


def _overlap_start(units: Units, before: int, first: int, overlap: int) -> int:
    """The unit that a chunk begins with whose own text begins at `first`, that of the chunk before it at `before`."""
    ranks, begin = units.ranks, units.begin
    least = begin[first] - overlap
    start = best = first
    # Inside a sentence too large for a chunk, clauses overlap.
    whole = _SENTENCE if ranks[first] >= _SENTENCE else 0
    while start > before + 1 and ranks[start] < _SECTION and begin[start - 1] >= least:
        start -= 1
        if ranks[start] >= whole:
            best = start
    return best


def _cut(units: Units, start: int, first: int, most: int, section: int) -> int:
    """The unit before which the chunk ends, at most at `most`; the next section begins at the unit `section`."""
    ranks, begin, size = units.ranks, units.begin, units.size
    near = max(first + 1, bisect_left(begin, begin[start] + LEAST_SECTION * size, first, most))
    if section <= most:
        best = max(ranks[near : most + 1], default=0)
        if best >= _SECTION:
            return ranks.index(best, near)
    else:
        most = _leaving_enough(units, near, most, section)
    low = max(first + 1, bisect_left(begin, begin[start] + LEAST_FILL * size, first, most))
    best = max(ranks[low : most + 1], default=-1)
    if best < _SENTENCE:
        sooner = max(ranks[first + 1 : low], default=-1)
        if sooner >= _SENTENCE:
            return _last_index(units, sooner, first + 1, low)
    return most if best < 0 else _last_index(units, best, low, most + 1)


def _last_index(units: Units, rank: int, low: int, high: int) -> int:
    at = high - 1
    while units.ranks[at] != rank:
        at -= 1
    return max(at, low)


def _leaving_enough(units: Units, low: int, most: int, section: int) -> int:
    """An earlier end, if what the section (or the text) has left after `most` would be no chunk worth its name."""
    begin, size = units.begin, units.size
    until = begin[section] if section < len(units) else units.finish[-1]
    if until - begin[most] >= LEAST_SECTION * size:
        return most
    earlier = bisect_right(begin, until - LEAST_SECTION * size, low, most) - 1
    return earlier if earlier > low else most


def _within(units: Units, text: str, start: int, first: int, cut: int) -> tuple[int, int]:
    """Fewer units where the counter finds more tokens in the whole than in its parts."""
    assert units.count is not None
    while units.count(text[units.starts[start] : units.ends[cut - 1]]) > units.size:
        if start < first:
            start += 1
        elif cut > first + 1:
            cut -= 1
        else:
            break
    return start, cut
