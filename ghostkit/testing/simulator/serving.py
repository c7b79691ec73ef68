"""The server: connections taken, requests answered, rules kept."""

from __future__ import annotations

import socket
import sys
import traceback
from collections import deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus

from ghostkit.errors import StorageError
from ghostkit.testing.simulator import control
from ghostkit.testing.simulator.answers import PromptCache
from ghostkit.testing.simulator.bill import Bill
from ghostkit.testing.simulator.connection import ClientGone, Connection, HttpRequest
from ghostkit.testing.simulator.delivery import send_reply
from ghostkit.testing.simulator.dialects import Reply
from ghostkit.testing.simulator.dialects.base import dumps
from ghostkit.testing.simulator.exchange import Exchange
from ghostkit.testing.simulator.limits import LimitKeeper
from ghostkit.testing.simulator.rules import Rule, RuleBook

KEPT_REQUESTS = 1_000


class Server:
    """All of a simulator's state. `rules` are those it starts with and goes back to on a reset."""

    def __init__(self, rules: list[Rule], bill: Path | None = None) -> None:
        self.first_rules = rules
        self.era = 0
        """Counts the resets: what is left over from before one is not remembered after it."""
        self.bill = Bill(bill)
        self.reset()

    def reset(self) -> None:
        """Back to the first rules, with nothing remembered. The bill's file keeps its lines."""
        self.era += 1
        self.set_rules(self.first_rules)
        self.bill.lines.clear()
        self.requests: deque[HttpRequest] = deque(maxlen=KEPT_REQUESTS)
        self.closings: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self.cache = PromptCache()
        self.calls = 0

    def set_rules(self, rules: list[Rule]) -> None:
        self.book = RuleBook(rules)
        self.limits = LimitKeeper()

    async def serve(
        self, listener: socket.socket, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Answer until cancelled. `listener` is bound, listens, and doesn't block.

        :raises StorageError: the bill can't be written.
        """
        self.bill.open()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.bill.write)
                task_status.started()
                while True:
                    await anyio.wait_readable(listener)
                    _take(listener, tasks, self._connected)
        finally:
            self.bill.close()

    async def _connected(self, sock: socket.socket) -> None:
        current: dict[str, Any] = {}
        connection = Connection(sock, lambda at: self._closed(current, at))
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_read, connection)
                while True:
                    request = await connection.request()
                    current.clear()
                    if not await self._exchange(connection, request, current):
                        break
                tasks.cancel_scope.cancel()
        except* ClientGone:
            pass
        finally:
            connection.close()

    def _closed(self, current: dict[str, Any], at: float) -> None:
        if current and current["era"] == self.era:
            self.closings.append({**current, "monotonic": at})

    async def _exchange(self, connection: Connection, request: HttpRequest, current: dict[str, Any]) -> bool:
        """Answer one request; False when the connection is of no further use."""
        if request.target.startswith("/_simulator"):
            await send_reply(connection, control.answer(self, request), [])
            return True
        self.requests.append(request)
        self.calls += 1
        exchange = Exchange(self, connection, request, f"{self.calls:08x}", current)
        attempt = request.headers.get("idempotency-key", "")
        current.update(attempt_id=attempt, path=request.target, during="answer", era=self.era)
        finished = False

        async def answer() -> None:
            nonlocal finished
            try:
                await exchange.answer()
                finished = True
            except ClientGone:
                pass
            except StorageError:
                raise  # without its bill the simulator would lie, so it ends
            except Exception:
                traceback.print_exc()
                await _own_failure(connection)
            tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(answer)
            await connection.gone.wait()
            tasks.cancel_scope.cancel()
        if not finished:
            await exchange.abandoned()
        return finished


async def _read(connection: Connection) -> None:
    try:
        await connection.read()
    except (anyio.ClosedResourceError, OSError, ValueError):
        return  # closed from this side


async def _own_failure(connection: Connection) -> None:
    """Say that it was the simulator that failed: its own fault must never look like a vendor's."""
    said = {"error": {"message": "The simulator itself failed; its stderr says how.", "type": "simulator_failed"}}
    with suppress(ClientGone):
        await send_reply(connection, Reply(status=500, body=dumps(said)), [("x-simulator-failed", "1")])


def _take(listener: socket.socket, tasks: TaskGroup, serve: Any) -> None:
    """Take all connections that wait."""
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:  # none waits any more, one has left again, or there are too many open files
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tasks.start_soon(partial(serve, sock))


def listen(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A listening socket that doesn't block.

    :raises OSError: the port is in use, or the host isn't this machine's.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
