"""Receive one stream: hand text on, make it durable as it comes, notice silence, say how it ended."""

from __future__ import annotations

import time

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from ghostkit import faults
from ghostkit.errors import ContentRefused, GhostkitError, ProviderError, StreamTruncated, storage_errors
from ghostkit.generation.options import GenerationOptions
from ghostkit.generation.streams import LiveStream
from ghostkit.ledger import AttemptState, Ledger, Outcome, in_thread
from ghostkit.providers import (
    Finished,
    Provider,
    RateLimits,
    ReasoningDelta,
    Request,
    ResponseStarted,
    StreamEvent,
    TextDelta,
    Usage,
    UsageUpdate,
)

DEADLINE_MOVES_S = 1.0
"""The idle deadline is moved at most this often: moving it for every piece would cost more than the piece."""


TURN_S = 0.001
"""Pieces that come faster than they are taken in hold up the event loop for no longer than this."""


class Receiver:
    """One call's receiving end; `receive` fills it, `outcome` or `failed` says what became of it."""

    def __init__(self, ledger: Ledger, stream: LiveStream, options: GenerationOptions, stall_s: float) -> None:
        self._ledger = ledger
        self._stream = stream
        self._options = options
        self._stall_s = stall_s
        self._finished: Finished | None = None
        self._usage: Usage | None = None
        self._request_id = ""
        self._thoughts: list[str] = []
        self._unflushable: Exception | None = None
        self._next_flush = time.monotonic() + options.flush_interval_s
        self._next_move = self._next_turn = 0.0
        self.sent = False
        """Was the provider asked? Until then nothing can be billed."""

    async def receive(self, provider: Provider, request: Request, scope: anyio.CancelScope) -> None:
        """Run the call to its end within `scope`, whose deadline is the time allowed without any text."""
        scope.deadline = anyio.current_time() + self._stall_s
        faults.point("send.before")
        self.sent = True
        if not self._options.streaming:
            await self._receive_whole(provider, request)
            return
        failure: BaseException | None = None
        async with anyio.create_task_group() as beside:
            try:
                await self._receive_pieces(provider, request, scope, beside)
            # It leaves by hand, so that it isn't wrapped in an exception group; a cancellation is the group's own.
            except (Exception, KeyboardInterrupt, SystemExit) as error:
                failure = error
        failure = failure or self._unflushable
        if failure is not None:
            raise failure

    async def _receive_pieces(
        self, provider: Provider, request: Request, scope: anyio.CancelScope, beside: TaskGroup
    ) -> None:
        """The disk is waited for `beside`: so the socket closes at once when the call is stopped meanwhile."""
        async with provider.stream(request) as source:
            faults.point("send.after")
            async for event in source:
                if isinstance(event, TextDelta):
                    if self._take(event.text, scope):
                        await self._stand_aside(beside)
                else:
                    self._note(event, scope)

    async def _stand_aside(self, beside: TaskGroup) -> None:
        """Others get their turn, which pieces that have all arrived already would not leave them; or the disk does."""
        now = time.monotonic()
        self._next_turn = now + TURN_S
        if now < self._next_flush:
            await anyio.lowlevel.checkpoint()
            return
        self._next_flush = now + self._options.flush_interval_s
        flushed = anyio.Event()
        beside.start_soon(self._flush, beside.cancel_scope, flushed)
        await flushed.wait()

    async def _flush(self, reading: anyio.CancelScope, flushed: anyio.Event) -> None:
        try:
            await flush(self._ledger, self._stream)
        except Exception as error:
            self._unflushable = error
            reading.cancel()
        flushed.set()

    async def _receive_whole(self, provider: Provider, request: Request) -> None:
        completion = await provider.generate(request)
        self._note_started(completion.request_id, completion.limits)
        if completion.reasoning:
            self._think(completion.reasoning)
        self._stream.add(completion.text)
        self._finished = Finished(ending=completion.ending, usage=completion.usage, reason=completion.reason)

    def _note(self, event: StreamEvent, scope: anyio.CancelScope) -> None:
        """Everything but text."""
        if isinstance(event, ReasoningDelta):
            self._think(event.text)
            self._move(time.monotonic(), scope)
        elif isinstance(event, Finished):
            self._finished = event
        elif isinstance(event, UsageUpdate):
            self._usage = event.usage
        elif isinstance(event, ResponseStarted):
            self._note_started(event.request_id, event.limits)

    def _note_started(self, request_id: str, limits: RateLimits | None) -> None:
        self._request_id = request_id
        if self._stream.on_started is not None:
            self._stream.on_started(limits)

    def _think(self, text: str) -> None:
        self._thoughts.append(text)
        self._stream.thought_characters += len(text)

    def _take(self, text: str, scope: anyio.CancelScope) -> bool:
        """Hand a piece on; True when it is time to let others have a turn. No coroutine: it runs for each token."""
        faults.point("stream.middle" if self._stream.deltas else "stream.first_byte")
        self._stream.add(text)
        now = time.monotonic()
        if now >= self._next_move:
            self._move(now, scope)
        return now >= self._next_turn

    def _move(self, now: float, scope: anyio.CancelScope) -> None:
        if now >= self._next_move:
            self._next_move = now + DEADLINE_MOVES_S
            scope.deadline = anyio.current_time() + self._stall_s + DEADLINE_MOVES_S

    def outcome(self, state: AttemptState | None = None, error: str = "") -> Outcome:
        """What came, as `state`, or as the stream's own terminal event said."""
        self._stream.hand_on()
        finished = self._finished
        if state is None:
            state = AttemptState(str(finished.ending)) if finished else AttemptState.TRUNCATED
        usage = (finished.usage if finished else None) or self._usage or Usage()
        stream = self._stream
        return Outcome(
            state=state,
            text=stream.text,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            # What was reported before the end counts only what had come by then.
            usage_source=usage.source if finished else "estimated",
            vendor_cost_usd=usage.cost_usd,
            request_id=self._request_id,
            first_token_s=round(stream.first_text - stream.started, 6) if stream.first_text else None,
            total_s=round(time.monotonic() - stream.started, 6),
            error=error,
        )

    @property
    def thoughts(self) -> str:
        """What the model thought aloud before it wrote; billed, and never part of the text."""
        return "".join(self._thoughts)

    def stopped(self, reason: BaseException) -> Outcome:
        """The outcome of a call that was stopped from outside, or by trouble that is not the provider's."""
        if isinstance(reason, GhostkitError):
            return self.outcome(AttemptState.ERROR, reason.message)
        return self.outcome(AttemptState.CANCELLED)

    def failed(self, error: ProviderError) -> Outcome:
        """The outcome of a call that raised; its partial text is kept."""
        self._request_id = error.request_id or self._request_id
        state = AttemptState.ERROR
        if isinstance(error, StreamTruncated):
            state = AttemptState.TRUNCATED
        elif isinstance(error, ContentRefused):
            state = AttemptState.REFUSED
        return self.outcome(state, error.message)


async def flush(ledger: Ledger, stream: LiveStream) -> None:
    """Make the text that has come since the last flush durable."""
    async with stream.flushing:
        seq, text = stream.take_unflushed()
        if text and stream.ended is None:
            with storage_errors("the ledger", "write"):
                await in_thread(ledger.add_partial, stream.attempt_id, seq, text)
