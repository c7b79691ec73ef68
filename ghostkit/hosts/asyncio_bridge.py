"""Background tasks on a running asyncio loop: the one place that creates a bare task.

A notebook has a loop but no task group to start in; the loop itself only keeps weak references to its tasks, so
they are held here until they end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from anyio.lowlevel import current_token

from ghostkit.errors import NoEventLoop
from ghostkit.ports import install

_tasks: set[asyncio.Task[None]] = set()


def spawn(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    """Start `work` on the running asyncio loop."""
    if not isinstance(current_token().native_token, asyncio.AbstractEventLoop):
        raise NoEventLoop(
            "On trio a run needs a task group to live in.", fix="Start it inside `async with ghostkit.background():`."
        )

    task = asyncio.get_running_loop().create_task(work(), name=name)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def use() -> None:
    """Make this the spawner of runs started outside any task group."""
    install(spawner=spawn)
