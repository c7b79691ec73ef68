"""Turn Ctrl-C and a polite kill into a call, for as long as a block lasts."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from ghostkit.cli.boundary import INTERRUPTED

STOPPING = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@asynccontextmanager
async def stopping_on_signals(
    stop: Callable[[], None], before_leaving: Callable[[], None] = lambda: None
) -> AsyncIterator[anyio.Event]:
    """Call `stop` at the first signal; at the second leave at once, which the ledger makes safe at any moment.

    Yields an event that is set once there was one. Errors of the body pass through as they are.
    """
    stopped = anyio.Event()

    async def heed() -> None:
        try:
            with anyio.open_signal_receiver(*STOPPING) as signals:
                async for _ in signals:
                    if stopped.is_set():
                        before_leaving()
                        os._exit(INTERRUPTED)
                    stopped.set()
                    stop()
        except NotImplementedError:  # Windows: Ctrl-C arrives as KeyboardInterrupt, and cancels from outside
            return

    error: BaseException | None = None
    async with anyio.create_task_group() as tasks:
        if threading.current_thread() is threading.main_thread():
            tasks.start_soon(heed)
        try:
            yield stopped
        except Exception as caught:  # handed on below, so that no exception group is made of it
            error = caught
        tasks.cancel_scope.cancel()
    if error is not None:
        raise error
