"""What the rest of ghostkit asks of a ledger; `tests/ledger/test_contract.py` runs on every implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ghostkit.events import Event
from ghostkit.ledger.changes import NewText, PendingChange
from ghostkit.ledger.values import (
    Attempt,
    FileRecord,
    Intent,
    Judged,
    Origin,
    Outcome,
    Proposal,
    Revision,
    RunRecord,
    Slot,
    Step,
    StoredEvent,
    Totals,
    Who,
)


class Ledger(Protocol):
    """The durable record. Every writing method is one transaction; when it returns, it is on disk.

    `events` given to a method commit with its change; it returns the ones that were new. Methods marked *runner*
    need the lease.
    """

    # steps and attempts
    def open_attempt(self, intent: Intent, who: Who, events: Sequence[Event] = ()) -> Attempt:
        """*Runner.* Record an intent before its request leaves."""
        ...

    def add_partial(self, attempt_id: str, seq: int, text: str) -> None:
        """*Runner.* Make a piece of a stream's text durable."""
        ...

    def close_attempt(
        self, attempt_id: str, outcome: Outcome, who: Who, events: Sequence[Event] = ()
    ) -> tuple[Attempt, Revision | None]:
        """*Runner.* Record a result; a complete one becomes its object's head revision.

        A variant's becomes a proposal instead, unless its intent says that it becomes the head. So does an answer
        that finds a person's text where there was none when it was asked for.
        """
        ...

    def add_answer(
        self, intent: Intent, outcome: Outcome, who: Who, events: Sequence[Event] = ()
    ) -> tuple[Attempt, Revision | None]:
        """*Runner.* Record an answer that no request was sent for, such as a cache's: intent and result at once."""
        ...

    def recover(self, who: Who) -> list[Attempt]:
        """*Runner.* Turn open attempts of dead runners into in-doubt ones; returns them."""
        ...

    def supersede(self, slot: Slot) -> None:
        """*Runner.* Make room for a new step where a done one stands."""
        ...

    def step(self, slot: Slot) -> Step | None: ...

    def steps(self) -> list[Step]: ...

    def attempt(self, attempt_id: str) -> Attempt: ...

    def attempts(self, slot: Slot) -> list[Attempt]: ...

    def attempts_of(self, object_id: str, kind: str) -> list[Attempt]:
        """Those of all variants of a text, oldest first."""
        ...

    def partial_text(self, attempt_id: str) -> str: ...

    def finished_text(self, slot: Slot) -> str | None:
        """The answer of a done slot, without a call."""
        ...

    def request(self, attempt_id: str) -> Mapping[str, Any]: ...

    def totals(self, run_id: str | None = None) -> Totals: ...

    def reported_usage(self, limit: int = 200) -> list[tuple[str, Mapping[str, int], int]]:
        """Of the last calls whose vendor counted: (model, characters sent by class, input tokens), oldest first."""
        ...

    def cost_by_object(self) -> Mapping[str, float]:
        """USD spent on each object's texts, all attempts together."""
        ...

    # revisions
    def head(self, object_id: str, kind: str) -> Revision | None: ...

    def heads(self) -> list[Revision]: ...

    def history(self, object_id: str, kind: str) -> list[Revision]:
        """Every revision, oldest first, proposals too."""
        ...

    def revision(self, revision_id: int) -> Revision: ...

    def text_of(self, digest: str) -> str | None:
        """A stored text by its SHA-256 (hex); None if it is unknown or purged."""
        ...

    def add_human_revision(
        self, object_id: str, kind: str, text: str, who: Who, *, base_id: int | None, events: Sequence[Event] = ()
    ) -> Revision:
        """A person's text becomes the head, if the head is still `base_id`; else `StaleBase`."""
        ...

    def add_revision(
        self,
        object_id: str,
        kind: str,
        text: str,
        who: Who,
        *,
        base_id: int | None,
        origin: Origin,
        attempt_id: str | None = None,
        events: Sequence[Event] = (),
    ) -> Revision:
        """The same for a text of any origin, which may keep the receipt of an attempt."""
        ...

    # changes of the structure
    def begin_change(
        self, change: Mapping[str, Any], texts: Sequence[NewText], who: Who, events: Sequence[Event] = ()
    ) -> None:
        """Decide on a change (JSON-ready) and add its texts; it is pending until `end_change`."""
        ...

    def pending_change(self) -> PendingChange | None:
        """The change that a crash may have interrupted."""
        ...

    def change_is_in_book(self) -> None:
        """`book.json` has the pending change; only files are missing."""
        ...

    def end_change(self) -> None: ...

    # proposals
    def add_proposal(
        self,
        object_id: str,
        kind: str,
        text: str,
        who: Who,
        *,
        base_id: int | None,
        source: str,
        note: str = "",
        origin: Origin = Origin.HUMAN,
        events: Sequence[Event] = (),
    ) -> Proposal:
        """A revision that waits for a decision; the head stays."""
        ...

    def proposal(self, proposal_id: int) -> Proposal: ...

    def proposals(self, state: str | None = "open", object_id: str | None = None) -> list[Proposal]: ...

    def accept(self, proposal_id: int, who: Who, *, over: bool = False, events: Sequence[Event] = ()) -> Revision:
        """Its revision becomes the head, if its base still is (else `StaleBase`) or with `over`."""
        ...

    def reject(self, proposal_id: int, who: Who, *, note: str = "", events: Sequence[Event] = ()) -> None: ...

    def move_head(
        self,
        object_id: str,
        kind: str,
        revision_id: int,
        who: Who,
        *,
        base_id: int | None,
        events: Sequence[Event] = (),
    ) -> Revision:
        """Another revision of the text becomes its head, if the head is still `base_id`; else `StaleBase`."""
        ...

    def move_heads(self, moves: Sequence[tuple[str, str, int, int | None]], who: Who) -> list[Revision]:
        """The same for several texts, all of them or none: (object id, kind, revision id, base id) each."""
        ...

    # staleness
    def judge(
        self,
        revision_id: int,
        inputs: Mapping[str, str],
        who: Who,
        note: str = "",
        events: Sequence[Event] = (),
        texts: Sequence[str] = (),
    ) -> None:
        """Record that a revision is fine with its inputs as they are now (name → SHA-256 hex).

        `texts` are inputs that are stored nowhere else, kept so that a later change of them can be told.
        """
        ...

    def judged_inputs(self) -> Mapping[tuple[str, str], Judged]:
        """What each head was judged with or made of, by (object id, kind); a person's text has its base's."""
        ...

    def purge(self, text: str | int, reason: str, who: Who | None = None, events: Sequence[Event] = ()) -> bool:
        """Forget a text, by its hash or a revision's id, and what quotes it; False if nothing was left to forget.

        Hash, cost and the reason stay. Repeating it after a crash finishes it.
        """
        ...

    def finish_purge(self) -> bool:
        """Clear the file of what an interrupted purge left in it; False if nothing was left."""
        ...

    def telling_passages(self, revision_id: int) -> list[str]:
        """The sentences of a revision that no other revision has: what quotes it is known by them."""
        ...

    # events
    def record(self, events: Sequence[Event], who: Who) -> list[Event]: ...

    def events(
        self, after: int = 0, types: Sequence[str] = (), limit: int = -1, newest: bool = False
    ) -> list[StoredEvent]: ...

    # runs
    def start_run(self, run: RunRecord, who: Who, events: Sequence[Event] = ()) -> None: ...

    def end_run(self, run_id: str, state: str, reason: str, who: Who, events: Sequence[Event] = ()) -> None: ...

    def runs(self) -> list[RunRecord]: ...

    # files
    def file_records(self) -> dict[str, FileRecord]: ...

    def note_files(self, records: Sequence[FileRecord]) -> None: ...

    # lease
    def acquire_lease(self, holder: Mapping[str, Any]) -> int: ...

    def heartbeat(self) -> None: ...

    def release_lease(self) -> None: ...

    def exclusive_if_free(self) -> AbstractContextManager[bool]:
        """Keep runners out for the time of a `with` block; yields False if one is at work already."""
        ...

    def lease_holder(self) -> Mapping[str, Any]: ...

    def close(self) -> None: ...
