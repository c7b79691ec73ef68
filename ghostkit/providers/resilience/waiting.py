"""Waiting for one's turn, and being woken from any thread and any event loop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import anyio
from anyio.lowlevel import current_token

LOOK_AGAIN_S: Final = 5.0
"""Whoever waits for a turn looks again after this, woken or not: a loop that was stopped wakes nobody."""


class Waiter:
    """Someone in line. A wake is only a hint to look again, so one too many does no harm."""

    __slots__ = ("_event", "_loop", "in_host_line", "in_line")

    def __init__(self) -> None:
        self.in_line = False
        self.in_host_line = False
        self._event: anyio.Event | None = None
        self._loop: Any = None

    def get_ready(self) -> None:
        """Called in the waiter's own event loop, before it joins a line: from here on it can be woken."""
        if self._loop is None:
            self._loop = current_token().native_token
        self._event = anyio.Event()

    async def wait(self, seconds: float) -> None:
        """Until woken, at most `seconds`."""
        assert self._event is not None
        with anyio.move_on_after(max(seconds, 0.0)):
            await self._event.wait()

    def wake(self) -> None:
        """From any thread; never waits. The loop's own thread-safe call is used even in the same thread:

        that holds for asyncio and trio, and when the loop of the waiter is not the one that runs here.
        """
        event, loop = self._event, self._loop
        if event is None or event.is_set():
            return
        soon = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon
        try:
            soon(event.set)
        except RuntimeError:  # its loop has ended without a word; `awake` says so to whoever stands behind it
            self._event = None

    @property
    def awake(self) -> bool:
        """False while its event loop doesn't run: nobody behind it is to wait for that."""
        is_running = getattr(self._loop, "is_running", None)
        return self._event is not None and (is_running is None or bool(is_running()))


def first_awake(line: Iterable[Waiter], me: Waiter | None = None) -> Waiter | None:
    """The first in line that can go; `me`, who asks, can."""
    return next((waiter for waiter in line if waiter is me or waiter.awake), None)


def wake_first(line: Iterable[Waiter]) -> None:
    """Wake the first in line whose event loop runs."""
    for waiter in line:
        waiter.wake()
        if waiter.awake:
            return
