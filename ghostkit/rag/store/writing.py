"""What one `apply` writes, inside its transaction: documents, chunks, contents, postings and the change log."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ghostkit.errors import InputError
from ghostkit.rag.document import Chunk, Document, text_digest
from ghostkit.rag.store.damage import Damaged
from ghostkit.rag.store.postings import Counts, add_postings, remove_postings
from ghostkit.rag.store.reading import content_check, current_version, document_columns, known_documents
from ghostkit.rag.store.terms import STOP, terms_of
from ghostkit.rag.store.values import ChunkedDocument, KnownDocument

VERSIONS_KEPT: Final = 1000
"""How far back the change log reaches; an index that is further behind is made anew."""

_Row = tuple[int, str, str]
"""row number, content, language"""


class Change:
    """One change of a store, in the caller's transaction. `written` says whether there was anything to write."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sqlite = connection
        self.known = known_documents(connection)
        self._gone: list[_Row] = []
        self._new: list[_Row] = []
        self._removed: list[int] = []
        self.written = False

    def drop(self, document_ids: Iterable[str]) -> None:
        """These and all their chunks; one that isn't there is no error."""
        for document_id in document_ids:
            there = self.known.pop(document_id, None)
            if there is None:
                continue
            self._remove(self._rows_of(there), there.language)
            self._sqlite.execute("DELETE FROM documents WHERE num = ?", (there.num,))
            self.written = True

    def place(self, documents: Iterable[Document]) -> None:
        """Where they stand and what they are called, and no chunk."""
        for document in documents:
            there = self.known.get(document.id)
            if there is None:
                raise InputError(
                    f"The document {document.id!r} is not in the index, so it can't be moved.",
                    fix="Index it with its chunks.",
                )
            if there.stands_as(document):
                continue
            language = document.language or there.language
            self._write_document(document, there.num, there.text_digest, language)
            if language != there.language:
                self._stem_again(there, language)
            self.written = True

    def _stem_again(self, there: KnownDocument, language: str) -> None:
        found = self._sqlite.execute(
            "SELECT chunks.row, content FROM chunks JOIN contents ON contents.row = chunks.row WHERE document = ?",
            (there.num,),
        )
        for row, content in found.fetchall():
            self._gone.append((row, content, there.language))
            self._new.append((row, content, language))

    def take_in(self, chunked: ChunkedDocument) -> None:
        """A new document, or another text of one: chunks that stay as they are keep their rows."""
        document, chunks, digests = chunked.document, chunked.chunks, chunked.digests
        if len(chunks) != len(digests):
            raise InputError(
                f"{document.id!r} has {len(chunks)} chunks and {len(digests)} digests.", fix="Give one for each."
            )
        there = self.known.get(document.id)
        language = document.language or (chunks[0].metadata.language if chunks else "")
        number = self._write_document(document, there.num if there else None, text_digest(document.text), language)
        kept = self._rows_of(there) if there else {}
        if there is not None and language != there.language:
            self._remove(kept, there.language)
            kept = {}
        pairs = list(zip(chunks, digests, strict=True))
        stays = {chunk.id for chunk, digest in pairs if kept.get(chunk.id, _NONE)[1] == digest}
        self._remove({one: at for one, at in kept.items() if one not in stays}, language)
        for chunk, digest in pairs:
            if chunk.id in stays:
                self._set_place(kept[chunk.id][0], chunk)
            else:
                self._add(chunk, digest, number, language)
        self.written = True

    def _rows_of(self, document: KnownDocument) -> dict[str, tuple[int, str]]:
        found = self._sqlite.execute("SELECT id, row, digest FROM chunks WHERE document = ?", (document.num,))
        return {chunk_id: (row, digest) for chunk_id, row, digest in found}

    def _remove(self, rows: dict[str, tuple[int, str]], language: str) -> None:
        for row, _ in rows.values():
            content = self._sqlite.execute("SELECT content FROM contents WHERE row = ?", (row,)).fetchone()
            if content is None:
                raise Damaged("a chunk has lost its text")
            self._gone.append((row, content[0], language))
            self._removed.append(row)
            self._sqlite.execute("DELETE FROM chunks WHERE row = ?", (row,))
            self._sqlite.execute("DELETE FROM contents WHERE row = ?", (row,))

    def _add(self, chunk: Chunk, digest: str, number: int, language: str) -> None:
        where = chunk.metadata
        place = (where.position, where.start, where.end, chunk.importance_score)
        try:
            added = self._sqlite.execute(
                "INSERT INTO chunks (id, document, position, start, end, importance, length, digest)"
                " VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
                (chunk.id, number, *place, digest),
            )
        except sqlite3.IntegrityError:
            raise InputError(
                f"Two chunks have the id {chunk.id!r}.", fix="Make ids with ghostkit.rag.document.chunk_ids."
            ) from None
        row = added.lastrowid or 0
        self._sqlite.execute(
            "INSERT INTO contents VALUES (?, ?, ?)", (row, content_check(chunk.id, chunk.content), chunk.content)
        )
        self._new.append((row, chunk.content, language))

    def _set_place(self, row: int, chunk: Chunk) -> None:
        where = chunk.metadata
        place = (where.position, where.start, where.end, chunk.importance_score)
        self._sqlite.execute(
            "UPDATE chunks SET position = ?, start = ?, end = ?, importance = ?"
            " WHERE row = ? AND (position, start, end, importance) IS NOT (?, ?, ?, ?)",
            (*place, row, *place),
        )

    def _write_document(self, document: Document, number: int | None, digest: str, language: str) -> int:
        values = {
            "num": number, "id": document.id, "text_digest": digest, "kind": document.kind,
            "chapter": document.chapter, "section": document.section, "since_chapter": document.since_chapter,
            "title": document.title, "heading": document.heading, "language": language,
            "tags": json.dumps(list(document.tags), ensure_ascii=False),
            "metadata": json.dumps(dict(document.metadata), ensure_ascii=False, sort_keys=True),
            "revision": document.revision,
        }  # fmt: skip
        places = ", ".join("?" * len(document_columns))
        written = self._sqlite.execute(
            f"INSERT OR REPLACE INTO documents ({', '.join(document_columns)}) VALUES ({places})",
            [values[name] for name in document_columns],
        )
        return number if number is not None else written.lastrowid or 0

    def finish(self) -> int:
        """Postings and the change log; returns the new version."""
        self._change_postings()
        version = _next(current_version(self._sqlite))
        last_row = self._sqlite.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
        self._sqlite.execute("INSERT INTO versions VALUES (?, ?)", (version, last_row[0] if last_row else 0))
        self._sqlite.executemany("INSERT INTO removed VALUES (?, ?)", ((version, row) for row in self._removed))
        self._sqlite.execute("UPDATE meta SET value = ? WHERE name = 'version'", (version,))
        prune(self._sqlite, VERSIONS_KEPT)
        return version

    def _change_postings(self) -> None:
        remove_postings(self._sqlite, _counted(sorted(self._gone)))
        lengths: list[tuple[int, int]] = []
        add_postings(self._sqlite, _measured(_counted(sorted(self._new)), lengths))
        self._sqlite.executemany("UPDATE chunks SET length = ? WHERE row = ?", lengths)


_NONE: Final = (0, "")


def _counted(rows: Sequence[_Row]) -> Iterator[tuple[int, Counts]]:
    for row, content, language in rows:
        yield row, Counter(terms_of(content, language, stop=True))


def _measured(rows: Iterable[tuple[int, Counts]], lengths: list[tuple[int, int]]) -> Iterator[tuple[int, Counts]]:
    """As they are; and beside it their lengths, with the rows."""
    for row, counts in rows:
        lengths.append((length_of(counts), row))
        yield row, counts


def length_of(counts: Counts) -> int:
    """How many terms a chunk has, stop words left out."""
    return sum(count for term, count in counts.items() if term[0] != STOP)


def _next(version: int) -> int:
    """The next number, with chance in its low bits: one lost in a power cut is not given to another change."""
    return ((version >> 20) + 1 << 20) + secrets.randbits(20)


def prune(connection: sqlite3.Connection, keep: int) -> None:
    """Forget all but the last `keep` versions of the change log."""
    found = connection.execute("SELECT version FROM versions ORDER BY version DESC LIMIT 1 OFFSET ?", (keep,))
    oldest = found.fetchone()
    if oldest is not None:
        connection.execute("DELETE FROM versions WHERE version <= ?", oldest)
        connection.execute("DELETE FROM removed WHERE version <= ?", oldest)
