"""What people do with the texts of a live book: look back, compare, decide, go back, forget.

Every act is one short transaction of the ledger; afterwards the book and its files follow. Killed in between, the
files follow when the act is repeated or the book is next written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from ghostkit.errors import InputError, UnknownName
from ghostkit.events import Event, EventType
from ghostkit.ledger import NothingToChange, Origin, Proposal, ProposalState, Revision
from ghostkit.ledger.acts import about, decided
from ghostkit.ports import Spawner
from ghostkit.writing.manuscript import find_section
from ghostkit.writing.plan import SECTION
from ghostkit.writing.spans import check_locked
from ghostkit.writing.tracked_files import FileKeeper, all_files
from ghostkit.writing.worddiff import Piece, counts, marked, word_diff

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book
    from ghostkit.workbench.purging import Purged
    from ghostkit.workbench.run import Run
    from ghostkit.writing.forecast import Forecast


@dataclass(frozen=True, kw_only=True)
class Version:
    """One revision of a section as people see it. `number` is `2.3`; `state` is `current`, `earlier`, or a
    proposal's: `open`, `rejected`."""

    id: int
    number: str
    state: str
    author: str
    origin: str
    model: str
    created_at: datetime
    words: int
    base_id: int | None
    note: str
    source: str
    purged: bool
    text: str
    text_hash: str

    def as_dict(self, *, text: bool = False) -> dict[str, Any]:
        """JSON-ready; with its text if asked."""
        names = ("id", "number", "state", "author", "origin", "model", "words", "base_id", "note", "source", "purged")
        row = {name: getattr(self, name) for name in names}
        row["created_at"] = self.created_at.isoformat(timespec="milliseconds")
        row["sha256"] = self.text_hash
        return {**row, "text": self.text} if text else row

    def __repr__(self) -> str:
        by = self.model or self.author
        note = f", “{self.note}”" if self.note else ""
        return f"<{self.number} version {self.id}: {self.state}, {self.words} words by {by}{note}>"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two versions of a section and the pieces that lead from one to the other."""

    number: str
    old: Version
    new: Version
    pieces: tuple[Piece, ...]

    @property
    def words(self) -> tuple[int, int]:
        """How many went, how many came."""
        return counts(self.pieces)

    def __str__(self) -> str:
        """The text with what went as [-…-] and what came as {+…+}."""
        return marked(self.pieces)

    def __repr__(self) -> str:
        went, came = self.words
        return f"<{self.number} from version {self.old.id} to {self.new.id}: {went} words went, {came} came>"

    def _repr_html_(self) -> str:
        from ghostkit.workbench.pages import difference_html

        return difference_html(self.pieces)


class BookRevisions:
    """The part of a live book that deals with revisions and proposals."""

    def rewrite(
        self,
        section: str | Sequence[str] | None = None,
        *,
        stale: bool = False,
        note: str = "",
        variants: int = 1,
        accept: bool = False,
        model: str | None = None,
        parallel: int = 1,
        budget_usd: float | None = None,
        spawner: Spawner | None = None,
    ) -> Run:
        """Write sections anew, in the background; the texts wait as proposals until they are accepted.

        `section` is `"2.3"`, a chapter `"2"` or several of them; without one, everything that is written, or with
        `stale` what is out of date: summaries, too, which are simply made again. `note` says what should change.
        `variants` asks for several texts of each. `accept` takes the new text at once where the present one is a
        model's and not locked. Asking again for what waits already asks no model.
        """
        from ghostkit.workbench.rewriting import start_rewrite

        sections = self.sections_to_rewrite(section, stale=stale)
        return start_rewrite(
            _live(self), sections, note=_checked_note(note), variants=variants, accept=accept, stale=stale,
            model=model, parallel=parallel, budget_usd=budget_usd, spawner=spawner,
        )  # fmt: skip

    def sections_to_rewrite(
        self, section: str | Sequence[str] | None = None, *, stale: bool = False
    ) -> tuple[str, ...]:
        """The ids that `rewrite` would write anew, in reading order; raises where there is none."""
        from ghostkit.workbench.rewriting import wanted_sections

        if not stale:
            return wanted_sections(_live(self), section)
        if section is not None:
            raise InputError("Both a place and what is stale are asked for.", fix="Give one of them.")
        report = _live(self).stale()
        found = tuple(text.object_id for text in report.sections)
        if not found and not any(not text.edited_by_human for text in report.derived):
            raise NothingToChange("Nothing is out of date.", fix="There is nothing to write anew.")
        return found

    async def rewrite_forecast(
        self,
        section: str | Sequence[str] | None = None,
        *,
        stale: bool = False,
        note: str = "",
        variants: int = 1,
        model: str | None = None,
    ) -> Forecast:
        """What `rewrite` would ask for and cost; nothing is sent or recorded."""
        from ghostkit.workbench.rewrite_forecast import forecast_rewrite

        sections = self.sections_to_rewrite(section, stale=stale)
        return await forecast_rewrite(
            _live(self), sections, note=_checked_note(note), variants=variants, stale=stale, model=model
        )

    # ── proposals ─────────────────────────────────────────────────────────────────────────────────────────

    def proposals(self, section: str | None = None) -> list[Version]:
        """What waits for a decision, in reading order."""
        book = _live(self)
        places = {s.id: place for place, (_, s) in enumerate(book.value.sections())}
        wanted = find_section(book.value, section)[1].id if section is not None else None
        waiting = [
            proposal
            for proposal in book.ledger.proposals("open", wanted)
            if proposal.revision.kind == SECTION and proposal.revision.object_id in places
        ]
        waiting.sort(key=lambda proposal: (places[proposal.revision.object_id], proposal.id))
        return [_version(book, proposal.revision, proposal) for proposal in waiting]

    def proposal(self, which: int | str) -> Proposal:
        """The proposal of that number, or the one that waits for a section such as `2.3`."""
        book = _live(self)
        if isinstance(which, int) or which.isdecimal():
            return book.ledger.proposal(int(which))
        _, section = find_section(book.value, which)
        number = book.section(section.id).number
        waiting = [p for p in book.ledger.proposals("open", section.id) if p.revision.kind == SECTION]
        if not waiting:
            raise UnknownName(
                f"Nothing waits for section {number}.", fix="`ghostkit proposals` lists what waits for a decision."
            )
        if len(waiting) > 1:
            ids = ", ".join(str(p.id) for p in waiting)
            raise InputError(
                f"{len(waiting)} proposals wait for section {number}: {ids}.", fix="Name one by its number."
            )
        return waiting[0]

    def accept(self, which: int | str, *, over: bool = False) -> Version:
        """Make a proposal the section's text. `over` takes it even where the text has changed since it was made,
        the section is locked, or a locked passage would go."""
        book = _live(self)
        book.look_for_edits()
        proposal = self.proposal(which)
        if not over and proposal.state is ProposalState.OPEN:
            _check_free(book, proposal.revision, generated=proposal.revision.origin is Origin.GENERATED)
        changed = proposal.state is ProposalState.OPEN
        revision = book.ledger.accept(proposal.id, book.who(), over=over)
        _follow(book, [revision], [decided(EventType.PROPOSAL_ACCEPTED, proposal)] if changed else [])
        return _version(book, revision, book.ledger.proposal(proposal.id))

    def reject(self, which: int | str, *, note: str = "") -> Version:
        """Put a proposal aside. Its text stays in the history."""
        book = _live(self)
        proposal = self.proposal(which)
        book.ledger.reject(proposal.id, book.who(), note=note)
        if proposal.state is ProposalState.OPEN:
            book.events.emit(decided(EventType.PROPOSAL_REJECTED, proposal))
        return _version(book, proposal.revision, book.ledger.proposal(proposal.id))

    # ── checkpoints and forgetting ────────────────────────────────────────────────────────────────────────

    def restore_checkpoint(self, name: str = "latest", section: str | None = None) -> Mapping[str, Any]:
        """Bring texts and structure back to what a checkpoint holds; nothing is deleted, and it can be undone."""
        from ghostkit.workbench.going_back import restore_checkpoint

        return restore_checkpoint(_live(self), name, section)

    def purge(self, section: str, revision: int, reason: str) -> Purged:
        """Forget a revision's text for good, wherever it is kept; its hash, cost and the reason stay."""
        from ghostkit.workbench.purging import purge

        return purge(_live(self), section, revision, reason)


class SectionRevisions:
    """The part of a section's handle that deals with its revisions."""

    _book: Book
    id: str

    def history(self) -> list[Version]:
        """Every text the section ever had or was offered, oldest first."""
        proposals = {p.id: p for p in self._book.ledger.proposals(None, self.id)}
        return [
            _version(self._book, revision, proposals.get(revision.id))
            for revision in self._book.ledger.history(self.id, SECTION)
        ]

    def revision(self, number: int) -> Version:
        """One of them by its number."""
        found = {version.id: version for version in self.history()}
        if number not in found:
            there = ", ".join(map(str, found)) or "none yet"
            raise UnknownName(f"Section {self._place} has no revision {number}.", fix=f"There is: {there}.")
        return found[number]

    def diff(self, old: int | None = None, new: int | None = None) -> Difference:
        """What changed from one revision to another, word by word: by default from the text before to the present
        one, or from the present one to what waits."""
        before, after = self._two(old, new)
        for version in (before, after):
            if version.purged:
                raise NothingToChange(
                    f"The text of revision {version.id} was purged; it can't be compared.", fix="Take another one."
                )
        pieces = word_diff(before.text, after.text)
        return Difference(number=self._place, old=before, new=after, pieces=pieces)

    def _two(self, old: int | None, new: int | None) -> tuple[Version, Version]:
        history = self.history()
        current = next((v for v in history if v.state == "current"), None)
        if current is None:
            raise UnknownName(f"Section {self._place} has no text yet.", fix="Write it first: `ghostkit write`.")
        if old is not None:
            return self.revision(old), self.revision(new) if new is not None else current
        waiting = [v for v in history if v.state == "open"]
        if new is None and len(waiting) == 1:
            return current, waiting[0]
        after = self.revision(new) if new is not None else current
        if after.id != current.id:
            return current, after
        earlier = [v for v in history if v.state == "earlier"]
        base = earlier[-1] if earlier else None
        if base is None or base.id < after.id:  # else the head was moved back, and what it was before came later
            base = next((v for v in history if v.id == after.base_id), base)
        if base is None:
            raise UnknownName(
                f"Section {self._place} has had one text only.", fix="Name two revisions, or write it anew first."
            )
        return base, after

    def restore(self, revision: int) -> Version:
        """Make an earlier revision the section's text again; nothing is deleted."""
        book = self._book
        book.look_for_edits()
        wanted = self.revision(revision)
        check_locked(self._value, wanted.text)
        head = book.ledger.head(self.id, SECTION)
        moved = book.ledger.move_head(
            self.id, SECTION, wanted.id, book.who(), base_id=head.id if head is not None else None
        )
        event = about(EventType.REVISION_RESTORED, moved, before=head.id if head else None)
        _follow(book, [moved], [event])
        return self.revision(revision)

    @property
    def _value(self) -> Any:
        return self._book.manuscript.section(self.id)[1]

    @property
    def _place(self) -> str:
        chapter, section = self._book.manuscript.section(self.id)
        return f"{chapter.number}.{section.number}"


def _live(book: BookRevisions) -> Book:
    return cast("Book", book)


def _checked_note(note: str) -> str:
    if note and not note.strip():
        raise InputError("The note is empty.", fix="Say what should change, or leave the note out.")
    return note


def _check_free(book: Book, revision: Revision, *, generated: bool) -> None:
    """May the revision become the section's text without more ado?"""
    chapter, section = book.manuscript.section(revision.object_id)
    if section.locked and generated:
        raise InputError(
            f"Section {chapter.number}.{section.number} is locked, and the proposal is a model's.",
            fix="Unlock it first, or accept with --over.",
        )
    check_locked(section, revision.text)


def _follow(book: Book, revisions: Iterable[Revision], events: Sequence[Event]) -> None:
    """Bring the live book and its files up to heads that moved, and tell of it."""
    for revision in revisions:
        book.manuscript.text_arrived(revision.object_id, revision.kind)
    bring_files_up(book)
    for event in events:
        book.events.emit(event)


def bring_files_up(book: Book) -> None:
    """Write the files that are behind the book, taking in what people changed first."""
    from ghostkit.writing.absorbing import Absorber

    with book.ledger.exclusive_if_free():
        absorber = Absorber(book.manuscript, book.who())
        FileKeeper(book.manuscript, absorber).derive(all_files)
    for event in absorber.taken:
        book.events.emit(event)


def _version(book: Book, revision: Revision, proposal: Proposal | None) -> Version:
    chapter, section = book.manuscript.section(revision.object_id)
    head = book.ledger.head(revision.object_id, revision.kind)
    if head is not None and head.id == revision.id:
        state = "current"
    elif proposal is not None and proposal.state is not ProposalState.ACCEPTED:
        state = str(proposal.state)
    else:
        state = "earlier"
    return Version(
        id=revision.id,
        number=f"{chapter.number}.{section.number}",
        state=state,
        author=revision.author,
        origin=str(revision.origin),
        model=revision.model,
        created_at=revision.created_at,
        words=len(revision.text.split()),
        base_id=revision.base_id,
        note=proposal.note if proposal else "",
        source=proposal.source if proposal else "",
        purged=revision.purged,
        text=revision.text.strip("\n"),
        text_hash=revision.text_hash,
    )
