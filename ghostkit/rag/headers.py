"""What a chunk is embedded as: its text, and in `full` the titles it stands under, so that it knows its chapter."""

from __future__ import annotations

from ghostkit.rag.document import Chunk


def embedded_text(chunk: Chunk, *, with_header: bool) -> str:
    """The chunk's text, under its contextual header if asked for."""
    header = header_for(chunk) if with_header else ""
    return f"{header}\n\n{chunk.content}" if header else chunk.content


def header_for(chunk: Chunk) -> str:
    """`Chapter title, section title`, as far as there are any. Numbers play no part: a move changes no vector."""
    return ", ".join(filter(None, (chunk.metadata.heading.strip(), chunk.metadata.title.strip())))
