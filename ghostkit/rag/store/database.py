"""The file under a `ChunkStore`: opened, checked, locked, set aside where it can't be used.

WAL with `synchronous=NORMAL`: a killed process loses nothing that was committed; a power cut may lose the last
transactions, never tear one. All of it is derived, so that costs an update, and since no version number is ever given
twice, an index that knows of a lost version is told so.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from ghostkit.errors import StorageError
from ghostkit.rag.store.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES
from ghostkit.rag.store.terms import terms_signature

WAIT_S: Final = 60.0
"""How long a writer waits for another process's transaction."""
_BUSY_S: Final = 10.0
_IDLE: Final = 4
"""Connections kept open for the next reader."""
_REFUSALS: Final = ("full", "disk i/o", "readonly", "read-only", "unable to open", "locked", "busy")


class Damaged(Exception):
    """The file is no store, or no whole one; the text says how."""


class Database:
    """One store's file, and connections to it for any number of threads."""

    def __init__(self, path: Path | None) -> None:
        self._temporary = None if path else tempfile.TemporaryDirectory(prefix="ghostkit-chunks-")
        self.path = path or Path(self._temporary.name if self._temporary else "") / "chunks.sqlite"
        self.healed = ""
        self.epoch = ""
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._file: tuple[int, int] | None = None
        with refusals(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writers = FileLock(f"{self.path}.lock", timeout=WAIT_S, thread_local=False)
        self._open()

    # ── one file after another ────────────────────────────────────────────────────────────────────────────

    def _open(self) -> None:
        """Use the file that is there, or make one."""
        with refusals(self.path):
            if self.path.exists():
                try:
                    self._use(self._checked())
                    return
                except (Damaged, sqlite3.DatabaseError) as problem:
                    if _is_refusal(problem):
                        raise
            with self.writing_alone():
                self._make()

    def _make(self) -> None:
        """Under the lock: another process may have made it meanwhile; what is there and unusable is set aside."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            try:
                self._use(self._checked())
                return
            except (Damaged, sqlite3.DatabaseError) as problem:
                if _is_refusal(problem):
                    raise
                self._set_aside(" ".join(str(problem).split()))
        part = self.path.with_name(f"{self.path.name}.new")
        _remove_with_logs(part)
        connection = self._connect(part)
        try:
            connection.executescript(f"BEGIN;{TABLES}COMMIT;")
            values = {"epoch": secrets.token_hex(8), "version": 0, "terms": terms_signature()}
            connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", values.items())
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
        os.replace(part, self.path)
        self._use(self._checked())

    def _use(self, connection: sqlite3.Connection) -> None:
        self.epoch = connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0]
        self._file = _identity(self.path)
        self._idle.append(connection)

    def _checked(self) -> sqlite3.Connection:
        """A connection to the file, if it is a whole store of ours. Raises `Damaged` or `sqlite3.DatabaseError`."""
        _check_header(self.path)
        connection = self._connect(self.path)
        try:
            _check_kind(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self, problem: str) -> None:
        number = 1
        while (kept := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        os.replace(self.path, kept)
        _remove_with_logs(self.path)
        self.healed = f"The index {self.path.name} was begun anew: {problem}; the old file is kept as {kept.name}."

    def heal(self, problem: object) -> None:
        """Begin anew after damage met in use; nothing where another thread or process has done so already."""
        with self._lock, refusals(self.path), self.writing_alone():
            if self._still_there():
                self._drop_idle()
                self._set_aside(" ".join(str(problem).split()))
            self._drop_idle()
            self._make()

    def follow(self) -> None:
        """Go over to the file that another process has put in the place of the one known here."""
        if self._still_there():
            return
        with self._lock:
            if not self._still_there():
                self._drop_idle()
                self._open()

    def _still_there(self) -> bool:
        return self._file == _identity(self.path)

    # ── connections ───────────────────────────────────────────────────────────────────────────────────────

    def _connect(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -4000")
        except BaseException:
            connection.close()
            raise
        return connection

    def take(self) -> sqlite3.Connection:
        """A connection of the caller's own, until it is given back."""
        self.follow()
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._connect(self.path)

    def give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            if len(self._idle) < _IDLE and self._file is not None:
                self._idle.append(connection)
                return
        connection.close()

    @contextmanager
    def writing_alone(self) -> Iterator[None]:
        """The lock of all writers, in this process and others. Raises `StorageError` where one never lets go."""
        try:
            with self._writers:
                yield
        except Timeout:
            raise StorageError(
                f"The index {self.path} is being written by another process for over {WAIT_S:.0f} s.",
                fix="Wait for it to end, or end it, and try again.",
                path=str(self.path),
            ) from None

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def close(self) -> None:
        """Fold the log back in and close; a second close does nothing."""
        with self._lock:
            if self._idle:
                # Another process reads, or the disk is full: then the log stays and is folded in next time.
                with suppress(sqlite3.Error):
                    self._idle[-1].execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._drop_idle()
            self._file = None
            if self._temporary is not None:
                self._temporary.cleanup()


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """A disk or folder that says no, or another program's lock, as `StorageError`; damage goes through as it is."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if not _is_refusal(error):
            raise
        raise _refused(path, str(error)) from error
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and any(word in str(error).lower() for word in _REFUSALS)


def _refused(path: Path, reason: str) -> StorageError:
    return StorageError(
        f"Could not write the index {path}: {reason}.",
        fix="The book itself is untouched; make room or fix the folder's permissions, then go on.",
        path=str(path),
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_header(path: Path) -> None:
    """Notice a cut-off file before SQLite pads it: the header says how many pages there must be."""
    size = path.stat().st_size
    with open(path, "rb") as handle:
        header = handle.read(100)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise Damaged("it is no SQLite file")
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    log = path.with_name(f"{path.name}-wal")
    if size < (65536 if page == 1 else page) * pages and not (log.exists() and log.stat().st_size):
        raise Damaged("it is cut off")


def _check_kind(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise Damaged("it is another program's")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        raise Damaged(f"it has format {version}, and this ghostkit reads {SCHEMA_VERSION}")
    terms = connection.execute("SELECT value FROM meta WHERE name = 'terms'").fetchone()
    if terms is None or terms[0] != terms_signature():
        raise Damaged("its terms were made by other rules")


def _remove_with_logs(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
