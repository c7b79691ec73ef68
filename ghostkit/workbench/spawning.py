"""Where a run's background task lives: given, inside `async with background():`, or on the host's own loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.lowlevel

from ghostkit.errors import NoEventLoop
from ghostkit.ports import Spawner, installed_spawner

_current: ContextVar[Spawner | None] = ContextVar("ghostkit_spawner", default=None)


@asynccontextmanager
async def background() -> AsyncIterator[None]:
    """Runs started inside live in this block's task group, on asyncio and trio; leaving it waits for them.

    An error raised in the block stops them, and comes out as it is, not in an exception group.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:

        def spawn(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
            tasks.start_soon(work, name=name)

        token = _current.set(spawn)
        try:
            yield
        except Exception as error:
            failure = error
            tasks.cancel_scope.cancel()
        finally:
            _current.reset(token)
    if failure is not None:
        raise failure


def find_spawner(given: Spawner | None) -> Spawner:
    """The spawner to use now; raises `NoEventLoop` with what to do where there is none."""
    try:
        anyio.lowlevel.current_token()
    except anyio.NoEventLoopError:
        raise NoEventLoop(
            "There is no event loop here to write in the background.",
            fix="Use ghostkit.sync in a script, or call this inside anyio.run().",
        ) from None
    spawner = given or _current.get() or installed_spawner()
    if spawner is None:
        raise NoEventLoop(
            "Nothing here can hold a background task.", fix="Start runs inside `async with ghostkit.background():`."
        )
    return spawner
