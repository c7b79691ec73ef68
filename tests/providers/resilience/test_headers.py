"""When to come back and what is left, in every way that vendors write it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ghostkit.providers import RateLimits
from ghostkit.providers.resilience import limits_from, retry_after_s, retry_delay_s
from ghostkit.providers.resilience.moments import LONGEST_S, duration_s, seconds_until

NOW = 1_795_000_000.0  # 2026-11-18


def http_date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12ms", 0.012), ("1s", 1), ("6m0s", 360), ("1h2m3.5s", 3723.5), ("1m30s", 90), ("2m59.56s", 179.56),
        ("500us", 0.0005), ("500µs", 0.0005), ("20ns", 2e-8), ("2d", 172_800), ("17", 17), ("0.5", 0.5), (".5s", 0.5),
        (" 3s ", 3), ("0", 0), ("0s", 0), ("1H", 3600),
        ("", None), (None, None), ("-1", None), ("-1s", None), ("1s2", None), ("s", None), ("1 s", None),
        ("1x", None), ("nan", None), ("inf", None), ("1e400", None), ("١s", None), ("soon", None), ("99999999d", None),
    ],
)  # fmt: skip
def test_durations(text: str | None, seconds: float | None) -> None:
    assert duration_s(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"RETRY-AFTER": "0.25"}, 0.25),
        ({"retry-after": " 3 "}, 3),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "1m30s"}, 90),
        ({"retry-after": "30, 30"}, 30),
        ({"retry-after": http_date(86_400)}, 86_400),
        ({"retry-after": http_date(-60)}, 0),
        ({"retry-after": "Wednesday, 18-Nov-26 11:07:40 GMT"}, 1_795_000_060 - NOW),
        ({"retry-after": "Wed Nov 18 11:07:40 2026"}, 1_795_000_060 - NOW),
        ({"retry-after": "2026-11-18T11:07:40Z"}, 1_795_000_060 - NOW),
        ({"retry-after": "Wed, 99 Nov 2026 11:07:40 GMT"}, None),
        ({"retry-after": str(int(NOW) + 40)}, 40),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after-ms": "0.5"}, 0.0005),
        ({"retry-after-ms": "", "retry-after": "2"}, 2),
        ({"retry-after-ms": "-1", "retry-after": "2"}, 2),
        ({"retry-after-ms": "x"}, None),
        ({"x-ratelimit-reset": str(int(NOW) + 12)}, 12),
        ({"x-ratelimit-reset": str(int(NOW) - 12)}, 0),
        ({"X-RateLimit-Reset": str(int(NOW * 1000) + 12_500), "X-RateLimit-Remaining": "0"}, 12.5),
        ({"x-ratelimit-reset": str(int(NOW) + 12), "x-ratelimit-remaining": "4"}, None),
        ({"retry-after": "soon", "x-ratelimit-reset": str(int(NOW) + 12)}, 12),
        # Here the reset is the time until all is there again; Retry-After says when to come back.
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_when_to_come_back(headers: Mapping[str, str], seconds: float | None) -> None:
    found = retry_after_s(headers, NOW)
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_a_wrong_clock_of_this_machine_does_no_harm() -> None:
    headers = {"date": http_date(0), "retry-after": http_date(30)}
    assert retry_after_s(headers, NOW + 5000) == 30
    assert retry_after_s(headers, NOW - 5000) == 30
    assert retry_after_s(headers | {"date": "yesterday"}, NOW - 10) == 40


def test_without_a_time_the_clock_of_this_machine_counts() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    found = retry_after_s({"retry-after": in_a_minute})
    assert found is not None
    assert 55 < found <= 60


OPENAI = {
    "x-ratelimit-limit-requests": "10000", "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-reset-requests": "6ms", "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-tokens": "199000", "x-ratelimit-reset-tokens": "300ms",
}  # fmt: skip
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2026-11-18T11:06:52Z",
    "anthropic-ratelimit-input-tokens-limit": "40000", "anthropic-ratelimit-input-tokens-remaining": "39000",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-18T11:06:41Z",
    "anthropic-ratelimit-output-tokens-limit": "8000", "anthropic-ratelimit-output-tokens-remaining": "2000",
    "anthropic-ratelimit-output-tokens-reset": "2026-11-18T11:07:25Z",
}  # fmt: skip


def limits(*values: float | None) -> RateLimits:
    names = ("requests_limit", "requests_remaining", "requests_reset_s")
    names += ("tokens_limit", "tokens_remaining", "tokens_reset_s")
    return RateLimits(**dict(zip(names, values, strict=False)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (OPENAI, limits(10_000, 9_999, 0.006, 200_000, 199_000, 0.3)),
        (ANTHROPIC, limits(50, 0, 12.0, 48_000, 12_000, 45.0)),
        (
            ANTHROPIC | {
                "anthropic-ratelimit-tokens-limit": "48000", "anthropic-ratelimit-tokens-remaining": "41000",
                "anthropic-ratelimit-tokens-reset": "2026-11-18T11:07:25Z",
            },
            limits(50, 0, 12.0, 48_000, 41_000, 45.0),
        ),
        (
            {
                "X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(int(NOW * 1000) + 9_000),
            },
            limits(20, 0, 9.0),
        ),
        # Azure: whole seconds, and no limits told
        ({"x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "1"}, limits(None, 7, 1.0)),
        # -1 and 0 where there is no such limit
        ({"x-ratelimit-limit-tokens": "-1", "x-ratelimit-remaining-tokens": "-1"}, None),
        ({"x-ratelimit-limit-tokens": "0", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "0"}, None),
        ({"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "-1"}, limits(60, None)),
        ({"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0"}, limits(60, 0)),
        ({"x-ratelimit-limit-requests": "", "x-ratelimit-remaining-requests": ""}, None),
        ({"x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-requests": "some"}, None),
        ({"x-ratelimit-limit-requests": "60", "x-ratelimit-reset-requests": "-1"}, limits(60)),
        ({"x-ratelimit-limit-requests": "1e99"}, None),
        ({"content-type": "application/json"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_what_is_left(headers: Mapping[str, str], expected: RateLimits | None) -> None:
    found = limits_from(headers, NOW)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert vars(found) == {name: value and pytest.approx(value) for name, value in vars(expected).items()}


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"code": 429, "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure"},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}]}}, 17),
        ([{"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.5s"}]}}], 0.5),
        ({"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.000000001s"}]}, 3),
        ({"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo"}]}}, None),
        ({"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "-3s"}]}}, None),
        ({"error": {"details": "none"}}, None),
        ({"error": {"metadata": {"headers": {
            "X-RateLimit-Reset": str(int(NOW * 1000) + 5_000), "X-RateLimit-Remaining": "0"}}}}, 5),
        ({"error": {"metadata": {"headers": {"X-RateLimit-Limit": 20}}}}, None),
        ({"error": "rate limited"}, None),
        (["x", None], None), ("text", None), (None, None), ({}, None), (17, None),
    ],
)  # fmt: skip
def test_what_a_body_says(body: Any, seconds: float | None) -> None:
    assert retry_delay_s(body, NOW) == (None if seconds is None else pytest.approx(seconds))


# Round trips: written in a vendor's way, read back


@given(st.integers(0, 10 * 86_400_000))
def test_a_duration_as_go_writes_it_reads_back(milliseconds: int) -> None:
    seconds, ms = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours or minutes or seconds:
        text = (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{seconds}.{ms:03}s"
    else:
        text = f"{ms}ms"
    assert duration_s(text) == pytest.approx(milliseconds / 1000)


@given(st.integers(0, 3 * 365 * 86_400))
def test_a_moment_reads_back_in_each_of_its_forms(seconds: int) -> None:
    moment = datetime.fromtimestamp(NOW + seconds, UTC)
    forms = [
        format_datetime(moment, usegmt=True),
        moment.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
        moment.strftime("%a %b %d %H:%M:%S %Y"),
        moment.isoformat(),
        moment.isoformat().replace("+00:00", "Z"),
        str(int(NOW) + seconds),
        str((int(NOW) + seconds) * 1000),
    ]
    assert [seconds_until(form, NOW) for form in forms] == [pytest.approx(seconds)] * len(forms)


@given(st.text(max_size=40), st.text(max_size=40))
@example("1-1-1 00:00:00 +9999", "٣")
@example("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
def test_whatever_a_vendor_writes_nothing_raises_and_every_wait_is_sensible(text: str, other: str) -> None:
    for headers in ({"retry-after": text, "date": other}, {"x-ratelimit-reset": text}, {"retry-after-ms": text}):
        found = retry_after_s(headers, NOW)
        assert found is None or 0 <= found <= LONGEST_S
    found_limits = limits_from({f"x-ratelimit-{what}-requests": text for what in ("limit", "remaining", "reset")}, NOW)
    if found_limits is not None:
        assert found_limits.requests_limit is None or found_limits.requests_limit > 0
        assert found_limits.requests_remaining is None or found_limits.requests_remaining >= 0
