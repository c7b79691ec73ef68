"""The model of the vendor's bucket against a vendor that keeps one."""

from __future__ import annotations

import random
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.providers.resilience.buckets import VendorBucket


class Vendor:
    """A token bucket as OpenAI and Anthropic describe theirs: told in whole numbers and milliseconds."""

    def __init__(self, limit: int, per_s: float) -> None:
        self.limit, self.per_s = limit, per_s
        self.level, self.at = float(limit), 0.0

    def take(self, amount: int, now: float) -> bool:
        self.level = min(self.limit, self.level + (now - self.at) * self.per_s)
        self.at = now
        if self.level < min(amount, self.limit) - 1e-6:
            return False
        self.level = max(self.level - amount, 0.0)  # one larger than all of it empties it
        return True

    def headers(self) -> tuple[int, int, float]:
        return self.limit, max(int(self.level), 0), ceil((self.limit - self.level) / self.per_s * 1000) / 1000


@given(st.integers(1, 500), st.floats(0.001, 1), st.lists(st.integers(1, 700), min_size=1, max_size=60))
def test_a_vendor_whose_headers_are_followed_refuses_nothing(limit: int, share: float, amounts: list[int]) -> None:
    """`share` of the limit comes back in a minute: 1 where the limit is for a minute, less for an hour or a day."""
    vendor, bucket, now = Vendor(limit, share * limit / 60), VendorBucket(1e9), 0.0
    for amount in amounts:
        now = max(now, bucket.ready_at(amount, now))
        mark = bucket.take(amount, now)
        assert vendor.take(amount, now)
        bucket.told(mark, *vendor.headers(), now)


def test_under_full_demand_nine_tenths_of_what_there_is_are_used() -> None:
    vendor, bucket, now, sent = Vendor(1000, 1000 / 60), VendorBucket(120), 0.0, 0
    amounts = random.Random(4)
    while now < 1800:
        amount = amounts.randrange(1, 200)
        now = max(now, bucket.ready_at(amount, now))
        if now >= 1800:
            break
        mark = bucket.take(amount, now)
        assert vendor.take(amount, now)
        sent += amount
        now += 0.05
        bucket.told(mark, *vendor.headers(), now)
    assert sent >= 0.9 * (1000 + 1800 / 60 * 1000)


def test_nothing_told_holds_nothing_back() -> None:
    bucket = VendorBucket(120)
    bucket.take(10**9, 5.0)
    assert bucket.ready_at(10**9, 5.0) == 5.0


def test_a_limit_for_a_day_refills_as_slowly_as_it_does() -> None:
    bucket = VendorBucket(1e9)
    bucket.told(bucket.take(1, 0.0), 200, 0, 86_400.0, 0.0)
    assert bucket.ready_at(1, 0.0) == pytest.approx(432.0)


def test_one_that_counts_in_windows_of_a_second_is_full_at_the_reset() -> None:
    bucket = VendorBucket(120)
    bucket.told(bucket.take(1, 0.0), 5, 0, 1.0, 0.0)
    assert bucket.ready_at(1, 0.0) == bucket.ready_at(5, 0.0) == 1.0
    bucket.take(2, 0.5)
    assert bucket.ready_at(3, 0.5) == 1.0
    assert bucket.ready_at(4, 0.5) > 1.0, "what was taken since is gone at the reset too"
    assert bucket.level(1.0) == 3


def test_one_that_holds_less_at_a_time_than_the_limit_refills_no_faster_than_in_a_minute() -> None:
    bucket = VendorBucket(120)
    bucket.told(bucket.take(1, 0.0), 600, 0, 1.0, 0.0)  # ten a second, and no more than ten at a time
    assert bucket.ready_at(1, 0.0) == pytest.approx(0.1)


def test_what_started_later_is_not_in_the_headers_yet() -> None:
    bucket = VendorBucket(120)
    first = bucket.take(10, 0.0)
    second = bucket.take(10, 0.0)
    bucket.take(10, 0.0)
    bucket.told(first, 100, 90, 6.0, 1.0)
    assert bucket.level(1.0) == 70
    bucket.told(second, 100, 95, 3.0, 1.0)
    assert bucket.level(1.0) == 85, "the vendor knows better than we do, upward as well"
    bucket.told(first, 100, 5, 57.0, 1.0)
    assert bucket.level(1.0) == 85, "headers of an older call were believed"


def test_more_than_it_holds_waits_until_it_is_full_and_goes() -> None:
    bucket = VendorBucket(1e9)
    bucket.told(bucket.take(1, 0.0), 100, 40, 36.0, 0.0)
    assert bucket.ready_at(100, 0.0) == bucket.ready_at(100_000, 0.0) == pytest.approx(36.0)
    bucket.take(100_000, 36.0)
    assert bucket.ready_at(1, 36.0) > 36.0


def test_what_was_not_used_is_given_back_but_never_more_than_it_holds() -> None:
    bucket = VendorBucket(120)
    bucket.told(bucket.take(60, 0.0), 100, 40, 36.0, 0.0)
    bucket.give_back(50, 0.0)
    assert bucket.level(0.0) == 90
    bucket.give_back(50, 0.0)
    assert bucket.level(1.0) == 100
    bucket.give_back(-30, 1.0)
    assert bucket.level(1.0) == 70


def test_odd_headers_are_not_believed_for_longer_than_patience() -> None:
    bucket = VendorBucket(120)
    bucket.told(bucket.take(1, 0.0), 1, 0, 1e8, 10.0)
    assert bucket.ready_at(1, 10.0) == 130.0
    assert bucket.ready_at(1, 131.0) == 131.0


@pytest.mark.parametrize(
    ("told", "ready_at"),
    [
        ((None, None, None), 0.0),  # nothing
        ((60, None, 1.0), 0.0),  # how many are left is not told
        ((60, 0, None), 1.0),  # nor when: a sixtieth of a minute for each
        ((60, 0, 0.0), 1.0),
        ((None, 0, 2.0), 2.0),  # nor of how many: of one
        ((5, 9, 3.0), 0.0),  # more left than there may be
    ],
)
def test_headers_with_holes(told: tuple[int | None, int | None, float | None], ready_at: float) -> None:
    bucket = VendorBucket(120)
    bucket.told(bucket.take(1, 0.0), *told, 0.0)
    assert bucket.ready_at(1, 0.0) == pytest.approx(ready_at)
