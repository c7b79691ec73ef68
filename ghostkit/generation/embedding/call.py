"""One request for embeddings on its way: its turn, the money set aside, the intent, the call, the outcome."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from ghostkit.errors import BadRequest, CircuitOpen, GhostkitError, InputError, ProviderError, ServerError
from ghostkit.events import Event, EventType
from ghostkit.generation.admission import gate_key
from ghostkit.generation.asking import PATIENCE_S
from ghostkit.generation.attempt import WRAP_UP_S
from ghostkit.generation.budget import Budget, Hold
from ghostkit.generation.embedding import record
from ghostkit.generation.embedding.batches import Batch, halved, learn
from ghostkit.generation.embedding.purpose import Purpose
from ghostkit.generation.embedding.record import Bill
from ghostkit.generation.embedding.vectors import checked_vectors
from ghostkit.generation.options import GenerationOptions
from ghostkit.providers import ModelInfo, Usage
from ghostkit.providers.embeddings import Embedded, EmbeddingModel, EmbeddingProvider, EmbeddingRequest, Role
from ghostkit.providers.prices import with_set_prices
from ghostkit.providers.resilience import Gates, Passage, RetryPolicy, StateChange

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TIMES_HALVED = 8
"""How often a batch is cut that the vendor finds too long."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What one batch came to; `batch` has the texts as they were sent in the end."""

    vectors: NDArray[np.float32]
    batch: Batch
    bill: Bill
    paid_before: tuple[Bill, ...] = ()
    """For tries that failed after they were sent."""


class TooMuch(Exception):
    """The vendor takes each of the texts, and not all of them at once: `halves` may do, where there was one batch."""

    def __init__(self, batch: Batch, paid: tuple[Bill, ...]) -> None:
        super().__init__()
        middle = len(batch.texts) // 2
        self.halves = (Batch(texts=batch.texts[:middle]), Batch(texts=batch.texts[middle:]))
        self.paid = paid


@dataclass(kw_only=True)
class BatchCall:
    """One batch, with its retries. The callables are the service's own."""

    provider: EmbeddingProvider
    known: EmbeddingModel
    role: Role
    batch: Batch
    purpose: Purpose
    options: GenerationOptions
    budget: Budget
    gates: Gates
    put_on_record: Callable[[Event], Awaitable[None]]
    new_id: Callable[[], str]
    failed: list[Bill] = field(default_factory=list)
    cost_usd: float = 0.0
    """Of the try that is under way, as far as is known."""

    async def answer(self) -> Answered:
        """Raises `TooMuch`, `ProviderError` when no try is left, `BudgetExceeded` before anything more is sent."""
        policy = RetryPolicy(retries=self.options.max_retries, first_wait_s=self.options.first_wait_s)
        failures, shortened, may_wait = 0, 0, self.options.max_retries > 0
        while True:
            try:
                return await self._attempt(policy, failures + 1)
            except ProviderError as error:
                shorter = self._shorter(error) if shortened < TIMES_HALVED else None
                if shorter is not None:
                    self.batch, shortened = shorter, shortened + 1
                    continue
                if len(self.batch.texts) > 1 and _says(error, _TOO_MUCH):
                    raise TooMuch(self.batch, tuple(self.failed)) from None
                if isinstance(error, CircuitOpen):
                    wait = error.retry_after_s
                    if not may_wait or wait is None or wait > PATIENCE_S:
                        raise
                    may_wait = False
                else:
                    failures += 1
                    wait = policy.wait_s(error, failures)
                    if wait is None:
                        raise
            await anyio.sleep(wait)

    def _shorter(self, error: ProviderError) -> Batch | None:
        """The batch with its longest texts cut, where the vendor says that they are too long."""
        return halved(self.batch, self.known.name) if _says(error, _TOO_LONG) else None

    async def _attempt(self, policy: RetryPolicy, number: int) -> Answered:
        changes: list[StateChange] = []
        info = with_set_prices(self.known.as_info())
        gate = self.gates.gate(gate_key(info), self.options.gate_for(info))
        tokens = self.batch.tokens if info.base_url else 0
        try:
            async with gate.admitted(tokens=tokens, attempt=number, on_change=changes.append) as passage:
                return await self._paid(passage, policy, number, info)
        finally:
            await self._tell(changes)

    async def _paid(self, passage: Passage, policy: RetryPolicy, number: int, info: ModelInfo) -> Answered:
        """Nothing is sent before the money is set aside and the intent is on record."""
        id, begun = self.new_id(), time.monotonic()
        most = info.cost_usd(Usage(input_tokens=self.batch.most_tokens)) if info.prices_known else None
        try:
            hold = await self.budget.hold(id, self.known.name, most, self.options)
        except BaseException:
            passage.unsent()
            raise
        self.cost_usd = 0.0
        try:
            try:
                await self.put_on_record(
                    record.started_event(id, self.known, self.role, self.batch, self.purpose, number, most)
                )
            except BaseException as stop:
                passage.unsent()
                await self._failed(id, Bill(), begun, stop, sent=False)
                raise
            self.cost_usd = hold.ceiling_usd
            return await self._sent(passage, self._request(id, policy, number), info, begun)
        finally:
            await _settled(hold, self.cost_usd)

    def _request(self, id: str, policy: RetryPolicy, number: int) -> EmbeddingRequest:
        return EmbeddingRequest(
            model=self.known.model,
            texts=tuple(text.text for text in self.batch.texts),
            role=self.role,
            dimension=self.known.dimension if self.known.chosen else None,
            attempt_id=id,
            timeouts=policy.timeouts(self.options.timeouts(), number),
        )

    async def _sent(self, passage: Passage, request: EmbeddingRequest, info: ModelInfo, begun: float) -> Answered:
        """The call and its outcome, on record."""
        id, bill = request.attempt_id, self._bill(info)
        try:
            came = await self.provider.embed(request)
            bill = self._bill(info, came)
            passage.started(came.limits)
            vectors = await anyio.to_thread.run_sync(
                checked_vectors, came.vectors, len(request.texts), self.known, came.request_id
            )
        except BaseException as stop:
            sent = not _never_left(stop)
            bill = Bill() if not sent or (isinstance(stop, ProviderError) and stop.rejected) else bill
            self.cost_usd = bill.cost_usd
            await self._failed(id, bill, begun, stop, sent=sent)
            raise
        self.cost_usd = bill.cost_usd
        with anyio.CancelScope(shield=True):
            done = record.completed_event(id, self.known, self.batch, bill, _ms(begun), came.request_id)
            await self.put_on_record(done)
        if bill.source == "reported":
            learn(self.batch, self.known.name, bill.tokens)
        passage.succeeded(bill.tokens)
        return Answered(vectors=vectors, batch=self.batch, bill=bill, paid_before=tuple(self.failed))

    def _bill(self, info: ModelInfo, came: Embedded | None = None) -> Bill:
        """Of what came, or of a call of which nothing did: its texts as estimated."""
        usage = came.usage if came is not None and came.usage is not None else Usage(input_tokens=self.batch.tokens)
        priced = usage.cost_usd is not None or info.prices_known
        return Bill(
            tokens=usage.input_tokens,
            source=usage.source,
            cost_usd=info.cost_usd(usage) if priced else 0.0,
            cost_known=priced,
        )

    async def _failed(self, id: str, bill: Bill, begun: float, stop: BaseException, *, sent: bool) -> None:
        """Put on record, as well as can be: where even that fails, the intent stays and is in doubt."""
        if sent:
            self.failed.append(bill)
        event = record.failed_event(id, self.known, bill, _ms(begun), stop, sent=sent)
        with suppress(GhostkitError), anyio.move_on_after(WRAP_UP_S, shield=True):
            await self.put_on_record(event)

    async def _tell(self, changes: list[StateChange]) -> None:
        with anyio.move_on_after(WRAP_UP_S, shield=bool(changes)):
            for change in changes:
                await self.put_on_record(
                    Event(type=EventType.PROVIDER_STATE, data=change.as_data(), source="providers")
                )


def _never_left(stop: BaseException) -> bool:
    """Failed before the vendor was sent anything: no key, no connection, or nothing that could be sent."""
    if isinstance(stop, ProviderError):
        return stop.rejected and stop.status is None
    return isinstance(stop, InputError)


async def _settled(hold: Hold, cost_usd: float) -> None:
    with anyio.CancelScope(shield=True):
        await hold.settle(cost_usd)


def _ms(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


_TOO_LONG: Final = (
    "context length", "context_length", "maximum context", "too long", "too many tokens", "token limit",
    "maximum input length", "input length", "tokens but", "physical batch size", "too large to process",
    "must have less than",
)  # fmt: skip
"""Parts of what vendors and servers say of a text; some say it with a status that blames themselves."""
_TOO_MUCH: Final = (
    "request too large", "too large for", "per request", "batch size", "in one batch", "number of texts", "at most",
    "too many inputs", "array too long", "payload", "body too large", "(413)",
)  # fmt: skip
"""The same of all texts together."""


def _says(error: ProviderError, signs: tuple[str, ...]) -> bool:
    said = error.message.lower()
    return isinstance(error, BadRequest | ServerError) and any(sign in said for sign in signs)
