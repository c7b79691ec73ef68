"""Run a plan's graph in one task group: as many nodes at a time as allowed, in reading order among the ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import anyio

from ghostkit.errors import StorageError
from ghostkit.writing.plan import Graph, Node

RunNode = Callable[[Node], Awaitable[bool]]
MoreNodes = Callable[[], Iterator[Node]]


class Gate:
    """Open or shut; a shut gate holds back what has not started."""

    def __init__(self) -> None:
        self.shut = False
        self._changed = anyio.Event()

    def close(self) -> None:
        self.shut = True

    def open(self) -> None:
        self.shut = False
        self._changed.set()
        self._changed = anyio.Event()

    async def passing(self) -> None:
        """Wait until the gate is open."""
        while self.shut:
            await self._changed.wait()


class Executor:
    """Walks a graph. `run_node` says whether a node came out whole; after one that didn't, nothing new is begun."""

    def __init__(
        self,
        run_node: RunNode,
        more_nodes: MoreNodes,
        is_done: Callable[[Node], bool],
        *,
        limit: int = 1,
        gate: Gate | None = None,
    ) -> None:
        self._run_node = run_node
        self._more_nodes = more_nodes
        self._is_done = is_done
        self._limit = limit
        self._gate = gate or Gate()
        self._woken = anyio.Event()
        self.graph = Graph()
        self.error: Exception | None = None

    async def run(self) -> bool:
        """Until everything is done or something failed; True when everything is."""
        async with anyio.create_task_group() as tasks:
            while True:
                self.graph.add(self._more_nodes(), self._is_done)
                await self._gate.passing()
                if not self._start_ready(tasks) and not self.graph.running:
                    break
                self._woken = anyio.Event()
                await self._woken.wait()
        if self.error is not None:
            raise self.error
        return self.graph.finished

    def _start_ready(self, tasks: anyio.abc.TaskGroup) -> bool:
        if self.graph.failed or self.error:
            return False
        free = self._limit - len(self.graph.running)
        ready = self.graph.ready()[: max(free, 0)]
        for node in ready:
            self.graph.start(node)
            tasks.start_soon(self._run, node)
        return bool(ready)

    async def _run(self, node: Node) -> None:
        whole = False
        try:
            whole = await self._run_node(node)
        except OSError as error:
            self.error = self.error or StorageError(
                f"Could not write: {error.strerror or error}.", fix="Nothing recorded was lost; make room and go on."
            )
        except Exception as error:  # told to whoever waits for the run, once its other nodes have ended
            self.error = self.error or error
        self.graph.end(node, whole)
        self._woken.set()
