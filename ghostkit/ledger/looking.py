"""A look at a ledger that somebody else may have open: nothing is changed, locked or migrated."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ghostkit.errors import LedgerDamaged, LedgerError, LedgerTooNew, StorageError
from ghostkit.ledger.connection import DAMAGE_FIX, check_whole, sqlite_errors
from ghostkit.ledger.migrations import LATEST, schema_version

_MANGLED = (ValueError, KeyError, IndexError, TypeError, zlib.error)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One look at the ledger at `path`, which nothing written meanwhile changes; nothing is changed or locked.

    Raises `LedgerDamaged`, `LedgerTooNew`, `StorageError`, or `LedgerError` for a ledger of an earlier ghostkit.
    """
    with sqlite_errors(path):
        _check_readable(path)
        check_whole(path)
        with closing(sqlite3.connect(_address(path), uri=True, timeout=10.0)) as sql:
            sql.row_factory = sqlite3.Row
            _check_schema(sql, path)
            sql.execute("BEGIN")  # one view of the book, however much is written meanwhile
            try:
                yield sql
            except _MANGLED as error:  # pages are whole, what they hold is not
                raise LedgerDamaged(f"The ledger {path} is damaged ({error}).", fix=DAMAGE_FIX) from error


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise StorageError(
            f"Could not read the ledger {path}: {error.strerror or error}.", fix="Fix its permissions.", path=str(path)
        ) from error


def _address(path: Path) -> str:
    """Read-only; where not even SQLite's own files beside it can be made, as a file that nobody changes."""
    beside = [path.with_name(path.name + end) for end in ("-wal", "-shm")]
    fixed = not any(file.exists() for file in beside) and not _writable(path.parent)
    return f"{path.resolve().as_uri()}?{'immutable=1' if fixed else 'mode=ro'}"


def _writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def _check_schema(sql: sqlite3.Connection, path: Path) -> None:
    version = schema_version(sql)
    if version > LATEST:
        raise LedgerTooNew(
            f"The ledger {path} has schema {version}, newer than this ghostkit knows ({LATEST}).",
            fix="Upgrade ghostkit; the file was not touched.",
        )
    if version < LATEST:
        raise LedgerError(
            f"The ledger {path} was written by an earlier ghostkit (schema {version} of {LATEST}).",
            fix=f"Open the book once, for example with `ghostkit status {path.parent}`; a backup is kept.",
        )
