"""Answers that come in one piece, streamed all the same: for services that know no streaming, and for recorded ones."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Final

from ghostkit.errors import StreamTruncated
from ghostkit.providers.contract import (
    Completion,
    Ending,
    Finished,
    ReasoningDelta,
    Request,
    ResponseStarted,
    StreamEvent,
    TextDelta,
)

_PIECE: Final = re.compile(r"\S+\s*|\s+")


def words_of(text: str) -> list[str]:
    """The text in pieces, a word each with the blanks after it; joined they are the text."""
    return _PIECE.findall(text)


class CompletionStream:
    """Iterates over a finished reply, word by word; the terminal event is the reply's own."""

    def __init__(self, completion: Completion) -> None:
        self._events = _events(completion)

    def __aiter__(self) -> CompletionStream:
        return self

    async def __anext__(self) -> StreamEvent:
        event = next(self._events, None)
        if event is None:
            raise StopAsyncIteration
        return event


def _events(reply: Completion) -> Iterator[StreamEvent]:
    yield ResponseStarted(request_id=reply.request_id, limits=reply.limits)
    if reply.reasoning:
        yield ReasoningDelta(reply.reasoning)
    for piece in words_of(reply.text):
        yield TextDelta(piece)
    if reply.ending is Ending.TRUNCATED:
        raise StreamTruncated(
            "The answer is not whole: its end is missing.",
            fix="What came is kept: write it anew, or go on from there (GHOSTKIT_RESUME_POLICY=continue).",
            request_id=reply.request_id,
            retryable=True,
        )
    yield Finished(ending=reply.ending, usage=reply.usage, reason=reply.reason)


@asynccontextmanager
async def stream_by_generating(
    generate: Callable[[Request], Awaitable[Completion]], request: Request
) -> AsyncIterator[CompletionStream]:
    """What a provider without native streaming returns from `stream`; its `info` says `native_streaming=False`."""
    yield CompletionStream(await generate(request))
