"""What people do to texts, each a short transaction of its own that needs no lease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ghostkit import faults
from ghostkit.events import Event, EventType
from ghostkit.ledger import blobs, erasing, journal, judging, proposals, revisions
from ghostkit.ledger.connection import Connection, sqlite_errors
from ghostkit.ledger.values import Judged, Origin, Proposal, Revision, Who


class RevisionActs:
    """The part of a `SqliteLedger` that deals with revisions."""

    _connection: Connection

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────

    def head(self, object_id: str, kind: str) -> Revision | None:
        with self._connection.reading() as sql:
            return revisions.head(sql, object_id, kind)

    def heads(self) -> list[Revision]:
        with self._connection.reading() as sql:
            return revisions.heads(sql)

    def history(self, object_id: str, kind: str) -> list[Revision]:
        with self._connection.reading() as sql:
            return revisions.history(sql, object_id, kind)

    def revision(self, revision_id: int) -> Revision:
        with self._connection.reading() as sql:
            return revisions.by_id(sql, revision_id)

    def proposal(self, proposal_id: int) -> Proposal:
        with self._connection.reading() as sql:
            return proposals.by_id(sql, proposal_id)

    def proposals(self, state: str | None = "open", object_id: str | None = None) -> list[Proposal]:
        with self._connection.reading() as sql:
            return proposals.select(sql, state, object_id)

    def judged_inputs(self) -> dict[tuple[str, str], Judged]:
        with self._connection.reading() as sql:
            return judging.judged_inputs(sql)

    def text_of(self, digest: str) -> str | None:
        with self._connection.reading() as sql:
            return blobs.find(sql, digest)

    # ── new texts ─────────────────────────────────────────────────────────────────────────────────────────

    def add_human_revision(
        self, object_id: str, kind: str, text: str, who: Who, *, base_id: int | None, events: Sequence[Event] = ()
    ) -> Revision:
        return self.add_revision(object_id, kind, text, who, base_id=base_id, origin=Origin.HUMAN, events=events)

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
        with self._connection.transaction() as sql:
            revisions.check_base(sql, object_id, kind, base_id)
            revision = revisions.append(
                sql, object_id, kind, blobs.put(sql, text), who, origin=origin, attempt_id=attempt_id
            )
            journal.insert(sql, events, who)
            faults.point("edit.before_commit")
        faults.point("edit.after_commit")
        return revision

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
        with self._connection.transaction() as sql:
            revision = revisions.add(sql, object_id, kind, blobs.put(sql, text), who, origin=origin, base_id=base_id)
            proposal = proposals.propose(sql, revision, source, note)
            journal.insert(sql, [proposed(proposal), *events], who)
            faults.point("propose.before_commit")
        faults.point("propose.after_commit")
        return proposal

    # ── decisions ─────────────────────────────────────────────────────────────────────────────────────────

    def accept(self, proposal_id: int, who: Who, *, over: bool = False, events: Sequence[Event] = ()) -> Revision:
        with self._connection.transaction() as sql:
            proposal, changed = proposals.accept(sql, proposal_id, who, over=over)
            if changed:
                journal.insert(sql, [decided(EventType.PROPOSAL_ACCEPTED, proposal), *events], who)
            faults.point("accept.before_commit")
        faults.point("accept.after_commit")
        return proposal.revision

    def reject(self, proposal_id: int, who: Who, *, note: str = "", events: Sequence[Event] = ()) -> None:
        with self._connection.transaction() as sql:
            proposal, changed = proposals.reject(sql, proposal_id, who, note)
            if changed:
                journal.insert(sql, [decided(EventType.PROPOSAL_REJECTED, proposal), *events], who)
            faults.point("reject.before_commit")
        faults.point("reject.after_commit")

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
        (revision,) = self._move_heads([(object_id, kind, revision_id, base_id)], who, events)
        return revision

    def move_heads(self, moves: Sequence[tuple[str, str, int, int | None]], who: Who) -> list[Revision]:
        return self._move_heads(moves, who, ())

    def _move_heads(
        self, moves: Sequence[tuple[str, str, int, int | None]], who: Who, events: Sequence[Event]
    ) -> list[Revision]:
        with self._connection.transaction() as sql:
            moved = []
            for object_id, kind, revision_id, base_id in moves:
                revision = proposals.move_head(sql, object_id, kind, revision_id, who, base_id=base_id)
                journal.insert(sql, [about(EventType.REVISION_RESTORED, revision, before=base_id)], who)
                moved.append(revision)
            journal.insert(sql, events, who)
            faults.point("restore.before_commit")
        faults.point("restore.after_commit")
        return moved

    def judge(
        self,
        revision_id: int,
        inputs: Mapping[str, str],
        who: Who,
        note: str = "",
        events: Sequence[Event] = (),
        texts: Sequence[str] = (),
    ) -> None:
        with self._connection.transaction() as sql:
            for text in texts:
                blobs.put(sql, text)
            judging.judge(sql, revision_id, inputs, who, note)
            told = about(EventType.STALENESS_ACCEPTED, revisions.by_id(sql, revision_id), note=note)
            journal.insert(sql, [told, *events], who)
            faults.point("judge.before_commit")
        faults.point("judge.after_commit")

    # ── forgetting ────────────────────────────────────────────────────────────────────────────────────────

    def purge(self, text: str | int, reason: str, who: Who | None = None, events: Sequence[Event] = ()) -> bool:
        with self._connection.transaction() as sql:
            if isinstance(text, int):
                revisions.by_id(sql, text)  # or it says that there is none
                blob = erasing.blob_of_revision(sql, text)
            else:
                blob = erasing.blob_of_hash(sql, text)
            done = blob is not None and erasing.purge(sql, blob, reason)
            if done:
                assert blob is not None
                data = {"digest": blobs.get_hash(sql, blob), "reason": reason}
                told = Event(type=EventType.TEXT_PURGED, data=data, source="ledger")
                journal.insert(sql, [told, *events], who or Who())
            faults.point("purge.before_commit")
        faults.point("purge.after_commit")
        return self.finish_purge() or done

    def telling_passages(self, revision_id: int) -> list[str]:
        with self._connection.reading() as sql:
            revision = revisions.by_id(sql, revision_id)
            blob = erasing.blob_of_revision(sql, revision_id)
            assert blob is not None
            return erasing.telling(sql, blob, revision.text)

    def finish_purge(self) -> bool:
        """Clear the file of what an earlier purge left in it; False if nothing was left."""
        with self._connection.lock, sqlite_errors(self._connection.path or ":memory:"):
            sql = self._connection.sqlite
            if not erasing.scrub_due(sql):
                return False
            erasing.scrub(sql, self._connection.path)
        faults.point("purge.after_scrub")
        return True


def about(type: EventType, revision: Revision, **more: Any) -> Event:
    """An event about one revision, as the ledger records it."""
    data = {"object": revision.object_id, "kind": revision.kind, "revision": revision.id, **more}
    return Event(type=type, data=data, source="ledger")


def proposed(proposal: Proposal) -> Event:
    base = proposal.revision.base_id
    return about(EventType.REVISION_PROPOSED, proposal.revision, base=base, source=proposal.source)


def decided(type: EventType, proposal: Proposal) -> Event:
    """That a proposal was accepted or rejected."""
    return about(type, proposal.revision, base=proposal.revision.base_id, note=proposal.decision)
