"""`ChunkStore`: documents, chunks and their words in one SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from ghostkit import faults
from ghostkit.errors import InputError
from ghostkit.rag.document import Chunk, Document
from ghostkit.rag.scope import EVERYTHING, Scope
from ghostkit.rag.store.damage import Damaged, begun_anew, damage, refusals
from ghostkit.rag.store.database import Connection, Database
from ghostkit.rag.store.reading import changes_between, current_version, known_documents
from ghostkit.rag.store.snapshot import Snapshot
from ghostkit.rag.store.values import Changes, ChunkedDocument, KnownDocument
from ghostkit.rag.store.view import Sight, StoreView
from ghostkit.rag.store.writing import Change

_SIGHTS_KEPT: Final = 8
_T = TypeVar("_T")


class ChunkStore:
    """Everything is synchronous, and any thread may call it; readers see whole versions, one writer writes at a time.

    All of it is derived: a file that is torn, foreign, of another format or gone is begun anew, empty, with a new
    `epoch`, and `healed` says why. Raises `StorageError` where the disk or another program says no.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._sights: OrderedDict[str, Sight] = OrderedDict()

    @classmethod
    def open(cls, path: Path | None) -> ChunkStore:
        """None: in a temporary folder, gone when it is closed."""
        return cls(Database(path))

    @property
    def epoch(self) -> str:
        """Random, new with each new file: row numbers of another epoch mean nothing here."""
        self._database.follow()
        return self._database.epoch

    @property
    def healed(self) -> str:
        """Why the store was begun anew since it was opened; empty: it wasn't."""
        return self._database.healed

    def version(self) -> int:
        """0 at first; rises with every change that any process commits, by no fixed step, and none comes twice."""
        return self._whole(current_version)

    def known(self) -> dict[str, KnownDocument]:
        """Every document by its id, its text by digest."""
        return self._whole(known_documents)

    def changes_since(self, version: int) -> Changes | None:
        """Rows that came and went; None: too far back, or a version this file never had, so build anew."""
        return self._whole(lambda connection: changes_between(connection, version))

    def all_chunks(self) -> Iterator[Chunk]:
        """The book in its order, then what stands outside it; of one version, whatever is written meanwhile."""
        with self.view() as view:
            yield from view.every_chunk()

    # ── changes ───────────────────────────────────────────────────────────────────────────────────────────

    def apply(
        self,
        chunked: Sequence[ChunkedDocument],
        *,
        placed: Sequence[Document] = (),
        gone: Collection[str] = (),
    ) -> int:
        """One change, whole or not at all: `gone` leave, `placed` (same text) stand elsewhere or are called otherwise,
        `chunked` come in or replace what they were. Returns the version after it.

        Raises `InputError` for a document placed that isn't there, one given twice, or two chunks with one id.
        """

        def change(connection: sqlite3.Connection) -> int:
            return _applied(connection, chunked, placed, gone)

        return self._write(change)

    def _write(self, change: Callable[[sqlite3.Connection], int]) -> int:
        database = self._database
        with refusals(database.path), database.writing_alone():
            connection = database.take()
            epoch = connection.epoch
            try:
                with damage():
                    connection.execute("BEGIN IMMEDIATE")
                    version = change(connection)
                    faults.point("rag.store.before_commit")
                    connection.execute("COMMIT")
                    faults.point("rag.store.after_commit")
                    return version
            except Damaged as problem:
                self._lost(problem, epoch)
            finally:
                database.give_back(connection)

    def _lost(self, problem: Damaged, epoch: str) -> NoReturn:
        """Begin anew, and tell the caller that there is no answer from what was."""
        self._database.heal(problem, epoch)
        raise begun_anew(self._database.path, self.healed or "The index was begun anew.") from problem

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────

    def view(self, scope: Scope = EVERYTHING) -> StoreView:
        """What `scope` sees of the store as it is now; the same arrays as long as nothing changes."""
        return self._whole(lambda connection: self._view(connection, scope), give_back=False)

    def _view(self, connection: Connection, scope: Scope) -> StoreView:
        snapshot = self._snapshot_of(connection)
        return StoreView(
            snapshot, self._sight(snapshot, scope), connection, give_back=self._database.give_back, lost=self._lost
        )

    def _snapshot_of(self, connection: Connection) -> Snapshot:
        """The known one if it is of the version that `connection` reads."""
        version = current_version(connection)
        with self._lock:
            known = self._snapshot
        if known is not None and (known.epoch, known.version) == (connection.epoch, version):
            return known
        made = Snapshot(connection.epoch, version, connection)
        with self._lock:
            self._snapshot = made
            self._sights.clear()
        return made

    def _sight(self, snapshot: Snapshot, scope: Scope) -> Sight:
        key = f"{snapshot.epoch}/{snapshot.version}/{scope.key}"
        with self._lock:
            if (known := self._sights.get(key)) is not None:
                self._sights.move_to_end(key)
                return known
        made = Sight(snapshot, scope)
        with self._lock:
            self._sights[key] = made
            while len(self._sights) > _SIGHTS_KEPT:
                self._sights.popitem(last=False)
        return made

    def _whole(self, read: Callable[[Connection], _T], *, give_back: bool = True) -> _T:
        """What `read` finds in one version; from the new file, empty as it is, if the old one is damaged."""
        try:
            return self._read(read, give_back)
        except Damaged as problem:
            self._database.heal(problem, self._database.epoch)
            return self._read(read, give_back)

    def _read(self, read: Callable[[Connection], _T], give_back: bool) -> _T:
        database = self._database
        with refusals(database.path), damage():
            connection = database.take()
            try:
                connection.execute("BEGIN")
                result = read(connection)
            except BaseException:
                database.give_back(connection)
                raise
            if give_back:
                database.give_back(connection)
            return result

    def close(self) -> None:
        """A second close does nothing."""
        self._database.close()

    def __enter__(self) -> ChunkStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _applied(
    connection: sqlite3.Connection,
    chunked: Sequence[ChunkedDocument],
    placed: Sequence[Document],
    gone: Collection[str],
) -> int:
    named = Counter([*(one.document.id for one in chunked), *(one.id for one in placed)])
    for document_id, times in named.items():
        if times > 1:
            raise InputError(f"The document {document_id!r} stands twice in one change.", fix="Give it once.")
    change = Change(connection)
    change.drop(gone)
    change.place(placed)
    for one in chunked:
        change.take_in(one)
    return change.finish() if change.written else current_version(connection)
