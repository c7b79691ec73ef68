"""Hits as a prompt shows them: whole chunks with their place, as many as the room allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ghostkit.rag.document import Chunk
from ghostkit.rag.retrieval.result import Hit


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A hit with the text that goes into the prompt; `tokens` is an estimate of that text."""

    hit: Hit
    text: str
    tokens: int


def place_in_words(chunk: Chunk) -> str:
    """Where a chunk is from, for a reader: `2.3 The Salt Pans`, or a source's title."""
    title = chunk.metadata.title
    return f"{chunk.place} {title}".strip() if chunk.chapter_num is not None else title or chunk.place


def fitting(
    hits: Sequence[Hit], room_tokens: int, show: Callable[[Chunk], str], count: Callable[[str], int]
) -> tuple[list[Passage], list[Hit]]:
    """The hits that fit, best first, each whole or not at all; and those there was no room for.

    One that is too long doesn't keep a shorter one behind it out.
    """
    kept: list[Passage] = []
    left_out: list[Hit] = []
    room = room_tokens
    for hit in hits:
        text = show(hit.chunk)
        tokens = count(text)
        if tokens <= room:
            kept.append(Passage(hit=hit, text=text, tokens=tokens))
            room -= tokens
        else:
            left_out.append(hit)
    return kept, left_out


def in_reading_order(passages: Sequence[Passage]) -> list[Passage]:
    """As the book has them, sources last: a model reads what happened in the order it happened."""
    return sorted(passages, key=lambda one: _where(one.hit.chunk))


def _where(chunk: Chunk) -> tuple[bool, int, int, str, int, str]:
    data = chunk.metadata
    outside = chunk.chapter_num is None
    return outside, chunk.chapter_num or 0, chunk.section_num or 0, data.document, data.start, chunk.id
