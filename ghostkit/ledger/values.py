"""What the ledger speaks of: slots, steps, attempts, revisions, runs; and their two transition tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from ghostkit.errors import IllegalTransition

_State = TypeVar("_State", bound=StrEnum)


class StepState(StrEnum):
    PENDING = "pending"
    OPEN = "open"
    DONE = "done"
    STOPPED = "stopped"
    SUPERSEDED = "superseded"


class AttemptState(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    LENGTH = "length"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    ERROR = "error"
    IN_DOUBT = "in_doubt"


STEP_TRANSITIONS: Mapping[StepState, frozenset[StepState]] = {
    StepState.PENDING: frozenset({StepState.OPEN}),
    StepState.OPEN: frozenset({StepState.DONE, StepState.STOPPED}),
    StepState.STOPPED: frozenset({StepState.OPEN}),
    StepState.DONE: frozenset({StepState.SUPERSEDED}),
    StepState.SUPERSEDED: frozenset(),
}
ATTEMPT_TRANSITIONS: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.OPEN: frozenset(AttemptState) - {AttemptState.OPEN},
    **{state: frozenset() for state in AttemptState if state is not AttemptState.OPEN},
}


def check_transition(table: Mapping[_State, frozenset[_State]], now: _State, then: _State, what: str) -> None:
    """Raise `IllegalTransition` unless `table` allows `now` → `then`."""
    if then not in table[now]:
        raise IllegalTransition(
            f"{what} can't go from {now} to {then}.",
            fix="This is a defect in ghostkit or a second writer; the ledger was left as it was.",
        )


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Where a text belongs: the object's permanent id, what kind of text, and which variant of it."""

    object_id: str
    kind: str
    variant: int = 0

    def __str__(self) -> str:
        return f"{self.object_id}/{self.kind}/{self.variant}"


@dataclass(frozen=True, kw_only=True)
class Step:
    id: int
    slot: Slot
    state: StepState
    fingerprint: str
    actor: str
    run_id: str
    ghostkit_version: str


@dataclass(frozen=True, kw_only=True)
class Intent:
    """Everything about a request that is committed before it leaves.

    `messages` is (role, parts) in order; `inputs` maps the name of each thing the text depends on to the SHA-256
    (hex) of its text; `cost_ceiling_usd` is the most the call can cost.
    """

    attempt_id: str
    """Outside the fingerprint; reaches the provider and travels as `Idempotency-Key`."""
    slot: Slot
    model: str
    base_url: str
    fingerprint: str
    messages: tuple[tuple[str, tuple[str, ...]], ...]
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    cost_ceiling_usd: float
    cost_known: bool = True
    """False for a model whose price nobody knows: what it can cost is then not 0 but unknown."""
    characters: Mapping[str, int] = field(default_factory=dict)
    """How many characters of which class are sent (latin, cyrillic, digit …): estimates of tokens learn from it."""
    template: str = ""
    base_id: int | None = None
    """The revision it is to replace; without it the head of the moment when the intent is recorded."""
    note: str = ""
    """What a person asked for, shown with the proposal that the answer of a variant becomes."""
    becomes_head: bool = False
    """A variant's complete answer becomes the head at once, if the head is still its base."""
    texts: tuple[str, ...] = ()
    """Inputs that no message holds as a part of its own: kept, so that a later change of them can be told."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt ended; `text` is the whole answer or what there is of it."""

    state: AttemptState
    text: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    usage_source: str = "estimated"
    cost_usd: float = 0.0
    cost_known: bool = True
    """False where neither the vendor nor a price list says what it cost; `cost_usd` is 0 then and means nothing."""
    vendor_cost_usd: float | None = None
    """What the vendor itself says that it cost, for whoever fills in `cost_usd`; not kept by itself."""
    request_id: str = ""
    """The vendor's own number of the request."""
    first_token_s: float | None = None
    total_s: float | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One request that left, or was about to."""

    id: str
    slot: Slot
    number: int
    state: AttemptState
    model: str
    fingerprint: str
    cost_ceiling_usd: float
    cost_usd: float
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    usage_source: str
    cost_known: bool
    request_id: str
    characters: Mapping[str, int]
    started_at: datetime
    first_token_s: float | None
    total_s: float | None
    error: str
    run_id: str


class Origin(StrEnum):
    """Where a revision's words come from."""

    GENERATED = "generated"
    HUMAN = "human"


@dataclass(frozen=True, kw_only=True)
class Revision:
    id: int
    object_id: str
    kind: str
    base_id: int | None
    author: str
    origin: Origin
    text: str
    text_hash: str
    created_at: datetime
    attempt_id: str | None
    model: str
    purged: bool = False
    """Its text was taken out for good; `text` is empty, `text_hash` is still what it was."""


class ProposalState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A revision that is not the book's text, waiting for somebody's decision (or decided).

    `source` says where it came from (rewrite, variant, editor, conflict …), `note` what was asked for, `decision`
    what was said when it was decided.
    """

    revision: Revision
    state: ProposalState
    source: str
    note: str
    decided_at: datetime | None
    decided_by: str
    decision: str = ""

    @property
    def id(self) -> int:
        """A proposal is named by its revision."""
        return self.revision.id


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a head is known to agree with: inputs by name, and where that knowledge is from.

    `by` is "judgement" (somebody said the text is fine with these inputs), "attempt" (it was made of them) or
    "nothing" (a text without a receipt anywhere in its past).
    """

    revision_id: int
    inputs: Mapping[str, str]
    by: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A run as the ledger knows it; `goal` says what it was to write."""

    id: str
    goal: Mapping[str, Any]
    state: str
    model: str
    actor: str
    started_at: datetime
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class StoredEvent:
    """An event as recorded; `seq` rises by commit order."""

    seq: int
    type: str
    data: Mapping[str, Any]
    timestamp: datetime
    source: str
    run_id: str
    actor: str
    ghostkit_version: str


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """What a file was when ghostkit last wrote it or took it in; `mtime_ns` and `size` are from stat.

    `rendered_hash` is of what ghostkit would have written then: it differs from `text_hash` where a person's file
    says the same in another layout, and is left as they left it. `owner` is the id of whose text it was written for
    (with those of its sections, for a chapter's text), since another one may have that place by now; empty where an
    earlier ghostkit didn't say.
    """

    path: str
    size: int
    mtime_ns: int
    text_hash: str
    rendered_hash: str
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Sums over all attempts of the book."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    in_doubt_usd: float = 0.0
    unpriced: int = 0
    """Calls whose cost is not known; no sum has them."""
    seconds: float = 0.0
    attempts: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Who:
    """Carried by every step, event and revision."""

    actor: str = "author"
    run_id: str = ""
    ghostkit_version: str = ""
