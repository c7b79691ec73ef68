"""`analytics.duckdb`: a projection as a file, read whole into memory and replaced whole, never changed in place.

DuckDB takes a torn page for what it says: some make it refuse, some answer wrongly, some end the process. So the
file is never opened unless its seal is one of those written down beside it (`analytics.duckdb.sum`): a SHA-256 under
a key of this user's, so that a stranger's project can't bring both. It is only ever made beside itself, synced and
renamed: a kill at any moment leaves the old file or the new one, and the seals name both by then. Nobody holds it
open, so nobody is locked out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ghostkit.analytics.schema import VERSION
from ghostkit.book.files import sync_folder
from ghostkit.rag.index.seal import seal_key

if TYPE_CHECKING:
    import duckdb

_FORMAT: Final = 2
_DAMAGED: Final = "damaged"


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What is written beside the file. `event` is the last one projected by the newest of `digests`."""

    digests: tuple[str, ...]
    event: int


class SnapshotFile:
    """The projection of one book on disk. Every trouble with it is healed by making it anew; `healed` says what was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sums = path.with_name(path.name + ".sum")
        self._log = path.with_name(path.name + ".wal")
        self.healed = ""

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────

    def is_whole(self) -> bool:
        """May it be opened? One that isn't what was written is set aside; another schema's is left to be replaced."""
        if not self.path.is_file():
            return False
        sums = self._read_sums()
        key = seal_key()
        if key is None:
            return False
        try:
            if self._log.exists():  # some other program had it open, and its log would be replayed
                return self._set_aside("another program was writing to it")
            digest = _sealed(self.path, key)
        except OSError:
            return False
        if sums is None:
            return self._set_aside("nothing says what should be in it")
        if digest not in sums.digests:
            return self._set_aside("it is damaged, or somebody else's ghostkit wrote it")
        return sums.event >= 0

    def attach(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Attach it as `disk`, to read; False where it can't be. `DETACH disk` when done."""
        import duckdb

        if not self.is_whole():
            return False
        try:
            connection.execute(f"ATTACH {_literal(self.path)} AS disk (READ_ONLY)")
        except duckdb.Error:  # another program has it open, or it went meanwhile
            return False
        return True

    def _read_sums(self) -> Sums | None:
        """None: missing or torn. One of another schema has the event -1."""
        try:
            stored = json.loads(self.sums.read_bytes())
            digests = tuple(str(digest) for digest in stored["seals"])
            current = (stored["format"], stored["schema"]) == (_FORMAT, VERSION)
            return Sums(digests=digests, event=int(stored["event"]) if current else -1)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _set_aside(self, why: str) -> bool:
        """Under another name, the last such one only: it can be made again. Always False."""
        self.healed = f"{self.path.name} was set aside, since {why}, and is made anew."
        with suppress(OSError):
            os.replace(self.path, self.path.with_name(f"{self.path.name}.{_DAMAGED}"))
        for path in (self._log, self.sums):
            with suppress(OSError):
                path.unlink()
        return False

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────

    def publish(
        self, connection: duckdb.DuckDBPyConnection, event: int, still_right: Callable[[], bool], *, anyway: bool
    ) -> bool:
        """Replace the file by what `connection` (in memory, not yet closed off) holds, projected up to `event`.

        False: somebody else is at it, has newer, or the folder can't be written; that is no error. The file goes
        again if it is not `still_right` once it is there: a text may have been purged in the meantime.
        """
        import duckdb
        import filelock

        key = seal_key(create=True)
        if key is None:
            return False
        try:
            with filelock.FileLock(self.path.with_name(self.path.name + ".lock"), timeout=0, mode=0o666):
                known = self._read_sums()
                if not anyway and known is not None and known.event > event and self.path.is_file():
                    return False
                self._sweep()
                self._replace(connection, event, known.digests if known else (), key)
                if not still_right():
                    self.forget()
        except (OSError, filelock.Timeout, duckdb.Error):
            return False
        return True

    def forget(self) -> None:
        """Remove the file and what was set aside."""
        for path in (self.path, self.path.with_name(f"{self.path.name}.{_DAMAGED}")):
            path.unlink(missing_ok=True)

    def _replace(self, connection: duckdb.DuckDBPyConnection, event: int, before: tuple[str, ...], key: bytes) -> None:
        temporary = self.path.with_name(f".{self.path.name}.{os.urandom(4).hex()}.tmp")
        try:
            digest = _write(connection, temporary, key)
            self._write_sums((digest, *before[:1]), event)
            os.replace(temporary, self.path)
            sync_folder(self.path.parent)
        finally:
            for path in (temporary, temporary.with_name(temporary.name + ".wal")):
                path.unlink(missing_ok=True)

    def _write_sums(self, digests: tuple[str, ...], event: int) -> None:
        stored: dict[str, Any] = {"format": _FORMAT, "schema": VERSION, "event": event, "seals": digests}
        temporary = self.sums.with_name(f".{self.sums.name}.{os.urandom(4).hex()}.tmp")
        try:
            with open(temporary, "x", encoding="ascii") as file:
                file.write(json.dumps(stored) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.sums)
        finally:
            temporary.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what killed publishers left: the lock says that none is alive."""
        for left in self.path.parent.glob(f".{self.path.name}.*"):
            if left.name.endswith((".tmp", ".tmp.wal")):
                left.unlink(missing_ok=True)


def _write(connection: duckdb.DuckDBPyConnection, path: Path, key: bytes) -> str:
    """The whole database in memory as the new file `path`, synced; returns its seal."""
    connection.execute(f"ATTACH {_literal(path)} AS disk")
    try:
        connection.execute("COPY FROM DATABASE memory TO disk")
        connection.execute("CHECKPOINT disk")
    finally:
        connection.execute("DETACH disk")
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    return _sealed(path, key)


def _sealed(path: Path, key: bytes) -> str:
    with open(path, "rb") as file:
        return hmac.digest(key, hashlib.file_digest(file, "sha256").digest(), "sha256").hex()


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
