"""What all books of this user spend in one UTC day, shared by processes: a small SQLite file in the state folder.

A reservation is on disk before its request leaves. One that nobody settles, since its process was killed, goes on
counting in full until the day is over. Calls made while no day's budget is set are not counted. Amounts are whole
billionths of a dollar, so that sums are exact.
"""

from __future__ import annotations

import math
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ghostkit.errors import BudgetExceeded, StorageError

FILE_NAME: Final = "spending.db"
KEPT_DAYS: Final = 31
BUSY_S: Final = 10.0
"""How long to wait while other processes write."""
_NANO: Final = 1_000_000_000
_DAY_S: Final = 86_400
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS reservation (id TEXT PRIMARY KEY, day INTEGER NOT NULL, at REAL NOT NULL, "
    "ceiling INTEGER NOT NULL, cost INTEGER) WITHOUT ROWID"
)
_SUM: Final = "SELECT coalesce(sum(coalesce(cost, ceiling)), 0) FROM reservation WHERE day = ?"


def state_folder(given: Path | None = None) -> Path:
    """`given` (the setting `state_dir`), else `ghostkit` where this system keeps a user's state."""
    if given is not None:
        return given
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "ghostkit"


def dollars(usd: float) -> str:
    """A limit as somebody set it: two places, or as many as it has."""
    whole, _, places = f"{usd:.6f}".partition(".")
    return f"${whole}.{places.rstrip('0'):0<2}"


class DaySpending:
    """Reservations of one day's budget in `folder`; every method is one transaction and may be called in any thread.

    Raises `StorageError` where the file can't be read or written: without it no budget can be kept.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        self.path = folder / FILE_NAME
        self._now = now

    def reserve(self, id: str, ceiling_usd: float, limit_usd: float) -> None:
        """Count `ceiling_usd` from now on, or raise `BudgetExceeded`."""
        ceiling, limit = math.ceil(ceiling_usd * _NANO), math.floor(limit_usd * _NANO)
        with self._transaction() as sql:
            day = self._today()
            sql.execute("DELETE FROM reservation WHERE day < ?", (day - KEPT_DAYS,))
            spent = sql.execute(_SUM, (day,)).fetchone()[0]
            if spent + ceiling <= limit:
                sql.execute("INSERT INTO reservation VALUES (?, ?, ?, ?, NULL)", (id, day, self._now(), ceiling))
                return
        left = max(limit - spent, 0) / _NANO
        raise BudgetExceeded(
            f"The next call could cost ${ceiling_usd:.4f}, and ${left:.4f} of today's {dollars(limit_usd)} for all "
            "books is left.",
            fix="Nothing was sent and what is written stays; go on after midnight UTC, or with a larger "
            "GHOSTKIT_BUDGET_PER_DAY_USD.",
        )

    def settle(self, id: str, cost_usd: float) -> None:
        """Count what the call cost instead of the most it could have."""
        with self._transaction() as sql:
            sql.execute("UPDATE reservation SET cost = ? WHERE id = ?", (math.ceil(cost_usd * _NANO), id))

    def spent_usd(self) -> float:
        """Today's sum: what settled calls cost, and the most that the others can."""
        with self._transaction() as sql:
            return int(sql.execute(_SUM, (self._today(),)).fetchone()[0]) / _NANO

    def _today(self) -> int:
        return int(self._now() // _DAY_S)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_S)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(_TABLE)
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise StorageError(
                f"What was spent today can't be read or written in {self.path}: {why}.",
                fix="Nothing was sent: mend or remove that file, set GHOSTKIT_STATE_DIR to another folder, or unset "
                "GHOSTKIT_BUDGET_PER_DAY_USD.",
                path=str(self.path),
            ) from error
