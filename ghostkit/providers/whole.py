"""Streaming for providers whose service has none: the whole reply is awaited, then handed on in pieces."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ghostkit.providers.contract import Completion, Finished, Request, StreamEvent, TextDelta

_PIECE = re.compile(r"\S+\s*|\s+")


class CompletionStream:
    """Iterates over a finished reply, word by word; the terminal event is the reply's own."""

    def __init__(self, completion: Completion) -> None:
        self._pieces = iter(_PIECE.findall(completion.text))
        self._completion = completion
        self._finished = False

    def __aiter__(self) -> CompletionStream:
        return self

    async def __anext__(self) -> StreamEvent:
        if self._finished:
            raise StopAsyncIteration
        piece = next(self._pieces, None)
        if piece is not None:
            return TextDelta(text=piece)
        self._finished = True
        return Finished(ending=self._completion.ending, usage=self._completion.usage)


@asynccontextmanager
async def stream_by_generating(
    generate: Callable[[Request], Awaitable[Completion]], request: Request
) -> AsyncIterator[CompletionStream]:
    """What a provider without native streaming returns from `stream`; its `info` says `native_streaming=False`."""
    yield CompletionStream(await generate(request))
