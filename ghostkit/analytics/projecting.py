"""One book's ledger, brought into a database: everything new since the last step, in one transaction."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ghostkit.analytics import from_rows, rows
from ghostkit.analytics.chunks import ChunkFollower
from ghostkit.analytics.database import Staging
from ghostkit.analytics.from_events import FromEvents, VectorEvent, request_id
from ghostkit.analytics.history import History
from ghostkit.analytics.outline import Outline, OutlineFile
from ghostkit.analytics.rows import Row, add_rows
from ghostkit.analytics.schema import PLACED, STORED, VERSION
from ghostkit.analytics.values import as_mapping
from ghostkit.book.folder import ProjectFolder
from ghostkit.ledger.streamed import Mark, Stream, marked, streaming

if TYPE_CHECKING:
    import duckdb


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A batch makes a hundred thousand rows that all stay: looking through them for garbage is a third of the time."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


@dataclass(kw_only=True)
class Progress:
    """How far a projection has come; kept in the database, as JSON."""

    ledger: Mark = field(default_factory=Mark)
    open: list[int] = field(default_factory=list)
    """Row ids of attempts that had not ended."""
    outline: str = ""
    standing: str = ""
    stores: dict[str, str] = field(default_factory=dict)
    """What each index of chunks was like, by its id."""
    schema: int = VERSION

    def as_json(self) -> str:
        return json.dumps({**vars(self), "ledger": self.ledger.as_dict()})

    @classmethod
    def from_json(cls, text: str) -> Progress:
        """Raises ValueError, TypeError or KeyError for what `as_json` never made."""
        stored = json.loads(text)
        return cls(**{**stored, "ledger": marked(stored["ledger"])})


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a step did. `rows` counts new events, attempts and revisions."""

    rows: int
    rebuilt: bool = False
    purged: bool = False
    """A text was taken out: copies made before must not stay."""


class Projector:
    """Projects the book in `folder`; its rows are those of `label` in the column `book`."""

    def __init__(self, folder: ProjectFolder, label: str, outline: OutlineFile | None = None) -> None:
        self.folder, self.label = folder, label
        self._outline = outline or OutlineFile(folder)
        self.progress = Progress()
        self._history: History | None = None
        self._chunks = ChunkFollower(folder, label)
        self._places: dict[str, tuple[int | None, int | None]] = {}

    def step(self, cursor: duckdb.DuckDBPyConnection) -> Step:
        """Bring everything up to what the ledger holds now. All of it or, if something fails, nothing is changed."""
        before, self.progress = self.progress, Progress.from_json(self.progress.as_json())
        cursor.execute("BEGIN")
        try:
            step = self._step(cursor)
            cursor.execute("COMMIT")
        except BaseException:
            self.progress, self._history, self._chunks = before, None, ChunkFollower(self.folder, self.label)
            cursor.execute("ROLLBACK")
            raise
        return step

    def _step(self, cursor: duckdb.DuckDBPyConnection) -> Step:
        outline = self._outline.read()
        if not self.folder.ledger.exists():
            return self._without_ledger(cursor, outline)
        with streaming(self.folder.ledger) as look:
            rebuilt = not look.is_of(self.progress.ledger)
            if rebuilt:
                self._forget(cursor)
            step = self._take_in(cursor, look, outline, rebuilt)
        self._finish(cursor)
        return step

    def _without_ledger(self, cursor: duckdb.DuckDBPyConnection, outline: Outline) -> Step:
        rebuilt = self.progress.ledger != Mark()
        if rebuilt:
            self._forget(cursor)
        self._follow_outline(cursor, outline)
        self._follow_texts(cursor, outline)
        self._finish(cursor)
        return Step(rows=0, rebuilt=rebuilt)

    def _take_in(self, cursor: duckdb.DuckDBPyConnection, look: Stream, outline: Outline, rebuilt: bool) -> Step:
        since = self.progress.ledger
        moved = self._follow_outline(cursor, outline)
        events, types = self._add_events(cursor, look, since)
        attempts = self._add_attempts(cursor, look, since)
        revisions = self._add_revisions(cursor, look, since)
        purged = "text_purged" in types
        if purged:
            self._purge(cursor, look)
        if self._follow_standing(cursor, look, fresh=bool(revisions)) or moved or purged or rebuilt:
            self._follow_texts(cursor, outline)
        if events or rebuilt:
            self._replace_runs(cursor, look)
        self._chunks.follow(cursor, self.progress.stores)
        self.progress.ledger = look.mark()
        self.progress.open = look.open_attempts()
        return Step(rows=events + attempts + revisions, rebuilt=rebuilt, purged=purged)

    # ── rows that are added ───────────────────────────────────────────────────────────────────────────────

    def _add_events(self, cursor: duckdb.DuckDBPyConnection, look: Stream, since: Mark) -> tuple[int, set[str]]:
        count, types = 0, set[str]()
        history = self._history_of(cursor)
        for batch in look.events(since.event):
            taken = FromEvents(self.label, self._places, history)
            with _collector_paused():
                for event in batch:
                    taken.take(event)
                for table, found in taken.rows.items():
                    add_rows(cursor, table, found)
            self._note_use(cursor, taken.use)
            self._add_embeddings(cursor, taken.vectors, anew=not (since.event or count))
            count += len(batch)
            types.update(event[1] for event in batch)
        return count, types

    def _note_use(self, cursor: duckdb.DuckDBPyConnection, use: Sequence[Row]) -> None:
        """Whether the prose overlaps with what was retrieved, told after the retrieval was projected."""
        if use:
            with Staging(cursor, rows.USE, [(*row, number) for number, row in enumerate(use)]):
                for statement in rows.NOTE_USE:
                    cursor.execute(statement, {"book": self.label})

    def _add_embeddings(
        self, cursor: duckdb.DuckDBPyConnection, told: Mapping[str, Sequence[VectorEvent]], *, anew: bool
    ) -> None:
        """A request for vectors is told by several events: its row is made of all of them."""
        if not told:
            return
        before = dict(told)
        if not anew:  # something of it may have been projected earlier
            with Staging(cursor, rows.NAMES, [(id,) for id in told]):
                before = _by_request(cursor.execute(rows.ALL_OF_EMBEDDINGS, {"book": self.label}).fetchall())
                cursor.execute(rows.FORGET_EMBEDDINGS, {"book": self.label})
        add_rows(cursor, "embeddings", [from_rows.embedding(self.label, id, before[id]) for id in told])

    def _add_attempts(self, cursor: duckdb.DuckDBPyConnection, look: Stream, since: Mark) -> int:
        count = 0
        history = self._history_of(cursor)
        for batch in look.attempts(since.attempt, self.progress.open):
            if self.progress.open:
                with Staging(cursor, rows.NAMES, [(row[1],) for row in batch]):
                    cursor.execute(rows.FORGET_ATTEMPTS, {"book": self.label})
            made = [from_rows.generation(self.label, row, self._places, history) for row in batch]
            add_rows(cursor, "generations", made)
            count += len(batch)
        return count

    def _add_revisions(self, cursor: duckdb.DuckDBPyConnection, look: Stream, since: Mark) -> int:
        count = 0
        for batch in look.revisions(since.revision):
            add_rows(cursor, "revisions", [from_rows.revision(self.label, row, self._places) for row in batch])
            count += len(batch)
        return count

    def _history_of(self, cursor: duckdb.DuckDBPyConnection) -> History:
        if self._history is None:
            self._history = History.read(cursor, self.label)
        return self._history

    # ── rows that change ──────────────────────────────────────────────────────────────────────────────────

    def _follow_outline(self, cursor: duckdb.DuckDBPyConnection, outline: Outline) -> bool:
        """Chapters and sections were renamed, moved, added: numbers are as they are now, everywhere."""
        self._places = {object: (chapter, section) for object, chapter, section in outline.places}
        if outline.digest == self.progress.outline:
            return False
        cursor.execute("DELETE FROM kept.places WHERE book = $book", {"book": self.label})
        with Staging(cursor, rows.PLACES, outline.places):
            cursor.execute("INSERT INTO kept.places SELECT $book, * FROM staged", {"book": self.label})
        for table in PLACED:
            cursor.execute(rows.MOVE.format(table=table), {"book": self.label})
        self.progress.outline = outline.digest
        return True

    def _follow_standing(self, cursor: duckdb.DuckDBPyConnection, look: Stream, *, fresh: bool) -> bool:
        """Which revision is a text's head, and what became of proposals; False if that is as it was."""
        heads, proposals = look.standing()
        digest = hashlib.sha256(repr((sorted(heads), sorted(proposals.items()))).encode()).hexdigest()
        if not fresh and digest == self.progress.standing:
            return False
        self.progress.standing = digest
        standing = [(number, "current", proposals.get(number, ("", ""))[1]) for number in heads]
        standing += [
            (number, state if state in ("open", "rejected") else "earlier", source)
            for number, (state, source) in proposals.items()
            if number not in heads
        ]
        with Staging(cursor, rows.STANDING, standing):
            cursor.execute(rows.STAND, {"book": self.label})
        return True

    def _purge(self, cursor: duckdb.DuckDBPyConnection, look: Stream) -> None:
        with Staging(cursor, rows.NUMBERS, [(number,) for number in look.purged_revisions()]):
            cursor.execute(rows.PURGE, {"book": self.label})

    def _follow_texts(self, cursor: duckdb.DuckDBPyConnection, outline: Outline) -> None:
        """The rows of the book and of its sections, as they stand."""
        cursor.execute("DELETE FROM sections WHERE book = $book", {"book": self.label})
        with Staging(cursor, rows.OUTLINE, outline.sections):
            cursor.execute(rows.INSERT_SECTIONS, {"book": self.label})
        cursor.execute("DELETE FROM books WHERE book = $book", {"book": self.label})
        cursor.execute(
            rows.INSERT_BOOK,
            {
                "book": self.label, "title": outline.title, "language": outline.language, "genre": outline.genre,
                "style": outline.style, "model": outline.model, "folder": self.folder.root.resolve().name,
                "chapters": outline.chapters, "created_at": outline.created_at,
            },
        )  # fmt: skip

    def _replace_runs(self, cursor: duckdb.DuckDBPyConnection, look: Stream) -> None:
        cursor.execute("DELETE FROM runs WHERE book = $book", {"book": self.label})
        add_rows(cursor, "runs", [from_rows.run(self.label, row) for row in look.runs()])

    def _forget(self, cursor: duckdb.DuckDBPyConnection) -> None:
        for table in STORED:
            cursor.execute(f"DELETE FROM {table.name} WHERE book = $book", {"book": self.label})
        self.progress, self._history = Progress(), History()

    def _finish(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute("DELETE FROM kept.marks WHERE book = $book", {"book": self.label})
        mark = {"book": self.label, "mark": self.progress.as_json()}
        cursor.execute("INSERT INTO kept.marks VALUES ($book, $mark)", mark)


def _by_request(events: Sequence[Row]) -> dict[str, Sequence[VectorEvent]]:
    found: dict[str, list[VectorEvent]] = {}
    for type, at, run_id, text in events:
        data = as_mapping(json.loads(text))
        found.setdefault(request_id(data), []).append((type, at / 1e6, run_id, data))
    return dict(found)
