"""`connect`: a book's projection, or several books' in one, to be asked with SQL."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from ghostkit.analytics.database import ArrowResult, close_off, open_memory
from ghostkit.analytics.outline import OutlineFile
from ghostkit.analytics.projecting import Progress, Projector, Step
from ghostkit.analytics.schema import STORED, TABLES, VERSION, statements
from ghostkit.analytics.snapshot import SnapshotFile
from ghostkit.analytics.views import VIEWS
from ghostkit.book.folder import ProjectFolder
from ghostkit.errors import GhostkitError, InputError
from ghostkit.ledger.streamed import streaming

if TYPE_CHECKING:
    import duckdb
    import polars

WORTH_KEEPING: Final = 500
"""So many new rows, and a twentieth of all, are worth writing the file again."""
_KNOWN: Final = {table.name for table in (*TABLES, *VIEWS)}


class HasFolder(Protocol):
    """A live book."""

    @property
    def folder(self) -> ProjectFolder: ...


Books = str | os.PathLike[str] | HasFolder


def connect(books: Books | Sequence[Books], *, memory: bool = False) -> Analytics:
    """The projection of a book, or of several, up to date with their ledgers as they are now.

    `books` are live books or paths of project folders. The tables are a private copy in memory, so that nobody waits
    for anybody: `refresh()` brings them up to date. `memory=True` neither reads nor writes `analytics.duckdb`.

    Raises `BookNotFound`, `BookDamaged`, `LedgerDamaged`, `LedgerTooNew`, `LedgerError`, `StorageError`.
    """
    return Analytics(_folders(books), memory=memory)


def connect_for_strangers(books: Books | Sequence[Books]) -> Analytics:
    """`connect` for queries that anybody may have written: errors are told with their place, for `ask`."""
    return Analytics(_folders(books), errors_as_json=True)


class Analytics:
    """Tables and views about books; `docs/analytics.md` describes them. Any thread may use it, one at a time."""

    def __init__(self, folders: Sequence[ProjectFolder], *, memory: bool = False, errors_as_json: bool = False) -> None:
        self.healed: list[str] = []
        """What had to be put right to get here, in sentences."""
        self._lock = threading.RLock()
        self._connection, self._projectors = _opened(folders, memory, self.healed)
        try:
            close_off(self._connection, errors_as_json=errors_as_json)
            self._cursor = self._connection.cursor()
        except BaseException:
            self._connection.close()
            raise
        self._closing = weakref.finalize(self, _close, self._connection, self._cursor)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's own connection."""
        return self._connection

    @property
    def books(self) -> list[str]:
        """Their ids, as in the column `book`."""
        return [projector.label for projector in self._projectors]

    @property
    def folders(self) -> list[ProjectFolder]:
        """Where the books lie, in the order of `books`."""
        return [projector.folder for projector in self._projectors]

    def sql(self, query: str, parameters: Any = None) -> duckdb.DuckDBPyRelation:
        """A DuckDB relation: shows itself, can be refined, and `polars.DataFrame(…)` takes it."""
        return self._connection.sql(query, params=parameters)

    def execute(self, query: str, parameters: Any = None) -> duckdb.DuckDBPyConnection:
        """Run a query on a connection of its own, which comes back; `.fetchall()` and the like are on it."""
        return self._connection.cursor().execute(query, parameters)

    def frame(self, query: str, parameters: Any = None) -> polars.DataFrame:
        """A polars frame of a table, of a view, or of a query."""
        import polars as pl

        name = query.strip()
        if name.replace("_", "").isalnum():
            if name not in _KNOWN:
                raise _no_table(name)
            query = f'SELECT * FROM "{name}"'
        cursor = self._connection.cursor()
        try:
            return pl.DataFrame(ArrowResult(cursor.sql(query, params=parameters)))
        finally:
            cursor.close()

    def tables(self) -> polars.DataFrame:
        """Name, kind and meaning of each table and view, and how many rows it has."""
        import polars as pl

        rows = [
            (table.name, "table" if table in TABLES else "view", self._count(table.name), table.meaning)
            for table in (*TABLES, *VIEWS)
        ]
        return pl.DataFrame(rows, schema=["name", "kind", "rows", "meaning"], orient="row")

    def refresh(self) -> int:
        """Take in what was recorded since; how many events, attempts and revisions were new."""
        with self._lock:
            return sum(projector.step(self._cursor).rows for projector in self._projectors)

    def close(self) -> None:
        """Give the memory back; a second close does nothing."""
        self._closing()

    def __enter__(self) -> Analytics:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _count(self, table: str) -> int:
        with self._connection.cursor() as cursor:
            return int(cursor.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0])

    def __repr__(self) -> str:
        if not self._closing.alive:
            return "<Analytics, closed>"
        counts = ", ".join(f"{self._count(name):,} {name}" for name in ("sections", "generations", "events"))
        return f"<Analytics of {', '.join(self.books)}: {counts}>"

    def _repr_html_(self) -> str:
        from html import escape

        if not self._closing.alive:
            return escape(repr(self))
        rows = "".join(
            f"<tr><td><code>{name}</code></td><td style='text-align:right'>{count:,}</td>"
            f"<td style='text-align:left'>{escape(meaning)}</td></tr>"
            for name, _, count, meaning in self.tables().iter_rows()
        )
        return f"<p>{escape(repr(self))}</p><table><tr><th>table</th><th>rows</th><th>meaning</th></tr>{rows}</table>"


def _no_table(name: str) -> InputError:
    import difflib

    near = difflib.get_close_matches(name, _KNOWN, n=1)
    fix = f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(sorted(_KNOWN))}."
    return InputError(f"There is no table {name[:80]!r}.", fix=fix)


def _close(*connections: duckdb.DuckDBPyConnection) -> None:
    for connection in reversed(connections):
        connection.close()


def _folders(books: Books | Sequence[Books]) -> list[ProjectFolder]:
    """Raises `BookNotFound`, or `InputError` for none or for one given twice."""
    several: Iterable[Any] = books if isinstance(books, Sequence) and not isinstance(books, str) else [books]
    found = []
    for book in several:
        folder = getattr(book, "folder", None)
        if not isinstance(folder, ProjectFolder):
            if not isinstance(book, str | os.PathLike):
                raise InputError(
                    f"{type(book).__name__} is no book.", fix="Give a Book, the path of its folder, or a list of these."
                )
            folder = ProjectFolder(Path(book))
        found.append(folder.open(writable=False))
    if not found:
        raise InputError("No book was given.", fix="Give a Book, the path of its folder, or a list of these.")
    roots = [folder.root.resolve() for folder in found]
    twice = next((root for root in roots if roots.count(root) > 1), None)
    if twice is not None:
        raise InputError(f"The book in {twice.name} was given twice.", fix="Give each book once.")
    return found


# ── opening ───────────────────────────────────────────────────────────────────────────────────────────────────


def _opened(
    folders: Sequence[ProjectFolder], memory: bool, healed: list[str]
) -> tuple[duckdb.DuckDBPyConnection, list[Projector]]:
    if len(folders) == 1:
        outline = OutlineFile(folders[0])
        projector = Projector(folders[0], outline.read().id, outline)
        return _open_one(projector, memory, healed), [projector]
    if not memory:
        for folder in folders:  # each book's own file first, so that the next time is quick
            outline = OutlineFile(folder)
            _open_one(Projector(folder, outline.read().id, outline), memory, healed).close()
    return _open_several(folders, memory)


def _open_one(projector: Projector, memory: bool, healed: list[str]) -> duckdb.DuckDBPyConnection:
    """The book's file as it is on disk, copied into memory and brought up to date; or everything anew."""
    import duckdb

    file = SnapshotFile(projector.folder.analytics)
    connection = open_memory()
    try:
        if not memory and _load(connection, file, projector):
            try:
                step = projector.step(connection)
            except duckdb.Error:  # a whole file with something unexpected in it: then without it
                connection.close()
                connection, projector.progress = open_memory(), Progress()
                step = _project_anew(connection, projector)
        else:
            step = _project_anew(connection, projector)
        if file.healed:
            healed.append(file.healed)
        if not memory:
            _keep(connection, file, projector, step)
    except BaseException:
        connection.close()
        raise
    return connection


def _project_anew(connection: duckdb.DuckDBPyConnection, projector: Projector) -> Step:
    for statement in statements():
        connection.execute(statement)
    return projector.step(connection)


def _load(connection: duckdb.DuckDBPyConnection, file: SnapshotFile, projector: Projector) -> bool:
    import duckdb

    if not file.attach(connection):
        return False
    try:
        rows = connection.execute("SELECT book, mark FROM disk.kept.marks").fetchall()
        progress = Progress.from_json(dict(rows)[projector.label])
        if progress.schema != VERSION:
            return False
        connection.execute("COPY FROM DATABASE disk TO memory")
        projector.progress = progress
        return True
    except (duckdb.Error, ValueError, KeyError, TypeError):  # the file of another book, copied here
        return False
    finally:
        with suppress(duckdb.Error):
            connection.execute("DETACH disk")


def _keep(connection: duckdb.DuckDBPyConnection, file: SnapshotFile, projector: Projector, step: Step) -> None:
    """Write the file again where that saves the next reader work, or where it holds what must go."""
    total = projector.progress.ledger.event + projector.progress.ledger.revision
    worth = step.rows >= max(WORTH_KEEPING, total // 20) or not file.path.is_file()
    if worth or step.rebuilt or step.purged:
        event = projector.progress.ledger.event
        file.publish(connection, event, lambda: not _purged_since(projector, event), anyway=step.rebuilt or step.purged)


def _purged_since(projector: Projector, event: int) -> bool:
    try:
        with streaming(projector.folder.ledger) as look:
            return look.purged_since(event)
    except GhostkitError:
        return True


def _open_several(folders: Sequence[ProjectFolder], memory: bool) -> tuple[duckdb.DuckDBPyConnection, list[Projector]]:
    connection = open_memory()
    try:
        for statement in statements():
            connection.execute(statement)
        projectors: list[Projector] = []
        for folder in folders:
            outline = OutlineFile(folder)
            projector = Projector(folder, _label(outline.read().id, folder, projectors), outline)
            if not memory:
                _append(connection, SnapshotFile(folder.analytics), projector, outline.read().id)
            projector.step(connection)
            projectors.append(projector)
    except BaseException:
        connection.close()
        raise
    return connection, projectors


def _append(connection: duckdb.DuckDBPyConnection, file: SnapshotFile, projector: Projector, stored_as: str) -> None:
    """Add what the book's file holds to what is there, under the projector's label."""
    import duckdb

    if not file.attach(connection):
        return
    try:
        rows = connection.execute("SELECT book, mark FROM disk.kept.marks").fetchall()
        progress = Progress.from_json(dict(rows)[stored_as])
        if progress.schema != VERSION:
            return
        connection.execute("BEGIN")
        for name in (*(table.name for table in STORED), "kept.places", "kept.marks"):
            select = f"SELECT * REPLACE ($book AS book) FROM disk.{name if '.' in name else f'main.{name}'}"
            connection.execute(f"INSERT INTO {name} {select}", {"book": projector.label})
        connection.execute("COMMIT")
        projector.progress = progress
    except (duckdb.Error, ValueError, KeyError, TypeError):
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
    finally:
        with suppress(duckdb.Error):
            connection.execute("DETACH disk")


def _label(id: str, folder: ProjectFolder, others: Sequence[Projector]) -> str:
    """The book's id; with its folder's name where two books have one id, being copies of each other."""
    taken = {other.label for other in others}
    names = [id, f"{id} ({folder.root.resolve().name})", *(f"{id} ({number})" for number in range(2, len(others) + 3))]
    return next(name for name in names if name not in taken)
