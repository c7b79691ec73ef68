"""Whether to try a failed call again, when, and with which timeouts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ghostkit.errors import ProviderError
from ghostkit.providers.contract import Timeouts


def _local_time() -> datetime:
    return datetime.now().astimezone()


@dataclass(frozen=True)
class RetryPolicy:
    """`retries` further tries with waits of our own (exponential, full jitter) or, to the letter, the vendor's.

    Source: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """

    retries: int = 3
    first_wait_s: float = 0.5
    """The longest that the first wait of our own can be; each further one doubles it."""
    longest_wait_s: float = 60.0
    """The longest wait of our own."""
    patience_s: float = 120.0
    """A vendor that asks for more than this is not waited for."""
    timeout_growth: float = 1.5
    """Each further try has timeouts this many times as long."""
    longest_timeout_s: float = 3600.0
    """Timeouts grow no further than this."""
    random: Callable[[], float] = field(default=random.random, repr=False, compare=False)
    local_time: Callable[[], datetime] = field(default=_local_time, repr=False, compare=False)

    def wait_s(self, error: ProviderError, failed: int) -> float | None:
        """Seconds to wait after the `failed`-th failure (1 is the first); None: do not try again.

        Where the vendor asks for more than `patience_s`, the error's `fix` is made to say until when.
        """
        asked = error.retry_after_s
        if error.retryable and asked is not None and asked > self.patience_s:
            error.fix = come_back(asked, self.local_time())
            return None
        if not error.retryable or failed > self.retries:
            return None
        if asked is not None and asked > 0:
            return asked
        # The exponent is bounded: 2.0 ** 2000 would overflow.
        most = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(max(failed, 1) - 1, 64))
        return self.random() * most

    def timeouts(self, base: Timeouts, attempt: int) -> Timeouts:
        """Those of the `attempt`-th try: the first has `base`, further ones longer."""
        if attempt <= 1:
            return base
        factor = self.timeout_growth ** min(attempt - 1, 64)
        return Timeouts(
            connect_s=self._grown(base.connect_s, factor),
            first_byte_s=self._grown(base.first_byte_s, factor),
            idle_s=self._grown(base.idle_s, factor),
        )

    def _grown(self, seconds: float, factor: float) -> float:
        return max(seconds, min(seconds * factor, self.longest_timeout_s))


def come_back(wait_s: float, local_time: datetime) -> str:
    """The sentence that says when to try again."""
    then = local_time + timedelta(seconds=wait_s)
    day = "" if then.date() == local_time.date() else f"{then:%Y-%m-%d} "
    return f"Try again after {day}{then:%H:%M:%S} (in {_roughly(wait_s)}), or use another model."


def _roughly(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"
