"""One book's ledger, brought into a database: everything new since the last step, in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ghostkit.analytics import chunks, from_events, rows
from ghostkit.analytics.database import Staging
from ghostkit.analytics.outline import Outline, OutlineFile
from ghostkit.analytics.schema import PLACED, STORED, VERSION
from ghostkit.book.folder import ProjectFolder
from ghostkit.ledger.streamed import Mark, Stream, marked, streaming

if TYPE_CHECKING:
    import duckdb


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

    def step(self, cursor: duckdb.DuckDBPyConnection) -> Step:
        """Bring everything up to what the ledger holds now. All of it or, if something fails, nothing is changed."""
        before, self.progress = self.progress, Progress.from_json(self.progress.as_json())
        cursor.execute("BEGIN")
        try:
            step = self._step(cursor)
            cursor.execute("COMMIT")
        except BaseException:
            self.progress = before
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
        chunks.follow(cursor, self.folder, self.label, self.progress.stores)
        self.progress.ledger = look.mark()
        self.progress.open = look.open_attempts()
        return Step(rows=events + attempts + revisions, rebuilt=rebuilt, purged=purged)

    # ── rows that are added ───────────────────────────────────────────────────────────────────────────────

    def _add_events(self, cursor: duckdb.DuckDBPyConnection, look: Stream, since: Mark) -> tuple[int, set[str]]:
        count, types = 0, set[str]()
        for batch in look.events(since.event):
            with Staging(cursor, rows.EVENTS, batch):
                cursor.execute(rows.INSERT_EVENTS, {"book": self.label})
            count += len(batch)
            types.update(row[1] for row in batch)
        from_events.derive(cursor, self.label, since.event, types)
        return count, types

    def _add_attempts(self, cursor: duckdb.DuckDBPyConnection, look: Stream, since: Mark) -> int:
        count = 0
        for batch in look.attempts(since.attempt, self.progress.open):
            with Staging(cursor, rows.ATTEMPTS, batch):
                if self.progress.open:
                    cursor.execute(rows.FORGET_ATTEMPTS, {"book": self.label})
                cursor.execute(rows.INSERT_ATTEMPTS, {"book": self.label})
            count += len(batch)
        return count

    def _add_revisions(self, cursor: duckdb.DuckDBPyConnection, look: Stream, since: Mark) -> int:
        count = 0
        for batch in look.revisions(since.revision):
            measured = [(*row, len(row[11].split()), len(row[11])) for row in batch]
            with Staging(cursor, rows.REVISIONS, measured):
                cursor.execute(rows.INSERT_REVISIONS, {"book": self.label})
            count += len(batch)
        return count

    # ── rows that change ──────────────────────────────────────────────────────────────────────────────────

    def _follow_outline(self, cursor: duckdb.DuckDBPyConnection, outline: Outline) -> bool:
        """Chapters and sections were renamed, moved, added: numbers are as they are now, everywhere."""
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
        with Staging(cursor, rows.RUNS, look.runs()):
            cursor.execute(rows.INSERT_RUNS, {"book": self.label})

    def _forget(self, cursor: duckdb.DuckDBPyConnection) -> None:
        for table in STORED:
            cursor.execute(f"DELETE FROM {table.name} WHERE book = $book", {"book": self.label})
        self.progress = Progress()

    def _finish(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute("DELETE FROM kept.marks WHERE book = $book", {"book": self.label})
        mark = {"book": self.label, "mark": self.progress.as_json()}
        cursor.execute("INSERT INTO kept.marks VALUES ($book, $mark)", mark)
