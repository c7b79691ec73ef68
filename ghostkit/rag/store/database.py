"""The file under a `ChunkStore`: opened, checked, locked, set aside where it can't be used.

WAL with `synchronous=NORMAL`: a killed process loses nothing that was committed; a power cut may lose the last
transactions, never tear one. All of it is derived, so that costs an update, and since no version number is ever given
twice, an index that knows of a lost version is told so.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from ghostkit.errors import InputError, StorageError
from ghostkit.rag.store.damage import Damaged, damage, refusals
from ghostkit.rag.store.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES
from ghostkit.rag.store.terms import terms_signature

WAIT_S: Final = 60.0
"""How long a writer waits for another process's transaction."""
LARGEST_CHECKED: Final = 64_000_000
"""Bytes; a file up to this size is looked through when it is opened (4 ms a megabyte); damage in a larger one is met
in use."""
_BUSY_S: Final = 10.0
_IDLE: Final = 4
"""Connections kept open for the next reader."""


class Connection(sqlite3.Connection):
    """Knows which file it reads: another may have taken the path since."""

    epoch = ""


class Database:
    """One store's file, and connections to it for any number of threads."""

    def __init__(self, path: Path | None) -> None:
        folder = path.parent if path else Path(tempfile.mkdtemp(prefix="ghostkit-chunks-"))
        self._synchronous = "NORMAL" if path else "OFF"  # a temporary one needn't outlive the machine
        if path is None:
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = path or folder / "chunks.sqlite"
        self.healed = ""
        self.epoch = ""
        self._lock = threading.RLock()
        self._idle: list[Connection] = []
        self._file: tuple[int, int] | None = None
        self._closed = False
        with refusals(self.path):
            folder.mkdir(parents=True, exist_ok=True)
        self._writers = FileLock(f"{self.path}.lock", timeout=WAIT_S, thread_local=False)
        self._open()

    # ── one file after another ────────────────────────────────────────────────────────────────────────────

    def _open(self) -> None:
        """Use the file that is there; or make one, alone."""
        with refusals(self.path):
            if self._use_what_is_there() is None:
                return
            with self.writing_alone():
                problem = self._use_what_is_there()  # another process may have made one meanwhile
                if problem is not None:
                    if self.path.exists():
                        self._set_aside(problem)
                    self._make()

    def _use_what_is_there(self) -> str | None:
        """None, or why it can't be used."""
        try:
            file = _identity(self.path)
            connection = self._checked()
        except Damaged as problem:
            return str(problem)
        self._drop_idle()
        self._idle.append(connection)
        self.epoch, self._file = connection.epoch, file
        return None

    def _checked(self) -> Connection:
        """A connection to the file, if it is a whole store of ours. Raises `Damaged`."""
        if not self.path.exists():
            raise Damaged("it was gone")
        _check_header(self.path)
        connection = self._connect(self.path)
        try:
            with damage():
                if self.path.stat().st_size <= LARGEST_CHECKED:
                    _check_pages(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make(self) -> None:
        part = self.path.with_name(f"{self.path.name}.new")
        _remove_with_logs(part)
        connection = self._connect(part, new=True)
        try:
            connection.executescript(f"BEGIN;{TABLES}COMMIT;")
            values = {"epoch": secrets.token_hex(8), "version": 0, "terms": terms_signature()}
            connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", values.items())
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
        _remove_with_logs(self.path)
        os.replace(part, self.path)
        problem = self._use_what_is_there()
        if problem is not None:
            raise OSError(None, f"a new index can't be read: {problem}")

    def _set_aside(self, problem: str) -> None:
        number = 1
        while (kept := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        os.replace(self.path, kept)
        said = " ".join(problem.split())
        self.healed = f"The index {self.path.name} was begun anew, as {said}; the old file is kept as {kept.name}."

    def heal(self, problem: Damaged, epoch: str) -> None:
        """Begin anew after damage met in use; nothing where another thread or process has done so already."""
        with self._lock, refusals(self.path), self.writing_alone():
            if self.epoch == epoch and self._still_there():
                self._drop_idle()
                self._set_aside(str(problem))
                self._make()
        self.follow()

    def follow(self) -> None:
        """Go over to the file that has taken the path since; make one where it is gone."""
        if self._still_there():
            return
        with self._lock:
            if self._closed:
                raise InputError("This index is closed.", fix="Open it again.")
            if not self._still_there():
                self._drop_idle()
                with refusals(self.path):
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                self._open()

    def _still_there(self) -> bool:
        return not self._closed and self._file is not None and self._file == _identity(self.path)

    # ── connections ───────────────────────────────────────────────────────────────────────────────────────

    def _connect(self, path: Path, *, new: bool = False) -> Connection:
        address = f"{path.absolute().as_uri()}?mode={'rwc' if new else 'rw'}"
        with damage():
            connection = sqlite3.connect(
                address, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_S, factory=Connection
            )
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA synchronous = {self._synchronous}")
                if not new:
                    _check_kind(connection)
                    connection.epoch = _meta(connection, "epoch")
            except BaseException:
                connection.close()
                raise
            return connection

    def take(self) -> Connection:
        """A connection of the caller's own, until it is given back."""
        self.follow()
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._connect(self.path)

    def give_back(self, connection: Connection) -> None:
        """Ends its transaction, undone if it wasn't committed."""
        with suppress(sqlite3.Error):  # on a damaged file it ends with the connection
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            with self._lock:
                if connection.epoch == self.epoch and not self._closed and len(self._idle) < _IDLE:
                    self._idle.append(connection)
                    return
        connection.close()

    @contextmanager
    def writing_alone(self) -> Iterator[None]:
        """The lock of all writers, in this process and others. Raises `StorageError` where one never lets go."""
        try:
            self._writers.acquire()
        except Timeout:
            raise StorageError(
                f"The index {self.path} is being written by another process for over {WAIT_S:.0f} s.",
                fix="Wait for it to end, or end it, and try again.",
                path=str(self.path),
            ) from None
        try:
            yield
        finally:
            self._writers.release()

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def close(self) -> None:
        """Fold the log back in and close; a second close does nothing."""
        with self._lock:
            if self._idle and self._still_there():
                # Somebody reads, or the disk is full: then the log stays and is folded in next time. Nobody waits for
                # readers here: this may be an event loop's thread.
                with suppress(sqlite3.Error):
                    self._idle[-1].execute("PRAGMA busy_timeout = 0")
                    self._idle[-1].execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._drop_idle()
            self._closed = True


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_header(path: Path) -> None:
    """Notice a cut-off file before SQLite pads it, and another program's before anything of it is changed."""
    size = path.stat().st_size
    with open(path, "rb") as handle:
        header = handle.read(100)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise Damaged("it was no SQLite file")
    _check_numbers(int.from_bytes(header[68:72], "big"), int.from_bytes(header[60:64], "big"))
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    log = path.with_name(f"{path.name}-wal")
    if size < (65536 if page == 1 else page) * pages and not (log.exists() and log.stat().st_size):
        raise Damaged("it was cut off")


def _check_kind(connection: sqlite3.Connection) -> None:
    """As the log says, which may know better than the file's header."""
    numbers = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    _check_numbers(*numbers)
    if _meta(connection, "terms") != terms_signature():
        raise Damaged("its terms were made by other rules")


def _check_numbers(application: int, version: int) -> None:
    if application != APPLICATION_ID:
        raise Damaged("it was another program's")
    if version != SCHEMA_VERSION:
        raise Damaged(f"it had format {version}, and this ghostkit reads {SCHEMA_VERSION}")


def _meta(connection: sqlite3.Connection, name: str) -> str:
    found = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return str(found[0]) if found else ""


def _check_pages(connection: sqlite3.Connection) -> None:
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise Damaged(f"it was damaged ({problem})")


def _remove_with_logs(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
