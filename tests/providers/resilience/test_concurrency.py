"""Additive increase, multiplicative decrease: step by step, and against a simulated vendor."""

from __future__ import annotations

import heapq
import random

import pytest

from ghostkit.providers.resilience.concurrency import Places


def succeed(places: Places, windows: float) -> None:
    """All places are filled, and that many windows of calls end well, each making room for the next."""
    calls: list[int] = []
    ended = 0.0
    while ended < windows:
        while places.free:
            calls.append(places.take())
        ended += 1 / len(calls)
        places.succeeded(calls.pop(0))
        places.release()
    for _ in calls:
        places.release()


def test_a_burst_of_refusals_halves_once() -> None:
    places = Places(16)
    burst = [places.take() for _ in range(16)]
    assert [places.crowded(number) for number in burst] == [True] + [False] * 15
    assert (places.limit, places.shrinks) == (8.0, 1)
    for _ in burst:
        places.release()
    assert places.crowded(places.take())
    assert (places.limit, places.shrinks) == (4.0, 2)


def test_one_place_always_stays() -> None:
    places = Places(3)
    for _ in range(10):
        places.crowded(places.take())
        places.release()
    assert places.limit == 1.0
    assert places.free


def test_successes_of_calls_from_before_the_decrease_do_not_count() -> None:
    places = Places(8)
    old = [places.take() for _ in range(8)]
    places.crowded(old[0])
    for number in old[1:]:
        places.succeeded(number)
    assert places.limit == 4.0


def test_the_way_back_is_quick_to_just_below_what_was_too_much_and_slow_from_there() -> None:
    places = Places(100)
    places.crowded(places.take())
    places.release()
    assert places.limit == 50
    succeed(places, 0.65)
    assert places.limit == pytest.approx(90, abs=1)
    before = places.limit
    succeed(places, 1)
    assert places.limit == pytest.approx(before + 1, abs=0.02), "one more for each window of successes"
    succeed(places, 8.5)
    assert places.limit == pytest.approx(99.2, abs=0.3)
    succeed(places, 2)
    assert places.limit == pytest.approx(99.7, abs=0.3), "a quarter of that next to what was too much"
    succeed(places, 4)
    assert places.limit == 100


def test_a_vendor_that_has_come_to_allow_more_is_found_out() -> None:
    places = Places(100)
    for _ in range(3):
        places.crowded(places.take())
        places.release()
    assert places.limit == 12.5
    succeed(places, 30)
    assert places.limit >= 40


def test_places_that_nobody_needs_do_not_grow() -> None:
    places = Places(100)
    places.crowded(places.take())
    places.release()
    for _ in range(500):
        places.succeeded(places.take())
        places.release()
    assert places.limit == 50


def test_another_maximum_keeps_what_was_learnt() -> None:
    places = Places(8)
    places.allow(20)
    assert (places.limit, places.most) == (20.0, 20)
    places.crowded(places.take())
    places.allow(40)
    assert (places.limit, places.most) == (10.0, 40)
    places.allow(4)
    assert places.limit == 4.0


class Vendor:
    """Refuses a call at once when `capacity` are under way for everybody together."""

    def __init__(self, capacity: int, users: list[Places], seed: int) -> None:
        self.capacity, self.users = capacity, users
        self.random = random.Random(seed)
        self.under_way = [0] * len(users)
        self.used = [0.0] * len(users)
        self.refused = self.served = 0

    def run(self, until_s: float, begin_s: float = 0.0) -> None:
        """Every user has as much to do as it may."""
        now, events, serial = begin_s, [(begin_s, 0, n, 0, "look") for n in range(len(self.users))], 0
        while events and now < until_s:
            at, _, user, number, what = heapq.heappop(events)
            for n, count in enumerate(self.under_way):
                self.used[n] += count * (at - now)
            now, places = at, self.users[user]
            if what == "ends":
                self.under_way[user] -= 1
                self.served += 1
                places.succeeded(number)
                places.release()
            elif what == "refused":
                self.refused += 1
                places.crowded(number)
                places.release()
            while places.free:
                serial += 1
                number = places.take()
                if sum(self.under_way) < self.capacity:
                    self.under_way[user] += 1
                    heapq.heappush(events, (now + self.random.uniform(1, 3), serial, user, number, "ends"))
                else:
                    heapq.heappush(events, (now + 0.05, serial, user, number, "refused"))
        self.under_way = [0] * len(self.users)
        for places in self.users:
            while places.in_flight:
                places.release()


@pytest.mark.parametrize("capacity", [3, 10, 40, 150])
@pytest.mark.parametrize("seed", [1, 2])
def test_it_finds_a_limit_it_was_not_told_to_within_a_fifth(capacity: int, seed: int) -> None:
    places = Places(200)
    vendor = Vendor(capacity, [places], seed)
    vendor.run(60)  # finds its way
    vendor.used, vendor.refused, vendor.served = [0.0], 0, 0
    vendor.run(660, 60)
    assert vendor.used[0] / 600 >= 0.8 * capacity, "too little of what there is is used"
    assert vendor.used[0] / 600 <= capacity
    assert vendor.refused <= vendor.served / (4 * capacity), "it pushes too hard"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_that_share_a_vendor_come_to_share_it_fairly(seed: int) -> None:
    great, small = Places(200), Places(200)
    for _ in range(6):
        small.crowded(small.take())
        small.release()
    vendor = Vendor(40, [great, small], seed)
    vendor.run(200)
    vendor.used = [0.0, 0.0]
    vendor.run(1200, 200)
    shares = [used / sum(vendor.used) for used in vendor.used]
    assert min(shares) >= 0.4, shares
    assert sum(vendor.used) / 1000 >= 0.8 * 40
