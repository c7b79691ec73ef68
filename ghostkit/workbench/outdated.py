"""What is out of date in a live book, and the author's word that it is fine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ghostkit.book.styles import style_named
from ghostkit.errors import UnknownName
from ghostkit.rag.config import RAGMode
from ghostkit.writing import staleness
from ghostkit.writing.manuscript import find_section
from ghostkit.writing.material import Sources
from ghostkit.writing.staleness import StaleReport, StaleText

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


def sources_of(book: Book) -> Sources:
    """What the book's texts would be made from now, whichever model writes them."""
    manuscript = book.manuscript
    return Sources(
        book=lambda: manuscript.book,
        place=manuscript.section,
        head=manuscript.head,
        style=style_named(manuscript.book.style, manuscript.folder),
        prompts=book.services.prompts([book.folder.templates]),
        window_size=book.services.options().sliding_window_size,
        summaries=book.rag.mode is not RAGMode.DISABLED,
    )


def stale(book: Book) -> StaleReport:
    return staleness.stale(book.manuscript, sources_of(book))


def accept_stale(book: Book, sections: Sequence[str], note: str, *, maybe: bool) -> list[StaleText]:
    """Record of these sections (all that are out of date, if none are named) that they are fine as they are."""
    report = stale(book)
    if sections:
        wanted = [_reported(book, report, number) for number in sections]
    else:
        wanted = [text for text in report.texts if text in report.sections or (maybe and text in report.maybe)]
        wanted += [text for text in report if text not in wanted]
    staleness.accept_stale(book.manuscript, sources_of(book), wanted, book.who(), note)
    return wanted


def _reported(book: Book, report: StaleReport, number: str) -> StaleText:
    chapter, section = find_section(book.value, number)
    found = report.of(section.id)
    if found is None:
        raise UnknownName(
            f"Section {chapter.number}.{section.number} is not out of date.",
            fix="`ghostkit stale` shows what is, and why.",
        )
    return found
