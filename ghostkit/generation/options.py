"""What settings decide for every call of a generation service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    """What settings decide for every call of a service."""

    max_retries: int = 3
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
