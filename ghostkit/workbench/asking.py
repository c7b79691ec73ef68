"""Ask a model for something small that belongs to the book: a step of its ledger like any other, without a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import anyio

from ghostkit.errors import LeaseHeld
from ghostkit.events import Event, EventType
from ghostkit.generation import Budget, GenerationService
from ghostkit.ledger import in_thread
from ghostkit.ledger.lease import HEARTBEAT_S
from ghostkit.workbench.limits import checked_limits

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book

_T = TypeVar("_T")
WRAP_UP_S = 10.0


async def ask(
    book: Book, what: str, budget_usd: float | None, work: Callable[[GenerationService], Awaitable[_T]]
) -> _T:
    """Do `work` with the book's own service and lease. Cancelling it stops the request.

    Raises:
        LeaseHeld: the book is being written, here or elsewhere.
    """
    if book.active_run is not None:
        raise LeaseHeld(f"The book is being written, and {what} has to wait.", fix="Stop the run or wait for it.")
    limit = checked_limits(1, budget_usd)
    who = book.who()
    service = GenerationService(
        ledger=book.ledger,
        who=who,
        events=book.events,
        prompts=book.services.prompts([book.folder.templates]),
        providers=book.services.providers,
        streams=book.streams,
        budget=Budget(limit),
        options=book.services.options,
    )
    await in_thread(book.ledger.acquire_lease, {"goal": what})
    try:
        book.observe()
        for attempt in await in_thread(book.ledger.recover, who):
            data = {"slot": str(attempt.slot), "attempt": attempt.id, "most_usd": attempt.cost_ceiling_usd}
            await service.emit(Event(type=EventType.GENERATION_IN_DOUBT, data=data, source="ledger"))
        return await _beating(book, service, work)
    finally:
        with anyio.move_on_after(WRAP_UP_S, shield=True):
            await service.aclose()
            await in_thread(book.ledger.release_lease)


async def _beating(book: Book, service: GenerationService, work: Callable[[GenerationService], Awaitable[_T]]) -> _T:
    """The work, with the lease kept alive and stalled streams made durable beside it."""
    done: list[_T] = []
    errors: list[Exception] = []
    scope = anyio.CancelScope()

    async def kept(task: Callable[[], Awaitable[None]]) -> None:
        """What goes wrong, here or beside, stops all of it and comes out as it is, not in an exception group."""
        try:
            await task()
        except Exception as error:
            errors.append(error)
            scope.cancel()

    async def beat() -> None:
        while True:
            await anyio.sleep(HEARTBEAT_S)
            await in_thread(book.ledger.heartbeat)

    async def flush() -> None:
        while True:
            await anyio.sleep(book.services.options().flush_interval_s / 2)
            await service.flush_stalled()

    async def asked() -> None:
        done.append(await work(service))

    with scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(kept, beat)
            tasks.start_soon(kept, flush)
            await kept(asked)
            tasks.cancel_scope.cancel()
    if errors:
        raise errors[0]
    return done[0]
