"""The durable record of steps, attempts, revisions and events."""

from ghostkit.ledger.blobs import text_hash
from ghostkit.ledger.changes import NewText, PendingChange
from ghostkit.ledger.repository import Ledger
from ghostkit.ledger.revisions import NothingToChange, StaleBase
from ghostkit.ledger.sqlite import SqliteLedger
from ghostkit.ledger.threads import in_thread
from ghostkit.ledger.values import (
    ATTEMPT_TRANSITIONS,
    STEP_TRANSITIONS,
    Attempt,
    AttemptState,
    FileRecord,
    Intent,
    Judged,
    Origin,
    Outcome,
    Proposal,
    ProposalState,
    Revision,
    RunRecord,
    Slot,
    Step,
    StepState,
    StoredEvent,
    Totals,
    Who,
)

__all__ = [
    "ATTEMPT_TRANSITIONS",
    "STEP_TRANSITIONS",
    "Attempt",
    "AttemptState",
    "FileRecord",
    "Intent",
    "Judged",
    "Ledger",
    "NewText",
    "NothingToChange",
    "Origin",
    "Outcome",
    "PendingChange",
    "Proposal",
    "ProposalState",
    "Revision",
    "RunRecord",
    "Slot",
    "SqliteLedger",
    "StaleBase",
    "Step",
    "StepState",
    "StoredEvent",
    "Totals",
    "Who",
    "in_thread",
    "text_hash",
]
