"""The chunks of a book's indexes, taken over when an index has changed.

An index lies in `rag/<index id>/chunks.sqlite`. It is derived and may go at any time: its chunks go with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit.analytics.rows import add_rows
from ghostkit.book.folder import ProjectFolder
from ghostkit.errors import GhostkitError
from ghostkit.rag.engine import CHUNKS, VECTORS

if TYPE_CHECKING:
    import duckdb

    from ghostkit.rag.document import Chunk
    from ghostkit.rag.store import StoreView

_AT_ONCE = 5_000
Stamp = tuple[tuple[int, int, int], ...]


class ChunkFollower:
    """Brings `chunks` up to the indexes there are; `known` says what each was like (epoch and version), by its id."""

    def __init__(self, folder: ProjectFolder, book: str) -> None:
        self._folder, self._book = folder, book
        self._stamps: dict[str, Stamp] = {}

    def follow(self, cursor: duckdb.DuckDBPyConnection, known: dict[str, str]) -> None:
        """In the caller's transaction; `known` is changed. An index that can't be read now is left as it was."""
        files = {path.parent.name: path for path in sorted(self._folder.rag.glob(f"*/{CHUNKS}"))}
        for gone in known.keys() - files.keys():
            self._forget(cursor, gone)
            del known[gone]
        for index, path in files.items():
            stamp = _stamp(path)
            if index in known and self._stamps.get(index) == stamp:
                continue
            try:
                self._take_in(cursor, index, path, known)
            except GhostkitError:
                continue
            self._stamps[index] = stamp

    def _take_in(self, cursor: duckdb.DuckDBPyConnection, index: str, path: Path, known: dict[str, str]) -> None:
        from ghostkit.rag.store import ChunkStore

        store = ChunkStore.open(path)
        try:
            embedder = _embedder_of(path.parent)
            state = f"{store.epoch}:{store.version()}:{embedder}"
            if known.get(index) == state:
                return
            # A version that changed while it was read is read again next time: the state is the one from before.
            with store.view() as view:
                chunks = list(view.every_chunk())
                vectors = self._vectors(view, embedder)
        finally:
            store.close()
        self._forget(cursor, index)
        for at in range(0, len(chunks), _AT_ONCE):
            add_rows(cursor, "chunks", [self._row(index, chunk, vectors) for chunk in chunks[at : at + _AT_ONCE]])
        known[index] = state

    def _vectors(self, view: StoreView, embedder: str) -> dict[str, list[float]]:
        """By chunk id, as far as they are kept."""
        path = self._folder.rag / VECTORS
        if not embedder or not path.is_file():
            return {}
        from ghostkit.rag.embedding.vector_store import VectorStore

        kept = VectorStore(path)
        try:
            digests = dict(zip(view.ids_of(view.rows), view.digests_of(view.rows), strict=True))
            found = kept.get_many(embedder, "passage", sorted(set(digests.values())))
        finally:
            kept.close()
        return {chunk: found[digest].tolist() for chunk, digest in digests.items() if digest in found}

    def _row(self, index: str, chunk: Chunk, vectors: dict[str, list[float]]) -> tuple[Any, ...]:
        where = chunk.metadata
        return (
            self._book, chunk.id, index, where.document, where.kind, chunk.chapter_num, chunk.section_num,
            where.position, where.start, where.end, chunk.importance_score, where.language, where.revision,
            chunk.content, vectors.get(chunk.id),
        )  # fmt: skip

    def _forget(self, cursor: duckdb.DuckDBPyConnection, index: str) -> None:
        names = {"book": self._book, "index": index}
        cursor.execute("DELETE FROM chunks WHERE book = $book AND index_id = $index", names)


def _newest_manifest(folder: Path) -> Path | None:
    """Of the vectors over an index: there is one for each embedder that was ever used with it."""
    found = [(path.stat().st_mtime_ns, path) for path in folder.glob("vectors-*/manifest.json")]
    return max(found)[1] if found else None


def _embedder_of(folder: Path) -> str:
    """The key of the embedder that an index was last embedded by; empty where none was, or nobody can tell."""
    try:
        manifest = _newest_manifest(folder)
        return str(json.loads(manifest.read_text("utf-8")).get("embedder", "")) if manifest else ""
    except (OSError, ValueError, AttributeError):
        return ""


def _stamp(path: Path) -> Stamp:
    """Of the file, its log, and the vectors over it: a change of any is seen without opening it."""
    found = []
    beside = path.with_name(path.name + "-wal"), path.parent.parent / VECTORS
    for file in (path, *beside, *sorted(path.parent.glob("vectors-*/manifest.json"))):
        try:
            stat = file.stat()
            found.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
        except OSError:
            found.append((0, 0, 0))
    return tuple(found)
