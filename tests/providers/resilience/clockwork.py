"""Gates in virtual time: minutes pass in milliseconds, and the waiting code is the real one."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import trio
from trio.testing import MockClock

from ghostkit.providers.resilience import Gates

T = TypeVar("T")


def in_virtual_time(act: Callable[[Gates], Awaitable[T]], *, seed: int = 0) -> T:
    """Run `act` with gates of its own; the clock jumps whenever everybody waits."""

    async def main() -> T:
        return await act(Gates(clock=trio.current_time, random=random.Random(seed).random))

    return trio.run(main, clock=MockClock(autojump_threshold=0))


def now() -> float:
    return trio.current_time()
