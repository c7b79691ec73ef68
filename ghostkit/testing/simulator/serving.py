"""The server: connections taken, requests answered, rules kept."""

from __future__ import annotations

import json
import socket
import sys
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.to_thread

from ghostkit.testing.simulator import control
from ghostkit.testing.simulator.answers import PromptCache, compose, input_tokens
from ghostkit.testing.simulator.asks import Ask, Problem, Target
from ghostkit.testing.simulator.bill import Bill
from ghostkit.testing.simulator.connection import ClientGone, Connection, HttpRequest
from ghostkit.testing.simulator.delivery import Delivery, facts, problem_of, send_reply
from ghostkit.testing.simulator.dialects import Dialect, Reply, dialect_of
from ghostkit.testing.simulator.dialects.base import Headers, dumps
from ghostkit.testing.simulator.dialects.ollama import Ollama
from ghostkit.testing.simulator.limits import LimitKeeper
from ghostkit.testing.simulator.routes import target_of
from ghostkit.testing.simulator.rules import Chosen, Fault, Pace, Rule, RuleBook

KEPT_REQUESTS = 2_000


class Server:
    """All of a simulator's state. `rules` are those it starts with and goes back to on a reset."""

    def __init__(self, rules: list[Rule], bill: Path | None = None) -> None:
        self.first_rules = rules
        self.bill = Bill(bill)
        self.reset()

    def reset(self) -> None:
        """Back to the first rules, with nothing remembered. The bill's file keeps its lines."""
        self.set_rules(self.first_rules)
        self.bill.lines.clear()
        self.requests: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self.closings: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self.cache = PromptCache()
        self.calls = 0

    def set_rules(self, rules: list[Rule]) -> None:
        self.book = RuleBook(rules)
        self.limits = LimitKeeper()

    async def serve(self, listener: socket.socket) -> None:
        """Answer until cancelled. `listener` is bound, listens, and doesn't block."""
        self.bill.open()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.bill.write)
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
                    current["during"] = "idle"
                tasks.cancel_scope.cancel()
        except* ClientGone:
            pass
        finally:
            connection.close()

    def _closed(self, current: dict[str, Any], at: float) -> None:
        if current:
            self.closings.append({**current, "monotonic": at})

    async def _exchange(self, connection: Connection, request: HttpRequest, current: dict[str, Any]) -> bool:
        """Answer one request; False when the connection is of no further use."""
        if request.target.startswith("/_simulator"):
            await send_reply(connection, control.answer(self, request), [])
            return True
        self._remember(request)
        self.calls += 1
        exchange = Exchange(self, connection, request, f"{self.calls:08x}")
        current.update(attempt_id=request.headers.get("idempotency-key", ""), path=request.target, during="answer")
        finished = False

        async def answer() -> None:
            nonlocal finished
            await exchange.answer()
            finished = True
            tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(answer)
            await connection.gone.wait()
            tasks.cancel_scope.cancel()
        if not finished:
            await exchange.abandoned()
        return finished

    def _remember(self, request: HttpRequest) -> None:
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            body = request.body.decode("utf-8", "replace")
        self.requests.append(
            {"method": request.method, "path": request.target, "headers": _masked(request.headers), "body": body}
        )


class Exchange:
    """One request of a vendor's API, from its bytes to its answer."""

    def __init__(self, server: Server, connection: Connection, request: HttpRequest, number: str) -> None:
        self.server = server
        self.connection = connection
        self.request = request
        self.request_id = f"req_{number}"
        self.ask: Ask | None = None
        self.delivery: Delivery | None = None
        self.begun = False

    async def answer(self) -> None:
        request = self.request
        target = target_of(request.method, request.target, request.headers)
        if target is None:
            missing = {"error": {"message": f"No vendor has {request.method} {request.target}.", "type": "not_found"}}
            await send_reply(self.connection, Reply(status=404, body=dumps(missing)), [])
            return
        dialect = dialect_of(target)
        ask = self.ask = self._read(dialect, target)
        if isinstance(ask, Ask):
            await self._answer(dialect, ask)
        else:
            wrong = Problem(status=400, message="The body is not a JSON object.", request_id=self.request_id)
            await self._tell(dialect, wrong)

    def _read(self, dialect: Dialect, target: Target) -> Ask | None:
        try:
            body = json.loads(self.request.body) if self.request.body else {}
        except ValueError:
            return None
        if not isinstance(body, dict):
            return None
        try:
            ask = dialect.read(target, body)
        except (AttributeError, TypeError):
            return None
        ask.model = ask.model or target.model
        target.model = target.model or ask.model
        ask.attempt_id = self.request.headers.get("idempotency-key", "")
        return ask

    async def _answer(self, dialect: Dialect, ask: Ask) -> None:
        chosen = self.server.book.choose(ask)
        problem = self._problem(dialect, ask, chosen)
        entered = problem is None and bool(chosen.limits)
        if entered:
            problem = self.server.limits.enter(chosen.limits, input_tokens(ask))
            entered = problem is None
        try:
            if problem is not None:
                await self._reject(dialect, ask, chosen, problem)
            elif ask.target.kind == "generate":
                await self._generate(dialect, ask, chosen)
            else:
                await self._side(dialect, ask, chosen)
        finally:
            if entered:
                self.server.limits.leave(chosen.limits)

    def _problem(self, dialect: Dialect, ask: Ask, chosen: Chosen) -> Problem | None:
        key = dialect.key(self.request.headers)
        problem = None
        if key is None or key.startswith("wrong"):
            problem = Problem(status=401, code="key")
        elif chosen.fault is not None and chosen.fault.kind == "status":
            problem = problem_of(chosen.fault, ask, self.request_id)
        elif ask.model.removeprefix("models/").startswith("no-such"):
            problem = Problem(status=404, code="model")
        if problem is not None:
            problem.model, problem.request_id = ask.model, self.request_id
        return problem

    async def _reject(self, dialect: Dialect, ask: Ask, chosen: Chosen, problem: Problem) -> None:
        """Turn a call away: it is begun on the bill, but not billed."""
        faulty = chosen.fault if chosen.fault is not None and chosen.fault.kind == "status" else None
        problem.request_id = self.request_id
        problem.model = ask.model
        await self._begin(ask, faulty, billed=False, status=problem.status)
        if faulty is not None:
            await self.note("fault", kind="status", status=problem.status, said="")
        extra = dialect.limit_headers(self.server.limits.state(chosen.limits))
        await self._tell(dialect, problem, [*extra, *(faulty.headers.items() if faulty else ())])

    async def _tell(self, dialect: Dialect, problem: Problem, extra: Headers | None = None) -> None:
        reply = dialect.error(problem)
        await send_reply(self.connection, reply, [*dialect.headers(self.request_id), *(extra or [])])

    async def _begin(self, ask: Ask, fault: Fault | None, *, billed: bool, status: int = 200) -> None:
        if ask.target.kind != "generate":
            return
        self.begun = True
        tokens = {"input_tokens": input_tokens(ask)}
        kind = fault.kind if fault else ""
        await self.note("begun", billed=billed, fault=kind, status=status, **tokens)

    async def note(self, event: str, **more: Any) -> None:
        assert self.ask is not None
        await self.server.bill.note(event, **facts(self.ask), **more)

    async def _generate(self, dialect: Dialect, ask: Ask, chosen: Chosen) -> None:
        fault, reply = chosen.fault, chosen.reply
        await self._begin(ask, fault, billed=True)
        answer = await anyio.to_thread.run_sync(compose, ask, reply, fault, self.server.cache)
        headers = [
            *dialect.headers(self.request_id),
            *dialect.limit_headers(self.server.limits.state(chosen.limits)),
            *(fault.headers.items() if fault else ()),
            *(reply.headers.items() if reply else ()),
        ]
        self.delivery = Delivery(
            connection=self.connection,
            dialect=dialect,
            ask=ask,
            answer=answer,
            fault=fault,
            pace=chosen.pace or Pace(),
            headers=headers,
            note=self.note,
        )
        await self.delivery.run()

    async def _side(self, dialect: Dialect, ask: Ask, chosen: Chosen) -> None:
        """Whatever isn't a generation: lists of models, counts, Ollama's pull."""
        fault = chosen.fault
        if fault is not None:
            await self._side_fault(fault)
            return
        kind, target = ask.target.kind, ask.target
        headers = dialect.headers(self.request_id)
        if kind == "pull" and isinstance(dialect, Ollama):
            lines = dialect.pull(ask.model)
            body = b"".join(lines) if ask.stream else lines[-1]
            await send_reply(
                self.connection, Reply(status=200, body=body, content_type="application/x-ndjson"), headers
            )
            return
        if kind in ("models", "tags"):
            value = dialect.models(target)
        elif kind in ("model", "show"):
            value = dialect.model(target)
        elif kind == "version":
            value = {"version": "0.12.0"}
        else:
            value = dialect.count(ask, input_tokens(ask))
        await send_reply(self.connection, Reply(status=200, body=dumps(value)), headers)

    async def _side_fault(self, fault: Fault) -> None:
        """Of the faults that aren't a status, a call beside generation knows the silent and the broken ones."""
        await self.note("fault", kind=fault.kind, said="")
        if fault.kind in ("stall_first", "stall_mid", "silent_mid", "drip"):
            await anyio.sleep(float("inf") if fault.seconds is None else fault.seconds)
        if fault.kind in ("garbage", "html", "not_json"):
            from ghostkit.testing.simulator.misdelivery import HTML

            await send_reply(self.connection, Reply(status=200, body=HTML, content_type="text/html"), [])
            return
        await self.connection.reset()

    async def abandoned(self) -> None:
        """The client left before its answer was whole."""
        if self.begun and self.ask is not None:
            said = self.delivery.said if self.delivery is not None else 0
            with anyio.CancelScope(shield=True):
                await self.note("abandoned", said_pieces=said)


async def _read(connection: Connection) -> None:
    try:
        await connection.read()
    except (anyio.ClosedResourceError, OSError, ValueError):
        return  # closed from this side


def _take(listener: socket.socket, tasks: anyio.abc.TaskGroup, serve: Any) -> None:
    """Take all connections that wait."""
    while True:
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tasks.start_soon(partial(serve, sock))


def _masked(headers: dict[str, str]) -> dict[str, str]:
    """Headers without their keys: how long they are is all that is kept."""
    secret = ("authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie")
    return {name: f"<{len(value)} characters>" if name in secret else value for name, value in headers.items()}


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
