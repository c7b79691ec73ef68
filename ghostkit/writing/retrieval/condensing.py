"""Texts too long to be summed up in one go, cut to what matters most in them."""

from __future__ import annotations

from collections.abc import Sequence

from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document
from ghostkit.writing.fitting import estimate_tokens

LEFT_OUT = "[…]"


def condensed(texts: Sequence[str], room_tokens: int) -> list[str]:
    """`texts` as they are if they fit into `room_tokens`; else their most important chunks, in order, gaps marked.

    Importance is what the chunker computes: names, numbers, what is said nowhere else.
    """
    if sum(map(estimate_tokens, texts)) <= room_tokens:
        return list(texts)
    from ghostkit.rag.chunking import chunk_many, chunker_for

    chunker = chunker_for(RAGConfig(chunk_overlap=0))
    documents = [Document(id=str(place), text=text) for place, text in enumerate(texts)]
    found = [
        (place, chunk.metadata.start, chunk.content, chunk.importance_score)
        for place, chunks in enumerate(chunk_many(documents, chunker))
        for chunk in chunks
    ]
    kept: set[tuple[int, int]] = set()
    room = room_tokens
    for place, start, content, _ in sorted(found, key=lambda one: (-one[3], one[0], one[1])):
        tokens = estimate_tokens(content) + estimate_tokens(LEFT_OUT)
        if tokens <= room:
            kept.add((place, start))
            room -= tokens
    return [text for place in range(len(texts)) if (text := _joined(place, found, kept))]


def _joined(place: int, found: Sequence[tuple[int, int, str, float]], kept: set[tuple[int, int]]) -> str:
    """The chunks that were kept of one text; where some are missing, a mark."""
    parts: list[str] = []
    for where, start, content, _ in found:
        if where != place:
            continue
        if (where, start) in kept:
            parts.append(content.strip())
        elif not parts or parts[-1] != LEFT_OUT:
            parts.append(LEFT_OUT)
    return "\n".join(parts) if any(part != LEFT_OUT for part in parts) else ""
