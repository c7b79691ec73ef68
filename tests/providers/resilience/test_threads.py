"""One gate, many threads and event loops: one line for all, and no loop that has gone holds anybody up."""

from __future__ import annotations

import asyncio
import threading
import time
import types
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any

import anyio
import pytest
import trio

from ghostkit.providers.resilience import Gate, GatePolicy, Gates, waiting


class Crowd:
    """What calls from all threads did."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.lock = threading.Lock()
        self.inside = self.most = self.done = 0

    async def call(self, lasts_s: float = 0.002) -> None:
        async with self.gate.admitted(tokens=1) as passage:
            with self.lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            await anyio.sleep(lasts_s)
            with self.lock:
                self.inside -= 1
                self.done += 1
            passage.succeeded()

    async def calls(self, number: int, given_up: int = 0) -> None:
        async with anyio.create_task_group() as tasks:
            for n in range(number):
                tasks.start_soon(self.call)
                if n < given_up:
                    tasks.start_soon(self.impatient)

    async def impatient(self) -> None:
        with anyio.move_on_after(0.003):
            async with self.gate.admitted(tokens=1):
                await anyio.sleep(0.001)


def threads(*acts: Callable[[], object]) -> None:
    """Run all at once; fails when one raises or doesn't end."""
    errors: list[BaseException] = []

    def guarded(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)

    running = [threading.Thread(target=guarded, args=(act,), daemon=True) for act in acts]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(30)
    assert not errors
    assert not [thread for thread in running if thread.is_alive()], "a wake was lost"


def test_four_loops_in_four_threads_share_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ghostkit.providers.resilience.gate.LOOK_AGAIN_S", 1e6)  # only wakes help
    crowd = Crowd(Gates().gate("a|b|c", GatePolicy(max_concurrency=2)))
    threads(
        *[
            lambda backend=backend: anyio.run(crowd.calls, 60, 30, backend=backend)
            for backend in ("asyncio", "trio") * 2
        ]
    )
    assert crowd.most == 2
    assert crowd.done == 240
    state = crowd.gate.state()
    assert (state.in_flight, state.waiting) == (0, 0)
    assert state.admitted >= 240


def test_space_and_minutes_hold_over_all_loops() -> None:
    crowd = Crowd(Gates().gate("a|b|c", GatePolicy(max_concurrency=50, spacing_s=0.01)))
    began = time.monotonic()
    threads(*[lambda backend=backend: anyio.run(crowd.calls, 15, backend=backend) for backend in ("asyncio", "trio")])
    assert time.monotonic() - began >= 29 * 0.01
    assert crowd.done == 30


def test_a_wake_from_another_thread_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ghostkit.providers.resilience.gate.LOOK_AGAIN_S", 1e6)
    gate = Gates().gate("a|b|c", GatePolicy(max_concurrency=1))
    in_line, let_in = threading.Event(), threading.Event()

    async def holds() -> None:
        async with gate.admitted():
            await anyio.to_thread.run_sync(in_line.wait, 10)
        began = time.monotonic()
        await anyio.to_thread.run_sync(let_in.wait, 10)
        assert time.monotonic() - began < 1

    async def waits() -> None:
        while gate.state().in_flight == 0:
            await anyio.sleep(0.001)
        async with gate.admitted(on_wait=lambda _: in_line.set()):
            let_in.set()

    threads(lambda: asyncio.run(holds()), lambda: trio.run(waits))


def test_a_loop_that_stopped_with_someone_in_line_holds_nobody_up() -> None:
    gate = Gates().gate("a|b|c", GatePolicy(max_concurrency=1, spacing_s=0.001))
    crowd = Crowd(gate)
    loop = asyncio.new_event_loop()

    async def leave_two_in_line() -> list[asyncio.Task[None]]:
        async with gate.admitted():
            left = [loop.create_task(crowd.call()) for _ in range(2)]
            while gate.state().waiting < 2:
                await anyio.sleep(0.001)
            return left

    left = loop.run_until_complete(leave_two_in_line())  # stopped, not closed, as between two cells of a script
    assert gate.state().waiting == 2
    began = time.monotonic()
    anyio.run(crowd.calls, 10)
    assert time.monotonic() - began < waiting.LOOK_AGAIN_S, "they waited for a loop that doesn't run"
    assert (crowd.done, gate.state().waiting) == (10, 2)
    loop.run_until_complete(asyncio.wait(left))  # and when it runs again, its calls go
    loop.close()
    assert (crowd.done, crowd.most, gate.state().waiting) == (12, 1, 0)


def test_a_loop_that_was_closed_over_a_waiter_holds_nobody_up() -> None:
    gate = Gates().gate("a|b|c", GatePolicy(max_concurrency=1))
    crowd = Crowd(gate)
    loop = asyncio.new_event_loop()

    async def leave_one_in_line() -> asyncio.Task[None]:
        async with gate.admitted():
            left = loop.create_task(crowd.call())
            while gate.state().waiting < 1:
                await anyio.sleep(0.001)
            return left

    left = loop.run_until_complete(leave_one_in_line())
    loop.close()
    anyio.run(crowd.calls, 5)
    assert crowd.done == 5
    with suppress(RuntimeError):  # anyio's: there is no event loop
        left.get_coro().close()  # type: ignore[union-attr]  # as the garbage collector does, at any moment:
    assert gate.state().waiting == 0


def test_the_garbage_collector_may_come_while_the_lock_is_held() -> None:
    gate = Gates().gate("a|b|c", GatePolicy(max_concurrency=1))
    waits, holds = gate.admitted(), gate.admitted()

    def step(act: Coroutine[Any, Any, object]) -> None:
        with suppress(StopIteration):
            act.send(None)

    async def hold() -> None:
        async with holds:
            await sleep_forever()

    @types.coroutine
    def sleep_forever() -> Generator[None, None, None]:
        yield

    holding = hold()
    step(holding)
    assert gate.state().in_flight == 1

    def collected_in_the_middle() -> None:
        with gate._lock:
            began = time.monotonic()
            holding.close()
            assert time.monotonic() - began < 1, "it waited for the lock"
            assert gate._places.in_flight == 1, "it was changed under the feet of who holds the lock"
        assert gate._places.in_flight == 0

    threads(collected_in_the_middle)
    step(waits.__aenter__())
    assert gate.state().in_flight == 1


async def test_one_more_wake_than_needed_does_no_harm() -> None:
    gate = Gates().gate("a|b|c", GatePolicy(max_concurrency=1))
    crowd = Crowd(gate)
    async with anyio.create_task_group() as tasks, gate.admitted():
        for _ in range(3):
            tasks.start_soon(crowd.call)
        await anyio.wait_all_tasks_blocked()
        for _ in range(5):
            with gate._lock:
                for waiter in gate._line:
                    waiter.wake()
            await anyio.sleep(0.005)
        assert (crowd.done, gate.state().waiting) == (0, 3)
    assert (crowd.done, crowd.most) == (3, 1)
