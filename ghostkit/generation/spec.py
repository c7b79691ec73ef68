"""What goes into making one text, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ghostkit.cache import Kind
from ghostkit.errors import ProviderError
from ghostkit.events import Event
from ghostkit.generation.prompts import Prompt
from ghostkit.ledger import Slot
from ghostkit.providers import Ending, Usage

EventsFor = Callable[[str, str], Sequence[Event]]
"""(attempt id, text) → the events that commit with a complete answer."""


@dataclass(frozen=True, kw_only=True)
class StepSpec:
    """What is needed to make one text.

    `inputs` maps names to SHA-256 (hex) of what the text depends on.
    """

    slot: Slot
    model: str
    prompt: Prompt
    max_tokens: int
    inputs: Mapping[str, str] = field(default_factory=dict)
    texts: Sequence[str] = ()
    """Inputs that stand in no message as a part of their own."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    started_events: Sequence[Event] = ()
    """Commit together with the intent; give them keys, since a resumed step begins again."""
    done_events: EventsFor | None = None
    check: Callable[[str], None] | None = None
    """Raises a `ProviderError` for an answer that can't be used; the attempt then counts as failed, its text kept."""
    base_id: int | None = None
    """Of a variant: the revision that it is to replace; without it the head when the request leaves."""
    note: str = ""
    """What a person asked of a variant; shown with the proposal it becomes."""
    becomes_head: bool = False
    """A variant that is the book's text at once, if its base still is, instead of a proposal."""
    alone: bool = False
    """No fallback model stands in: it is this model's answer that is wanted, or none."""
    stream_id: str = ""
    cache_prefix: str = ""
    """The readable beginning of its key in the cache, such as `chapter:3`; empty leaves it to the service."""
    cache_kind: Kind = "generations"
    cache_expire_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """A text and how it came to be; `served_by` is `ledger`, `cache` or `provider`."""

    slot: Slot
    text: str
    ending: Ending
    served_by: str
    attempt_id: str = ""
    model: str = ""
    """The `provider:model` that answered: one of the fallbacks, if the model asked for could not."""
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0
    """Of all attempts that this took, the failed ones too; `usage` is the last one's."""
    cost_known: bool = True
    """False where nobody says what the model costs."""
    attempts: int = 0
    reasoning: str = ""
    """What the model thought aloud before it wrote; no part of the text."""
    fell_back: bool = False
    """Another model was asked than the step names."""
    error: ProviderError | None = None
