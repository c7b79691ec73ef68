"""The same workbench for plain scripts: every call waits until it is done.

    from ghostkit import sync
    book = sync.Book.create("projects/salt-road", title="The Salt Road", brief="A courier crosses a dying sea.")
    book.outline()
    run = book.write()
    book.export("epub")

Inside a running event loop (a notebook) use `ghostkit.Book` and `await`; these calls then say so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from anyio.lowlevel import current_token

from ghostkit import workbench
from ghostkit.errors import NoEventLoop
from ghostkit.workbench.run import Run

if TYPE_CHECKING:
    from ghostkit.export import Exported
    from ghostkit.workbench.pages import OutlineView

_T = TypeVar("_T")


def call(work: Callable[[], Awaitable[_T]]) -> _T:
    """Run `work` to its end on an event loop of its own; Ctrl-C stops it cleanly."""
    try:
        current_token()
    except anyio.NoEventLoopError:
        return anyio.run(work)
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
