"""Revisions that wait for a decision, the decisions, and moving a head to another revision.

Every function runs in its caller's transaction and compares before it changes.
"""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime

from ghostkit.errors import UnknownName
from ghostkit.ledger import revisions
from ghostkit.ledger.interning import who_id
from ghostkit.ledger.revisions import NothingToChange, StaleBase
from ghostkit.ledger.values import Proposal, ProposalState, Revision, Who

_PROPOSAL = (
    "SELECT proposal.*, who.actor AS decider FROM proposal JOIN revision ON revision.id = revision_id "
    "LEFT JOIN who ON who.id = decided_by "
)


def propose(connection: sqlite3.Connection, revision: Revision, source: str, note: str) -> Proposal:
    """Let a revision wait for a decision."""
    connection.execute(
        "INSERT INTO proposal (revision_id, state, source, note) VALUES (?, 'open', ?, ?)", (revision.id, source, note)
    )
    return by_id(connection, revision.id)


def by_id(connection: sqlite3.Connection, proposal_id: int) -> Proposal:
    row = connection.execute(_PROPOSAL + "WHERE revision_id = ?", (revisions.a_rows_id(proposal_id),)).fetchone()
    if row is None:
        raise UnknownName(
            f"There is no proposal {proposal_id} in this book.", fix="`ghostkit proposals` lists what waits."
        )
    return _proposal(connection, row)


def select(
    connection: sqlite3.Connection, state: str | None = ProposalState.OPEN, object_id: str | None = None
) -> list[Proposal]:
    """Oldest first; those of any state with `state` None."""
    rows = connection.execute(
        _PROPOSAL + "WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR object = ?2) ORDER BY revision_id",
        (state and str(state), object_id),
    ).fetchall()
    return [_proposal(connection, row) for row in rows]


def accept(connection: sqlite3.Connection, proposal_id: int, who: Who, *, over: bool) -> tuple[Proposal, bool]:
    """Make the proposal's revision the head, if the head is still its base; with `over` in any case.

    Returns it as it is afterwards, and whether anything changed: accepting what stands in the book is no mistake.
    """
    proposal = by_id(connection, proposal_id)
    revision = proposal.revision
    current = revisions.head(connection, revision.object_id, revision.kind)
    if proposal.state is ProposalState.ACCEPTED and current is not None and current.id == revision.id:
        return proposal, False
    if proposal.state is not ProposalState.OPEN:
        raise _decided(proposal)
    if revision.purged:
        raise NothingToChange(
            f"The text of proposal {proposal_id} was purged; there is nothing to accept.", fix="Reject it."
        )
    if not over and (current.id if current else None) != revision.base_id:
        raise _moved(connection, proposal, current)
    revisions.point_head(connection, revision)
    _decide(connection, proposal_id, ProposalState.ACCEPTED, who, "")
    return by_id(connection, proposal_id), True


def reject(connection: sqlite3.Connection, proposal_id: int, who: Who, note: str) -> tuple[Proposal, bool]:
    """Put a proposal aside; its revision stays in the history. Doing it again changes nothing."""
    proposal = by_id(connection, proposal_id)
    if proposal.state is ProposalState.REJECTED:
        return proposal, False
    if proposal.state is ProposalState.ACCEPTED:
        raise _decided(proposal)
    _decide(connection, proposal_id, ProposalState.REJECTED, who, note)
    return by_id(connection, proposal_id), True


def move_head(
    connection: sqlite3.Connection, object_id: str, kind: str, revision_id: int, who: Who, *, base_id: int | None
) -> Revision:
    """Make an earlier (or proposed) revision the head, if the head is still `base_id`."""
    wanted = revisions.by_id(connection, revision_id)
    if (wanted.object_id, wanted.kind) != (object_id, kind):
        raise UnknownName(
            f"Revision {revision_id} is not one of the {kind} of {object_id}.",
            fix="`ghostkit history` lists the revisions of a section.",
        )
    if wanted.purged:
        raise NothingToChange(
            f"The text of revision {revision_id} was purged; it can't come back.", fix="Take another revision."
        )
    if revisions.head_id(connection, object_id, kind) == revision_id:
        raise NothingToChange(f"Revision {revision_id} is the text the book has.", fix="Nothing was changed.")
    revisions.check_base(connection, object_id, kind, base_id)
    revisions.point_head(connection, wanted)
    waits = connection.execute(
        "SELECT 1 FROM proposal WHERE revision_id = ? AND state = 'open'", (revision_id,)
    ).fetchone()
    if waits:
        _decide(connection, revision_id, ProposalState.ACCEPTED, who, "restored")
    return wanted


def _decide(connection: sqlite3.Connection, proposal_id: int, state: ProposalState, who: Who, decision: str) -> None:
    connection.execute(
        "UPDATE proposal SET state = ?, decided_at = ?, decided_by = ?, decision = ? WHERE revision_id = ?",
        (str(state), time.time(), who_id(connection, who), decision, proposal_id),
    )


def _decided(proposal: Proposal) -> NothingToChange:
    when = f" on {proposal.decided_at:%Y-%m-%d at %H:%M} UTC" if proposal.decided_at else ""
    return NothingToChange(
        f"Proposal {proposal.id} was {proposal.state}{f' by {proposal.decided_by}' if proposal.decided_by else ''}"
        f"{when}.",
        fix=f"Its text is revision {proposal.id}; `ghostkit restore` makes it the book's.",
    )


def _moved(connection: sqlite3.Connection, proposal: Proposal, current: Revision | None) -> StaleBase:
    """What changed under the proposal, in words."""
    base = proposal.revision.base_id
    made_for = f"revision {base} by {revisions.by_id(connection, base).author}" if base is not None else "no text"
    now = f"revision {current.id} by {current.author}" if current else "no text"
    return StaleBase(
        f"Proposal {proposal.id} was made for {made_for}, but the book has {now}.",
        fix="Compare them with `ghostkit diff`, then accept with --over, or reject.",
        base_id=base,
        head_id=current.id if current else None,
    )


def _proposal(connection: sqlite3.Connection, row: sqlite3.Row) -> Proposal:
    decided = row["decided_at"]
    return Proposal(
        revision=revisions.by_id(connection, row["revision_id"]),
        state=ProposalState(row["state"]),
        source=row["source"],
        note=row["note"],
        decided_at=datetime.fromtimestamp(decided, UTC) if decided is not None else None,
        decided_by=row["decider"] or "",
        decision=row["decision"],
    )
