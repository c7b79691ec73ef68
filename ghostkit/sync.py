"""The same workbench for plain scripts: every call waits until it is done.

    from ghostkit import sync
    book = sync.Book.create("projects/salt-road", title="The Salt Road", brief="A courier crosses a dying sea.")
    book.outline()
    run = book.write()
    book.export("epub")

    for piece in sync.stream("Write a chapter about AI"):
        print(piece, end="", flush=True)

Inside a running event loop (a notebook) use `ghostkit.Book` and `await`; these calls then say so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from anyio.lowlevel import current_token

from ghostkit import workbench
from ghostkit.cache import CacheManager, Kind, initialize_cache
from ghostkit.errors import NoEventLoop
from ghostkit.workbench import facade
from ghostkit.workbench.facade import streaming_manager
from ghostkit.workbench.run import Run
from ghostkit.writing import context

if TYPE_CHECKING:
    from ghostkit.book import Character
    from ghostkit.export import Exported
    from ghostkit.generation.fanout import FanOut
    from ghostkit.rag.indexer import IndexReport
    from ghostkit.rag.retrieval.result import Retrieval
    from ghostkit.workbench.pages import OutlineView
    from ghostkit.workbench.people import People as LivePeople
    from ghostkit.workbench.section_context import SectionContext
    from ghostkit.writing.context import BookContext

__all__ = [
    "Book",
    "BookContextManager",
    "CacheManager",
    "call",
    "clear_cache",
    "enhanced_ai",
    "fan_out",
    "generate_book",
    "generate_with_cache",
    "get_stats",
    "initialize_cache",
    "stream",
    "streaming_manager",
]

_T = TypeVar("_T")


def call(work: Callable[[], Awaitable[_T]]) -> _T:
    """Run `work` to its end on an event loop of its own; Ctrl-C stops it cleanly."""
    _refuse_inside_a_loop()
    return anyio.run(work)


def _refuse_inside_a_loop() -> None:
    try:
        current_token()
    except anyio.NoEventLoopError:
        return
    raise NoEventLoop("An event loop is running here already.", fix="Use ghostkit.Book and await it.")


class Book:
    """A live book whose methods wait. `live` is the asynchronous one; looking at a book needs no waiting anyway."""

    def __init__(self, live: workbench.Book) -> None:
        self.live = live

    @classmethod
    def create(cls, path: str | Path, **options: Any) -> Book:
        """See `ghostkit.Book.create`."""
        return cls(workbench.Book.create(path, **options))

    @classmethod
    def open(cls, path: str | Path) -> Book:
        return cls(workbench.Book.open(path))

    def outline(self, **options: Any) -> OutlineView:
        return self._in_background(lambda: self.live.outline(**options))

    def write(self, **options: Any) -> Run:
        """Write what isn't written; returns when it is. See `ghostkit.Book.write` for the options."""

        async def work() -> Run:
            return await self.live.write(**options)

        return self._in_background(work)

    def rewrite(self, section: str | Sequence[str] | None = None, **options: Any) -> Run:
        """Write sections anew; returns when their texts wait. See `ghostkit.Book.rewrite` for the options."""

        async def work() -> Run:
            return await self.live.rewrite(section, **options)

        return self._in_background(work)

    def write_chapter(self, number: int, **options: Any) -> Run:
        async def work() -> Run:
            return await self.live.chapter(number).write(**options)

        return self._in_background(work)

    def export(self, format: str = "epub", out: str | Path | None = None) -> Exported:
        return call(lambda: self.live.export(format, out))

    def generate(self, prompt: str, **options: Any) -> str:
        """The answer to `prompt`; raises for anything but a whole one."""
        from ghostkit.generation import complete_text

        async def work() -> str:
            return complete_text(await self.live.generate(prompt, **options))

        return call(work)

    def index(self, **options: Any) -> IndexReport:
        """See `ghostkit.Book.index`."""
        return call(lambda: self.live.index(**options))

    def search(self, query: str, **options: Any) -> Retrieval:
        """See `ghostkit.Book.search`."""
        return call(lambda: self.live.search(query, **options))

    def context_of(self, section: str, **options: Any) -> SectionContext:
        """See `ghostkit.Book.context_of`."""
        return call(lambda: self.live.context_of(section, **options))

    @property
    def people(self) -> People:
        """See `ghostkit.Book.people`."""
        return People(self.live.people)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.live, name)

    def __repr__(self) -> str:
        return repr(self.live)

    @staticmethod
    def _in_background(work: Callable[[], Awaitable[_T]]) -> _T:
        outcome: list[_T] = []
        errors: list[Exception] = []

        async def inside() -> None:
            async with workbench.background():
                # An error leaves the task group by hand, so that it isn't wrapped in an exception group.
                try:
                    outcome.append(await work())
                except Exception as error:
                    errors.append(error)

        call(inside)
        if errors:
            raise errors[0]
        return outcome[0]


class People:
    """`book.people`, whose `create` and `develop` wait."""

    def __init__(self, live: LivePeople) -> None:
        self.live = live

    def create(self, profile: Any = None, **options: Any) -> Character:
        """See `ghostkit.workbench.people.People.create`."""
        return call(lambda: self.live.create(profile, **options))

    def develop(self, name: str, chapter: int | None = None, **options: Any) -> Character:
        """See `ghostkit.workbench.people.People.develop`."""
        return call(lambda: self.live.develop(name, chapter, **options))

    def __iter__(self) -> Iterator[Character]:
        return iter(self.live)

    def __len__(self) -> int:
        return len(self.live)

    def __contains__(self, name: object) -> bool:
        return name in self.live

    def __getattr__(self, name: str) -> Any:
        return getattr(self.live, name)

    def __repr__(self) -> str:
        return repr(self.live)


# ── the performance guide's names ─────────────────────────────────────────────────────────────────────────────


def stream(prompt: str, **options: Any) -> Iterator[str]:
    """The answer piece by piece, as it comes; closing the iterator stops it. See `ghostkit.stream`."""
    _refuse_inside_a_loop()
    return _iterated(facade.stream(prompt, **options))


def generate_with_cache(prompt: str, *arguments: Any, **options: Any) -> str:
    """See `ghostkit.generate_with_cache`."""
    return call(lambda: facade.generate_with_cache(prompt, *arguments, **options))


def fan_out(prompt: str, models: Sequence[str], **options: Any) -> FanOut:
    """See `ghostkit.fan_out`."""
    return call(lambda: facade.fan_out(prompt, models, **options))


def generate_book(book: Mapping[str, Any] | None = None, **wish: Any) -> Iterator[Any]:
    """The book after each chapter: values, or dictionaries where a dictionary was given (`book={}`).

    Closing the iterator stops the writing. See `ghostkit.generate_book`.
    """
    _refuse_inside_a_loop()
    growing = workbench.generate_book(book, **wish)

    @asynccontextmanager
    async def writing() -> AsyncIterator[workbench.GrowingBook]:
        async with workbench.background(), growing:
            yield growing

    return _iterated(writing())


def get_stats() -> dict[str, Any]:
    """See `ghostkit.get_stats`."""
    return facade.enhanced_ai.stats_now()


def clear_cache(pattern: str | None = None, *, kind: Kind | None = None) -> int:
    """See `ghostkit.clear_cache`."""
    return facade.enhanced_ai.clear_now(pattern, kind=kind)


class BookContextManager:
    """`ghostkit.BookContextManager`, waiting; `summarize` is a plain function here."""

    def __init__(
        self, max_tokens: int | None = None, *, summarize: Callable[[str, int], str] | None = None, **options: Any
    ) -> None:
        async def summed_up(text: str, tokens: int) -> str:
            assert summarize is not None
            return summarize(text, tokens)

        self.live = context.BookContextManager(max_tokens, summarize=summed_up if summarize else None, **options)

    @property
    def window_size(self) -> int:
        return self.live.window_size

    @window_size.setter
    def window_size(self, size: int) -> None:
        self.live.window_size = size

    def prepare_context(self, book: Any, current_chapter: int, window_size: int | None = None) -> BookContext:
        """See `ghostkit.BookContextManager.prepare_context`."""
        return call(lambda: self.live.prepare_context(book, current_chapter, window_size))


class _EnhancedAI:
    """`ghostkit.enhanced_ai`, waiting."""

    stream = staticmethod(stream)
    generate_with_cache = staticmethod(generate_with_cache)
    fan_out = staticmethod(fan_out)
    generate_book = staticmethod(generate_book)
    get_stats = staticmethod(get_stats)
    clear_cache = staticmethod(clear_cache)
    initialize_cache = staticmethod(initialize_cache)


enhanced_ai = _EnhancedAI()


def _iterated(made: AbstractAsyncContextManager[AsyncIterator[_T]]) -> Iterator[_T]:
    """What an asynchronous iterator yields inside its context, which lives on an event loop of its own meanwhile."""
    from anyio.from_thread import start_blocking_portal

    nothing = object()

    async def following(items: AsyncIterator[_T]) -> Any:
        return await anext(items, nothing)

    stopped: KeyboardInterrupt | None = None
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(made) as items:
        # Neither the end of a `for` loop nor Ctrl-C is an error of what runs in there: it is left as at its end.
        try:
            while (item := portal.call(following, items)) is not nothing:
                yield item
        except GeneratorExit:
            return
        except KeyboardInterrupt as stop:
            stopped = stop
    if stopped is not None:
        raise stopped
