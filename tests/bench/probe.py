"""How fast this machine is right now: printed beside every run, since absolute times wobble."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median


def probe() -> dict[str, float]:
    """CPU: MB/s of SHA-256 on one core; disk: median ms of a 4 KiB fsync and of a SQLite WAL commit."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            "sha256_mb_per_s": round(_sha256(), 1),
            "fsync_ms": round(_fsync(Path(folder)), 4),
            "commit_ms": round(_commit(Path(folder)), 4),
            "cores": os.cpu_count() or 1,
            "load": round(os.getloadavg()[0], 2),
        }


def _sha256() -> float:
    block = b"x" * 1_000_000
    started = time.perf_counter()
    for _ in range(100):
        hashlib.sha256(block).digest()
    return 100 / (time.perf_counter() - started)


def _fsync(folder: Path) -> float:
    times = []
    with open(folder / "probe", "wb") as file:
        for _ in range(100):
            file.write(b"x" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - started)
    return median(times) * 1000


def _commit(folder: Path) -> float:
    connection = sqlite3.connect(folder / "probe.sqlite", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (x)")
    times = []
    for number in range(100):
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t VALUES (?)", (number,))
        connection.execute("COMMIT")
        times.append(time.perf_counter() - started)
    connection.close()
    return median(times) * 1000
