"""The chunks of an index as one JSON file, for programs that know neither SQLite nor us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ghostkit.book.files import write_atomic
from ghostkit.rag.document import Chunk

if TYPE_CHECKING:
    from ghostkit.rag.store import ChunkStore


def export_chunks(store: ChunkStore, path: Path) -> int:
    """Write every chunk, in order, without vectors; returns how many."""
    rows = [chunk_row(chunk) for chunk in store.all_chunks()]
    write_atomic(path, (json.dumps({"chunks": rows}, ensure_ascii=False, indent=1) + "\n").encode(), "export")
    return len(rows)


def chunk_row(chunk: Chunk) -> dict[str, object]:
    """A chunk with its seven fields and its place, JSON-ready."""
    where = chunk.metadata
    return {
        "id": chunk.id,
        "content": chunk.content,
        "chapter_num": chunk.chapter_num,
        "section_num": chunk.section_num,
        "importance_score": chunk.importance_score,
        "metadata": {
            "document": where.document,
            "kind": where.kind,
            "position": where.position,
            "start": where.start,
            "end": where.end,
            "revision": where.revision,
            "title": where.title,
            "heading": where.heading,
            "language": where.language,
            "tags": list(where.tags),
            "metadata": dict(where.metadata),
        },
    }
