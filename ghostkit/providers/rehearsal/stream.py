"""One answer on its way out: piece by piece, on schedule, with its lines in the bill."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

import anyio
from anyio.lowlevel import checkpoint

from ghostkit.errors import StreamTruncated
from ghostkit.providers.contract import Ending, Finished, Request, StreamEvent, TextDelta, Usage
from ghostkit.providers.rehearsal.bill import Bill
from ghostkit.providers.rehearsal.scripted import raise_if_error

# Yield to the loop this often when nothing else does, so that a fast stream starves nobody.
_BREATH = 8


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What will be said. `due` has one time for each piece, or is empty when there is no pace."""

    pieces: list[str]
    due: list[float]
    ending: Ending
    usage: Usage
    action: str = ""
    breaks_at: int = -1
    """Before this piece a scripted `cut` or `stall` happens; -1 is never."""


class RehearsalStream:
    """Receives the events of one answer; iterate over it inside its context."""

    def __init__(self, answer: Answer, finish: Callable[[], Awaitable[None]]) -> None:
        self._answer = answer
        self._finish = finish
        self._next = 0
        self._started_at = 0.0
        self._finished = False
        self.closed = False

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self

    async def __anext__(self) -> StreamEvent:
        if self._finished or self.closed:
            raise StopAsyncIteration
        answer, at = self._answer, self._next
        if at == answer.breaks_at:
            await self._break()
        if at < len(answer.pieces):
            await self._wait(at)
            self._next = at + 1
            return TextDelta(text=answer.pieces[at])
        await self._finish()
        self._finished = True
        return Finished(ending=answer.ending, usage=answer.usage)

    async def _wait(self, at: int) -> None:
        due = self._answer.due
        if not due:
            if at % _BREATH == 0:
                await checkpoint()
            return
        now = anyio.current_time()
        if at == 0:
            self._started_at = now
        ahead = self._started_at + due[at] - now
        if ahead > 0:
            await anyio.sleep(ahead)
        elif at % _BREATH == 0:
            await checkpoint()

    async def _break(self) -> None:
        if self._answer.action == "stall":
            await anyio.sleep_forever()
        partial = "".join(self._answer.pieces[: self._next])
        self._finished = True
        raise StreamTruncated(
            "The rehearsal's stream stopped in the middle, as scripted (cut).",
            fix="Start the call again or go on from the text that came.",
            partial=partial,
        )


class StreamContext:
    """Opens one stream; leaving it, however that happens, closes it."""

    def __init__(
        self, request: Request, compose: Callable[[Request], Answer], bill: Bill, opened: set[RehearsalStream]
    ) -> None:
        self._request = request
        self._compose = compose
        self._bill = bill
        self._opened = opened
        self._stream: RehearsalStream | None = None

    async def __aenter__(self) -> RehearsalStream:
        answer = self._compose(self._request)
        await self._note("begun")
        raise_if_error(answer.action, self._request.slot)
        self._stream = RehearsalStream(answer, lambda: self._note("answered"))
        self._opened.add(self._stream)
        return self._stream

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.closed = True
            self._opened.discard(self._stream)

    async def _note(self, event: Literal["begun", "answered"]) -> None:
        await self._bill.note(event, slot=self._request.slot, attempt_id=self._request.attempt_id)
