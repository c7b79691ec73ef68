"""`StoreView`: what one question may see of one version of the store."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from ghostkit.errors import InputError
from ghostkit.rag.document import Chunk
from ghostkit.rag.scope import Scope
from ghostkit.rag.store import bm25
from ghostkit.rag.store.damage import Damaged, damage
from ghostkit.rag.store.database import Connection
from ghostkit.rag.store.reading import chunks_by_id, chunks_of, digests_by_row
from ghostkit.rag.store.snapshot import Posting, Snapshot
from ghostkit.rag.store.terms import STOP, terms_of
from ghostkit.rag.store.values import KeywordAnswer, KnownDocument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_T = TypeVar("_T")
MOST_TERMS: Final = 256
"""Of a question, in its order; the rest is not looked for, and a note says so."""
MOST_CHARACTERS: Final = 20_000


class Sight:
    """Which rows of a snapshot a scope sees, and their statistics; shared by all views of that scope."""

    def __init__(self, snapshot: Snapshot, scope: Scope) -> None:
        import numpy as np

        seen = np.array([scope.sees(document.placed) for document in snapshot.of], bool)
        self.documents = [document for document, one in zip(snapshot.of, seen, strict=True) if one]
        self.all = bool(seen.all())
        self.mask: NDArray[np.bool_] = seen[snapshot.documents] if len(seen) else np.zeros(0, bool)
        self.rows = snapshot.rows if self.all else snapshot.rows[self.mask]
        total = int(snapshot.lengths[self.mask].sum(dtype=np.int64))
        self.count = len(self.rows)
        self.norms = bm25.length_norms(snapshot.lengths, total / self.count if self.count else 0.0)
        self.languages = sorted({document.language for document in self.documents})


class StoreView:
    """A consistent look at the store: whatever is written meanwhile, it reads the version it was made of.

    It holds a read transaction until it is closed or forgotten, so keep it for one question, not for a day. Any
    thread may use it. `rows`: int64 (count,), ascending.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        sight: Sight,
        connection: Connection,
        *,
        give_back: Callable[[Connection], None],
        lost: Callable[[Damaged, str], NoReturn],
    ) -> None:
        self.version = snapshot.version
        self.epoch = snapshot.epoch
        self.count = sight.count
        self.rows = sight.rows
        self._snapshot = snapshot
        self._sight = sight
        self._sqlite = connection
        self._lost = lost
        self._lock = threading.Lock()
        self._closing = weakref.finalize(self, give_back, connection)
        self._closing.atexit = False

    # ── words ─────────────────────────────────────────────────────────────────────────────────────────────

    def keyword(self, query: str, limit: int) -> list[tuple[str, float]]:
        """(chunk id, BM25), best first, ties by chunk id; of the visible chunks alone."""
        return self.answer(query, limit).hits

    def answer(self, query: str, limit: int) -> KeywordAnswer:
        """As `keyword`, with the terms that were looked for and a note where the question was cut."""
        import numpy as np

        wanted, note = self._wanted(query)
        scores = np.zeros(len(self._snapshot.rows))
        for term in sorted(wanted):
            posting = self._visible(term)
            if len(posting.places):
                weight = bm25.idf(self.count, len(posting.places)) * wanted[term]
                bm25.add_scores(scores, posting.places, posting.counts, self._sight.norms, weight)
        return KeywordAnswer(hits=bm25.best(scores, self._snapshot.ids, limit), terms=tuple(sorted(wanted)), note=note)

    def _wanted(self, query: str) -> tuple[dict[str, int], str]:
        """The question's terms with their counts, stemmed in every language that is seen; and a note."""
        text = query[:MOST_CHARACTERS]
        wanted: dict[str, int] = {}
        for language in self._sight.languages:
            for term, count in Counter(terms_of(text, language, stop=True)).items():
                wanted[term] = max(wanted.get(term, 0), count)
        words = {term: count for term, count in wanted.items() if term[0] != STOP} or wanted
        cut = len(text) < len(query) or len(words) > MOST_TERMS
        return dict(list(words.items())[:MOST_TERMS]), _CUT_NOTE if cut else ""

    def _visible(self, term: str) -> Posting:
        posting = self._snapshot.known_posting(term) or self._read(lambda one: self._snapshot.posting(term, one))
        if self._sight.all:
            return posting
        seen = self._sight.mask[posting.places]
        return Posting(posting.places[seen], posting.counts[seen])

    # ── chunks ────────────────────────────────────────────────────────────────────────────────────────────

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """In the order asked for; raises `InputError` for one that isn't seen here."""
        found = self._read(lambda connection: chunks_by_id(connection, list(ids), self._snapshot.by_num))
        seen = {document.id for document in self._sight.documents}
        for one in ids:
            if one not in found or found[one].metadata.document not in seen:
                raise InputError(
                    f"There is no chunk {one!r} to be seen here.", fix="Ask for what was found by a search."
                )
        return [found[one] for one in ids]

    def every_chunk(self) -> Iterator[Chunk]:
        """All that are seen: the book in its order, then what stands outside it."""
        for document in sorted(self._sight.documents, key=_reading_order):
            yield from self._read(lambda connection, of=document: chunks_of(connection, of))  # type: ignore[misc]

    def ids_of(self, rows: NDArray[np.int64]) -> list[str]:
        """Of visible rows, in the order asked for."""
        return [bytes(one).decode() for one in self._snapshot.ids[self._places(rows)]]

    def id_of(self, row: int) -> str:
        import numpy as np

        return self.ids_of(np.array([row], np.int64))[0]

    def rows_of(self, ids: Iterable[str]) -> NDArray[np.int64]:
        """Of visible chunks, in the order asked for."""
        import numpy as np

        order = self._by_id()
        asked = np.array([one.encode() for one in ids], np.bytes_)
        places = np.searchsorted(self._snapshot.ids, asked, sorter=order).clip(max=len(order) - 1)
        found = order[places]
        if not np.array_equal(self._snapshot.ids[found], asked) or not self._sight.mask[found].all():
            raise InputError("A chunk asked for is not to be seen here.", fix="Ask for what was found by a search.")
        rows: NDArray[np.int64] = self._snapshot.rows[found]
        return rows

    def row_of(self, chunk_id: str) -> int:
        return int(self.rows_of([chunk_id])[0])

    def _by_id(self) -> NDArray[np.int64]:
        import numpy as np

        if self._snapshot.by_id is None:
            self._snapshot.by_id = np.argsort(self._snapshot.ids, kind="stable")
        return self._snapshot.by_id

    def digests_of(self, rows: NDArray[np.int64]) -> list[str]:
        """The digests of what is embedded for these rows, in the order asked for."""
        self._places(rows)
        asked = rows.tolist()
        found = self._read(lambda connection: digests_by_row(connection, asked))
        return [found[row] for row in asked]

    def document_of(self, row: int) -> KnownDocument:
        """The document that a row's chunk is of."""
        import numpy as np

        place = self._places(np.array([row], np.int64))[0]
        return self._snapshot.of[int(self._snapshot.documents[place])]

    @property
    def documents(self) -> list[KnownDocument]:
        """Those that are seen."""
        return list(self._sight.documents)

    def _places(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        import numpy as np

        places = np.searchsorted(self._snapshot.rows, rows)
        if len(rows) and (
            not len(self._snapshot.rows)
            or not np.array_equal(self._snapshot.rows[places.clip(max=len(self._snapshot.rows) - 1)], rows)
            or not self._sight.mask[places].all()
        ):
            raise InputError("A row asked for is not to be seen here.", fix="Ask for rows of this view.")
        return places

    # ── its end ───────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, read: Callable[[sqlite3.Connection], _T]) -> _T:
        """From the version this view is of, by one thread at a time."""
        with self._lock:
            if not self._closing.alive:
                raise InputError("This view of the index is closed.", fix="Ask the store for a new one.")
            try:
                with damage():
                    return read(self._sqlite)
            except Damaged as problem:
                self._closing()
                self._lost(problem, self.epoch)

    def close(self) -> None:
        """Let go of the version; a second close does nothing."""
        with self._lock:
            self._closing()

    def __enter__(self) -> StoreView:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _reading_order(document: KnownDocument) -> tuple[bool, int, int, str]:
    return document.chapter is None, document.chapter or 0, document.section or 0, document.id


_CUT_NOTE: Final = (
    f"The question is long: of its first {MOST_CHARACTERS:,} characters, "
    f"at most {MOST_TERMS} different words were looked for."
)
