"""Hand events to whoever listens; a handler that fails harms nobody."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from ghostkit.events.event import Event, EventType


@runtime_checkable
class EventHandler(Protocol):
    """An object with `handle(event)`, sync or async; a plain callable does as well."""

    def handle(self, event: Event) -> Awaitable[None] | None: ...


Handler = EventHandler | Callable[[Event], Awaitable[None] | None]
OnError = Callable[[Event, Handler, Exception], None]


def _call(handler: Handler, event: Event) -> Awaitable[None] | None:
    if isinstance(handler, EventHandler):
        return handler.handle(event)
    return handler(event)


class EventManager:
    """Subscribe, unsubscribe, emit.

    `emit` calls sync handlers at once, in order of subscription, from any thread; async handlers it meets are
    kept for `drain`. `emit_async` calls both kinds and waits for them. Handlers get events in emission order.
    Delivery in the process is at-least-once; exactly-once is the ledger's business.
    """

    def __init__(self, on_error: OnError | None = None) -> None:
        self._by_type: dict[EventType | None, list[Handler]] = {}
        self._waiting: list[tuple[Event, Awaitable[None], Handler]] = []
        self._lock = threading.Lock()
        self._on_error = on_error
        self.failures = 0
        """How many handler calls raised."""

    def subscribe(self, event_type: EventType, handler: Handler) -> None:
        """Call `handler` for every event of this type; subscribing twice is subscribing once."""
        self._add(event_type, handler)

    def subscribe_all(self, handler: Handler) -> None:
        """Call `handler` for every event."""
        self._add(None, handler)

    def unsubscribe(self, event_type: EventType | None, handler: Handler) -> None:
        """Stop calling `handler` (None: the one given to `subscribe_all`); unknown handlers are ignored."""
        with self._lock:
            handlers = self._by_type.get(event_type, [])
            if handler in handlers:
                handlers.remove(handler)

    def _add(self, event_type: EventType | None, handler: Handler) -> None:
        if not callable(handler) and not isinstance(handler, EventHandler):
            raise TypeError(f"{handler!r} is neither callable nor has a handle(event) method")
        with self._lock:
            handlers = self._by_type.setdefault(event_type, [])
            if handler not in handlers:
                handlers.append(handler)

    def _handlers(self, event_type: EventType) -> list[Handler]:
        with self._lock:
            return [*self._by_type.get(event_type, ()), *self._by_type.get(None, ())]

    def emit(self, event: Event) -> None:
        """Deliver to sync handlers now; async handlers run at the next `emit_async` or `drain`."""
        for handler in self._handlers(event.type):
            try:
                outcome = _call(handler, event)
            except Exception as error:
                self._failed(event, handler, error)
                continue
            if inspect.isawaitable(outcome):
                with self._lock:
                    self._waiting.append((event, outcome, handler))

    async def emit_async(self, event: Event) -> None:
        """Deliver to all handlers and wait for the async ones."""
        self.emit(event)
        if self._waiting:
            await self.drain()

    async def drain(self) -> None:
        """Wait until every async handler called so far has ended; call before shutting down."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                event, outcome, handler = self._waiting.pop(0)
            try:
                await outcome
            except Exception as error:
                self._failed(event, handler, error)

    def _failed(self, event: Event, handler: Handler, error: Exception) -> None:
        self.failures += 1
        if self._on_error is not None:
            self._on_error(event, handler, error)
