"""The SQLite file of kept vectors: opened, checked, and begun anew where it is damaged or somebody else's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ghostkit.errors import StorageError, storage_errors

APPLICATION: Final = 0x474B5631
"""`GKV1`: the file is ours."""
VERSION: Final = 1
BUSY_S: Final = 10.0
"""How long to wait while other processes write."""
_TABLES: Final = """
CREATE TABLE space (id INTEGER PRIMARY KEY, key TEXT NOT NULL, role TEXT NOT NULL, dimension INTEGER NOT NULL,
                    twice INTEGER NOT NULL, UNIQUE (key, role));
CREATE TABLE vector (id INTEGER PRIMARY KEY, space INTEGER NOT NULL, digest TEXT NOT NULL, data BLOB NOT NULL,
                     UNIQUE (space, digest));
"""
_HEADER: Final = b"SQLite format 3\0"
_DISK: Final = ("full", "disk i/o", "readonly", "read-only", "unable to open", "locked", "busy")


class Unusable(Exception):
    """The file is torn, foreign or of a newer ghostkit; the text says which."""


def connect(path: Path | None) -> sqlite3.Connection:
    """An open connection: WAL, `synchronous=FULL`, explicit transactions; the tables are made if need be.

    Raises:
        Unusable: it must be set aside.
        sqlite3.Error: the disk refuses.
    """
    if path is not None:
        _check_whole(path)
    connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=BUSY_S)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    application, version = _mark(connection)
    if not application and not version:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise Unusable("it is another program's")  # and stays as it is
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")  # two processes may get here; the second sees what the first made
        application, version = _mark(connection)
        if not application and not version:
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            application, version = APPLICATION, VERSION
        connection.execute("COMMIT")
    if application != APPLICATION:
        raise Unusable("it is another program's")
    if version != VERSION:
        raise Unusable(f"it has format {version}, and this ghostkit writes {VERSION}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # a text can be guessed from its vector
    spaces = connection.execute("SELECT dimension, twice FROM space").fetchall()
    if any(2 * dimension != twice for dimension, twice in spaces):
        raise Unusable("its numbers are not what was written")


def _mark(connection: sqlite3.Connection) -> tuple[int, int]:
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    return application, int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_whole(path: Path) -> None:
    """Notice a cut-off file before SQLite pads it: the header says how many pages there must be."""
    with storage_errors(path, "read the vectors"):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.stat().st_size == 0:
            return
        with open(path, "rb") as file:
            header = file.read(100)
        size = path.stat().st_size
    if len(header) < 100 or not header.startswith(_HEADER):
        raise Unusable("it is no SQLite file")
    page = int.from_bytes(header[16:18], "big")
    whole = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
    log = path.with_name(path.name + "-wal")
    if size < whole and not (log.exists() and log.stat().st_size):
        raise Unusable("it is cut off")


def set_aside(path: Path) -> Path:
    """Rename the file to `….damaged-N`; its log goes. The new name."""
    with storage_errors(path, "set aside"):
        number = 1
        while (away := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        path.rename(away)
        for ending in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + ending).unlink()
    return away


@contextmanager
def disk_errors(path: Path | None) -> Iterator[None]:
    """Tell of a disk that refuses as `StorageError`, of a file that is wrong as `Unusable`; the one mapping point."""
    try:
        yield
    except (UnicodeDecodeError, OverflowError) as error:  # a schema, or SQLite's word about it, that is no text
        raise Unusable("what it says of itself can't be read") from error
    except sqlite3.DatabaseError as error:
        said = " ".join(str(error).split())
        refused = isinstance(error, sqlite3.OperationalError) and any(word in said.lower() for word in _DISK)
        if not refused:
            raise Unusable(f"SQLite says: {said}") from error
        raise StorageError(
            f"The vectors in {path or 'memory'} can't be read or written: {said}.",
            fix="Make room, fix the folder's permissions, or wait for the other process; nothing kept was lost.",
            path=str(path),
        ) from error
