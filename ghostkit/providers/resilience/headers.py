"""What a vendor's headers and error bodies say of limits and of when to come back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ghostkit.providers.contract import RateLimits
from ghostkit.providers.resilience.moments import date_epoch_s, duration_s, number, seconds_until

_SIDES: Final = ("input", "output")
_MOST: Final = 10**15
"""A count above this is garbage."""


def retry_after_s(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that the vendor asks to be left alone for; None where it does not say, 0 where the moment is past.

    Read, the first that is usable: `retry-after-ms`, `Retry-After` (seconds, an HTTP date, a duration),
    `x-ratelimit-reset` where nothing remains (Cohere: epoch seconds; OpenRouter: epoch milliseconds). `now`: epoch
    seconds; the answer's own `Date` goes before it, so that a wrong clock of this machine does no harm.
    """
    named = _lower(headers)
    now = _now(named, now)
    milliseconds = number(_first(named.get("retry-after-ms")))
    if milliseconds is not None and milliseconds >= 0:
        return seconds_until(repr(milliseconds / 1000), now)
    asked = named.get("retry-after")
    for text in (asked, _first(asked)):
        wait = seconds_until(text, now)
        if wait is not None:
            return wait
    left = number(named.get("x-ratelimit-remaining"))
    return seconds_until(named.get("x-ratelimit-reset"), now) if left is None or left <= 0 else None


def limits_from(headers: Mapping[str, str], now: float | None = None) -> RateLimits | None:
    """The limits that an answer's headers tell, in seconds from now; None where they tell none.

    Known: OpenAI's and its like's `x-ratelimit-*-requests|tokens`, Anthropic's `anthropic-ratelimit-*` (input and
    output tokens together, as if both were as scarce as the scarcer), and bare `x-ratelimit-*` (OpenRouter, Cohere),
    which are about requests. A limit of 0 or -1 means that it is not known.
    """
    named = _lower(headers)
    if not any("ratelimit" in name for name in named):
        return None
    now = _now(named, now)
    requests = _kind(named, "x-ratelimit-{}-requests", now) or _kind(named, "anthropic-ratelimit-requests-{}", now)
    requests = requests or _kind(named, "x-ratelimit-{}", now)
    tokens = _kind(named, "x-ratelimit-{}-tokens", now) or _kind(named, "anthropic-ratelimit-tokens-{}", now)
    if tokens is None:
        tokens = _both_sides(*(_kind(named, f"anthropic-ratelimit-{side}-tokens-{{}}", now) for side in _SIDES))
    if requests is None and tokens is None:
        return None
    of_requests, of_tokens = requests or (None, None, None), tokens or (None, None, None)
    return RateLimits(
        requests_limit=of_requests[0],
        requests_remaining=of_requests[1],
        requests_reset_s=of_requests[2],
        tokens_limit=of_tokens[0],
        tokens_remaining=of_tokens[1],
        tokens_reset_s=of_tokens[2],
    )


def retry_delay_s(body: Any, now: float | None = None) -> float | None:
    """The wait that stands in an error's body (parsed JSON): Gemini's `RetryInfo.retryDelay`, OpenRouter's headers.

    Source: google.rpc.RetryInfo ("17s", "0.5s"); https://openrouter.ai/docs/api-reference/limits (`metadata.headers`).
    """
    for error in _errors(body):
        details = error.get("details")
        for detail in details if isinstance(details, list) else ():
            if isinstance(detail, Mapping) and str(detail.get("@type", "")).endswith("google.rpc.RetryInfo"):
                wait = duration_s(str(detail.get("retryDelay", "")))
                if wait is not None:
                    return wait
        metadata = error.get("metadata")
        if isinstance(metadata, Mapping) and isinstance(metadata.get("headers"), Mapping):
            return retry_after_s({str(name): str(value) for name, value in metadata["headers"].items()}, now)
    return None


_Limits = tuple[int | None, int | None, float | None]


def _kind(named: Mapping[str, str], pattern: str, now: float) -> _Limits | None:
    """(limit, remaining, seconds to the reset) under the names of `pattern`; None where all are unknown."""
    limit = _count(named.get(pattern.format("limit")))
    remaining = _count(named.get(pattern.format("remaining")))
    if not limit:
        limit = None
        if not remaining:  # 0 of an unknown number says that there is no such limit, not that nothing is left
            remaining = None
    if limit is None and remaining is None:
        return None
    return limit, remaining, seconds_until(named.get(pattern.format("reset")), now)


def _count(text: str | None) -> int | None:
    value = number(_first(text))
    return int(value) if value is not None and 0 <= value <= _MOST else None


def _both_sides(asked: _Limits | None, answered: _Limits | None) -> _Limits | None:
    """One limit for prompt and answer together, of which the share is left that the scarcer side has left."""
    if asked is None or answered is None or not asked[0] or not answered[0]:
        return None
    limit = asked[0] + answered[0]
    scarcer = min(asked, answered, key=_share_left)
    return limit, int(limit * _share_left(scarcer)), scarcer[2]


def _share_left(side: _Limits) -> float:
    limit, remaining, _ = side
    return remaining / limit if limit and remaining is not None else 1.0


def _errors(body: Any) -> Iterator[Mapping[str, Any]]:
    """The error objects of a body, which some vendors wrap in a list."""
    for part in body if isinstance(body, list) else [body]:
        if isinstance(part, Mapping):
            yield part
            if isinstance(part.get("error"), Mapping):
                yield part["error"]


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _first(text: str | None) -> str | None:
    """Of a header that came more than once, the first value."""
    return text.partition(",")[0] if text else text


def _now(named: Mapping[str, str], now: float | None) -> float:
    told = date_epoch_s(named.get("date"))
    if told is not None:
        return told
    return time.time() if now is None else now
