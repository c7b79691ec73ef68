"""What a call is told that may not even wait at its gate."""

from __future__ import annotations

from datetime import datetime

from ghostkit.errors import CircuitOpen, RateLimited
from ghostkit.providers.resilience.retry import come_back
from ghostkit.providers.resilience.state import model_of


def circuit_open(key: str, failures: int, wait_s: float) -> CircuitOpen:
    often = "failed" if failures <= 1 else f"failed {failures} times in a row"
    return CircuitOpen(
        f"{model_of(key)} {often}, so nothing is sent to it for now.",
        fix=come_back(wait_s, datetime.now().astimezone()),
        retry_after_s=wait_s,
        rejected=True,
    )


def left_alone(key: str, wait_s: float) -> RateLimited:
    return RateLimited(
        f"{model_of(key)} asked to be sent nothing for a while.",
        fix=come_back(wait_s, datetime.now().astimezone()),
        retry_after_s=wait_s,
        retryable=False,
        rejected=True,
    )
