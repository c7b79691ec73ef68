"""Postings: which rows hold a term, and how often.

One blob for each term and block of 2,048 rows, so that an edit rewrites small blobs however large the store is: the
rows' offsets in the block (uint16, ascending), then the counts in the same order (uint16, 65,535 at most). Both
little-endian.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK_BITS: Final = 11
BLOCK_ROWS: Final = 1 << BLOCK_BITS
MOST: Final = 65_535

Counts = Mapping[str, int]
"""How often each term stands in one chunk."""


class PostingsDamaged(Exception):
    """A row to be taken out isn't in, or a blob is no blob of ours: what is here doesn't fit the chunks."""


def change_postings(
    connection: sqlite3.Connection, *, added: Iterable[tuple[int, Counts]], removed: Iterable[tuple[int, Counts]]
) -> None:
    """Write the terms of new rows in and those of gone rows out, in the caller's transaction.

    Raises `PostingsDamaged`.
    """
    changes: dict[tuple[str, int], dict[int, int]] = {}
    for row, counts in removed:
        for term in counts:
            changes.setdefault((term, row >> BLOCK_BITS), {})[row & (BLOCK_ROWS - 1)] = 0
    for row, counts in added:
        for term, count in counts.items():
            changes.setdefault((term, row >> BLOCK_BITS), {})[row & (BLOCK_ROWS - 1)] = min(count, MOST)
    kept: list[tuple[str, int, bytes]] = []
    emptied: list[tuple[str, int]] = []
    for key in sorted(changes):
        entries = _entries(connection, key)
        for offset, count in changes[key].items():
            if count:
                entries[offset] = count
            elif entries.pop(offset, None) is None:
                raise PostingsDamaged(f"{key[0]!r} is not kept for a row that holds it")
        if entries:
            kept.append((*key, _packed(entries)))
        else:
            emptied.append(key)
    connection.executemany("INSERT OR REPLACE INTO postings (term, block, data) VALUES (?, ?, ?)", kept)
    connection.executemany("DELETE FROM postings WHERE term = ? AND block = ?", emptied)


def _entries(connection: sqlite3.Connection, key: tuple[str, int]) -> dict[int, int]:
    found = connection.execute("SELECT data FROM postings WHERE term = ? AND block = ?", key).fetchone()
    if found is None:
        return {}
    offsets, counts = _unpacked(found[0])
    return dict(zip(offsets, counts, strict=True))


def _packed(entries: dict[int, int]) -> bytes:
    offsets = sorted(entries)
    return _bytes(offsets) + _bytes([entries[offset] for offset in offsets])


def _bytes(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def _unpacked(data: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if len(data) % 4:
        raise PostingsDamaged("a blob of postings is cut off")
    values = struct.unpack(f"<{len(data) // 2}H", data)
    half = len(values) // 2
    return values[:half], values[half:]


def read_postings(connection: sqlite3.Connection, term: str) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """The rows that hold `term`, ascending, and how often each does."""
    import numpy as np

    blocks, counts = [], []
    found = connection.execute("SELECT block, data FROM postings WHERE term = ? ORDER BY block", (term,))
    for block, data in found:
        if len(data) % 4:
            raise PostingsDamaged("a blob of postings is cut off")
        values = np.frombuffer(data, "<u2")
        half = len(values) // 2
        blocks.append(values[:half].astype(np.int64) + (block << BLOCK_BITS))
        counts.append(values[half:].astype(np.uint16))
    if not blocks:
        return np.empty(0, np.int64), np.empty(0, np.uint16)
    return np.concatenate(blocks), np.concatenate(counts)
