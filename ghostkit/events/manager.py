"""Hand events to whoever listens; a handler that fails harms nobody."""

from __future__ import annotations

import inspect
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from types import BuiltinMethodType, MethodType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ghostkit.events.event import Event, EventType

if TYPE_CHECKING:
    from anyio.lowlevel import RunVar


@runtime_checkable
class EventHandler(Protocol):
    """An object with `handle(event)`, sync or async; a plain callable does as well."""

    def handle(self, event: Event) -> Awaitable[None] | None: ...


Handler = EventHandler | Callable[[Event], Awaitable[None] | None]
OnError = Callable[[Event, Handler, Exception], None]
_Call = Callable[[Event], Awaitable[None] | None]

MOST_WAITING = 10_000
"""How many calls of async handlers `emit` keeps for the next `drain`; further ones are failures."""


class EventManager:
    """Subscribe, unsubscribe, emit.

    `emit` calls sync handlers at once, in order of subscription, from any thread; async handlers it meets are
    kept for `drain`. `emit_async` calls both kinds and waits for them. Handlers get events in emission order: what a
    handler emits is delivered when the event at hand has reached everybody. A handler that was subscribed both to
    a type and to all gets an event once. Delivery in the process is at-least-once; exactly-once is the ledger's.

    A handler that raises is counted in `failures` and told to `on_error(event, handler, error)`. What `on_error`
    itself emits may fail too: that is counted and not told again. Cancellation passes through.
    """

    def __init__(self, on_error: OnError | None = None) -> None:
        self._by_type: dict[EventType | None, list[tuple[int, Handler]]] = {}
        self._resolved: dict[EventType, tuple[_Listener, ...]] = {}
        self._serial = 0
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self.on_error = on_error
        self._here = threading.local()
        self._turns: RunVar[_Turn] | None = None
        self.failures = 0
        """How many handler calls raised."""

    def subscribe(self, event_type: EventType, handler: Handler) -> None:
        """Call `handler` for every event of this type; subscribing twice is subscribing once."""
        self._add(EventType(event_type), handler)

    def subscribe_all(self, handler: Handler) -> None:
        """Call `handler` for every event."""
        self._add(None, handler)

    def unsubscribe(self, event_type: EventType | None, handler: Handler) -> None:
        """Stop calling `handler` (None: the one given to `subscribe_all`); unknown handlers are ignored.

        An event that is being delivered at that moment still reaches it.
        """
        with self._lock:
            entries = self._by_type.get(event_type, [])
            entries[:] = [entry for entry in entries if not _same(entry[1], handler)]
            self._resolved.clear()

    def _add(self, event_type: EventType | None, handler: Handler) -> None:
        if isinstance(handler, type) or not (callable(handler) or isinstance(handler, EventHandler)):
            raise TypeError(f"{handler!r} is neither callable nor an object with a handle(event) method")
        with self._lock:
            entries = self._by_type.setdefault(event_type, [])
            if not any(_same(there, handler) for _, there in entries):
                self._serial += 1
                entries.append((self._serial, handler))
                self._resolved.clear()

    def _listeners(self, event_type: EventType) -> tuple[_Listener, ...]:
        with self._lock:
            found = self._resolved.get(event_type)
            if found is None:
                entries = [*self._by_type.get(event_type, ()), *self._by_type.get(None, ())]
                unique: list[Handler] = []
                for _, handler in sorted(entries, key=lambda entry: entry[0]):
                    if not any(_same(there, handler) for there in unique):
                        unique.append(handler)
                found = self._resolved[event_type] = tuple(_Listener(handler) for handler in unique)
            return found

    def emit(self, event: Event) -> None:
        """Deliver to sync handlers now; async handlers run at the next `emit_async` or `drain`."""
        quiet = getattr(self._here, "quiet", False)
        queue: deque[tuple[Event, bool]] | None = getattr(self._here, "queue", None)
        if queue is not None:
            queue.append((event, quiet))
            return
        queue = self._here.queue = deque([(event, quiet)])
        try:
            while queue:
                self._deliver(*queue.popleft())
        finally:
            self._here.queue = None

    def _deliver(self, event: Event, quiet: bool) -> None:
        for listener in self._listeners(event.type):
            if listener.is_async:
                self._keep(_Waiting(event, quiet, listener.handler, partial(listener.call, event)))
                continue
            try:
                outcome = listener.call(event)
            except Exception as error:
                self._failed(event, quiet, listener.handler, error)
                continue
            if inspect.isawaitable(outcome):
                self._keep(_Waiting(event, quiet, listener.handler, partial(_itself, outcome)))

    def _keep(self, waiting: _Waiting) -> None:
        with self._lock:
            full = len(self._waiting) >= MOST_WAITING
            if not full:
                self._waiting.append(waiting)
        if full:
            error = OverflowError(f"{MOST_WAITING} calls of async handlers are waiting and nobody drains them")
            self._failed(waiting.event, waiting.quiet, waiting.handler, error)

    async def emit_async(self, event: Event) -> None:
        """Deliver to all handlers and wait for the async ones."""
        self.emit(event)
        if self._waiting or any(listener.is_async for listener in self._listeners(event.type)):
            await self.drain()

    async def drain(self) -> None:
        """Wait until every async handler called so far has ended; call before shutting down.

        Calls run one after the other, whoever drains. A handler that emits from within does not wait for itself.
        """
        turn = self._turn()
        if turn.session in _sessions.get():
            await self._run_waiting()
            return
        async with turn.lock:
            turn.session = object()
            token = _sessions.set((*_sessions.get(), turn.session))
            try:
                await self._run_waiting()
            finally:
                _sessions.reset(token)
                turn.session = None

    async def _run_waiting(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                waiting = self._waiting.popleft()
            try:
                outcome = waiting.start()
                if outcome is not None:
                    await outcome
            except Exception as error:
                self._failed(waiting.event, waiting.quiet, waiting.handler, error)

    def _turn(self) -> _Turn:
        from anyio.lowlevel import RunVar

        with self._lock:
            if self._turns is None:
                self._turns = RunVar(f"ghostkit_turn_{id(self)}")
            turn = self._turns.get(None)
            if turn is None:
                turn = _Turn()
                self._turns.set(turn)
            return turn

    def _failed(self, event: Event, quiet: bool, handler: Handler, error: Exception) -> None:
        with self._lock:
            self.failures += 1
        if self.on_error is None or quiet or getattr(self._here, "quiet", False):
            return
        self._here.quiet = True
        try:
            self.on_error(event, handler, error)
        except Exception:
            with self._lock:
                self.failures += 1
        finally:
            self._here.quiet = False


_sessions: ContextVar[tuple[object, ...]] = ContextVar("ghostkit_drains", default=())
"""The drains that the code running now was called from."""


class _Turn:
    """Whose turn it is to drain, in one event loop."""

    def __init__(self) -> None:
        import anyio

        self.lock = anyio.Lock()
        self.session: object = None


class _Listener:
    """A handler, the callable to call, and whether calling it must wait for a loop."""

    __slots__ = ("call", "handler", "is_async")

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.call: _Call = handler.handle if isinstance(handler, EventHandler) else handler
        self.is_async = inspect.iscoroutinefunction(self.call) or inspect.iscoroutinefunction(
            getattr(self.call, "__call__", None)  # noqa: B004  an object whose __call__ is async
        )


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A call of an async handler that has not begun; `quiet` if its failure must not be told."""

    event: Event
    quiet: bool
    handler: Handler
    start: Callable[[], Awaitable[None] | None]


def _itself(outcome: Awaitable[None]) -> Awaitable[None]:
    return outcome


def _same(one: object, other: object) -> bool:
    """Identity, but two look-ups of one bound method are the same; equal objects are not."""
    return one is other or (isinstance(one, MethodType | BuiltinMethodType) and one == other)
