"""Run an embedder's blocking work in worker threads, a few at a time for an event loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

THREADS = 4
WAITERS = 1000
"""Threads that only wait for what another task computes; a limit of their own, so that they hold up no work."""

_T = TypeVar("_T")
_limiter: RunVar[CapacityLimiter] = RunVar("ghostkit_embedding_limiter")
_waiters: RunVar[CapacityLimiter] = RunVar("ghostkit_embedding_waiters")


async def in_thread(function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
    """Call `function` in a worker thread and wait for it, cancelled or not."""
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=_own(_limiter, THREADS))


async def wait_in_thread(wait: Callable[[], object]) -> None:
    """Wait for another thread's or task's work; a cancelled caller leaves at once."""
    await to_thread.run_sync(wait, abandon_on_cancel=True, limiter=_own(_waiters, WAITERS))


def _own(variable: RunVar[CapacityLimiter], most: int) -> CapacityLimiter:
    try:
        return variable.get()
    except LookupError:
        limiter = CapacityLimiter(most)
        variable.set(limiter)
        return limiter
