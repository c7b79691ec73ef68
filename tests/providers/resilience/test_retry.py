"""Which failures are tried again, after how long, and with which timeouts."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit import errors
from ghostkit.errors import ProviderError, QuotaExceeded, RateLimited, ServerError, StreamTruncated
from ghostkit.providers import Timeouts
from ghostkit.providers.resilience import RetryPolicy

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

AGAIN = {"RateLimited", "Overloaded", "ProviderTimeout", "ServerError", "Unreachable"}
PROVIDER_ERRORS = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ProviderError)
]


@pytest.mark.parametrize("kind", PROVIDER_ERRORS)
@pytest.mark.parametrize("asked", [None, 0.0, 5.0, 86_400.0])
def test_each_error_class_is_tried_again_or_never(kind: type[ProviderError], asked: float | None) -> None:
    wait = RetryPolicy().wait_s(kind("It failed.", retry_after_s=asked), 1)
    assert (wait is not None) == (kind.__name__ in AGAIN and asked != 86_400.0)


def test_what_one_error_says_of_itself_goes_before_its_class() -> None:
    assert RetryPolicy().wait_s(StreamTruncated("Cut.", retryable=True), 1) is not None
    assert RetryPolicy().wait_s(ServerError("Never.", retryable=False), 1) is None


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_after_so_many_retries_it_is_enough(retries: int) -> None:
    policy = RetryPolicy(retries=retries)
    waits = [policy.wait_s(ServerError("Down."), failed) for failed in range(1, 6)]
    assert [wait is not None for wait in waits] == [failed <= retries for failed in range(1, 6)]
    assert RetryPolicy(retries=retries).wait_s(RateLimited("Slow.", retry_after_s=1.0), retries + 1) is None


def test_waits_of_our_own_are_anywhere_below_a_bound_that_doubles() -> None:
    chance = random.Random(1)
    policy = RetryPolicy(retries=10_000, first_wait_s=0.5, longest_wait_s=10.0, random=chance.random)
    for failed, bound in [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 10.0), (7, 10.0), (9_999, 10.0)]:
        waits = [policy.wait_s(ServerError("Down."), failed) or 0.0 for _ in range(500)]
        assert max(waits) <= bound
        assert min(waits) < bound / 20
        assert max(waits) > bound * 19 / 20
        assert sum(waits) / len(waits) == pytest.approx(bound / 2, rel=0.15)


@given(st.floats(0.001, 120), st.integers(1, 3), st.floats(0, 1, exclude_max=True))
def test_what_the_vendor_asks_is_kept_to_the_letter(asked: float, failed: int, chance: float) -> None:
    policy = RetryPolicy(random=lambda: chance)
    assert policy.wait_s(RateLimited("Slow.", retry_after_s=asked), failed) == asked


def test_a_vendor_that_says_at_once_gets_our_own_wait_so_that_nothing_spins() -> None:
    policy = RetryPolicy(random=lambda: 0.5)
    assert policy.wait_s(RateLimited("Slow.", retry_after_s=0.0), 2) == 0.5


@pytest.mark.parametrize(
    ("asked", "fix"),
    [
        (120.5, "Try again after 12:02:00 (in 2 min), or use another model."),
        (3600.0 * 5, "Try again after 17:00:00 (in 5 h), or use another model."),
        (86_400.0, "Try again after 2026-11-22 12:00:00 (in 24 h), or use another model."),
        (86_400.0 * 3, "Try again after 2026-11-24 12:00:00 (in 3 days), or use another model."),
    ],
)
def test_who_asks_for_too_much_is_not_waited_for_and_the_error_says_until_when(asked: float, fix: str) -> None:
    error = RateLimited("openai:gpt-5 is at its limit.", fix="Wait.", retry_after_s=asked)
    assert RetryPolicy(local_time=lambda: NOON).wait_s(error, 1) is None
    assert error.fix == fix
    assert error.retry_after_s == asked


def test_the_fix_stays_where_no_retry_was_meant_anyway() -> None:
    error = QuotaExceeded("The account is empty.", fix="Add to it.", retry_after_s=86_400.0)
    assert RetryPolicy(local_time=lambda: NOON).wait_s(error, 1) is None
    assert error.fix == "Add to it."


def test_timeouts_lengthen_with_each_try() -> None:
    base = Timeouts(connect_s=10, first_byte_s=100, idle_s=60)
    policy = RetryPolicy()
    assert policy.timeouts(base, 1) is base
    assert policy.timeouts(base, 2) == Timeouts(connect_s=15, first_byte_s=150, idle_s=90)
    assert policy.timeouts(base, 3) == Timeouts(connect_s=22.5, first_byte_s=225, idle_s=135)
    assert policy.timeouts(base, 9_999) == Timeouts(connect_s=3600, first_byte_s=3600, idle_s=3600)
    long = Timeouts(first_byte_s=7200)
    assert policy.timeouts(long, 2).first_byte_s == 7200
