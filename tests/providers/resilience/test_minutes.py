"""The user's limits in any minute, against counting all starts by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ghostkit.providers.resilience.minutes import MINUTE_S, SLACK_S, Entry, SlidingMinute


def most_in_any_minute(starts: list[tuple[float, int]]) -> int:
    """By brute force: the largest sum in any half-open span of 60 s."""
    return max((sum(n for at, n in starts if begin <= at < begin + MINUTE_S) for begin, _ in starts), default=0)


@given(st.integers(1, 12), st.lists(st.floats(0, 30), max_size=60))
def test_never_more_starts_than_the_limit_in_any_minute(limit: int, gaps: list[float]) -> None:
    minute, now = SlidingMinute(limit), 1000.0
    starts: list[tuple[float, int]] = []
    for gap in gaps:
        now = max(now + gap, minute.ready_at(1, now + gap))
        assert minute.ready_at(1, now) == now, "it said when, and then it was not ready"
        minute.take(1, now)
        starts.append((now, 1))
    assert most_in_any_minute(starts) <= limit


@given(st.integers(1, 40), st.integers(1, 200))
def test_under_full_demand_it_gives_all_there_is(limit: int, calls: int) -> None:
    minute, now = SlidingMinute(limit), 0.0
    for _ in range(calls):
        now = minute.ready_at(1, now)
        minute.take(1, now)
    assert now == (calls - 1) // limit * (MINUTE_S + SLACK_S)


@given(
    st.integers(1, 1000),
    st.lists(st.tuples(st.floats(0, 20), st.integers(0, 1500), st.floats(0, 1), st.floats(0, 90)), max_size=40),
)
def test_sums_of_tokens_keep_within_it_and_what_was_not_used_is_given_back(
    limit: int, calls: list[tuple[float, int, float, float]]
) -> None:
    minute, now = SlidingMinute(limit), 0.0
    taken: list[tuple[float, Entry]] = []
    ends: list[tuple[float, Entry, int]] = []

    def settle(until: float) -> None:
        for end in sorted((end for end in ends if end[0] <= until), key=lambda end: end[0]):
            ends.remove(end)
            minute.correct(end[1], end[2])

    for gap, tokens, share, lasts in calls:
        now += gap
        settle(now)
        ready = minute.ready_at(tokens, now)
        assert ready <= now + MINUTE_S + SLACK_S, "longer than a minute: it would starve"
        now = ready
        settle(now)
        assert minute.ready_at(tokens, now) <= now
        held = [entry for at, entry in taken if at + MINUTE_S + SLACK_S > now]
        others = sum(entry.amount for entry in held)
        assert others + tokens <= limit or (tokens > limit and others == 0), "too much, or no empty minute before it"
        entry = minute.take(tokens, now)
        taken.append((now, entry))
        ends.append((now + lasts, entry, int(tokens * share)))
        assert minute.used == sum(entry.amount for entry in held) + tokens
    settle(float("inf"))
    minute.ready_at(0, now + 1000)
    assert minute.used == 0, "what is given back after its minute must not be given back twice"


def test_it_goes_as_soon_as_enough_has_passed_out_of_the_minute() -> None:
    minute = SlidingMinute(100)
    for at in (0.0, 10.0, 20.0):
        minute.take(30, at)
    full = MINUTE_S + SLACK_S
    assert minute.ready_at(10, 20.0) == 20.0
    assert minute.ready_at(11, 20.0) == full
    assert minute.ready_at(70, 20.0) == 10 + full
    assert minute.ready_at(100, 20.0) == minute.ready_at(5000, 20.0) == 20 + full


def test_more_used_than_thought_holds_the_next_back() -> None:
    minute = SlidingMinute(100)
    entry = minute.take(10, 0.0)
    minute.correct(entry, 95)
    assert minute.ready_at(5, 1.0) == 1.0
    assert minute.ready_at(6, 1.0) == MINUTE_S + SLACK_S
