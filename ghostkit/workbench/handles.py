"""Chapters and sections as people hold them: by identity, always showing the book as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostkit import book as values
from ghostkit.ports import Spawner
from ghostkit.writing.plan import Goal

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book
    from ghostkit.workbench.run import Run


class Chapter:
    """One chapter of a live book."""

    def __init__(self, book: Book, id: str) -> None:
        self._book = book
        self.id = id

    @property
    def value(self) -> values.Chapter:
        return self._book.manuscript.chapter(self.id)

    @property
    def number(self) -> int:
        return self.value.number

    @property
    def title(self) -> str:
        return self.value.title

    @property
    def status(self) -> str:
        return str(self.value.status)

    @property
    def summary(self) -> str:
        return self.value.summary

    @property
    def sections(self) -> list[Section]:
        return [Section(self._book, section.id) for section in self.value.sections]

    @property
    def text(self) -> str:
        return "\n\n".join(section.content for section in self.value.sections if section.content)

    def write(
        self,
        *,
        parallel: int = 1,
        model: str | None = None,
        budget_usd: float | None = None,
        spawner: Spawner | None = None,
    ) -> Run:
        """Write what isn't written of this chapter; its neighbours are left alone."""
        return self._book.start(Goal(chapters=(self.id,)), parallel, model, budget_usd, spawner)

    def __repr__(self) -> str:
        return f"<Chapter {self.number} {self.title!r}: {self.status}, {self.value.word_count} words>"


class Section:
    """One section of a live book."""

    def __init__(self, book: Book, id: str) -> None:
        self._book = book
        self.id = id

    @property
    def value(self) -> values.Section:
        return self._book.manuscript.section(self.id)[1]

    @property
    def number(self) -> str:
        chapter, section = self._book.manuscript.section(self.id)
        return f"{chapter.number}.{section.number}"

    @property
    def title(self) -> str:
        return self.value.title

    @property
    def status(self) -> str:
        return str(self.value.status)

    @property
    def text(self) -> str:
        return self.value.content

    def write(
        self, *, model: str | None = None, budget_usd: float | None = None, spawner: Spawner | None = None
    ) -> Run:
        """Write this section, if it isn't written."""
        return self._book.start(Goal(sections=(self.id,)), 1, model, budget_usd, spawner)

    def receipt(self) -> dict[str, Any]:
        return self._book.receipt(self.id)

    def lock(self) -> None:
        """Keep every model away from this section."""
        self._book.set_locked(self.id, True)

    def unlock(self) -> None:
        self._book.set_locked(self.id, False)

    def __repr__(self) -> str:
        return f"<Section {self.number} {self.title!r}: {self.status}, {self.value.word_count} words>"
