"""Vectors kept by what they were made from, so that none is ever computed twice."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ghostkit.errors import EmbedderError, storage_errors
from ghostkit.rag.embedding.claims import claims_for
from ghostkit.rag.embedding.contract import Role
from ghostkit.rag.embedding.vector_file import Unusable, connect, disk_errors, set_aside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE: Final = 500
"""Digests in one query; SQLite allows 999 in the oldest builds."""
_CHECK: Final = 4
"""Bytes of CRC-32 behind each vector."""

_T = TypeVar("_T")


class VectorStore:
    """A cache of vectors in one SQLite file; `path` None keeps them in memory.

    Synchronous and thread-safe; several processes may use one file. It is derived: a file that is torn, foreign or
    of a newer ghostkit is set aside and begun anew, and `healed` then says why; one that was deleted is made again.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = None if path is None else Path(path)
        self.healed = ""
        self.claims = claims_for(self.path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._retrying(lambda sql: None)

    def get_many(self, key: str, role: Role, digests: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors there are, by digest; one that was damaged is as good as none. float32 (d,), not to be
        written to: they share memory."""
        return self._retrying(lambda sql: self._read(sql, key, role, digests))

    def put_many(self, key: str, role: Role, digests: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep `vectors`, (n, d), one a digest; durable when it returns. What was there under a digest is replaced.

        Raises `EmbedderError` for vectors that can't be: of another shape or dimension, with NaN or infinity.
        """
        rows = list(zip(digests, _packed(digests, vectors), strict=True))
        if rows:
            self._retrying(lambda sql: self._write(sql, key, role, int(vectors.shape[1]), rows))

    def prune(self, keep: Collection[str], *, role: Role = "passage") -> int:
        """Forget the vectors of this role whose digest is not in `keep`, of every embedder; how many went."""
        return self._retrying(lambda sql: self._prune(sql, keep, role))

    def purge(self, digests: Collection[str] | None = None) -> int:
        """Forget these texts' vectors, of every role and embedder (None: all there are); how many went.

        They are overwritten in the file, since a text can be guessed from its vector.
        """
        return self._retrying(lambda sql: self._purge(sql, digests))

    def count(self, key: str | None = None, role: Role | None = None) -> int:
        """How many are kept, of one embedder and role or of all."""
        where = "SELECT count(*) FROM vector JOIN space ON space.id = space"
        query = f"{where} WHERE (?1 IS NULL OR key = ?1) AND (?2 IS NULL OR role = ?2)"
        return self._retrying(lambda sql: int(sql.execute(query, (key, role)).fetchone()[0]))

    def close(self) -> None:
        """It may be used again afterwards, and then opens the file again."""
        with self._lock:
            if self._connection is not None and self.path is not None:
                self._connection.close()
                self._connection = None

    # ── one transaction ───────────────────────────────────────────────────────────────────────────────────

    def _read(
        self, sql: sqlite3.Connection, key: str, role: Role, digests: Sequence[str]
    ) -> dict[str, NDArray[np.float32]]:
        space = sql.execute("SELECT id, dimension FROM space WHERE key = ? AND role = ?", (key, role)).fetchone()
        if space is None:
            return {}
        found: dict[str, NDArray[np.float32]] = {}
        for rows in _selected(sql, space[0], digests):
            found |= _unpacked(rows, space[1])
        return found

    def _write(
        self, sql: sqlite3.Connection, key: str, role: Role, dimension: int, rows: list[tuple[str, bytes]]
    ) -> None:
        with _transaction(sql):
            space = _space(sql, key, role, dimension)
            sql.executemany(
                "INSERT INTO vector (space, digest, data) VALUES (?, ?, ?)"
                " ON CONFLICT (space, digest) DO UPDATE SET data = excluded.data",
                [(space, digest, data) for digest, data in rows],
            )
            names = list({digest for digest, _ in rows})
            if len(self._read(sql, key, role, names)) != len(names):
                raise Unusable("what is written to it is not found again")

    def _prune(self, sql: sqlite3.Connection, keep: Collection[str], role: Role) -> int:
        with _named(sql, keep), _transaction(sql):
            gone = sql.execute(
                "DELETE FROM vector WHERE space IN (SELECT id FROM space WHERE role = ?)"
                " AND digest NOT IN (SELECT digest FROM named)",
                (role,),
            ).rowcount
        _shrink(sql, gone)
        return gone

    def _purge(self, sql: sqlite3.Connection, digests: Collection[str] | None) -> int:
        with _named(sql, digests or ()), _transaction(sql):
            which = "" if digests is None else " WHERE digest IN (SELECT digest FROM named)"
            gone = sql.execute(f"DELETE FROM vector{which}").rowcount
        _shrink(sql, gone)
        return gone

    # ── the file ──────────────────────────────────────────────────────────────────────────────────────────

    def _retrying(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """`act` on the open file; once more on a new one, where this one turns out damaged."""
        with self._lock:
            try:
                with disk_errors(self.path):
                    return act(self._opened())
            except Unusable as error:
                self._begin_anew(str(error))
            with disk_errors(self.path):
                return act(self._opened())

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and self.path is not None and _identity(self.path) != self._file:
            self._drop()  # deleted, or set aside by another process
        if self._connection is None:
            self._connection = connect(self.path)
            self._file = None if self.path is None else _identity(self.path)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _begin_anew(self, why: str) -> None:
        """Set the file aside, unless another process just did."""
        before = self._file if self._connection is not None else None
        self._drop()
        if self.path is None:
            self.healed = f"The vectors in memory were dropped: {why}."
            return
        from filelock import FileLock

        with storage_errors(self.path, "set aside"), FileLock(f"{self.path}.lock"):
            now = _identity(self.path)
            if now is not None and before in (None, now) and self._is_unusable(opened=before is not None):
                away = set_aside(self.path)
                self.healed = f"{self.path.name} could not be used ({why}); it is {away.name} now, and begun anew."

    def _is_unusable(self, *, opened: bool) -> bool:
        """Found wrong in use, or wrong on opening still, now that no other process is putting it right."""
        if opened:
            return True
        try:
            with disk_errors(self.path):
                connect(self.path).close()
        except Unusable:
            return True
        return False


def _space(sql: sqlite3.Connection, key: str, role: Role, dimension: int) -> int:
    """The number of an embedder and role; given the first time."""
    query = "SELECT id, dimension FROM space WHERE key = ? AND role = ?"
    found = sql.execute(query, (key, role)).fetchone()
    if found is None:
        values = (key, role, dimension, 2 * dimension)
        number = sql.execute("INSERT INTO space (key, role, dimension, twice) VALUES (?, ?, ?, ?)", values).lastrowid
        if sql.execute(query, (key, role)).fetchone() != (number, dimension):
            raise Unusable("what is written to it is not found again")
        return int(number or 0)
    if found[1] != dimension:
        raise EmbedderError(
            f"{key} made vectors of {dimension} numbers, and earlier ones of {found[1]}.",
            fix="The model behind this name has changed: give the new one another name or revision.",
        )
    return int(found[0])


def _selected(sql: sqlite3.Connection, space: int, digests: Sequence[str]) -> Iterator[list[tuple[str, bytes]]]:
    for start in range(0, len(digests), _AT_ONCE):
        some = digests[start : start + _AT_ONCE]
        query = f"SELECT digest, data FROM vector WHERE space = ? AND digest IN ({','.join('?' * len(some))})"
        yield sql.execute(query, (space, *some)).fetchall()


@contextmanager
def _transaction(sql: sqlite3.Connection) -> Iterator[None]:
    sql.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            sql.execute("ROLLBACK")
        raise
    sql.execute("COMMIT")


@contextmanager
def _named(sql: sqlite3.Connection, digests: Collection[str]) -> Iterator[None]:
    """The digests as the temporary table `named`."""
    sql.execute("CREATE TEMP TABLE named (digest TEXT PRIMARY KEY) WITHOUT ROWID")
    try:
        sql.executemany("INSERT OR IGNORE INTO named VALUES (?)", ((digest,) for digest in digests))
        yield
    finally:
        sql.execute("DROP TABLE named")


def _shrink(sql: sqlite3.Connection, gone: int) -> None:
    if gone:
        sql.execute("PRAGMA incremental_vacuum").fetchall()
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _packed(digests: Sequence[str], vectors: Any) -> list[bytes]:
    """Each row as little-endian float32, with a CRC-32 of it and its digest."""
    import numpy as np

    if getattr(vectors, "ndim", 0) != 2 or len(vectors) != len(digests):
        shape = getattr(vectors, "shape", type(vectors).__name__)
        raise EmbedderError(f"{len(digests)} texts can't have vectors of shape {shape}.", fix="Give one row a text.")
    plain = np.ascontiguousarray(vectors, dtype="<f4")
    if not np.isfinite(plain).all():
        raise EmbedderError("A vector with NaN or infinity can't be kept.", fix="Look at the embedder's answer.")
    return [row + _check(digest, row) for digest, row in zip(digests, map(np.ndarray.tobytes, plain), strict=True)]


def _check(digest: str, row: bytes) -> bytes:
    """Of both together: a damaged index gives one text's vector for another's."""
    return zlib.crc32(row, zlib.crc32(digest.encode("utf-8", "surrogatepass"))).to_bytes(_CHECK, "little")


def _unpacked(rows: list[tuple[str, bytes]], dimension: int) -> dict[str, NDArray[np.float32]]:
    """The whole and undamaged among them."""
    import numpy as np

    good, size = [], 4 * dimension
    for digest, data in rows:
        if isinstance(data, bytes) and len(data) == size + _CHECK:
            vector = data[:size]
            if _check(digest, vector) == data[size:]:
                good.append((digest, vector))
    if not good:
        return {}
    together = np.frombuffer(b"".join(vector for _, vector in good), dtype="<f4").reshape(len(good), dimension)
    finite = np.isfinite(together).all(axis=1)
    values = together.astype(np.float32, copy=False)
    return {digest: row for (digest, _), row, fine in zip(good, values, finite, strict=True) if fine}
