"""Limits by rule: headers that count down, and real refusals."""

from __future__ import annotations

import threading

import pytest

from ghostkit.testing.simulator.asks import Problem
from ghostkit.testing.simulator.dialects.openai_chat import duration
from ghostkit.testing.simulator.limits import LimitKeeper
from ghostkit.testing.simulator.rules import Limits

from .wire import Wire


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def entered(keeper: LimitKeeper, limits: Limits, tokens: int = 10) -> Problem | None:
    return keeper.enter([(0, limits)], tokens)


def test_requests_per_minute_come_back_evenly() -> None:
    clock = Clock()
    keeper, limits = LimitKeeper(clock), Limits(rpm=60, burst=2)
    assert [entered(keeper, limits) is None for _ in range(3)] == [True, True, False]
    refused = entered(keeper, limits)
    assert refused is not None
    assert refused.retry_after_s == pytest.approx(1, abs=0.01)
    clock.now += 1
    assert [entered(keeper, limits) is None for _ in range(2)] == [True, False]


def test_tokens_per_minute() -> None:
    clock = Clock()
    keeper, limits = LimitKeeper(clock), Limits(tpm=600)
    assert entered(keeper, limits, 500) is None
    refused = entered(keeper, limits, 200)
    assert refused is not None
    assert (refused.what, refused.retry_after_s) == ("tokens", pytest.approx(10, abs=0.01))
    assert keeper.state([(0, limits)]).tokens_remaining == 100
    clock.now += 10
    assert entered(keeper, limits, 200) is None


def test_a_refused_request_takes_nothing() -> None:
    keeper = LimitKeeper(Clock())
    both = [(0, Limits(rpm=5)), (1, Limits(tpm=60))]
    assert keeper.enter(both, 60) is None
    assert all(keeper.enter(both, 60) is not None for _ in range(9))
    assert keeper.state(both).requests_remaining == 4


def test_requests_at_once() -> None:
    keeper, limits = LimitKeeper(Clock()), Limits(at_once=1)
    assert entered(keeper, limits) is None
    assert entered(keeper, limits) is not None
    keeper.leave([(0, limits)])
    assert entered(keeper, limits) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.012, "12ms"), (0, "0ms"), (6, "6s"), (90, "1m30s"), (1.5, "1.5s"), (61.25, "1m1.25s")]
)
def test_durations_are_written_as_openai_writes_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_headers_count_down_and_the_next_call_is_turned_away(wire: Wire) -> None:
    wire.simulator.set_rules([{"limits": {"rpm": 2}}])
    first, second, third = (wire.call("openai", stream=False) for _ in range(3))
    assert [answer.status for answer in (first, second, third)] == [200, 200, 429]
    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in (first, second, third)] == ["1", "0", "0"]
    assert 25 < float(third.headers["retry-after"]) <= 30
    assert third.json()["error"]["code"] == "rate_limit_exceeded"
    assert [line["billed"] for line in wire.simulator.bill() if line["event"] == "begun"] == [True, True, False]


def test_anthropics_headers_are_rfc_3339(wire: Wire) -> None:
    from datetime import datetime

    wire.simulator.set_rules([{"limits": {"rpm": 10, "tpm": 1000}}])
    headers = wire.call("anthropic", stream=True).headers
    assert headers["anthropic-ratelimit-requests-remaining"] == "9"
    assert int(headers["anthropic-ratelimit-input-tokens-remaining"]) < 1000
    assert datetime.fromisoformat(headers["anthropic-ratelimit-tokens-reset"]).tzinfo is not None


def test_a_second_call_at_once_is_turned_away_while_the_first_runs(wire: Wire) -> None:
    wire.simulator.set_rules([{"limits": {"at_once": 1}, "pace": {"first_token_s": 0.3}}])
    statuses: list[int] = []
    calls = [threading.Thread(target=lambda: statuses.append(wire.call("gemini", stream=False).status)) for _ in "ab"]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert sorted(statuses) == [200, 429]
    assert wire.call("gemini", stream=False).status == 200
