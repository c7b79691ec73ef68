"""What a gate is told to keep, and what can be seen of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ghostkit.providers.resilience.breaker import BreakerState


@dataclass(frozen=True, kw_only=True)
class GatePolicy:
    """The limits of one model. Without any, only the breaker and the vendor's own word hold a call back."""

    spacing_s: float = 0.0
    """Least time between two starts to one host, whatever the model."""
    requests_per_minute: int | None = None
    """Most starts in any minute; what the vendor's headers say holds beside it."""
    tokens_per_minute: int | None = None
    max_concurrency: int = 8
    """Most calls at a time; fewer for a while when the vendor says that it is too much."""
    breaker_failures: int = 5
    """Failures in a row that open the breaker; 0: never."""
    breaker_cool_down_s: float = 30.0
    patience_s: float = 120.0
    """Who would have to wait longer than this for a vendor that wants to be left alone is told so instead."""


@dataclass(frozen=True, kw_only=True)
class StateChange:
    """The breaker of `key` went from `before` to `after`, after `failures` in a row."""

    key: str
    before: BreakerState
    after: BreakerState
    failures: int
    retry_after_s: float
    """Seconds for which nothing is sent; 0 unless it opened."""

    @property
    def model(self) -> str:
        return model_of(self.key)

    def as_data(self) -> dict[str, Any]:
        """The data of a PROVIDER_STATE event."""
        return {
            "model": self.model,
            "before": str(self.before),
            "state": str(self.after),
            "failures": self.failures,
            "retry_after_s": round(self.retry_after_s, 3),
        }


@dataclass(frozen=True, kw_only=True)
class GateState:
    """A gate at one moment."""

    key: str
    breaker: BreakerState
    in_state_s: float
    """How long the breaker has been as it is."""
    failures: int
    """In a row."""
    in_flight: int
    waiting: int
    places: int
    """Calls allowed at a time now; at most `max_concurrency`."""
    max_concurrency: int
    paused_s: float
    """Seconds left of a pause that the vendor asked for; 0 without one."""
    vendor_requests: int | None
    """Requests that the vendor's bucket holds now, as far as its headers told; None where they did not."""
    vendor_tokens: int | None
    admitted: int
    waited_s: float
    """All waits added up."""
    rejected: int
    """Turned away here: breaker open, or a pause beyond patience."""
    retries: int
    """Admitted calls that were not the first try."""
    shrinks: int
    """Times that the places were halved."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: every field but the key, whose place `model` takes."""
        told = asdict(self) | {"breaker": str(self.breaker)}
        del told["key"]
        return {"model": self.model} | told

    @property
    def model(self) -> str:
        return model_of(self.key)


def model_of(key: str) -> str:
    """`openai|https://…|gpt-5` as `openai:gpt-5`: an address may hold a password, and is told to nobody."""
    provider, _, rest = key.partition("|")
    return f"{provider}:{rest.rpartition('|')[2]}" if rest else provider
