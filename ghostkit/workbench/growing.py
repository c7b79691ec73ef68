"""Write a book and look at it after every chapter: `generate_book` of the performance guide, made asynchronous."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio

from ghostkit import book as values
from ghostkit.book import ProjectFolder, Shelf, load_structure, read_text, safe_slug
from ghostkit.book.legacy import to_legacy
from ghostkit.errors import GhostkitError
from ghostkit.events import EventType
from ghostkit.settings import get_settings
from ghostkit.workbench.book import Book
from ghostkit.workbench.creation import make_value
from ghostkit.workbench.legacy import legacy_value
from ghostkit.workbench.run import Run

_WRITING = ("parallel", "budget_usd", "export")


class GrowingBook:
    """What `generate_book` returns: iterate over it for the book as it stands after each chapter.

    It yields values, or dictionaries where a dictionary was given. The iteration ends with the run, raising what
    stopped it. Inside `async with` leaving stops the writing; without, it goes on in the background.
    """

    def __init__(self, live: Book, as_dictionaries: bool, **writing: Any) -> None:
        self.live = live
        self._writing = writing
        self._as_dictionaries = as_dictionaries
        self._run: Run | None = None
        self._seen = 0

    @property
    def run(self) -> Run:
        """The run that writes it, once it has begun."""
        if self._run is None:
            raise GhostkitError("The book isn't being written yet.", fix="Iterate over it, or enter it, first.")
        return self._run

    async def __aenter__(self) -> Self:
        self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run.cancel()
        with anyio.CancelScope(shield=True):
            await self.run.wait()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        run = self._begin()
        while True:
            complete = sum(bool(c.sections) and all(s.content for s in c.sections) for c in self.live.value.chapters)
            if complete > self._seen:
                self._seen += 1
                value = self.live.value
                return to_legacy(value) if self._as_dictionaries else value
            if run.done:
                await run
                raise StopAsyncIteration
            await self._next_news(run)

    def _begin(self) -> Run:
        if self._run is None:
            self._run = self.live.write(**self._writing)
        return self._run

    async def _next_news(self, run: Run) -> None:
        """Wait until a chapter is done or the run's state changes."""
        happened = anyio.Event()

        def wake(*_news: object) -> None:
            happened.set()

        def wake_at_state(kind: str, _data: object) -> None:
            if kind == "state":
                happened.set()

        self.live.events.subscribe(EventType.CHAPTER_COMPLETED, wake)
        leave = run.subscribe(wake_at_state)
        try:
            await happened.wait()
        finally:
            leave()
            self.live.events.unsubscribe(EventType.CHAPTER_COMPLETED, wake)


def generate_book(
    book: Mapping[str, Any] | None = None,
    *,
    title: str | None = None,
    instructions: str = "",
    language: str | None = None,
    use_cache: bool = True,
    use_streaming: bool | None = None,
    path: str | Path | None = None,
    **options: Any,
) -> GrowingBook:
    """`async for value in generate_book(title=…, instructions=…)`: the book after each chapter, as it is written.

    `book` is a dictionary such as `{"title": …, "toc": {"chapters": […]}}` or `{}`; what it holds goes first, and
    dictionaries are yielded then. `language` is a tag or an English name. Without `path` the book lies in
    GHOSTKIT_PROJECTS under a name made of its title; the same wish again goes on with the same book. `options` are
    those of `Book.create`, and `parallel`, `budget_usd` and `export` of `Book.write`.
    """
    writing = {name: options.pop(name) for name in _WRITING if name in options}
    services = options.pop("services", None)
    wish = {"title": title, "brief": instructions, "language": language, **options}
    if book is None:
        value = make_value(**{**_NOTHING, **wish})
        live = Book.create(path or _place(value), services=services, **wish)
    else:
        value = legacy_value(book, **wish)
        live = Book.from_legacy(book, path or _place(value), services=services, **wish)
    return GrowingBook(live, book is not None, use_cache=use_cache, use_streaming=use_streaming, **writing)


_NOTHING = {
    "chapters": None, "sections": None, "words": None, "style": None, "model": None, "author": "",
    "continuity_lag": None,
}  # fmt: skip


def _place(value: values.Book) -> Path:
    """The folder among the projects that holds this very book, else a new one."""
    shelf = Shelf(get_settings().projects)
    taken: list[str] = []
    while True:
        slug = safe_slug(value.title, taken)
        folder = ProjectFolder(shelf.root / slug)
        if not folder.root.exists() or (folder.is_book and _id_of(folder) == value.id):
            return folder.root
        taken.append(slug)


def _id_of(folder: ProjectFolder) -> str:
    return load_structure(read_text(folder.book), str(folder.book)).id
