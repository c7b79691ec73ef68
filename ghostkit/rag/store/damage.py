"""What tells that a store's file is damaged, from a disk that says no and from a caller's mistake."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path
from typing import Final

from ghostkit.errors import StorageError

_REFUSALS: Final = ("full", "disk i/o", "readonly", "read-only", "unable to open", "locked", "busy")
_MISTAKES: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, sqlite3.NotSupportedError)


class Damaged(Exception):
    """The file is no store, no whole one, or its parts don't fit; the text says how."""


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn a disk or folder that says no, or another program's lock, into `StorageError`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if not _is_refusal(error):
            raise
        raise _refused(path, str(error)) from error
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error


@contextmanager
def damage() -> Iterator[None]:
    """Turn what SQLite says of a damaged file into `Damaged`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if _is_refusal(error) or isinstance(error, _MISTAKES):
            raise
        raise Damaged(f"it was damaged ({error})") from error
    except (UnicodeDecodeError, JSONDecodeError) as error:  # of what was read: nothing of a caller's is decoded here
        raise Damaged(f"it was damaged ({error})") from error


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and any(word in str(error).lower() for word in _REFUSALS)


def _refused(path: Path, reason: str) -> StorageError:
    return StorageError(
        f"Could not use the index {path}: {reason}.",
        fix="The book itself is untouched; make room or fix the folder's permissions, then go on.",
        path=str(path),
    )


class BegunAnew(StorageError):
    """The file was damaged and begun anew: what was asked is to be done again, from bringing it up to date on."""


def begun_anew(path: Path, why: str) -> BegunAnew:
    """What a caller is told whose answer or change was lost to damage."""
    return BegunAnew(f"{why} Nothing of the book is lost.", fix="Do it again: the index fills itself.", path=str(path))
