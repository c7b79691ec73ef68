"""One SQLite connection to one ledger: how it is opened, locked, and how its errors are told."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ghostkit.errors import LedgerDamaged, LedgerError, StorageError
from ghostkit.ledger.migrations import LATEST, migrate

LOCK_NAME = "ledger.lock"
"""The runner's lock file, beside the ledger; made when a ledger is first looked at, and left there."""
_FULL_OR_READONLY = ("full", "disk i/o", "readonly", "read-only", "unable to open")


@contextmanager
def sqlite_errors(path: Path | str) -> Iterator[None]:
    """Translate sqlite3's errors; the one mapping point."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error).lower()
        if any(word in text for word in _FULL_OR_READONLY):
            raise StorageError(
                f"Could not write the ledger {path}: {error}.",
                fix="Nothing already recorded was lost; make room or fix the permissions, then go on.",
                path=str(path),
            ) from error
        if "locked" in text or "busy" in text:
            raise LedgerError(
                f"The ledger {path} is busy: another process is writing to it.", fix="Try again in a moment."
            ) from error
        raise LedgerDamaged(_damage(path, error), fix=DAMAGE_FIX) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise LedgerDamaged(_damage(path, error), fix=DAMAGE_FIX) from error
    except OSError as error:  # from beside SQLite: a backup, a look at the file
        raise StorageError(
            f"Could not write the ledger {path}: {error.strerror or error}.",
            fix="Nothing already recorded was lost; make room or fix the permissions, then go on.",
            path=str(path),
            errno=error.errno,
        ) from error


DAMAGE_FIX = (
    "Restore the file from a backup; or move it away and open the book again: the texts in the folder are then "
    "taken in as they stand, without their receipts."
)


def _damage(path: Path | str, error: Exception) -> str:
    return f"The ledger {path} is damaged ({' '.join(str(error).split())})."


class Connection:
    """A serialised connection: WAL, `synchronous=FULL`, explicit transactions, one thread at a time."""

    def __init__(self, path: Path | None, *, upto: int = LATEST, synchronous: str = "FULL") -> None:
        self.path = path
        self.lock = threading.RLock()
        self._depth = 0
        with sqlite_errors(path or ":memory:"):
            if path is not None:
                check_whole(path)
            self.sqlite = sqlite3.connect(
                path or ":memory:", isolation_level=None, check_same_thread=False, timeout=10.0
            )
            try:
                self._prepare(path, upto, synchronous)
            except BaseException:
                self.sqlite.close()
                raise

    def _prepare(self, path: Path | None, upto: int, synchronous: str) -> None:
        self.sqlite.row_factory = sqlite3.Row
        if path is not None:
            # Small pages waste less behind compressed texts of a kilobyte or two, and a commit writes fewer bytes.
            self.sqlite.execute("PRAGMA page_size = 1024")
            self.sqlite.execute("PRAGMA journal_mode = WAL")
        self.sqlite.execute(f"PRAGMA synchronous = {synchronous}")
        self.sqlite.execute("PRAGMA foreign_keys = ON")
        problem = self.sqlite.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise LedgerDamaged(_damage(path or "", Exception(problem)), fix=DAMAGE_FIX)
        migrate(self.sqlite, path, upto=upto)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """`BEGIN IMMEDIATE` … commit; rolled back whole on any exception. Nested uses join the outer one."""
        with self.lock, sqlite_errors(self.path or ":memory:"):
            if self._depth:
                yield self.sqlite
                return
            self.sqlite.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self.sqlite
                self.sqlite.execute("COMMIT")
            except BaseException:
                if self.sqlite.in_transaction:
                    self.sqlite.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self.lock, sqlite_errors(self.path or ":memory:"):
            yield self.sqlite

    def close(self) -> None:
        """Fold the write-ahead log back in and close; a second close does nothing."""
        with self.lock:
            # Another reader, a full disk or an earlier close: then the log stays and is folded in next time.
            with suppress(sqlite3.Error):
                self.sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.sqlite.close()


def check_whole(path: Path) -> None:
    """Notice a cut-off file before SQLite pads it: the header says how many pages there must be."""
    if not path.exists():
        return
    if path.stat().st_size == 0:
        # Killed while it was made, or emptied since? Whoever opened it to the end left the lock file beside it.
        if path.with_name(LOCK_NAME).exists():
            raise LedgerDamaged(_damage(path, Exception("the file is empty")), fix=DAMAGE_FIX)
        return
    with open(path, "rb") as handle:
        header = handle.read(100)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise LedgerDamaged(_damage(path, Exception("not a SQLite file")), fix=DAMAGE_FIX)
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    pages = int.from_bytes(header[28:32], "big")
    log = path.with_name(path.name + "-wal")
    if path.stat().st_size < page_size * pages and not (log.exists() and log.stat().st_size):
        raise LedgerDamaged(_damage(path, Exception("the file is cut off")), fix=DAMAGE_FIX)
