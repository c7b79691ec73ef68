"""The chunks of a book's indexes, taken over when an index has changed.

An index lies in `rag/<index id>/chunks.sqlite`. It is derived and may go at any time: its chunks go with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit.analytics.rows import add_rows
from ghostkit.book.folder import ProjectFolder
from ghostkit.errors import GhostkitError

if TYPE_CHECKING:
    import duckdb

    from ghostkit.rag.document import Chunk

_AT_ONCE = 5_000
Stamp = tuple[tuple[int, int, int], ...]


class ChunkFollower:
    """Brings `chunks` up to the indexes there are; `known` says what each was like (epoch and version), by its id."""

    def __init__(self, folder: ProjectFolder, book: str) -> None:
        self._folder, self._book = folder, book
        self._stamps: dict[str, Stamp] = {}

    def follow(self, cursor: duckdb.DuckDBPyConnection, known: dict[str, str]) -> None:
        """In the caller's transaction; `known` is changed. An index that can't be read now is left as it was."""
        files = {path.parent.name: path for path in sorted(self._folder.rag.glob("*/chunks.sqlite"))}
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
            state = f"{store.epoch}:{store.version()}"
            if known.get(index) == state:
                return
            # A version that changed while it was read is read again next time: the state is the one from before.
            rows = list(self._rows(index, store.all_chunks()))
        finally:
            store.close()
        self._forget(cursor, index)
        for at in range(0, len(rows), _AT_ONCE):
            add_rows(cursor, "chunks", rows[at : at + _AT_ONCE])
        known[index] = state

    def _rows(self, index: str, chunks: Iterator[Chunk]) -> Iterator[tuple[Any, ...]]:
        for chunk in chunks:
            where = chunk.metadata
            vector = None if chunk.embedding is None else [float(value) for value in chunk.embedding]
            yield (
                self._book, chunk.id, index, where.document, where.kind, chunk.chapter_num, chunk.section_num,
                where.position, where.start, where.end, chunk.importance_score, where.language, where.revision,
                chunk.content, vector,
            )  # fmt: skip

    def _forget(self, cursor: duckdb.DuckDBPyConnection, index: str) -> None:
        names = {"book": self._book, "index": index}
        cursor.execute("DELETE FROM chunks WHERE book = $book AND index_id = $index", names)


def _stamp(path: Path) -> Stamp:
    """Of the file and of its log: a change of either is seen without opening it."""
    found = []
    for file in (path, path.with_name(path.name + "-wal")):
        try:
            stat = file.stat()
            found.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
        except OSError:
            found.append((0, 0, 0))
    return tuple(found)
