"""Who may run steps: a row with a fencing token, and an operating-system lock on this machine.

The lock decides on one machine (it goes with its process, however that dies); the row names the holder, carries
the token that every runner's write is checked against, and decides between machines that share a folder.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ghostkit import faults
from ghostkit.errors import LeaseHeld, LeaseLost, StorageError
from ghostkit.ledger.connection import LOCK_NAME, Connection

HEARTBEAT_S = 15.0
ABANDONED_AFTER_S = 60.0
"""A holder on another machine that hasn't been heard of for this long is taken to be gone."""
LOOKING_TAKES_S = 10.0
"""The most a process that only looks for edits may keep the lock; a runner waits that long for it."""
GRACE_S = 0.3
"""The same where the row names a runner: it may have been killed, and the lock be a looker's after all."""


class Lease:
    """Held between `acquire` and `release`; `check` raises `LeaseLost` once another runner has taken it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock: FileLock | None = None
        self.token: int | None = None

    def acquire(self, holder: Mapping[str, Any]) -> int:
        """Take the lease or raise `LeaseHeld` naming who has it; returns the fencing token."""
        path = self._connection.path
        if path is not None:
            self._wait_for_os_lock(path)
        try:
            self.token = self._take_row(holder)
        except BaseException:
            self._drop_os_lock()
            raise
        faults.point("lease.after_commit")
        return self.token

    def _wait_for_os_lock(self, path: Path) -> None:
        """Take the lock, giving processes that hold it without being a runner (`exclusive_if_free`) time to leave."""
        started = time.monotonic()
        while True:
            try:
                self._take_os_lock(path)
                return
            except LeaseHeld:
                runner = self.holder().get("released") is False
                if time.monotonic() - started > (GRACE_S if runner else LOOKING_TAKES_S):
                    raise
            time.sleep(0.02)

    def _take_os_lock(self, path: Path) -> None:
        lock = FileLock(path.with_name(LOCK_NAME), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise held_by(self.holder()) from None
        except OSError as error:
            raise StorageError(
                f"Could not lock {path.parent}: {error.strerror or error}.",
                fix="Make the folder writable, then try again.",
            ) from error
        self._lock = lock

    def _take_row(self, holder: Mapping[str, Any]) -> int:
        now = time.time()
        with self._connection.transaction() as sql:
            row = sql.execute("SELECT * FROM lease WHERE id = 1").fetchone()
            if row and row["released_at"] is None:
                before = json.loads(row["holder"])
                elsewhere = before.get("host") != socket.gethostname()
                if elsewhere and now - row["heartbeat_at"] < ABANDONED_AFTER_S:
                    raise held_by(before)
            token = (row["token"] if row else 0) + 1
            described = {"pid": os.getpid(), "host": socket.gethostname(), "since": now, **holder}
            sql.execute(
                "INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?, ?, NULL)", (token, json.dumps(described), now, now)
            )
            faults.point("lease.before_commit")
        return token

    def check(self, sql: sqlite3.Connection) -> None:
        """Inside a runner's transaction: are we still the holder?"""
        row = sql.execute("SELECT token FROM lease WHERE id = 1").fetchone()
        if self.token is None or row is None or row[0] != self.token:
            raise LeaseLost(
                "Another runner has taken this book over.", fix="Nothing was written by this one; stop it and look."
            )

    def heartbeat(self) -> None:
        with self._connection.transaction() as sql:
            self.check(sql)
            sql.execute("UPDATE lease SET heartbeat_at = ? WHERE id = 1", (time.time(),))

    def release(self) -> None:
        """Give it back; harmless when it is lost or was never held."""
        token, self.token = self.token, None
        try:
            if token is not None:
                with self._connection.transaction() as sql:
                    faults.point("lease.before_release")
                    sql.execute("UPDATE lease SET released_at = ? WHERE id = 1 AND token = ?", (time.time(), token))
        finally:
            # A full disk must not keep this process from taking the book up again.
            self._drop_os_lock()

    def _drop_os_lock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @contextmanager
    def exclusive_if_free(self) -> Iterator[bool]:
        """Keep runners out for a moment, if none is at work (in this process or another); yields whether none is."""
        path = self._connection.path
        if self.token is not None or path is None:
            yield path is None
            return
        try:
            self._take_os_lock(path)
        except (LeaseHeld, StorageError):
            yield False
            return
        try:
            yield True
        finally:
            self._drop_os_lock()

    def holder(self) -> dict[str, Any]:
        """Who has the lease, or had it last; empty if nobody ever did."""
        with self._connection.reading() as sql:
            row = sql.execute("SELECT * FROM lease WHERE id = 1").fetchone()
        if row is None:
            return {}
        return {**json.loads(row["holder"]), "released": row["released_at"] is not None}


def held_by(holder: Mapping[str, Any]) -> LeaseHeld:
    """The error that names the runner in the way."""
    since = holder.get("since")
    when = time.strftime(" since %H:%M:%S", time.localtime(since)) if isinstance(since, int | float) else ""
    who = f"process {holder.get('pid', '?')} on {holder.get('host', 'this machine')}"
    goal = f", writing {holder['goal']}" if holder.get("goal") else ""
    return LeaseHeld(
        f"This book is being written by {who}{when}{goal}.",
        fix="Wait for it or stop it; reading, editing and exporting work meanwhile.",
        holder=dict(holder),
    )
