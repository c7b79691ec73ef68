"""Chapters and sections as people hold them: by identity, always showing the book as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostkit import book as values
from ghostkit.ports import Spawner
from ghostkit.workbench.revisions import SectionRevisions
from ghostkit.writing.plan import Goal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ghostkit.workbench.book import Book
    from ghostkit.workbench.editing import Edited
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

    def add_section(
        self, title: str, brief: str = "", points: Iterable[str] = (), *, after: str | None = None
    ) -> Section:
        """A new section at the chapter's end, or after the section `after`, such as `"2.3"`."""
        return self._book.add_section(self.number, title, brief, points, after=after)

    def move(self, to: int) -> None:
        """Become chapter number `to`."""
        self._book.move(self.id, str(to))

    def split(self, at: str, title: str = "") -> Chapter:
        """End before the section `at` (such as `"2.3"`), which begins a new chapter; returns that."""
        return self._book.split(self.id, at, title)  # type: ignore[return-value]

    def merge_with_next(self) -> None:
        """Take in the sections of the chapter after this one."""
        self._book.merge(self.id)

    def delete(self, *, force: bool = False) -> None:
        """Take the chapter out of the book; `book.undelete` brings it back. See `Book.delete`."""
        self._book.delete(self.id, force=force)

    def __repr__(self) -> str:
        return f"<Chapter {self.number} {self.title!r}: {self.status}, {self.value.word_count} words>"


class Section(SectionRevisions):
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

    def rewrite(self, *, note: str = "", variants: int = 1, accept: bool = False, **options: Any) -> Run:
        """Write it anew; the texts wait as proposals. See `Book.rewrite` for the options."""
        return self._book.rewrite(self.number, note=note, variants=variants, accept=accept, **options)

    def receipt(self) -> dict[str, Any]:
        return self._book.receipt(self.id)

    def edit(self, text: str, *, base_id: int | None = None) -> Edited:
        """Give the section another text, as a person; a first line `## Title` renames it.

        With `base_id` (the revision the text was made from) an edit that comes too late becomes a proposal.
        """
        return self._book.edit(self.id, text, base_id=base_id)

    def move(self, to: str) -> None:
        """Become section `to`, such as `"3.1"`; `"3"` is the end of chapter 3."""
        self._book.move(self.id, to)

    def split(self, at: str | int, title: str = "") -> Section:
        """End before the words `at`, or before paragraph number `at`; returns the new section that begins there."""
        return self._book.split(self.id, at, title)  # type: ignore[return-value]

    def merge_with_next(self) -> None:
        """Take in the text and plan of the section after this one."""
        self._book.merge(self.id)

    def delete(self, *, force: bool = False) -> None:
        """Take the section out of the book; `book.undelete` brings it back. See `Book.delete`."""
        self._book.delete(self.id, force=force)

    def lock(self, span: str = "") -> None:
        """Keep every model away from this section, or with `span` from those words of it."""
        if span:
            self._book.lock_span(self.id, span)
        else:
            self._book.set_locked(self.id, True)

    def unlock(self, span: str = "") -> None:
        """Free the section with all its passages, or with `span` only the passages that say these words."""
        if span:
            self._book.unlock_span(self.id, span)
        else:
            self._book.set_locked(self.id, False)

    @property
    def locks(self) -> tuple[str, ...]:
        """The passages that must stay word for word."""
        return self.value.locked_spans

    def __repr__(self) -> str:
        return f"<Section {self.number} {self.title!r}: {self.status}, {self.value.word_count} words>"
