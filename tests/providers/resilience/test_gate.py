"""The gate in virtual time: who goes when, who is turned away, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import anyio
import pytest

from ghostkit.errors import (
    AuthError,
    BadRequest,
    CircuitOpen,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
    Unreachable,
)
from ghostkit.providers import RateLimits
from ghostkit.providers.resilience import BreakerState, Gate, GatePolicy, Gates, StateChange, Waiting

from .clockwork import in_virtual_time, now

KEY = "openai|https://someone:secret@api.example/v1|gpt-5"


async def calls(
    gate: Gate, number: int, *, tokens: int = 0, lasts_s: float = 0.0, used: int | None = None
) -> list[tuple[int, float]]:
    """So many at once; (which, when) in the order in which they were let in."""
    starts: list[tuple[int, float]] = []
    began = now()

    async def one(n: int) -> None:
        async with gate.admitted(tokens=tokens) as passage:
            starts.append((n, round(now() - began, 6)))
            await anyio.sleep(lasts_s)
            passage.succeeded(used)

    async with anyio.create_task_group() as tasks:
        for n in range(number):
            tasks.start_soon(one, n)
            await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
    return starts


async def fail(gate: Gate, *errors: ProviderError) -> None:
    for error in errors:
        with pytest.raises(type(error)):
            async with gate.admitted():
                raise error


# ── waiting ───────────────────────────────────────────────────────────────────────────────────────────────


def test_requests_a_minute_are_kept_and_come_in_order() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(requests_per_minute=3, max_concurrency=100))
        starts = await calls(gate, 8)
        assert [n for n, _ in starts] == list(range(8))
        assert [at for _, at in starts] == [0, 0, 0, 60.5, 60.5, 60.5, 121.0, 121.0]

    in_virtual_time(act)


def test_tokens_a_minute_are_kept_and_what_was_not_used_lets_the_next_go() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(tokens_per_minute=1000, max_concurrency=100))
        assert [at for _, at in await calls(gate, 4, tokens=400, lasts_s=5)] == [0, 0, 60.5, 60.5]
        await anyio.sleep(100)
        starts = await calls(gate, 4, tokens=400, lasts_s=5, used=100)
        assert [at for _, at in starts] == [0, 0, 5, 5]

    in_virtual_time(act)


def test_a_request_larger_than_all_of_it_waits_for_an_empty_minute_and_holds_its_place() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(tokens_per_minute=1000, max_concurrency=100))
        order: list[tuple[int, float]] = []

        async def one(tokens: int) -> None:
            async with gate.admitted(tokens=tokens):
                order.append((tokens, now() - began))

        began = now()
        async with anyio.create_task_group() as tasks:
            for tokens in (600, 5000, 1, 2):
                tasks.start_soon(one, tokens)
                await anyio.wait_all_tasks_blocked()
        assert order == [(600, 0), (5000, 60.5), (1, 121.0), (2, 121.0)]

    in_virtual_time(act)


def test_starts_to_one_host_are_spaced_over_all_of_its_models_in_turn() -> None:
    async def act(gates: Gates) -> None:
        policy = GatePolicy(spacing_s=0.1, max_concurrency=100)
        one, other = gates.gate("openai|https://h|a", policy), gates.gate("openai-responses|https://h|b", policy)
        apart = gates.gate("openai|https://elsewhere|a", policy)
        starts: list[tuple[str, float]] = []

        async def call(name: str, gate: Gate) -> None:
            async with gate.admitted():
                starts.append((name, round(now() - began, 6)))

        began = now()
        async with anyio.create_task_group() as tasks:
            for name, gate in [("a", one)] * 4 + [("b", other)] * 3 + [("c", apart)] * 2:
                tasks.start_soon(call, name, gate)
                await anyio.wait_all_tasks_blocked()
        assert [(name, at) for name, at in starts if name == "c"] == [("c", 0), ("c", 0.1)]
        shared = [(name, at) for name, at in starts if name != "c"]
        assert [at for _, at in shared] == pytest.approx([n / 10 for n in range(7)])
        assert "".join(name for name, _ in shared) == "aababab", "the models do not take turns"

    in_virtual_time(act)


def test_a_model_that_is_paused_does_not_keep_its_turn_on_the_host() -> None:
    async def act(gates: Gates) -> None:
        policy = GatePolicy(spacing_s=1.0, max_concurrency=100)
        one, other = gates.gate("openai|https://h|a", policy), gates.gate("openai|https://h|b", policy)
        starts: list[tuple[str, int]] = []

        async def call(name: str, gate: Gate) -> None:
            async with gate.admitted():
                starts.append((name, round(now() - began)))

        began = now()
        async with anyio.create_task_group() as tasks, one.admitted() as passage:
            for name, gate in [("a", one), ("b", other), ("b", other)]:
                tasks.start_soon(call, name, gate)
                await anyio.wait_all_tasks_blocked()
            passage.failed(RateLimited("Slow.", retry_after_s=30.0))
        assert starts == [("b", 1), ("b", 2), ("a", 30)]

    in_virtual_time(act)


def test_only_so_many_at_a_time_first_come_first_served() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=2))
        assert await calls(gate, 5, lasts_s=10) == [(0, 0), (1, 0), (2, 10), (3, 10), (4, 20)]

    in_virtual_time(act)


def test_why_one_waits_is_told_once_for_each_reason() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(requests_per_minute=2, max_concurrency=1, spacing_s=0.5))
        told: list[list[Waiting]] = [[], [], []]

        async def one(n: int) -> None:
            async with gate.admitted(on_wait=told[n].append):
                await anyio.sleep(7)

        async with anyio.create_task_group() as tasks:
            for n in range(3):
                tasks.start_soon(one, n)
                await anyio.wait_all_tasks_blocked()
        assert told[0] == []
        assert told[1] == [Waiting("a call to end", None)]
        reasons = [waiting.for_what for waiting in told[2]]
        assert reasons == ["its turn", "a call to end", "requests a minute"]
        assert told[2][-1].seconds == pytest.approx(46.5)
        assert gate.state().waited_s == pytest.approx(7 + 60.5)

    in_virtual_time(act)


def test_a_listener_that_raises_takes_no_place_with_it() -> None:
    def refuse(what: object) -> None:
        raise LookupError(str(what))

    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=1, breaker_failures=1, breaker_cool_down_s=5))
        async with gate.admitted():
            with pytest.raises(LookupError):
                async with gate.admitted(on_wait=refuse):
                    raise AssertionError("let in")
        await fail(gate, ServerError("Down."))
        await anyio.sleep(5)
        with pytest.raises(LookupError):
            async with gate.admitted(on_change=refuse):
                raise AssertionError("let in")
        state = gate.state()
        assert (state.in_flight, state.waiting) == (0, 0)
        async with gate.admitted() as probe:
            probe.succeeded()
        assert gate.state().breaker is BreakerState.CLOSED

    in_virtual_time(act)


def test_nothing_that_limits_means_nobody_waits() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate("rehearsal||novelist", GatePolicy(max_concurrency=1000))
        assert {at for _, at in await calls(gate, 500, tokens=10**9)} == {0}
        assert gate.state().waited_s == 0

    in_virtual_time(act)


def test_another_policy_holds_for_those_who_wait_too() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=1, requests_per_minute=1))
        order: list[float] = []

        async def one() -> None:
            async with gate.admitted():
                order.append(now() - began)
                await anyio.sleep(10)

        began = now()
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(one)
            await anyio.sleep(2)
            assert gates.gate(KEY, GatePolicy(max_concurrency=3, requests_per_minute=100)) is gate
        assert order == [0, 2, 2]
        gates.gate(KEY, GatePolicy())
        assert gates.gate(KEY).state().max_concurrency == 8, "a look without a policy changes nothing"

    in_virtual_time(act)


# ── the vendor's word ─────────────────────────────────────────────────────────────────────────────────────


def test_headers_hold_calls_back_and_let_them_go() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=100))
        async with gate.admitted(tokens=10) as passage:
            passage.started(RateLimits(requests_limit=60, requests_remaining=1, requests_reset_s=59.0))
            passage.succeeded()
        assert gate.state().vendor_requests == 1
        starts = await calls(gate, 4)
        assert [at for _, at in starts] == pytest.approx([0, 1, 2, 3], abs=0.01)

    in_virtual_time(act)


def test_headers_of_an_error_count_as_well() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy())
        limits = RateLimits(tokens_limit=6000, tokens_remaining=0, tokens_reset_s=60.0)
        await fail(gate, BadRequest("No.", limits=limits))
        assert [at for _, at in await calls(gate, 1, tokens=1000)] == pytest.approx([10], abs=0.01)

    in_virtual_time(act)


def test_headers_that_tell_of_more_let_those_in_line_go_at_once() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=100))
        async with gate.admitted() as early, gate.admitted() as late:
            early.started(RateLimits(requests_limit=6, requests_remaining=0, requests_reset_s=60.0))
            async with anyio.create_task_group() as tasks:
                began = now()
                tasks.start_soon(calls, gate, 3)
                await anyio.sleep(1)
                assert gate.state().waiting > 0
                late.started(RateLimits(requests_limit=6, requests_remaining=6, requests_reset_s=0.0))
            assert now() - began == 1

    in_virtual_time(act)


def test_what_an_ended_call_did_not_use_lets_the_next_go_before_it_has_left() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(tokens_per_minute=100))
        async with anyio.create_task_group() as tasks, gate.admitted(tokens=100) as passage:
            began = now()
            tasks.start_soon(lambda: calls(gate, 1, tokens=100))
            await anyio.sleep(1)
            passage.succeeded(0)
            await anyio.sleep(1)
            assert gate.state().admitted == 2
        assert now() - began == 2

    in_virtual_time(act)


def test_headers_are_believed_for_as_long_as_the_policy_says() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy())
        async with gate.admitted() as passage:
            passage.started(RateLimits(requests_limit=1, requests_remaining=0, requests_reset_s=1e7))
        gates.gate(KEY, GatePolicy(patience_s=10))
        assert await calls(gate, 1) == [(0, 10)]

    in_virtual_time(act)


def test_all_wait_for_the_end_of_a_pause_and_come_back_one_by_one() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=100))
        starts: list[float] = []

        async def waits() -> None:
            async with gate.admitted():
                starts.append(now() - asked)

        asked = now()
        async with gate.admitted() as first, gate.admitted() as second:
            first.failed(RateLimited("Slow.", retry_after_s=30.0))
            second.failed(Overloaded("Slow.", retry_after_s=1.0))
        assert gate.state().paused_s == 30.0, "a shorter pause took the place of a longer one"
        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(waits)
        gaps = [after - before for before, after in pairwise(starts)]
        assert starts[0] > 30.0, "other processes were told the same moment"
        assert starts[-1] < 30 + 13 * 0.25
        assert min(gaps) > 0
        assert len(set(gaps)) > 6, "they come back in step"

    for seed in range(5):
        in_virtual_time(act, seed=seed)


def test_after_a_moments_pause_all_are_back_in_a_moment() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=100))
        await fail(gate, RateLimited("Slow.", retry_after_s=0.02))
        starts = await calls(gate, 50)
        assert starts[0][1] > 0.02
        assert starts[-1][1] < 0.1

    in_virtual_time(act)


def test_who_would_wait_beyond_patience_is_told_so_even_in_line() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=1, patience_s=100))
        told: list[RateLimited] = []

        async def waits() -> None:
            try:
                async with gate.admitted():
                    raise AssertionError("let in")
            except RateLimited as error:
                told.append(error)

        async with anyio.create_task_group() as tasks:
            async with gate.admitted() as passage:
                for _ in range(5):
                    tasks.start_soon(waits)
                await anyio.wait_all_tasks_blocked()
                passage.failed(RateLimited("Enough for today.", retry_after_s=86_400.0))
                await anyio.wait_all_tasks_blocked()
                assert len(told) == 5
            began = now()
            tasks.start_soon(waits)
            await anyio.wait_all_tasks_blocked()
            assert (len(told), now()) == (6, began)
        error = told[1]
        assert (error.retryable, error.rejected, error.retry_after_s) == (False, True, 86_400.0)
        assert error.message == "openai:gpt-5 asked to be sent nothing for a while."
        assert "in 24 h" in error.fix
        assert "secret" not in str(error)
        state = gate.state()
        assert (state.rejected, state.in_flight, state.waiting) == (6, 0, 0)
        await anyio.sleep(86_400 - 99)
        async with gate.admitted():
            assert now() - began >= 86_400, "it came too early"

    in_virtual_time(act)


@pytest.mark.parametrize(
    ("error", "shrinks", "pauses"),
    [
        (RateLimited("x", retry_after_s=5), 1, True),
        (RateLimited("x"), 1, False),
        (Overloaded("x", retry_after_s=5), 1, True),
        (ServerError("x", retry_after_s=5), 0, True),
        (ServerError("x"), 0, False),
        (ProviderTimeout("x"), 0, False),
        (QuotaExceeded("x", retry_after_s=5), 0, False),
        (AuthError("x"), 0, False),
        (BadRequest("x"), 0, False),
    ],
)
def test_what_each_failure_does(error: ProviderError, shrinks: int, pauses: bool) -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=8))
        await fail(gate, error)
        state = gate.state()
        assert (state.shrinks, state.paused_s > 0) == (shrinks, pauses)
        assert state.places == (4 if shrinks else 8)

    in_virtual_time(act)


def test_what_was_rejected_gives_its_tokens_back_and_keeps_its_request() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(tokens_per_minute=100, requests_per_minute=2))
        for rejected in (True, False):
            with pytest.raises(ServerError):
                async with gate.admitted(tokens=60):
                    raise ServerError("Down.", rejected=rejected)
        began = now()
        async with gate.admitted(tokens=10):
            assert now() - began == 60.5, "the failed calls were requests all the same"

    in_virtual_time(act)


def test_what_was_never_sent_gives_all_back() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(tokens_per_minute=100, requests_per_minute=1))
        began = now()
        for _ in range(3):
            async with gate.admitted(tokens=100) as passage:
                passage.unsent()
                passage.failed(ServerError("Too late to say so."))
        assert (now(), gate.state().failures) == (began, 0)
        gates.gate(KEY, GatePolicy())
        limits = RateLimits(
            requests_limit=60, requests_remaining=9, requests_reset_s=51.0,
            tokens_limit=60, tokens_remaining=9, tokens_reset_s=51.0,
        )  # fmt: skip
        async with gate.admitted() as passage:
            passage.started(limits)
        async with gate.admitted(tokens=5) as passage:
            assert (gate.state().vendor_requests, gate.state().vendor_tokens) == (8, 4)
            passage.unsent()
        assert (gate.state().vendor_requests, gate.state().vendor_tokens) == (9, 9)

    in_virtual_time(act)


# ── the breaker ───────────────────────────────────────────────────────────────────────────────────────────


def test_it_opens_tells_at_once_lets_one_try_and_closes() -> None:
    async def act(gates: Gates) -> None:
        changes: list[StateChange] = []
        gate = gates.gate(KEY, GatePolicy(breaker_failures=3, breaker_cool_down_s=30))

        async def failing(error: ProviderError) -> None:
            with pytest.raises(type(error)):
                async with gate.admitted(on_change=changes.append):
                    raise error

        for error in (ServerError("x"), ProviderTimeout("x"), AuthError("x")):
            await failing(error)
        for error in (ServerError("x"), Unreachable("x"), Overloaded("x")):
            assert gate.state().breaker is BreakerState.CLOSED, "an answer in between begins the row anew"
            await failing(error)
        assert gate.state().breaker is BreakerState.OPEN
        await anyio.sleep(10)
        with pytest.raises(CircuitOpen) as told:
            async with gate.admitted():
                raise AssertionError("let in")
        assert told.value.retry_after_s == 20
        assert (told.value.rejected, told.value.retryable) == (True, False)
        assert told.value.message == "openai:gpt-5 failed 3 times in a row, so nothing is sent to it for now."
        assert "(in 20 s)" in told.value.fix
        await anyio.sleep(20)
        async with gate.admitted(on_change=changes.append) as probe:
            assert gate.state().breaker is BreakerState.HALF_OPEN
            with pytest.raises(CircuitOpen):
                async with gate.admitted():
                    raise AssertionError("let in")
            probe.started()
            assert gate.state().breaker is BreakerState.CLOSED, "the vendor answers: others need not wait for the end"
            async with gate.admitted() as second:
                second.succeeded()
            probe.succeeded()
        state = gate.state()
        assert (state.breaker, state.failures, state.rejected, state.in_flight) == (BreakerState.CLOSED, 0, 2, 0)
        assert [(str(change.before), str(change.after)) for change in changes] == [
            ("closed", "open"), ("open", "half-open"), ("half-open", "closed"),
        ]  # fmt: skip
        assert changes[0].as_data() == {
            "model": "openai:gpt-5", "before": "closed", "state": "open", "failures": 3, "retry_after_s": 30.0,
        }  # fmt: skip

    in_virtual_time(act)


def test_a_cancelled_probe_leaves_the_try_to_the_next() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(breaker_failures=1, breaker_cool_down_s=30))
        await fail(gate, ServerError("x"))
        await anyio.sleep(30)
        with anyio.CancelScope() as scope:
            async with gate.admitted():
                scope.cancel()
                await anyio.sleep_forever()
        assert (gate.state().breaker, gate.state().failures) == (BreakerState.HALF_OPEN, 1)
        await fail(gate, ServerError("x"))
        assert gate.state().breaker is BreakerState.OPEN
        assert gate.state().in_state_s == 0

    in_virtual_time(act)


def test_a_probe_that_begins_to_answer_and_then_fails_opens_it_again() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(breaker_failures=3, breaker_cool_down_s=30))
        await fail(gate, ServerError("x"), ServerError("x"), ServerError("x"))
        await anyio.sleep(30)
        async with gate.admitted() as probe:
            probe.started()
            assert gate.state().breaker is BreakerState.CLOSED
            probe.failed(ServerError("Cut."))
        assert gate.state().breaker is BreakerState.OPEN

    in_virtual_time(act)


def test_another_policy_holds_for_the_breaker_too() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(breaker_failures=9))
        gates.gate(KEY, GatePolicy(breaker_failures=2, breaker_cool_down_s=7))
        await fail(gate, ServerError("x"), ServerError("x"))
        with pytest.raises(CircuitOpen) as told:
            async with gate.admitted():
                raise AssertionError("let in")
        assert told.value.retry_after_s == 7
        assert "failed 2 times in a row" in told.value.message

    in_virtual_time(act)


def test_all_in_line_are_told_when_it_opens() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=1, breaker_failures=1))
        told = 0

        async def waits() -> None:
            nonlocal told
            with pytest.raises(CircuitOpen):
                async with gate.admitted():
                    raise AssertionError("let in")
            told += 1

        began = now()
        async with anyio.create_task_group() as tasks, gate.admitted() as passage:
            for _ in range(20):
                tasks.start_soon(waits)
            await anyio.wait_all_tasks_blocked()
            passage.failed(ServerError("x"))
            await anyio.wait_all_tasks_blocked()
            assert (told, now()) == (20, began), "they waited for the call to end"

    in_virtual_time(act)


# ── what can be seen ──────────────────────────────────────────────────────────────────────────────────────


def test_counters_and_state() -> None:
    async def act(gates: Gates) -> None:
        gate = gates.gate(KEY, GatePolicy(max_concurrency=2))
        await calls(gate, 3, lasts_s=4)
        async with gate.admitted(attempt=2) as passage:
            state = gate.state()
            passage.succeeded()
            passage.failed(ServerError("Only the first word counts."))
        assert (state.admitted, state.retries, state.rejected, state.in_flight) == (4, 1, 0, 1)
        assert (state.waited_s, state.in_state_s, state.vendor_requests) == (4.0, 8.0, None)
        assert gate.state().failures == 0
        gates.gate("anthropic||claude", GatePolicy())
        assert [state.model for state in gates.snapshot()] == ["anthropic:claude", "openai:gpt-5"]
        told = gate.state().as_dict()
        assert (told["model"], told["breaker"], told["places"]) == ("openai:gpt-5", "closed", 2)
        assert "secret" not in str(told)
        assert replace(gate.state(), key="rehearsal").model == "rehearsal"
        gates.clear()
        assert gates.snapshot() == []

    in_virtual_time(act)


async def test_an_open_gate_costs_next_to_nothing() -> None:
    """Generous, for a busy machine; docs/resilience.md has the measured figure."""
    from time import thread_time

    gate = Gates().gate(KEY, GatePolicy(requests_per_minute=10**6, tokens_per_minute=10**9))
    best = 1.0
    for _ in range(5):
        began = thread_time()
        for _ in range(500):
            async with gate.admitted(tokens=10) as passage:
                passage.started()
                passage.succeeded(7)
        best = min(best, (thread_time() - began) / 500)
    assert best < 60e-6
