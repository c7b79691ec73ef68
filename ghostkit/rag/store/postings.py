"""Postings: which rows hold a term, and how often.

One blob for each term and block of 2,048 rows, so that an edit rewrites small blobs however large the store is: the
rows' offsets in the block (uint16, ascending), the counts in the same order (uint16, 65,535 at most), and a CRC-32 of
both, the block and the term. All little-endian.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from ghostkit.rag.store.damage import Damaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK_BITS: Final = 11
BLOCK_ROWS: Final = 1 << BLOCK_BITS
MOST: Final = 65_535
_CHECK_BYTES: Final = 4

Counts = Mapping[str, int]
"""How often each term stands in one chunk."""
_Lists = dict[str, tuple[list[int], list[int]]]
"""Term to offsets and counts."""


def add_postings(connection: sqlite3.Connection, rows: Iterable[tuple[int, Counts]]) -> None:
    """Write the terms of new rows in; `rows` ascending. In the caller's transaction; raises `Damaged`."""
    for block, lists in _by_block(rows):
        written = []
        for term in sorted(lists):
            offsets, counts = lists[term]
            found = _blob(connection, term, block)
            written.append((term, block, _joined(term, block, found or b"", offsets, counts)))
        connection.executemany("INSERT OR REPLACE INTO postings (term, block, data) VALUES (?, ?, ?)", written)


def _joined(term: str, block: int, blob: bytes, offsets: list[int], counts: list[int]) -> bytes:
    """What is kept, and these besides. New rows come after all there were, so that they are put behind them as bytes;
    only rows that are stemmed again come in between."""
    if not blob:
        return _packed(term, block, offsets, counts)
    payload = _payload(term, block, blob)
    half = len(payload) // 2
    if offsets[0] > int.from_bytes(payload[half - 2 : half], "little"):
        more = _numbers(offsets, counts)
        middle = len(more) // 2
        payload = payload[:half] + more[:middle] + payload[half:] + more[middle:]
        return payload + _check(term, block, payload)
    entries = _entries(term, block, blob)
    entries.update(zip(offsets, counts, strict=True))
    offsets = sorted(entries)
    return _packed(term, block, offsets, [entries[offset] for offset in offsets])


def remove_postings(connection: sqlite3.Connection, rows: Iterable[tuple[int, Counts]]) -> None:
    """Take the terms of gone rows out; `rows` ascending. In the caller's transaction; raises `Damaged`."""
    for block, lists in _by_block(rows):
        written, emptied = [], []
        for term in sorted(lists):
            entries = _entries(term, block, _blob(connection, term, block) or b"")
            for offset in lists[term][0]:
                if entries.pop(offset, None) is None:
                    raise Damaged(f"a chunk that holds {term!r} is not kept under it")
            offsets = list(entries)
            if offsets:
                written.append((_packed(term, block, offsets, list(entries.values())), term, block))
            else:
                emptied.append((term, block))
        connection.executemany("UPDATE postings SET data = ? WHERE term = ? AND block = ?", written)
        connection.executemany("DELETE FROM postings WHERE term = ? AND block = ?", emptied)


def _by_block(rows: Iterable[tuple[int, Counts]]) -> Iterator[tuple[int, _Lists]]:
    """Block after block, so that no more than one block's rows are in memory."""
    numbered = ((row >> BLOCK_BITS, row & (BLOCK_ROWS - 1), counts) for row, counts in rows)
    for block, group in groupby(numbered, key=itemgetter(0)):
        lists: _Lists = {}
        for _, offset, counts in group:
            for term, count in counts.items():
                entry = lists.get(term)
                if entry is None:
                    lists[term] = ([offset], [count])
                else:
                    entry[0].append(offset)
                    entry[1].append(count)
        yield block, lists


def _blob(connection: sqlite3.Connection, term: str, block: int) -> bytes | None:
    found = connection.execute("SELECT data FROM postings WHERE term = ? AND block = ?", (term, block)).fetchone()
    return found[0] if found else None


def _packed(term: str, block: int, offsets: list[int], counts: list[int]) -> bytes:
    payload = _numbers(offsets, counts)
    return payload + _check(term, block, payload)


def _numbers(offsets: list[int], counts: list[int]) -> bytes:
    if max(counts) > MOST:
        counts = [min(count, MOST) for count in counts]
    return struct.pack(f"<{2 * len(offsets)}H", *offsets, *counts)


def _check(term: str, block: int, payload: bytes) -> bytes:
    return zlib.crc32(payload, zlib.crc32(f"{block} {term}".encode())).to_bytes(_CHECK_BYTES, "little")


def _payload(term: str, block: int, blob: bytes) -> bytes:
    payload = blob[:-_CHECK_BYTES]
    if len(payload) % 4 or blob[-_CHECK_BYTES:] != _check(term, block, payload):
        raise Damaged(f"what is kept under {term!r} is damaged")
    return payload


def _entries(term: str, block: int, blob: bytes) -> dict[int, int]:
    if not blob:
        return {}
    payload = _payload(term, block, blob)
    values = struct.unpack(f"<{len(payload) // 2}H", payload)
    half = len(values) // 2
    return dict(zip(values[:half], values[half:], strict=True))


def read_postings(connection: sqlite3.Connection, term: str) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """The rows that hold `term`, ascending, and how often each does. Raises `Damaged`."""
    import numpy as np

    blocks, counts = [], []
    found = connection.execute("SELECT block, data FROM postings WHERE term = ? ORDER BY block", (term,))
    for block, blob in found:
        values = np.frombuffer(_payload(term, block, blob), "<u2")
        half = len(values) // 2
        blocks.append(values[:half].astype(np.int64) + (block << BLOCK_BITS))
        counts.append(values[half:].astype(np.uint16))
    if not blocks:
        return np.empty(0, np.int64), np.empty(0, np.uint16)
    return np.concatenate(blocks), np.concatenate(counts)
