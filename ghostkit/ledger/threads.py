"""Run ledger and file work in worker threads: one limiter of four for all books of an event loop.

Measured: a limiter a book lets hundreds of threads contend for the interpreter; four are enough to keep a disk busy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

THREADS = 4

_T = TypeVar("_T")
_limiter: RunVar[CapacityLimiter] = RunVar("ghostkit_ledger_limiter")


async def in_thread(function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
    """Call `function` in a worker thread and wait for it, cancelled or not: a commit is never half awaited."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(THREADS)
        _limiter.set(limiter)
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=limiter)
