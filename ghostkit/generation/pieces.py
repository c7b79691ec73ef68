"""A generation as pieces of text: an async context manager that yields a receiver, never a bare generator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from ghostkit.errors import GhostkitError, IncompleteEnding
from ghostkit.generation.spec import StepResult
from ghostkit.generation.streams import OnText
from ghostkit.providers import Ending

BUFFERED_PIECES = 65_536
"""More than any answer has pieces; a reader that falls further behind is an error, not a reason to lose text."""


def complete_text(result: StepResult) -> str:
    """The text of a complete result; raises what stood in the way otherwise."""
    if result.ending is Ending.COMPLETE:
        return result.text
    if result.error is not None:
        raise result.error
    raise IncompleteEnding(
        f"The answer ended as {result.ending} after {len(result.text)} characters.",
        fix="The text so far is kept; a larger max_tokens helps when it ended as length.",
        ending=str(result.ending),
        partial=result.text,
    )


class TextPieces:
    """Iterates over a text's pieces; raises after the last one if the answer did not end as it should."""

    def __init__(self, receive: MemoryObjectReceiveStream[str]) -> None:
        self._receive = receive
        self.result: StepResult | None = None
        self.error: GhostkitError | None = None

    def __aiter__(self) -> TextPieces:
        return self

    async def __anext__(self) -> str:
        try:
            # What waits is taken at once: a turn of the event loop for each piece would be most of what it costs.
            return self._receive.receive_nowait()
        except anyio.WouldBlock:
            pass
        except anyio.EndOfStream:
            self._ended()
        try:
            return await self._receive.receive()
        except anyio.EndOfStream:
            self._ended()

    def _ended(self) -> NoReturn:
        if self.error is not None:
            raise self.error from None
        if self.result is not None:
            complete_text(self.result)
        raise StopAsyncIteration from None


@asynccontextmanager
async def pieces_of(work: Callable[[OnText], Awaitable[StepResult]]) -> AsyncIterator[TextPieces]:
    """Run `work` beside the caller and yield what it hands on; leaving the context cancels it."""
    send, receive = anyio.create_memory_object_stream[str](BUFFERED_PIECES)
    pieces = TextPieces(receive)

    def hand_on(piece: str) -> None:
        with suppress(anyio.BrokenResourceError):  # the reader has left; the text is in the ledger all the same
            try:
                send.send_nowait(piece)
            except anyio.WouldBlock:
                pieces.error = GhostkitError(
                    f"The reader of a stream fell {BUFFERED_PIECES} pieces behind.",
                    fix="Read faster, or in larger pieces (STREAM_CHUNK_SIZE); the whole text is in the ledger.",
                )
                raise

    async def run() -> None:
        with send:
            try:
                pieces.result = await work(hand_on)
            except GhostkitError as error:
                pieces.error = error

    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        with receive:
            tasks.start_soon(run)
            # The caller's own error leaves the task group by hand, so that no exception group is made of it.
            try:
                yield pieces
            except Exception as error:
                failure = error
            finally:
                tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
