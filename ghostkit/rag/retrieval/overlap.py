"""Make one passage of chunks that overlap in their document, with exact offsets and no word twice."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ghostkit.rag.document import Chunk

GROWTH = 3
"""A passage takes in neighbours until it is this many times its longest chunk; without an end, overlapping chunks
would chain a whole chapter into one hit."""


@dataclass(slots=True)
class Passage:
    """`text` is the document's `[start:end]`. `longest` is the length of its longest chunk."""

    document: str
    start: int
    end: int
    text: str
    longest: int

    @classmethod
    def of(cls, chunk: Chunk) -> Passage:
        where = chunk.metadata
        return cls(where.document, where.start, where.end, chunk.content, len(chunk.content))

    def overlaps(self, other: Passage) -> bool:
        """Whether they share a character; to touch is not to overlap."""
        return self.document == other.document and self.start < other.end and other.start < self.end

    def can_take(self, other: Passage) -> bool:
        length = max(self.end, other.end) - min(self.start, other.start)
        return length <= GROWTH * max(self.longest, other.longest)

    def take(self, other: Passage) -> None:
        """Grow by an overlapping passage: the text of both spans together."""
        first, second = (self, other) if self.start <= other.start else (other, self)
        text = first.text + second.text[max(0, first.end - second.start) :]
        self.start, self.end, self.text = first.start, max(first.end, second.end), text
        self.longest = max(self.longest, other.longest)

    def without(self, other: Passage) -> Passage:
        """What of this one isn't in an overlapping one; the longer side where it sticks out at both ends."""
        before, after = max(0, other.start - self.start), max(0, self.end - other.end)
        if after >= before:
            start = self.end - after
            return replace(self, start=start, text=self.text[start - self.start :])
        end = self.start + before
        return replace(self, end=end, text=self.text[:before])


def as_chunk(chunk: Chunk, passage: Passage) -> Chunk:
    """`chunk`, standing for the passage it grew or shrank to."""
    where = chunk.metadata
    if (where.start, where.end) == (passage.start, passage.end):
        return chunk
    return replace(chunk, content=passage.text, metadata=replace(where, start=passage.start, end=passage.end))
