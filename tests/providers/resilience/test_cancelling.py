"""Calls that come, wait, fail and are cancelled at random: no place is lost, no limit broken, nobody overtaken."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import anyio
import anyio.lowlevel
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.errors import CircuitOpen, Overloaded, ProviderError, RateLimited, ServerError
from ghostkit.providers.resilience import Gate, GatePolicy, Gates, GateState

from .clockwork import in_virtual_time, now

ENDS = ("succeeded", "cancelled inside", "server", "rate", "overloaded", "says nothing", "unsent")


@dataclass(frozen=True)
class Plan:
    """One call: when it comes and to which of two gates, how long it lasts, how it ends, when it is given up."""

    comes_s: float
    gate: int
    tokens: int
    lasts_s: float
    end: str
    patience_s: float | None


@dataclass
class Diary:
    starts: list[tuple[int, int, float, int]] = field(default_factory=list)
    """(gate, number of the call by when it came, when it was let in, tokens)"""
    most_at_a_time: int = 0
    inside: dict[int, int] = field(default_factory=lambda: {0: 0, 1: 0})
    refused: int = 0
    given_up: int = 0


PLANS = st.lists(
    st.builds(
        Plan,
        comes_s=st.sampled_from([0.0, 0.0, 0.0, 1.0, 5.0, 30.0]),
        gate=st.integers(0, 1),
        tokens=st.integers(0, 1200),
        lasts_s=st.sampled_from([0.0, 0.5, 3.0, 40.0]),
        end=st.sampled_from(ENDS),
        patience_s=st.sampled_from([None, None, 0.0, 0.05, 1.0, 10.0, 70.0]),
    ),
    min_size=1,
    max_size=40,
)
POLICY = GatePolicy(
    spacing_s=0.1,
    requests_per_minute=10,
    tokens_per_minute=1000,
    max_concurrency=3,
    breaker_failures=4,
    breaker_cool_down_s=20,
)


async def make(gate: Gate, plan: Plan, number: int, diary: Diary) -> None:
    with anyio.CancelScope() as whole:
        async with gate.admitted(tokens=plan.tokens) as passage:
            diary.starts.append((plan.gate, number, now(), plan.tokens))
            diary.inside[plan.gate] += 1
            diary.most_at_a_time = max(diary.most_at_a_time, diary.inside[plan.gate])
            try:
                await anyio.sleep(plan.lasts_s)
                if plan.end == "cancelled inside":
                    whole.cancel()
                    await anyio.sleep(1)
                elif plan.end == "succeeded":
                    passage.started()
                    passage.succeeded(plan.tokens // 2)
                elif plan.end == "unsent":
                    passage.unsent()
                elif plan.end != "says nothing":
                    raise {
                        "server": ServerError("x"),
                        "rate": RateLimited("x", retry_after_s=3.0),
                        "overloaded": Overloaded("x"),
                    }[plan.end]
            finally:
                diary.inside[plan.gate] -= 1


async def live(gates: Gates, plans: list[Plan]) -> tuple[Diary, list[GateState]]:
    both = [gates.gate(f"openai|https://h|{n}", POLICY) for n in range(2)]
    diary = Diary()

    async def one(number: int, plan: Plan) -> None:
        try:
            if plan.patience_s is None:
                await make(both[plan.gate], plan, number, diary)
            else:
                with anyio.move_on_after(plan.patience_s) as scope:
                    await make(both[plan.gate], plan, number, diary)
                diary.given_up += scope.cancelled_caught
        except CircuitOpen:
            diary.refused += 1
        except ProviderError:
            pass

    async with anyio.create_task_group() as tasks:
        for number, plan in enumerate(plans):
            await anyio.sleep(plan.comes_s)
            tasks.start_soon(one, number, plan)
            await anyio.wait_all_tasks_blocked()
    # Whatever happened: after a while the gates are as good as new.
    await anyio.sleep(100)
    for gate in both:
        state = gate.state()
        assert (state.in_flight, state.waiting) == (0, 0)
        async with gate.admitted(tokens=1000) as passage:
            passage.succeeded()
        assert not gate._host.line
    return diary, gates.snapshot()


@settings(max_examples=120, deadline=None)
@given(PLANS)
def test_whatever_is_cancelled_no_place_is_lost_and_every_limit_is_kept(plans: list[Plan]) -> None:
    diary, states = in_virtual_time(lambda gates: live(gates, plans))
    assert diary.most_at_a_time <= POLICY.max_concurrency
    every = sorted(at for _, _, at, _ in diary.starts)
    assert all(b - a >= 0.1 - 1e-6 for a, b in pairwise(every)), "too close on one host"
    for n in range(2):
        mine = [start for start in diary.starts if start[0] == n]
        assert [number for _, number, _, _ in mine] == sorted(number for _, number, _, _ in mine), "one was overtaken"
        for _, _, begin, _ in mine:
            assert sum(begin <= at < begin + 60 for _, _, at, _ in mine) <= 10 + sum(
                plan.end == "unsent" for plan in plans
            )
    assert sum(state.admitted for state in states) == len(diary.starts) + 2
    assert sum(state.rejected for state in states) == diary.refused


async def test_a_cancelled_waiter_makes_way_at_once() -> None:
    """On both event loops, with the real clock: the second in line gives up, the third goes when the first ends."""
    gate = Gates().gate("a|b|c", GatePolicy(max_concurrency=1))
    order: list[str] = []

    async def call(name: str, scope: anyio.CancelScope, let_go: anyio.Event) -> None:
        with scope:
            async with gate.admitted(tokens=5):
                order.append(name)
                await let_go.wait()

    scopes = [anyio.CancelScope() for _ in range(4)]
    let_go = anyio.Event()
    async with anyio.create_task_group() as tasks:
        for n, scope in enumerate(scopes):
            tasks.start_soon(call, f"call {n}", scope, let_go)
            await anyio.wait_all_tasks_blocked()
        assert gate.state().waiting == 3
        scopes[1].cancel()
        await anyio.wait_all_tasks_blocked()
        assert (gate.state().waiting, order) == (2, ["call 0"])
        scopes[0].cancel()
        with anyio.fail_after(2):
            while "call 2" not in order:
                await anyio.sleep(0.001)
        let_go.set()
    assert order == ["call 0", "call 2", "call 3"]
    assert (gate.state().in_flight, gate.state().waiting) == (0, 0)


async def test_cancelled_in_the_moment_of_being_let_in_it_frees_the_place() -> None:
    gate = Gates().gate("a|b|c", GatePolicy(max_concurrency=1))
    for _ in range(20):
        second = anyio.CancelScope()

        async def waits(scope: anyio.CancelScope = second) -> None:
            with scope:
                async with gate.admitted():
                    await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as tasks:
            async with gate.admitted():
                tasks.start_soon(waits)
                await anyio.wait_all_tasks_blocked()
            second.cancel()  # woken and cancelled in the same turn of the loop
        assert (gate.state().in_flight, gate.state().waiting) == (0, 0)
