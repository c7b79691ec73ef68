"""All that counts requests and tokens of one gate: the user's minutes and the vendor's buckets."""

from __future__ import annotations

from ghostkit.providers.contract import RateLimits
from ghostkit.providers.resilience.buckets import VendorBucket
from ghostkit.providers.resilience.minutes import Entry, SlidingMinute
from ghostkit.providers.resilience.state import GatePolicy


class Taken:
    """What one call took, to be put right or given back."""

    __slots__ = ("request", "request_mark", "token_mark", "tokens", "tokens_entry")

    def __init__(
        self, tokens: int, request: Entry | None, tokens_entry: Entry | None, request_mark: int, token_mark: int
    ) -> None:
        self.tokens = tokens
        self.request = request
        self.tokens_entry = tokens_entry
        self.request_mark = request_mark
        self.token_mark = token_mark


class Meters:
    """Pure."""

    __slots__ = ("_requests", "_tokens", "_vendor_requests", "_vendor_tokens")

    def __init__(self, policy: GatePolicy) -> None:
        self._requests: SlidingMinute | None = None
        self._tokens: SlidingMinute | None = None
        self._vendor_requests = VendorBucket(policy.patience_s)
        self._vendor_tokens = VendorBucket(policy.patience_s)
        self.follow(policy)

    def follow(self, policy: GatePolicy) -> None:
        """Another policy; what was taken in the last minute still counts."""
        self._requests = _minute(self._requests, policy.requests_per_minute)
        self._tokens = _minute(self._tokens, policy.tokens_per_minute)
        self._vendor_requests.trust_s = self._vendor_tokens.trust_s = policy.patience_s

    def ready_at(self, tokens: int, now: float) -> tuple[float, str]:
        """The earliest moment at which one request of so many tokens may start, and what holds it back until then."""
        at, what = now, ""
        if self._requests is not None:
            at, what = _later(at, what, self._requests.ready_at(1, now), "requests a minute")
        if self._tokens is not None:
            at, what = _later(at, what, self._tokens.ready_at(tokens, now), "tokens a minute")
        if self._vendor_requests.limit is not None:
            at, what = _later(at, what, self._vendor_requests.ready_at(1, now), "the vendor's limit of requests")
        if self._vendor_tokens.limit is not None:
            at, what = _later(at, what, self._vendor_tokens.ready_at(tokens, now), "the vendor's limit of tokens")
        return at, what

    def take(self, tokens: int, now: float) -> Taken:
        return Taken(
            tokens,
            None if self._requests is None else self._requests.take(1, now),
            None if self._tokens is None else self._tokens.take(tokens, now),
            self._vendor_requests.take(1, now),
            self._vendor_tokens.take(tokens, now),
        )

    def used(self, taken: Taken, tokens: int, now: float) -> None:
        """The call used so many tokens; the difference is given back, or taken."""
        if tokens == taken.tokens:
            return
        if self._tokens is not None and taken.tokens_entry is not None:
            self._tokens.correct(taken.tokens_entry, tokens)
        self._vendor_tokens.give_back(taken.tokens - tokens, now)
        taken.tokens = tokens

    def unsent(self, taken: Taken, now: float) -> None:
        """The call never left: all is given back."""
        self.used(taken, 0, now)
        if self._requests is not None and taken.request is not None:
            self._requests.correct(taken.request, 0)
        self._vendor_requests.give_back(1, now)

    def told(self, taken: Taken, limits: RateLimits, now: float) -> None:
        """The headers of the call have come."""
        self._vendor_requests.told(
            taken.request_mark, limits.requests_limit, limits.requests_remaining, limits.requests_reset_s, now
        )
        self._vendor_tokens.told(
            taken.token_mark, limits.tokens_limit, limits.tokens_remaining, limits.tokens_reset_s, now
        )

    def vendor_levels(self, now: float) -> tuple[int | None, int | None]:
        """Requests and tokens that the vendor's buckets hold, where its headers told."""
        buckets = (self._vendor_requests, self._vendor_tokens)
        requests, tokens = (None if bucket.limit is None else int(bucket.level(now)) for bucket in buckets)
        return requests, tokens


def _minute(known: SlidingMinute | None, limit: int | None) -> SlidingMinute | None:
    if limit is None:
        return None
    if known is None:
        return SlidingMinute(limit)
    known.limit = limit
    return known


def _later(at: float, what: str, other: float, name: str) -> tuple[float, str]:
    return (other, name) if other > at else (at, what)
