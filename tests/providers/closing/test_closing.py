"""Whoever leaves an answer before its end closes its socket: all are closed, at once, before the ledger hears of it.

How soon is gated by the best of a few, which a busy machine can't spoil; `python -m tests.bench closing` measures it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import anyio
import pytest

from ghostkit.ledger import AttemptState
from ghostkit.testing.simulator import Simulator, running_simulator

from .crashing import crash
from .scene import PROMPT, VENDORS, open_sockets, scene_of
from .ways import ONLY_ASYNCIO, WAYS, leaving_the_text

ROUNDS = 4
SOON_S = 0.010
BUSY_MACHINE_S = 0.5
KEPT = 3
"""Connections that stay open in the end: the simulator's own control line, and those of two answers that were whole."""


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator() as running:
        yield running


@pytest.mark.anyio
@pytest.mark.parametrize("vendor", VENDORS)
async def test_every_way_of_leaving_closes_the_socket(simulator: Simulator, vendor: str, anyio_backend: str) -> None:
    async with scene_of(simulator, vendor) as scene:
        for name, way in WAYS.items():
            if name in ONLY_ASYNCIO and anyio_backend != "asyncio":
                continue
            await scene.begin()
            left = dict([await way(scene) for _ in range(ROUNDS)])
            closed = await scene.closings(ROUNDS)
            assert set(closed) == set(left), f"{name}: not every socket was closed"
            took = [closed[attempt] - left_at for attempt, left_at in left.items()]
            told = f"{name}: {[f'{seconds * 1000:.1f} ms' for seconds in took]}"
            assert min(took) < SOON_S, told
            assert max(took) < BUSY_MACHINE_S, told
            assert open_sockets(simulator) <= KEPT, name


@pytest.mark.anyio
async def test_the_socket_closes_before_the_ledger_is_asked(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes its time holds the record up, and not the vendor's bill."""
    async with scene_of(simulator, "openai") as scene:
        await scene.begin()
        close, let_go, began = scene.service.ledger.close_attempt, threading.Event(), threading.Event()

        def slowly(*arguments: object) -> None:
            began.set()
            let_go.wait(5)
            close(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(scene.service.ledger, "close_attempt", slowly)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leaving_the_text, scene)
            closed = await scene.closings(1)
            assert len(closed) == 1
            while not began.is_set():
                await anyio.sleep(0.001)
            assert [one.ended for one in scene.service.streams.active()] == [None]
            let_go.set()


@pytest.mark.anyio
async def test_a_disk_that_is_being_waited_for_does_not_hold_the_socket_open(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene_of(simulator, "openai") as scene:
        await scene.begin()
        options, add = scene.service.options(), scene.service.ledger.add_partial
        object.__setattr__(options, "flush_interval_s", 0.01)
        monkeypatch.setattr(scene.service, "options", lambda: options)
        writing, let_go = threading.Event(), threading.Event()

        def slowly(*arguments: object) -> None:
            writing.set()
            let_go.wait(5)
            add(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(scene.service.ledger, "add_partial", slowly)
        ended: list[object] = []

        async def write() -> None:
            ended.append(await scene.service.generate("openai:slow", PROMPT, max_tokens=8000, stream_id="one"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            while not writing.is_set():
                await anyio.sleep(0.001)
            scene.service.streams.cancel("one")
            left_at = time.monotonic()
            (closed_at,) = (await scene.closings(1)).values()
            assert closed_at - left_at < BUSY_MACHINE_S
            assert ended == []
            let_go.set()
        assert [one.ending for one in ended] == [AttemptState.CANCELLED]  # type: ignore[attr-defined]


def test_a_killed_process_leaves_no_socket_open(simulator: Simulator) -> None:
    took = [crash(simulator, "openai")[0] for _ in range(2)]
    assert None not in took
    assert min(filter(None, took)) < BUSY_MACHINE_S
