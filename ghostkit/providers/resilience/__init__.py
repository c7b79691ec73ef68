"""Retries, rate limits, concurrency and circuit breakers: what stands between a request and its vendor."""

from ghostkit.providers.resilience.breaker import Breaker, BreakerState
from ghostkit.providers.resilience.gate import Gate, Passage, Waiting
from ghostkit.providers.resilience.gates import Gates, gates
from ghostkit.providers.resilience.headers import limits_from, retry_after_s, retry_delay_s
from ghostkit.providers.resilience.retry import RetryPolicy
from ghostkit.providers.resilience.state import GatePolicy, GateState, StateChange

__all__ = [
    "Breaker",
    "BreakerState",
    "Gate",
    "GatePolicy",
    "GateState",
    "Gates",
    "Passage",
    "RetryPolicy",
    "StateChange",
    "Waiting",
    "gates",
    "limits_from",
    "retry_after_s",
    "retry_delay_s",
]
