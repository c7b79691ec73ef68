"""Code between fences of Markdown, blank lines and all."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

_FENCE = re.compile(r"^[ \t]*+(`{3,}|~{3,})(.*)$", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[^\S\n]*+(?=\n)")


def code_ranges(flat: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each fenced block, in order; one that is never closed ends with its paragraph."""
    fences = [(found.start(), found.end(), found[1], not found[2].strip()) for found in _FENCE.finditer(flat)]
    closing: dict[str, list[int]] = defaultdict(list)
    ends = {}
    for start, end, mark, bare in fences:
        ends[start] = end
        if bare:
            closing[mark].append(start)
    at = 0
    for start, end, mark, _ in fences:
        if start < at:
            continue
        closers = closing[mark]
        closer = bisect_left(closers, end)
        if closer < len(closers):
            at = ends[closers[closer]]
        else:
            blank = _BLANK_LINE.search(flat, end)
            at = blank.start() if blank else len(flat)
        yield start, at
