"""Run searches in worker threads: a limiter of its own, so that a long one holds up neither ledger nor loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

THREADS = 4

_T = TypeVar("_T")
_limiter: RunVar[CapacityLimiter] = RunVar("ghostkit_retrieval_limiter")


async def in_thread(function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
    """Call `function` in a worker thread. Cancelled, the caller goes at once: a search changes nothing, and what the
    thread still finds is thrown away."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(THREADS)
        _limiter.set(limiter)
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=limiter, abandon_on_cancel=True)
