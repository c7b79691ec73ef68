"""A recorded answer on its way out again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from ghostkit.providers.contract import Finished, Request, ResponseStarted, Stream, StreamEvent, TextDelta
from ghostkit.providers.replay.recording import Reply
from ghostkit.providers.whole import words_of

_BREATH: Final = 8
"""Yield to the loop this often when nothing else does, so that a fast stream starves nobody."""


class ReplayStream:
    """Iterates over the events of one recorded answer, word by word; the ledger doesn't keep a stream's own pieces.

    `pace` 0 is at once; else the first word comes when the first token came, and the last when the answer ended.
    """

    def __init__(self, reply: Reply, pace: float) -> None:
        self._reply = reply
        self._pieces = words_of(reply.text)
        self._at = -1
        self._begun_at = 0.0
        self._due = _due(reply, len(self._pieces), pace)
        self._finished = False

    def __aiter__(self) -> ReplayStream:
        return self

    async def __anext__(self) -> StreamEvent:
        if self._finished:
            raise StopAsyncIteration
        at = self._at
        self._at += 1
        if at < 0:
            self._begun_at = anyio.current_time()
            return ResponseStarted(request_id=self._reply.attempt_id)
        if at < len(self._pieces):
            await self._wait(at)
            return TextDelta(self._pieces[at])
        self._finished = True
        usage = replace(self._reply.usage, cost_usd=0.0)
        return Finished(ending=self._reply.ending, usage=usage, reason=f"recorded from {self._reply.model}")

    async def _wait(self, at: int) -> None:
        if self._due:
            ahead = self._begun_at + self._due[at] - anyio.current_time()
            if ahead > 0:
                await anyio.sleep(ahead)
                return
        if at % _BREATH == 0:
            await checkpoint()


class ReplayContext:
    """Finds the answer when it is entered, or opens the stream of the model that stands in."""

    def __init__(
        self,
        request: Request,
        open_stream: Callable[[Request, AsyncExitStack], Awaitable[Stream]],
    ) -> None:
        self._request = request
        self._open = open_stream
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Stream:
        await self._exits.__aenter__()
        try:
            return await self._open(self._request, self._exits)
        except BaseException:
            await self._exits.aclose()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._exits.__aexit__(kind, error, trace)


def _due(reply: Reply, pieces: int, pace: float) -> list[float]:
    if not pace or not reply.total_s or not pieces:
        return []
    first = min(reply.first_token_s or 0.0, reply.total_s)
    step = (reply.total_s - first) / max(pieces - 1, 1)
    return [(first + step * number) / pace for number in range(pieces)]
