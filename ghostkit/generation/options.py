"""What settings decide for every call of a generation service."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from ghostkit.providers import ModelInfo, Timeouts
from ghostkit.providers.resilience import GatePolicy
from ghostkit.providers.this_machine import is_this_machine

STALL_TIMES = 3.0
"""How much longer than a silent line one may last that is only kept open."""


_NO_LIMIT = 100_000


@dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    """What settings decide for every call of a service."""

    max_retries: int = 3
    first_wait_s: float = 0.5
    """The longest wait before the first further try; each later one may be twice as long."""
    gate: GatePolicy = field(default_factory=GatePolicy)
    """The limits of a vendor's model."""
    timeout_s: float = 300.0
    """Without a byte, or, of a provider that has no wire, without text."""
    first_byte_timeout_s: float | None = None
    """None: `timeout_s`."""
    stall_timeout_s: float | None = None
    """Without text, while bytes come; None: three times `timeout_s`."""
    fallback_models: tuple[str, ...] = ()
    """Asked in order when a model can't answer."""
    budget_per_call_usd: float | None = None
    budget_per_day_usd: float | None = None
    """For all books of this user in one UTC day."""
    state_dir: Path | None = None
    """Where the day's spending is kept; None: the user's folder for such state."""
    flush_interval_s: float = 2.0
    chunk_characters: int = 10
    streaming: bool = True
    resume: str = "restart"
    max_context_tokens: int = 128_000
    """Prompt and answer together; a model's own smaller window goes before it."""
    reserved_response_tokens: int = 4096
    """Room kept for the answer, where the call itself doesn't ask for more."""
    sliding_window_size: int = 3
    """How many chapters before it a section reads in full, at least."""

    def timeouts(self) -> Timeouts:
        """Of the wire, for a first attempt; later ones wait longer. A whole answer begins when it is done."""
        patience = self.timeout_s if self.streaming else STALL_TIMES * self.timeout_s
        return Timeouts(first_byte_s=self.first_byte_timeout_s or patience, idle_s=self.timeout_s)

    def stall_s(self, info: ModelInfo) -> float:
        """The time allowed without text; where nobody watches the wire that is all the patience there is."""
        if not info.keeps_deadlines:
            return self.timeout_s
        stall = self.stall_timeout_s or STALL_TIMES * self.timeout_s
        return stall if self.streaming else 2 * stall

    def gate_for(self, info: ModelInfo) -> GatePolicy:
        """What holds calls to this model back. One without an address, such as `rehearsal`, is on this machine."""
        if not info.base_url:
            return replace(self.gate, spacing_s=0.0, max_concurrency=_NO_LIMIT)
        if info.local or is_this_machine(urlsplit(info.base_url).hostname or ""):
            return replace(self.gate, spacing_s=0.0)
        return self.gate
