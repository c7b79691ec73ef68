"""Delivery: who gets an event, in which order, and what a failing handler does not do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from ghostkit.events import Event, EventManager, EventType
from ghostkit.events import manager as manager_module

pytestmark = pytest.mark.anyio

DONE, STARTED = EventType.SECTION_COMPLETED, EventType.SECTION_STARTED


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def event(n: int = 0, type: EventType = DONE) -> Event:
    return Event(type=type, data={"n": n})


class Recorder:
    """A sync handler object."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def handle(self, event: Event) -> None:
        self.seen.append(event.data["n"])


class AsyncRecorder(Recorder):
    """An async handler object that yields to the loop before it records."""

    async def handle(self, event: Event) -> None:  # type: ignore[override]
        await anyio.lowlevel.checkpoint()
        self.seen.append(event.data["n"])


def raising(event: Event) -> None:
    raise ValueError("handler broke")


async def raising_async(event: Event) -> None:
    raise ValueError("async handler broke")


def test_a_subscriber_gets_its_type_only_and_subscribe_all_gets_everything() -> None:
    events, typed, every = EventManager(), Recorder(), Recorder()
    events.subscribe(DONE, typed)
    events.subscribe_all(every)
    events.emit(event(1))
    events.emit(event(2, STARTED))
    assert (typed.seen, every.seen) == ([1], [1, 2])


def test_a_type_may_be_given_by_its_name_and_a_wrong_one_is_refused() -> None:
    events, seen = EventManager(), Recorder()
    events.subscribe("section_completed", seen)  # type: ignore[arg-type]
    events.emit(event(1))
    assert seen.seen == [1]
    with pytest.raises(ValueError, match="section_finished"):
        events.subscribe("section_finished", seen)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [None, 3, "handler", Recorder, object()])
def test_what_can_not_be_called_is_refused_at_once(wrong: Any) -> None:
    with pytest.raises(TypeError, match="handle"):
        EventManager().subscribe(DONE, wrong)


def test_unsubscribed_handlers_get_nothing_more_and_unknown_ones_are_ignored() -> None:
    events, seen, other = EventManager(), Recorder(), Recorder()
    events.subscribe(DONE, seen)
    events.subscribe_all(other)
    events.unsubscribe(DONE, other)
    events.unsubscribe(STARTED, seen)
    events.emit(event(1))
    events.unsubscribe(DONE, seen)
    events.unsubscribe(None, other)
    events.emit(event(2))
    assert (seen.seen, other.seen) == ([1], [1])


def test_subscribing_twice_or_to_both_delivers_once() -> None:
    events, seen, bound = EventManager(), Recorder(), Recorder()
    events.subscribe(DONE, seen)
    events.subscribe(DONE, seen)
    events.subscribe_all(seen)
    events.subscribe(DONE, bound.handle)
    events.subscribe(DONE, bound.handle)
    events.emit(event(1))
    assert (seen.seen, bound.seen) == ([1], [1])
    events.unsubscribe(DONE, bound.handle)
    events.emit(event(2))
    assert bound.seen == [1]


def test_two_handlers_that_compare_equal_are_still_two() -> None:
    class Equal(Recorder):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = object.__hash__

    events, one, two = EventManager(), Equal(), Equal()
    events.subscribe_all(one)
    events.subscribe_all(two)
    events.unsubscribe(None, two)
    events.emit(event(1))
    assert (one.seen, two.seen) == ([1], [])


def test_handlers_are_called_in_the_order_of_subscription_whatever_they_subscribed_to() -> None:
    events, order = EventManager(), []
    events.subscribe_all(lambda _: order.append("all first"))
    events.subscribe(DONE, lambda _: order.append("typed second"))
    events.subscribe_all(lambda _: order.append("all third"))
    events.emit(event())
    assert order == ["all first", "typed second", "all third"]


def test_a_raising_handler_harms_nobody_and_is_counted_and_told() -> None:
    told: list[tuple[int, object, str]] = []
    events = EventManager(on_error=lambda e, h, x: told.append((e.data["n"], h, str(x))))
    before, after = Recorder(), Recorder()
    for handler in (before, raising, after):
        events.subscribe_all(handler)
    events.emit(event(1))
    events.emit(event(2))
    assert (before.seen, after.seen, events.failures) == ([1, 2], [1, 2], 2)
    assert told == [(1, raising, "handler broke"), (2, raising, "handler broke")]


def test_an_on_error_that_raises_harms_nobody() -> None:
    def worse(event: Event, handler: object, error: Exception) -> None:
        raise RuntimeError("and so did I")

    events, after = EventManager(on_error=worse), Recorder()
    events.subscribe_all(raising)
    events.subscribe_all(after)
    events.emit(event(1))
    assert (after.seen, events.failures) == ([1], 2)


def test_an_on_error_that_emits_to_the_failing_handler_does_not_go_round_for_ever() -> None:
    def report(event: Event, handler: object, error: Exception) -> None:
        events.emit(Event(type=EventType.ERROR_OCCURRED, data={"n": -event.data["n"]}))

    events, after = EventManager(on_error=report), Recorder()
    events.subscribe_all(raising)
    events.subscribe_all(after)
    events.emit(event(1))
    events.emit(event(2))
    assert after.seen == [1, -1, 2, -2]
    assert events.failures == 4


def test_keyboard_interrupt_is_not_a_failure_of_a_handler() -> None:
    def interrupted(event: Event) -> None:
        raise KeyboardInterrupt

    events, seen = EventManager(), Recorder()
    events.subscribe_all(interrupted)
    with pytest.raises(KeyboardInterrupt):
        events.emit(event(1))
    events.unsubscribe(None, interrupted)
    events.subscribe_all(seen)
    events.emit(event(2))
    assert (seen.seen, events.failures) == ([2], 0)


def test_what_a_handler_emits_comes_after_the_event_at_hand_for_everybody() -> None:
    events, last = EventManager(), Recorder()

    def answer(event: Event) -> None:
        if event.data["n"] < 3:
            events.emit(Event(type=DONE, data={"n": event.data["n"] + 1}))

    events.subscribe_all(answer)
    events.subscribe_all(last)
    events.emit(event(1))
    assert last.seen == [1, 2, 3]


def test_unsubscribing_and_subscribing_while_an_event_is_delivered() -> None:
    events, late, gone = EventManager(), Recorder(), Recorder()

    def once(event: Event) -> None:
        events.unsubscribe(None, once)
        events.unsubscribe(None, gone)
        events.subscribe_all(late)
        calls.append(event)

    calls: list[Event] = []
    events.subscribe_all(once)
    events.subscribe_all(gone)
    events.emit(event(1))
    events.emit(event(2))
    assert (len(calls), gone.seen, late.seen) == (1, [1], [2])


async def test_emit_async_waits_for_sync_and_async_handlers() -> None:
    events, sync, async_, functions = EventManager(), Recorder(), AsyncRecorder(), []

    async def function(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        functions.append(event.data["n"])

    for handler in (async_, sync, function):
        events.subscribe_all(handler)
    await events.emit_async(event(1))
    assert (sync.seen, async_.seen, functions) == ([1], [1], [1])


async def test_emit_leaves_async_handlers_to_the_next_drain_in_order() -> None:
    events, async_ = EventManager(), AsyncRecorder()
    events.subscribe_all(async_)
    for n in range(5):
        events.emit(event(n))
    assert async_.seen == []
    await events.emit_async(event(5))
    assert async_.seen == [0, 1, 2, 3, 4, 5]


async def test_a_callable_that_returns_an_awaitable_is_awaited_too() -> None:
    events, async_ = EventManager(), AsyncRecorder()
    events.subscribe_all(lambda event: async_.handle(event))
    await events.emit_async(event(1))
    assert async_.seen == [1]


async def test_an_object_whose_call_is_async_is_awaited() -> None:
    class Callable_:
        seen = 0

        async def __call__(self, event: Event) -> None:
            await anyio.lowlevel.checkpoint()
            self.seen += 1

    events, handler = EventManager(), Callable_()
    events.subscribe_all(handler)
    await events.emit_async(event())
    assert handler.seen == 1


async def test_a_raising_async_handler_harms_nobody_and_is_counted_and_told() -> None:
    told: list[str] = []
    events, after = EventManager(on_error=lambda e, h, x: told.append(str(x))), AsyncRecorder()
    events.subscribe_all(raising_async)
    events.subscribe_all(after)
    await events.emit_async(event(1))
    assert (after.seen, events.failures, told) == ([1], 1, ["async handler broke"])


async def test_on_error_that_emits_for_a_failing_async_handler_ends() -> None:
    def report(event: Event, handler: object, error: Exception) -> None:
        events.emit(Event(type=EventType.ERROR_OCCURRED, data={"n": -1}))

    events, after = EventManager(on_error=report), AsyncRecorder()
    events.subscribe_all(raising_async)
    events.subscribe_all(after)
    with anyio.fail_after(5):
        await events.emit_async(event(1))
    assert (after.seen, events.failures) == ([1, -1], 2)


async def test_drain_waits_for_a_call_that_another_task_has_begun() -> None:
    events, begun, go, ended = EventManager(), anyio.Event(), anyio.Event(), []

    async def slow(event: Event) -> None:
        begun.set()
        await go.wait()
        ended.append(event.data["n"])

    events.subscribe_all(slow)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(events.emit_async, event(1))
        await begun.wait()
        with anyio.move_on_after(0.02) as scope:
            await events.drain()
        assert scope.cancelled_caught, "drain returned while a handler was still at work"
        go.set()
        with anyio.fail_after(5):
            await events.drain()
        assert ended == [1]


async def test_async_handlers_get_events_one_at_a_time_and_in_order_from_many_tasks() -> None:
    events, emitted, seen, inside = EventManager(), [], [], 0

    async def careful(event: Event) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        seen.append(event.data["n"])
        inside -= 1

    async def emit(n: int) -> None:
        emitted.append(n)
        await events.emit_async(event(n))
        assert n in seen, "emit_async returned before the handler of its event had ended"

    events.subscribe_all(careful)
    async with anyio.create_task_group() as tasks:
        for n in range(20):
            tasks.start_soon(emit, n)
    assert seen == emitted
    assert events.failures == 0


async def test_an_async_handler_that_emits_does_not_wait_for_itself() -> None:
    events, seen = EventManager(), AsyncRecorder()

    async def answer(event: Event) -> None:
        if event.data["n"] < 3:
            await events.emit_async(Event(type=DONE, data={"n": event.data["n"] + 1}))

    events.subscribe_all(answer)
    events.subscribe_all(seen)
    with anyio.fail_after(5):
        await events.emit_async(event(1))
    assert (seen.seen, events.failures) == ([1, 2, 3], 0)


async def test_two_managers_that_emit_to_each_other_do_not_lock() -> None:
    one, two, seen = EventManager(), EventManager(), AsyncRecorder()

    async def forward(event: Event) -> None:
        await two.emit_async(event)

    async def back(event: Event) -> None:
        if event.data["n"] == 1:
            await one.emit_async(Event(type=DONE, data={"n": 2}))

    one.subscribe_all(forward)
    one.subscribe_all(seen)
    two.subscribe_all(back)
    with anyio.fail_after(5):
        await one.emit_async(event(1))
    assert (sorted(seen.seen), one.failures, two.failures) == ([1, 2], 0, 0)


async def test_a_task_that_a_handler_left_behind_takes_its_turn_again() -> None:
    """Its context still names the drain it was started from, which is over."""
    events, go, order = EventManager(), anyio.Event(), []

    async def later() -> None:
        await go.wait()
        await events.emit_async(event(2))

    async def handler(event: Event) -> None:
        order.append(f"{event.data['n']} in")
        if event.data["n"] == 1:
            tasks.start_soon(later)
        await anyio.lowlevel.checkpoint()
        order.append(f"{event.data['n']} out")

    events.subscribe_all(handler)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            await events.emit_async(event(1))
            go.set()
            await events.emit_async(event(3))
    assert events.failures == 0
    assert [order[i : i + 2] for i in range(0, 6, 2)] == [[f"{n} in", f"{n} out"] for n in _starts(order)]


def _starts(order: list[str]) -> list[str]:
    return [entry.split()[0] for entry in order if entry.endswith("in")]


async def test_a_cancelled_drain_leaves_the_rest_for_the_next_one() -> None:
    events, seen, begun = EventManager(), AsyncRecorder(), anyio.Event()

    async def stuck(event: Event) -> None:
        begun.set()
        await anyio.sleep_forever()

    events.subscribe_all(stuck)
    events.subscribe_all(seen)
    events.emit(event(1))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(events.drain)
        await begun.wait()
        tasks.cancel_scope.cancel()
    assert (seen.seen, events.failures) == ([], 0)
    events.unsubscribe(None, stuck)
    with anyio.fail_after(5):
        await events.drain()
    assert seen.seen == [1]


async def test_emitting_from_another_thread_reaches_sync_handlers_there_and_async_ones_at_the_drain() -> None:
    events, async_ = EventManager(), AsyncRecorder()
    threads: list[int] = []
    events.subscribe_all(lambda _: threads.append(threading.get_ident()))
    events.subscribe_all(async_)

    def emit_many() -> None:
        for n in range(50):
            events.emit(event(n))

    await anyio.to_thread.run_sync(emit_many)
    assert len(threads) == 50
    assert threading.get_ident() not in threads
    await events.drain()
    assert async_.seen == list(range(50))


def test_threads_that_emit_at_once_lose_nothing_and_keep_each_ones_order() -> None:
    events, seen, lock = EventManager(), [], threading.Lock()

    def record(event: Event) -> None:
        with lock:
            seen.append((event.source, event.data["n"]))

    def emit(name: str) -> None:
        for n in range(200):
            events.emit(Event(type=DONE, data={"n": n}, source=name))

    events.subscribe_all(record)
    events.subscribe_all(raising)
    threads = [threading.Thread(target=emit, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert events.failures == 800
    for name in "abcd":
        assert [n for source, n in seen if source == name] == list(range(200))


def test_async_calls_that_nobody_drains_are_bounded_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager_module, "MOST_WAITING", 3)
    told: list[str] = []
    events = EventManager(on_error=lambda e, h, x: told.append(str(x)))
    events.subscribe_all(AsyncRecorder())
    for n in range(5):
        events.emit(event(n))
    assert events.failures == 2
    assert "nobody drains" in told[0]


@pytest.mark.parametrize("first", ["asyncio", "trio"])
def test_one_manager_serves_several_loops_one_after_the_other(first: str) -> None:
    events, seen = EventManager(), AsyncRecorder()
    events.subscribe_all(seen)
    backends = ["asyncio", "trio", "asyncio"] if first == "asyncio" else ["trio", "asyncio", "trio"]
    for n, backend in enumerate(backends):
        anyio.run(events.emit_async, event(n), backend=backend)
    assert seen.seen == [0, 1, 2]


async def test_emit_async_without_async_handlers_does_not_wait_for_a_slow_one_of_another_event() -> None:
    events, begun, seen = EventManager(), anyio.Event(), Recorder()

    async def stuck(event: Event) -> None:
        begun.set()
        await anyio.sleep_forever()

    events.subscribe(STARTED, stuck)
    events.subscribe(DONE, seen)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(events.emit_async, event(1, STARTED))
        await begun.wait()
        with anyio.fail_after(5):
            await events.emit_async(event(2))
        tasks.cancel_scope.cancel()
    assert seen.seen == [2]


def test_an_event_costs_microseconds() -> None:
    """A generous bound: emitting must never be what a chunk of text waits for."""
    import time

    events = EventManager()
    handlers: list[Callable[[Event], None]] = [lambda _: None for _ in range(5)]
    for handler in handlers:
        events.subscribe_all(handler)
    one, started = event(), time.process_time()
    for _ in range(2_000):
        events.emit(one)
    assert (time.process_time() - started) / 2_000 < 100e-6
