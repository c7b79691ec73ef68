"""What is read of a store: documents, chunks, versions. Every function reads in the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ghostkit.rag.document import Chunk, ChunkMetadata
from ghostkit.rag.store.damage import Damaged
from ghostkit.rag.store.values import Changes, KnownDocument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

document_columns: Final = (
    "num", "id", "text_digest", "kind", "chapter", "section", "since_chapter", "title", "heading", "language", "tags",
    "metadata", "revision",
)  # fmt: skip
_CHUNK: Final = (
    "SELECT chunks.id, content, document, position, start, end, importance, crc"
    " FROM chunks JOIN contents ON contents.row = chunks.row"
)
_ASKED_AT_ONCE: Final = 500


def current_version(connection: sqlite3.Connection) -> int:
    """0 before the first change."""
    return int(connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()[0])


def known_documents(connection: sqlite3.Connection) -> dict[str, KnownDocument]:
    """Every document by its id."""
    known = {}
    for values in connection.execute(f"SELECT {', '.join(document_columns)} FROM documents"):
        named = dict(zip(document_columns, values, strict=True))
        # Most have neither, and parsing nothing a thousand times is felt.
        named["tags"] = tuple(json.loads(named["tags"])) if named["tags"] != "[]" else ()
        named["metadata"] = json.loads(named["metadata"]) if named["metadata"] != "{}" else {}
        known[named["id"]] = KnownDocument(**named)
    return known


def chunks_by_id(
    connection: sqlite3.Connection, ids: Sequence[str], documents: Mapping[int, KnownDocument]
) -> dict[str, Chunk]:
    """Those that are there."""
    found: dict[str, Chunk] = {}
    for at in range(0, len(ids), _ASKED_AT_ONCE):
        asked = ids[at : at + _ASKED_AT_ONCE]
        rows = connection.execute(f"{_CHUNK} WHERE chunks.id IN ({', '.join('?' * len(asked))})", asked)
        found.update((values[0], _chunk(values, documents)) for values in rows)
    return found


def chunks_of(connection: sqlite3.Connection, document: KnownDocument) -> list[Chunk]:
    """All of a document's, by position."""
    found = connection.execute(f"{_CHUNK} WHERE document = ? ORDER BY position", (document.num,))
    return [_chunk(values, {document.num: document}) for values in found]


def _chunk(values: tuple[str, str, int, int, int, int, float, int], documents: Mapping[int, KnownDocument]) -> Chunk:
    chunk_id, content, number, position, start, end, importance, crc = values
    if crc != content_check(chunk_id, content):
        raise Damaged("the text of a chunk is damaged")
    of = documents.get(number)
    if of is None:
        raise Damaged("a chunk has lost its document")
    return Chunk(
        id=chunk_id,
        content=content,
        chapter_num=of.chapter,
        section_num=of.section,
        importance_score=importance,
        metadata=ChunkMetadata(
            document=of.id, kind=of.kind, position=position, start=start, end=end, revision=of.revision,
            title=of.title, heading=of.heading, language=of.language, tags=of.tags, metadata=of.metadata,
        ),
    )  # fmt: skip


def content_check(chunk_id: str, content: str) -> int:
    """CRC-32 of a chunk's id and text."""
    return zlib.crc32(content.encode(), zlib.crc32(chunk_id.encode()))


def digests_by_row(connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, str]:
    """Of what is embedded, for each row that is there."""
    if len(rows) > _ASKED_AT_ONCE:  # then reading all is faster than asking for each
        wanted = set(rows)
        everything = connection.execute(
            "SELECT row, digest FROM chunks WHERE row BETWEEN ? AND ?", (min(rows), max(rows))
        )
        return {row: digest for row, digest in everything if row in wanted}
    marks = ", ".join("?" * len(rows))
    return dict(connection.execute(f"SELECT row, digest FROM chunks WHERE row IN ({marks})", rows).fetchall())


def changes_between(connection: sqlite3.Connection, version: int) -> Changes | None:
    """From `version` to now; None where the log doesn't reach back to it, or never had it."""
    import numpy as np

    last_row = 0
    if version:
        found = connection.execute("SELECT last_row FROM versions WHERE version = ?", (version,)).fetchone()
        if found is None:
            return None
        last_row = found[0]
    added = connection.execute("SELECT row FROM chunks WHERE row > ? ORDER BY row", (last_row,)).fetchall()
    removed = connection.execute(
        "SELECT row FROM removed WHERE version > ? AND row <= ? ORDER BY row", (version, last_row)
    ).fetchall()
    return Changes(_column(np.array(added, np.int64)), _column(np.array(removed, np.int64)))


def _column(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return values.reshape(-1)
