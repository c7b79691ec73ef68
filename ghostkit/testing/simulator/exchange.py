"""One request of a vendor's API, from its bytes to its answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio

from ghostkit.providers.rehearsal.tokens import count_tokens
from ghostkit.testing.simulator.answers import compose, input_tokens
from ghostkit.testing.simulator.asks import Ask, Problem, Target
from ghostkit.testing.simulator.connection import Connection, HttpRequest
from ghostkit.testing.simulator.delivery import Delivery, facts, problem_of, send_reply
from ghostkit.testing.simulator.dialects import Dialect, Reply, dialect_of, embeddings
from ghostkit.testing.simulator.dialects.base import MODELS, Headers, dumps
from ghostkit.testing.simulator.dialects.ollama import Ollama
from ghostkit.testing.simulator.embedding import compose_embedding
from ghostkit.testing.simulator.routes import target_of
from ghostkit.testing.simulator.rules import Chosen, Fault, Pace

if TYPE_CHECKING:
    from ghostkit.testing.simulator.serving import Server


_BILLED = ("generate", "embed")


class Exchange:
    def __init__(
        self, server: Server, connection: Connection, request: HttpRequest, number: str, current: dict[str, Any]
    ) -> None:
        """`current` is what a close of the client is remembered with; its `during` is kept up to date here."""
        self._current = current
        self.server = server
        self._limits = server.limits
        self._era = server.era
        self.connection = connection
        self.request = request
        self.request_id = f"req_{number}"
        self.ask: Ask | None = None
        self.delivery: Delivery | None = None
        self.begun = False
        self._told: Fault | None = None
        """The fault whose status is the answer, where it is a rule's and not the key's, the model's or a limit's."""

    async def answer(self) -> None:
        request = self.request
        target = target_of(request.method, request.target, request.headers)
        if target is None or (target.kind == "embed" and not embeddings.speaker(target)):
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
            ask = (embeddings if target.kind == "embed" else dialect).read(target, body)
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
            problem = self._limits.enter(chosen.limits, input_tokens(ask))
            entered = problem is None
        try:
            if problem is not None:
                await self._reject(dialect, ask, chosen, problem)
            elif ask.target.kind in _BILLED:
                await self._generate(dialect, ask, chosen)
            else:
                await self._side(dialect, ask, chosen)
        finally:
            if entered:
                self._limits.leave(chosen.limits)

    def _problem(self, dialect: Dialect, ask: Ask, chosen: Chosen) -> Problem | None:
        key = dialect.key(self.request.headers)
        if key is None and ask.vendor == "openrouter" and ask.target.kind == "models":
            key = "none is needed"
        problem = None
        if key is None or key.startswith("wrong"):
            problem = Problem(status=401, code="key")
        elif chosen.fault is not None and chosen.fault.kind == "status":
            self._told = chosen.fault
            problem = problem_of(chosen.fault, ask, self.request_id)
        elif ask.model.startswith("no-such") and ask.target.kind != "pull":
            problem = Problem(status=404, code="model")
        elif ask.target.kind == "embed" and (chosen.fault is not None and chosen.fault.kind == "refuse"):
            self._told = chosen.fault
            problem = Problem(status=400, message="blocked input: please adjust it or try again")
        elif ask.target.kind == "embed":
            problem = embeddings.problem_in(ask, count_tokens)
        if problem is not None:
            problem.model, problem.request_id = ask.model, self.request_id
        return problem

    async def _reject(self, dialect: Dialect, ask: Ask, chosen: Chosen, problem: Problem) -> None:
        """Turn a call away: it is begun on the bill, but not billed."""
        faulty = self._told
        problem.request_id = self.request_id
        problem.model = ask.model
        await self._begin(ask, faulty, billed=False, status=problem.status)
        if faulty is not None:
            await self.note("fault", kind=faulty.kind, status=problem.status, said="")
        extra = dialect.limit_headers(self._limits.state(chosen.limits))
        await self._tell(dialect, problem, [*extra, *(faulty.headers.items() if faulty else ())])

    async def _tell(self, dialect: Dialect, problem: Problem, extra: Headers | None = None) -> None:
        self._current["during"] = "idle"
        reply = dialect.error(problem)
        await send_reply(self.connection, reply, [*dialect.headers(self.request_id), *(extra or [])])

    async def _begin(self, ask: Ask, fault: Fault | None, *, billed: bool, status: int = 200) -> None:
        if ask.target.kind not in _BILLED:
            return
        self.begun = True
        tokens = {"input_tokens": input_tokens(ask)}
        kind = fault.kind if fault else ""
        await self.note("begun", billed=billed, fault=kind, status=status, **tokens)

    async def note(self, event: str, **more: Any) -> None:
        assert self.ask is not None
        if event == "answered":
            self._current["during"] = "idle"
        recall = self._era == self.server.era
        await self.server.bill.note(event, recall=recall, **facts(self.ask), **more)

    async def _generate(self, dialect: Dialect, ask: Ask, chosen: Chosen) -> None:
        fault, reply = chosen.fault, chosen.reply
        await self._begin(ask, fault, billed=True)
        if ask.target.kind == "embed":
            answer = await compose_embedding(ask, reply, fault)
        else:
            answer = await compose(ask, reply, fault, self.server.cache)
        headers = [
            *dialect.headers(self.request_id),
            *dialect.limit_headers(self._limits.state(chosen.limits)),
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
        named = chosen.reply.models if chosen.reply is not None else None
        self._current["during"] = "idle"
        headers = dialect.headers(self.request_id)
        if kind == "pull" and isinstance(dialect, Ollama):
            await send_reply(self.connection, _pulled(dialect.pull(ask.model), ask.stream), headers)
            return
        if kind in ("models", "tags"):
            value = dialect.models(target, MODELS if named is None else named)
        elif kind in ("model", "show"):
            value = dialect.model(target)
        elif kind == "version":
            value = {"version": "0.12.0"}
        elif kind == "key":
            value = dialect.key_facts()
        else:
            said = chosen.reply.usage.input if chosen.reply is not None and chosen.reply.usage is not None else None
            value = dialect.count(ask, input_tokens(ask) if said is None else said)
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


def _pulled(lines: list[bytes], stream: bool) -> Reply:
    if stream:
        return Reply(status=200, body=b"".join(lines), content_type="application/x-ndjson")
    return Reply(status=500 if b'"error"' in lines[-1] else 200, body=lines[-1])
