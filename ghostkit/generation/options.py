"""What settings decide for every call of a generation service."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from ghostkit.providers import ModelInfo, Timeouts
from ghostkit.providers.resilience import GatePolicy
from ghostkit.providers.this_machine import is_this_machine
from ghostkit.settings import get_settings

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


def options_from_settings() -> GenerationOptions:
    """The settings as they are now: a value assigned in a cell takes effect at the next call."""
    settings = get_settings()
    return GenerationOptions(
        max_retries=settings.max_retries,
        timeout_s=settings.timeout_s,
        first_byte_timeout_s=settings.first_byte_timeout_s,
        stall_timeout_s=settings.stall_timeout_s,
        fallback_models=_names_in(settings.fallback_models),
        gate=GatePolicy(
            spacing_s=settings.request_spacing_s,
            requests_per_minute=settings.requests_per_minute,
            tokens_per_minute=settings.tokens_per_minute,
            max_concurrency=settings.max_concurrency,
            breaker_failures=settings.breaker_failures,
            breaker_cool_down_s=settings.breaker_cool_down_s,
        ),
        flush_interval_s=settings.flush_interval_s,
        chunk_characters=settings.stream_chunk_size,
        streaming=settings.enable_streaming,
        budget_per_call_usd=settings.budget_per_call_usd,
        budget_per_day_usd=settings.budget_per_day_usd,
        state_dir=settings.state_dir,
        resume=settings.resume_policy,
        max_context_tokens=settings.max_context_tokens,
        reserved_response_tokens=settings.reserved_response_tokens,
        sliding_window_size=settings.sliding_window_size,
    )


def _names_in(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
