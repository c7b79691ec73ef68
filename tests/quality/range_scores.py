"""Recall, precision and IoU of retrieved ranges of characters against the ranges that answer a question.

Source: Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval", Chroma 2024, section 3: with t_e the
characters of the excerpts and t_r those of the retrieved chunks, recall = |t_e ∩ t_r| / |t_e|, precision =
|t_e ∩ t_r| / |t_r|, IoU = |t_e ∩ t_r| / |t_e ∪ t_r|. A character that two retrieved chunks hold counts twice in t_r of
the denominators (text read twice is paid for twice), once in the intersection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Range = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class RangeScores:
    recall: float
    precision: float
    iou: float


def union(ranges: Sequence[Range]) -> list[Range]:
    """Sorted, and apart from each other."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif start < end:
            merged.append((start, end))
    return merged


def length(ranges: Sequence[Range]) -> int:
    return sum(end - start for start, end in ranges)


def common(some: Sequence[Range], others: Sequence[Range]) -> int:
    """Characters in both."""
    met = [
        (max(start, first), min(end, last))
        for start, end in some
        for first, last in others
        if max(start, first) < min(end, last)
    ]
    return length(union(met))


def scores(excerpts: Sequence[Range], retrieved: Sequence[Range], elsewhere: int = 0) -> RangeScores:
    """`elsewhere`: characters retrieved from texts that hold no answer at all."""
    met = common(excerpts, retrieved)
    wanted = length(union(excerpts))
    read = length(retrieved) + elsewhere
    return RangeScores(recall=met / wanted, precision=met / read if read else 0.0, iou=met / (read + wanted - met))


def omega(excerpts: Sequence[Range], chunks: Sequence[Range]) -> RangeScores:
    """What a retriever that never errs would reach: just the chunks that hold a part of an excerpt, all of them."""
    return scores(excerpts, [chunk for chunk in chunks if common(excerpts, [chunk])])
