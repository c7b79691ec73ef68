"""One version of a store in memory: its rows and documents, and postings as they were asked for."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ghostkit.rag.store.damage import Damaged
from ghostkit.rag.store.postings import read_postings
from ghostkit.rag.store.reading import known_documents
from ghostkit.rag.store.values import KnownDocument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POSTINGS_KEPT: Final = 2_000_000
"""Entries (a term in a chunk; 6 bytes each) kept in memory; the least recently used go first."""

_EACH: Final = 40
"""What a term weighs besides its entries, in entries."""


@dataclass(frozen=True)
class Posting:
    """`places`: int32, where in `Snapshot.rows` the chunks with a term are; `counts`: uint16, how often it is there."""

    places: NDArray[np.int32]
    counts: NDArray[np.uint16]


class Snapshot:
    """What doesn't change within a version; any number of views and threads share it.

    `rows` int64, ascending; `ids` bytes, `documents` int32 (a position in `of`) and `lengths` int32, row by row.
    """

    def __init__(self, epoch: str, version: int, connection: sqlite3.Connection) -> None:
        import numpy as np

        self.epoch = epoch
        self.version = version
        self.of: list[KnownDocument] = list(known_documents(connection).values())
        self.by_num = {document.num: document for document in self.of}
        found = connection.execute("SELECT row, CAST(id AS BLOB), document, length FROM chunks ORDER BY row").fetchall()
        rows, ids, numbers, lengths = zip(*found, strict=True) if found else ((), (), (), ())
        place_of = {document.num: place for place, document in enumerate(self.of)}
        if not set(numbers) <= place_of.keys():
            raise Damaged("a chunk has lost its document")
        b"".join(ids).decode()  # raises where one isn't UTF-8, before it is in any answer
        self.rows = np.array(rows, np.int64)
        self.ids = np.array(ids, np.bytes_)
        self.documents = np.array([place_of[number] for number in numbers], np.int32)
        self.lengths = np.array(lengths, np.int32)
        self.by_id: NDArray[np.int64] | None = None  # the order of `ids`, when first needed
        self._postings: OrderedDict[str, Posting] = OrderedDict()
        self._kept = 0
        self._lock = threading.Lock()

    def known_posting(self, term: str) -> Posting | None:
        """If it is in memory."""
        with self._lock:
            if (known := self._postings.get(term)) is not None:
                self._postings.move_to_end(term)
            return known

    def posting(self, term: str, connection: sqlite3.Connection) -> Posting:
        """Read, and kept; empty for a term that nothing has. `connection` reads this version."""
        posting = self._read(term, connection)
        with self._lock:
            if term not in self._postings:
                self._postings[term] = posting
                self._kept += len(posting.places) + _EACH
            while self._kept > POSTINGS_KEPT:
                _, dropped = self._postings.popitem(last=False)
                self._kept -= len(dropped.places) + _EACH
        return posting

    def _read(self, term: str, connection: sqlite3.Connection) -> Posting:
        import numpy as np

        rows, counts = read_postings(connection, term)
        places = np.searchsorted(self.rows, rows)
        if len(rows) and (places[-1] >= len(self.rows) or not np.array_equal(self.rows[places], rows)):
            raise Damaged(f"{term!r} is kept for a chunk that isn't there")
        return Posting(places.astype(np.int32), counts)
