"""Which of the chapters before a text it reads, and how: in full, as a summary, or as planned.

A window of chapters stands in full before the one that is written; what lies further back is read as summaries of
one, of eight and of sixty-four chapters, so that a long book costs no more a section than a short one. The window's
far end moves only every so often: between moves each prompt begins with all of the one before, which is what
vendors' prompt caches pay for (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

GROUPS = (64, 8, 1)
"""How many chapters one summary may stand for, coarsest first."""
MOVES_EVERY = 2
"""The window's far end moves every `MOVES_EVERY` × window-size chapters."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Chapters `first` to `last` (displayed numbers), read through one summary."""

    first: int
    last: int

    @property
    def chapters(self) -> int:
        return self.last - self.first + 1

    def parts(self) -> Iterator[Span]:
        """The next finer summaries that together say the same; nothing for a single chapter."""
        if self.chapters > 1:
            size = next(size for size in GROUPS if size < self.chapters)
            yield from (Span(first=at, last=at + size - 1) for at in range(self.first, self.last + 1, size))


@dataclass(frozen=True, kw_only=True)
class Window:
    """What one chapter's sections read of the chapters before: numbers, nearest last."""

    summed_up: tuple[Span, ...]
    in_full: tuple[int, ...]
    planned: tuple[int, ...]


def window_before(number: int, *, size: int, lag: int = 1) -> Window:
    """What chapter `number` reads.

    The newest chapter read as written is `lag` back; of those at least `size` are read in full, where there are so
    many, and at most `size` × (1 + `MOVES_EVERY`) - 1.
    """
    newest = max(number - lag, 0)
    step = max(size * MOVES_EVERY, 1)
    first = 1 + step * (max(newest - size, 0) // step) if size else newest + 1
    return Window(
        summed_up=tuple(cover(first - 1)),
        in_full=tuple(range(first, newest + 1)),
        planned=tuple(range(newest + 1, number)),
    )


def cover(chapters: int) -> Iterator[Span]:
    """The fewest summaries that cover chapters 1 to `chapters`, oldest first."""
    first = 1
    for size in GROUPS:
        while first + size - 1 <= chapters:
            yield Span(first=first, last=first + size - 1)
            first += size


def spans_ending_at(number: int) -> Iterator[Span]:
    """The summaries of several chapters that chapter `number` completes, finest first."""
    for size in reversed(GROUPS):
        if size > 1 and number % size == 0:
            yield Span(first=number - size + 1, last=number)
