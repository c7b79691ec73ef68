"""An answer on its way: heads, chunks, pace, and every way in which it may go wrong after its headers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import anyio

from ghostkit.testing.simulator.asks import Answer, Ask, Problem
from ghostkit.testing.simulator.connection import Connection
from ghostkit.testing.simulator.dialects import Dialect, Reply, Script
from ghostkit.testing.simulator.dialects.base import Headers
from ghostkit.testing.simulator.rules import Fault, Pace

BATCH = 16384
"""Bytes written at once where nothing is paced."""
Note = Callable[..., Awaitable[None]]


def head(status: int, headers: Headers, content_type: str, length: int | None, *, close: bool = False) -> bytes:
    """The head of an answer: with its length, or chunked, or up to the end of the connection."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Overloaded" if status == 529 else "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", f"date: {_date()}", f"content-type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if length is not None:
        lines.append(f"content-length: {length}")
    elif not close:
        lines.append("transfer-encoding: chunked")
    if close:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _date() -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())


class Body:
    """The body of a streamed answer: each event is an HTTP chunk, or plain bytes ended by the connection's end."""

    def __init__(self, connection: Connection, *, chunked: bool) -> None:
        self._connection = connection
        self._chunked = chunked

    def frame(self, event: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(event), event) if self._chunked else event

    async def send(self, *events: bytes) -> None:
        data = b"".join(self.frame(event) for event in events if event)
        if data:
            await self._connection.send(data)

    async def end(self, *last: bytes) -> None:
        """The last events and the end of the body, in one write."""
        data = b"".join(self.frame(event) for event in last if event)
        await self._connection.send(data + (b"0\r\n\r\n" if self._chunked else b""))
        if not self._chunked:
            self._connection.close()


class Delivery:
    """One answer to one ask. `note` writes a line of the bill; `said` counts the pieces of text handed out."""

    def __init__(
        self,
        *,
        connection: Connection,
        dialect: Dialect,
        ask: Ask,
        answer: Answer,
        fault: Fault | None,
        pace: Pace,
        headers: Headers,
        note: Note,
    ) -> None:
        self.connection = connection
        self.dialect = dialect
        self.ask = ask
        self.answer = answer
        self.fault = fault
        self.pace = pace
        self.headers = headers
        self._note = note
        self.said = 0
        self.started = time.monotonic()

    @property
    def said_text(self) -> str:
        return "".join(self.answer.pieces[: self.said])

    async def fired(self) -> None:
        """Note that the fault happens now, and what text was sent before it."""
        assert self.fault is not None
        await self._note("fault", kind=self.fault.kind, said=self.said_text)

    async def answered(self) -> None:
        what = "vectors" if self.ask.target.kind == "embed" else "output_tokens"
        await self._note("answered", **{what: len(self.answer.pieces)})

    async def run(self) -> None:
        """Send the answer, or what the fault makes of it."""
        if self.pace.headers_s:
            await anyio.sleep(self.pace.headers_s)
        self.started = time.monotonic()
        if self.ask.stream:
            await self._stream()
        else:
            await self._whole()

    # ── streamed ──────────────────────────────────────────────────────────────────────────────────────────

    def body(self) -> Body:
        return Body(self.connection, chunked=self.pace.framing == "chunked")

    async def send_head(self, extra: Headers | None = None) -> None:
        kind = self.dialect.stream_type_for(self.ask.target)
        close = self.pace.framing == "close"
        cache: Headers = [("cache-control", "no-cache"), *self.headers, *(extra or [])]
        await self.connection.send(head(200, cache, kind, None, close=close))

    async def _stream(self) -> None:
        from ghostkit.testing.simulator.misdelivery import STREAM_FAULTS

        script = self.dialect.script(self.ask, self.answer)
        handler = STREAM_FAULTS.get(self.fault.kind) if self.fault else None
        if handler is not None:
            await handler(self, script)
            return
        if self.fault is not None:  # what it does has been done to the answer itself
            await self.fired()
        await self.send_head()
        await self.send_script(script)

    async def send_script(self, script: Script) -> None:
        """Everything, in order; the terminal event goes out when `answered` is on the bill."""
        await self.body().send(*script.opening)
        await self.send_rest(script)

    async def send_rest(self, script: Script) -> None:
        """What follows the pieces that are said."""
        body = self.body()
        await self.send_pieces(script, body, self.said, len(self.answer.pieces))
        await self.answered()
        await body.end(*script.closing)

    async def send_pieces(self, script: Script, body: Body, start: int, stop: int) -> None:
        """The pieces from `start` up to `stop`, at the pace asked for."""
        if start == 0 and self.pace.first_token_s:
            await anyio.sleep_until(_loop_time(self.started + self.pace.first_token_s))
        if self.pace.tokens_per_s:
            await self._paced(script, body, start, stop)
        else:
            await self._unpaced(script, body, start, stop)

    async def _unpaced(self, script: Script, body: Body, start: int, stop: int) -> None:
        pieces, size, frame, delta = self.answer.pieces, self.pace.tokens_per_chunk, body.frame, script.delta
        held: list[bytes] = []
        weight = 0
        for place in range(start, stop, size):
            upto = min(place + size, stop)
            text = pieces[place] if size == 1 else "".join(pieces[place:upto])
            event = frame(delta(place, text))
            held.append(event)
            weight += len(event)
            if weight >= BATCH:
                await self.connection.send(b"".join(held))
                self.said = upto
                held, weight = [], 0
        if held:
            await self.connection.send(b"".join(held))
        self.said = max(self.said, stop)

    async def _paced(self, script: Script, body: Body, start: int, stop: int) -> None:
        """A schedule rather than pauses: what one chunk is late, the next one makes good."""
        pieces, size = self.answer.pieces, self.pace.tokens_per_chunk
        begun = self.started + self.pace.first_token_s
        for place in range(start, stop, size):
            due = begun + place / self.pace.tokens_per_s
            if due > time.monotonic():
                await anyio.sleep_until(_loop_time(due))
            upto = min(place + size, stop)
            text = f"{time.monotonic():.6f} " if self.answer.stamped else "".join(pieces[place:upto])
            await body.send(script.delta(place, text))
            self.said = upto

    # ── in one piece ──────────────────────────────────────────────────────────────────────────────────────

    def whole(self) -> bytes:
        from ghostkit.testing.simulator.dialects import embeddings
        from ghostkit.testing.simulator.dialects.base import dumps

        if self.ask.target.kind == "embed":
            self.answer.vectors = self.answer.vectors[: len(self.answer.pieces)]
            return embeddings.whole(self.ask, self.answer)
        return dumps(self.dialect.plain(self.ask, self.answer))

    async def _whole(self) -> None:
        from ghostkit.testing.simulator.misdelivery import PLAIN_FAULTS

        seconds = self.pace.first_token_s
        if self.pace.tokens_per_s:
            seconds += len(self.answer.pieces) / self.pace.tokens_per_s
        if seconds:
            await anyio.sleep(seconds)
        handler = PLAIN_FAULTS.get(self.fault.kind) if self.fault else None
        if handler is not None:
            await handler(self)
            return
        if self.fault is not None:
            await self.fired()
        await self.send_whole(self.whole())

    async def send_whole(self, body: bytes) -> None:
        self.said = len(self.answer.pieces)
        await self.answered()
        await send_reply(self.connection, Reply(status=200, body=body), self.headers)


async def send_reply(connection: Connection, reply: Reply, headers: Headers) -> None:
    """An answer in one piece."""
    start = head(reply.status, [*headers, *reply.headers], reply.content_type, len(reply.body))
    await connection.send(start + reply.body)


def _loop_time(monotonic: float) -> float:
    """A moment of `time.monotonic` on the event loop's own clock, which may be another one."""
    return anyio.current_time() + monotonic - time.monotonic()


def problem_of(fault: Fault, ask: Ask, request_id: str) -> Problem:
    return Problem(
        status=fault.status,
        code=fault.code,
        message=fault.message,
        retry_after_s=fault.retry_after_s,
        retry_after_form=fault.retry_after_form,
        model=ask.model,
        request_id=request_id,
    )


def facts(ask: Ask) -> dict[str, Any]:
    """What every line of the bill says of its request."""
    embeds = {"asks": "embed", "texts": len(ask.messages)} if ask.target.kind == "embed" else {}
    return embeds | {
        "vendor": ask.vendor,
        "path": ask.target.path,
        "model": ask.model,
        "attempt_id": ask.attempt_id,
        "stream": ask.stream,
    }
