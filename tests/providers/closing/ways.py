"""The ways to leave an answer before its end. Each gives the attempt's id and the `time.monotonic()` of leaving."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import anyio

from ghostkit.generation.fanout import fan_out
from ghostkit.generation.prompts import Prompt
from ghostkit.generation.spec import StepSpec
from ghostkit.ledger import Slot
from ghostkit.providers import Message, TextDelta

from .scene import PROMPT, Scene

Way = Callable[[Scene], Coroutine[Any, Any, tuple[str, float]]]


async def leaving_early(scene: Scene) -> tuple[str, float]:
    request, left_at, pieces = scene.request(), 0.0, 0
    async with scene.provider.stream(request) as stream:
        async for event in stream:
            pieces += isinstance(event, TextDelta)
            if pieces == 2:
                left_at = time.monotonic()
                break
    return request.attempt_id, left_at


async def cancelling_the_scope(scene: Scene) -> tuple[str, float]:
    """From beside the reader, while it waits for the next piece."""
    request, left_at, reading = scene.request(), 0.0, anyio.Event()

    async def read(scope: anyio.CancelScope) -> None:
        with scope:
            async with scene.provider.stream(request) as stream:
                await _two_pieces_then_all(stream, reading)

    async with anyio.create_task_group() as tasks:
        scope = anyio.CancelScope()
        tasks.start_soon(read, scope)
        await reading.wait()
        left_at = time.monotonic()
        scope.cancel()
    return request.attempt_id, left_at


async def cancelling_the_task(scene: Scene) -> tuple[str, float]:
    """`asyncio.Task.cancel()`, as a notebook's interrupt or a web server does."""
    request, reading = scene.request(), anyio.Event()

    async def read() -> None:
        async with scene.provider.stream(request) as stream:
            await _two_pieces_then_all(stream, reading)

    task = asyncio.get_running_loop().create_task(read())
    await reading.wait()
    left_at = time.monotonic()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return request.attempt_id, left_at


async def failing_oneself(scene: Scene) -> tuple[str, float]:
    request, left_at, pieces = scene.request(), 0.0, 0
    with suppress(ZeroDivisionError):
        async with scene.provider.stream(request) as stream:
            async for event in stream:
                pieces += isinstance(event, TextDelta)
                if pieces == 2:
                    left_at = time.monotonic()
                    raise ZeroDivisionError
    return request.attempt_id, left_at


async def cancelling_by_id(scene: Scene) -> tuple[str, float]:
    """`streams.cancel(id)` of a service, from beside."""
    left_at, coming = 0.0, anyio.Event()

    async def write() -> None:
        await scene.service.generate(
            f"{scene.vendor}:slow", PROMPT, max_tokens=8000, on_text=lambda text: coming.set(), stream_id="the-stream"
        )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        await coming.wait()
        attempt = _attempt_under_way(scene)
        left_at = time.monotonic()
        scene.service.streams.cancel("the-stream")
    return attempt, left_at


async def leaving_the_text(scene: Scene) -> tuple[str, float]:
    left_at, pieces, attempt = 0.0, 0, ""
    async with scene.service.stream_text(f"{scene.vendor}:slow", PROMPT, max_tokens=8000) as text:
        async for _piece in text:
            pieces += 1
            if pieces == 2:
                attempt = _attempt_under_way(scene)
                left_at = time.monotonic()
                break
    return attempt, left_at


async def losing_a_race(scene: Scene) -> tuple[str, float]:
    """Left, when the winner's answer is known to be whole."""
    won_at: list[float] = []
    losers: list[str] = []

    def whole(attempt: str, text: str) -> tuple[()]:
        losers.extend(one.attempt_id for one in scene.service.streams.active() if one.attempt_id != attempt)
        won_at.append(time.monotonic())
        return ()

    messages = (Message(role="user", parts=(PROMPT,)),)
    slot = Slot(object_id="race-" + scene.request().attempt_id, kind="text")
    prompt = Prompt(template="", messages=messages)
    spec = StepSpec(slot=slot, model="", prompt=prompt, max_tokens=8000, done_events=whole)
    await fan_out(scene.service, spec, [f"{scene.vendor}:fast", f"{scene.vendor}:slow"], mode="first")
    return losers[0], won_at[0]


async def _two_pieces_then_all(stream: object, reading: anyio.Event) -> None:
    pieces = 0
    async for event in stream:  # type: ignore[attr-defined]
        pieces += isinstance(event, TextDelta)
        if pieces == 2:
            reading.set()


def _attempt_under_way(scene: Scene) -> str:
    (one,) = scene.service.streams.active()
    return one.attempt_id


WAYS: Final[dict[str, Way]] = {
    "leaving early": leaving_early,
    "cancelling the scope": cancelling_the_scope,
    "task.cancel()": cancelling_the_task,
    "an exception of the caller's": failing_oneself,
    "streams.cancel(id)": cancelling_by_id,
    "leaving stream_text": leaving_the_text,
    "losing a race": losing_a_race,
}
ONLY_ASYNCIO: Final = frozenset({"task.cancel()"})
