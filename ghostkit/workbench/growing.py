"""Write a book and look at it after every chapter: `generate_book` of the performance guide, made asynchronous."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ghostkit import book as values
from ghostkit.events import Event, EventType
from ghostkit.workbench.book import Book
from ghostkit.workbench.run import Run


class GrowingBook:
    """Iterates over the book as it stands after each chapter; ends when the run does, raising what stopped it."""

    def __init__(self, live: Book, run: Run) -> None:
        self.live = live
        self.run = run
        self._seen = 0

    def __aiter__(self) -> GrowingBook:
        return self

    async def __anext__(self) -> values.Book:
        while True:
            complete = sum(bool(c.sections) and all(s.content for s in c.sections) for c in self.live.value.chapters)
            if complete > self._seen:
                self._seen += 1
                return self.live.value
            if self.run.done:
                await self.run
                raise StopAsyncIteration
            await self._next_event()

    async def _next_event(self) -> None:
        import anyio

        happened = anyio.Event()

        def wake(event: Event) -> None:
            happened.set()

        self.live.events.subscribe(EventType.CHAPTER_COMPLETED, wake)
        self.live.events.subscribe(EventType.RUN_ENDED, wake)
        try:
            with anyio.move_on_after(1.0):
                await happened.wait()
        finally:
            self.live.events.unsubscribe(EventType.CHAPTER_COMPLETED, wake)
            self.live.events.unsubscribe(EventType.RUN_ENDED, wake)


@asynccontextmanager
async def generate_book(
    path: str | Path, *, title: str, instructions: str, language: str = "en", **options: Any
) -> AsyncIterator[GrowingBook]:
    """`async with generate_book(...) as book: async for value in book:` ; leaving it stops the writing."""
    write = {name: options.pop(name) for name in ("parallel", "budget_usd", "export") if name in options}
    live = Book.create(path, title=title, brief=instructions, language=language, **options)
    run = live.write(**write)
    try:
        yield GrowingBook(live, run)
    finally:
        run.cancel()
        await run.wait()
