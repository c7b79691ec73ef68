"""Embeddings as one service: whatever the vendor, with the limits, retries, budgets and records of generation."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from ghostkit.events import Event, EventManager
from ghostkit.generation.budget import Budget
from ghostkit.generation.embedding.batches import MOST_TOKENS, Batch, batches_of
from ghostkit.generation.embedding.call import Answered, BatchCall, TooMuch
from ghostkit.generation.embedding.purpose import current_purpose, embedding_for
from ghostkit.generation.embedding.record import Bill
from ghostkit.generation.options import GenerationOptions, options_from_settings
from ghostkit.ledger import Ledger, Who, in_thread
from ghostkit.providers import ProviderRegistry, Usage, registry
from ghostkit.providers.embeddings import (
    EmbeddingModel,
    EmbeddingProvider,
    Role,
    embedding_provider,
    split_embedding,
)
from ghostkit.providers.loading import loading
from ghostkit.providers.resilience import Gates, gates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OnBatch = Callable[[Sequence[int], "NDArray[np.float32]"], Awaitable[None]]
"""Told the places of texts and their vectors as soon as they are paid."""
AT_ONCE: Final = 4
"""Requests of one call that are under way together; the gate may let in fewer."""
REMEMBERED: Final = 10_000
"""Events kept in memory where there is no ledger."""
_PROBE: Final = "dimension"


@dataclass(frozen=True, kw_only=True)
class EmbeddingResult:
    """`vectors`: float32 (n, d), L2-normalised, a row of zeros for a blank text.

    `cost_usd` sums what is known; `cost_known` False: there was something whose price nobody knows.
    """

    vectors: NDArray[np.float32]
    usage: Usage
    cost_usd: float = 0.0
    cost_known: bool = True
    calls: int = 0
    cut: tuple[int, ...] = ()
    """Places of the texts that were too long, of which only the beginning has a vector."""
    notes: tuple[str, ...] = ()


class EmbeddingService:
    """Asks vendors for embeddings. Made for one event loop at a time; `who` and `budget` may be exchanged between runs.

    Without a `ledger` what is asked is on record in `recorded` alone, until the process ends.
    """

    def __init__(
        self,
        *,
        ledger: Ledger | None = None,
        who: Who | None = None,
        events: EventManager | None = None,
        providers: ProviderRegistry = registry,
        budget: Budget | None = None,
        options: Callable[[], GenerationOptions] = options_from_settings,
        gates: Gates = gates,
    ) -> None:
        self.ledger = ledger
        self.who = who or Who()
        self.events = events or EventManager()
        self.budget = budget or Budget()
        self.options = options
        self.gates = gates
        self.recorded: deque[Event] = deque(maxlen=REMEMBERED)
        self._providers = providers
        self._open: dict[str, EmbeddingProvider] = {}
        self._left_behind: list[EmbeddingProvider] = []
        self._known: dict[str, EmbeddingModel] = {}
        self._dimensions: dict[tuple[str, str], int] = {}

    async def known(self, name: str) -> EmbeddingModel:
        """What is known of `provider:model` or `provider:model@dimension`.

        Raises `UnknownName` or `ConfigError` for what can't be, `ProviderError` where a service of one's own is asked.
        """
        return (await self._ready(name))[1]

    async def dimension(self, name: str) -> int:
        """Of the model's vectors; where nobody knows, one word is embedded to see."""
        known = await self.known(name)
        if known.dimension is None:
            with embedding_for(_PROBE):
                await self.embed(name, ["dimension"], "passage")
            known = await self.known(name)
        assert known.dimension is not None
        return known.dimension

    async def embed(
        self, name: str, texts: Sequence[str], role: Role, *, on_batch: OnBatch | None = None
    ) -> EmbeddingResult:
        """All texts, in as many requests as it takes. `on_batch` gets what is paid, also if a later request fails.

        Raises `ProviderError`, `BudgetExceeded` (nothing more was sent then), `UnknownName`, `ConfigError`.
        """
        provider, known = await self._ready(name)
        options = self.options()
        batches = await anyio.to_thread.run_sync(batches_of, texts, role, known, _most_tokens(options))
        asking = _Asking(self, provider, name, known, role, options, on_batch)
        answers = await asking.all(batches)
        known = self._known.get(name, known)
        return await anyio.to_thread.run_sync(_result, answers, asking.paid_in_vain, len(texts), known)

    async def put_on_record(self, event: Event) -> None:
        """In the ledger, or in memory where there is none; then to whoever listens."""
        if self.ledger is None:
            self.recorded.append(event)
            fresh = [event]
        else:
            fresh = await in_thread(self.ledger.record, [event], self.who)
        for one in fresh:
            await self.events.emit_async(one if one.run_id else replace(one, run_id=self.who.run_id))

    async def aclose(self) -> None:
        """Close every provider this service opened."""
        for provider in (*self._open.values(), *self._left_behind):
            await provider.aclose()
        self._open.clear()
        self._left_behind.clear()
        self._known.clear()

    def learn_dimension(self, name: str, dimension: int) -> None:
        """As the first answer had it: later ones must be alike."""
        known = self._known.get(name)
        if known is not None and known.dimension is None:
            self._known[name] = replace(known, dimension=dimension)
            self._dimensions[name, known.revision] = dimension

    async def _ready(self, name: str) -> tuple[EmbeddingProvider, EmbeddingModel]:
        vendor, model, dimension = split_embedding(name)
        there = self._open.get(vendor)
        if there is not None and there.has_moved():
            self._left_behind.append(self._open.pop(vendor))  # answers may still be coming from there
            self._known = {one: known for one, known in self._known.items() if known.provider != vendor}
        if vendor not in self._open:
            made = await anyio.to_thread.run_sync(self._load, vendor)
            self._open.setdefault(vendor, made)
        if name not in self._known:
            known = await self._open[vendor].known(model, dimension)
            learnt = self._dimensions.get((name, known.revision))
            self._known[name] = known if known.dimension else replace(known, dimension=learnt)
        return self._open[vendor], self._known[name]

    def _load(self, vendor: str) -> EmbeddingProvider:
        """In a thread: an SDK, a price list and numpy take long to load."""
        with loading():
            import numpy  # noqa: F401

            return embedding_provider(vendor, self._providers)


class _Asking:
    """The batches of one call, several at once; the first failure keeps the others from beginning, not from ending."""

    def __init__(
        self,
        service: EmbeddingService,
        provider: EmbeddingProvider,
        name: str,
        known: EmbeddingModel,
        role: Role,
        options: GenerationOptions,
        on_batch: OnBatch | None,
    ) -> None:
        self._service = service
        self._provider = provider
        self._name = name
        self._known = known
        self._role = role
        self._options = options
        self._on_batch = on_batch
        self._purpose = current_purpose(role)
        self._answers: list[Answered] = []
        self._failure: Exception | None = None
        self.paid_in_vain: tuple[Bill, ...] = ()
        """For batches that were too large."""

    async def all(self, batches: Sequence[Batch]) -> list[Answered]:
        """In no order: each answer has the places of its texts."""
        waiting = deque(batches)
        while waiting and self._known.dimension is None and self._failure is None:
            await self._next(waiting)  # the first answer tells it, and the others are held to it
            self._known = await self._service.known(self._name)

        async def work() -> None:
            while waiting and self._failure is None:
                await self._next(waiting)

        if len(waiting) == 1:
            await work()
        else:
            async with anyio.create_task_group() as tasks:
                for _ in range(min(AT_ONCE, len(waiting))):
                    tasks.start_soon(work)
        if self._failure is not None:
            raise self._failure
        return self._answers

    async def _next(self, waiting: deque[Batch]) -> None:
        try:
            answer = await self._call(waiting.popleft()).answer()
            self._service.learn_dimension(self._name, answer.vectors.shape[1])
            if self._on_batch is not None:
                await self._on_batch([text.place for text in answer.batch.texts], answer.vectors)
            self._answers.append(answer)
        except TooMuch as more:
            waiting.extendleft(reversed(more.halves))
            self.paid_in_vain += more.paid
        except Exception as error:
            self._failure = self._failure or error
            waiting.clear()

    def _call(self, batch: Batch) -> BatchCall:
        service = self._service
        return BatchCall(
            provider=self._provider,
            known=self._known,
            role=self._role,
            batch=batch,
            purpose=self._purpose,
            options=self._options,
            budget=service.budget,
            gates=service.gates,
            put_on_record=service.put_on_record,
            new_id=lambda: "e-" + secrets.token_hex(8),
        )


def _most_tokens(options: GenerationOptions) -> int:
    """Of one request: half of what may be sent in a minute, so that the next one fits too."""
    minute = options.gate.tokens_per_minute
    return MOST_TOKENS if minute is None else max(1, min(MOST_TOKENS, minute // 2))


def _result(answers: Sequence[Answered], in_vain: Sequence[Bill], texts: int, known: EmbeddingModel) -> EmbeddingResult:
    import numpy as np

    dimension = answers[0].vectors.shape[1] if answers else known.dimension or 0
    vectors = np.zeros((texts, dimension), np.float32)
    cut: list[int] = []
    for answer in answers:
        vectors[[text.place for text in answer.batch.texts]] = answer.vectors
        cut += [text.place for text in answer.batch.texts if text.cut]
    bills = [*in_vain, *(bill for answer in answers for bill in (*answer.paid_before, answer.bill))]
    reported = all(answer.bill.source == "reported" for answer in answers)
    usage = Usage(input_tokens=sum(bill.tokens for bill in bills), source="reported" if reported else "estimated")
    return EmbeddingResult(
        vectors=vectors,
        usage=usage,
        cost_usd=sum(bill.cost_usd for bill in bills),
        cost_known=all(bill.cost_known for bill in bills),
        calls=len(bills),
        cut=tuple(sorted(cut)),
        notes=_notes(len(cut), known),
    )


def _notes(cut: int, known: EmbeddingModel) -> tuple[str, ...]:
    if not cut:
        return ()
    limit = f"the {known.max_tokens:,} tokens that" if known.max_tokens else "what"
    texts = "1 text is" if cut == 1 else f"{cut:,} texts are"
    return (f"{texts} longer than {limit} {known.name} reads: the beginning alone was embedded.",)
