"""The book's reference texts as documents to index."""

from __future__ import annotations

from dataclasses import dataclass

from ghostkit.book import ProjectFolder
from ghostkit.book.sources import SourceFolder
from ghostkit.book.sources_record import Source
from ghostkit.errors import BookError
from ghostkit.rag.document import REFERENCE, Document

SOURCES = "sources/"
"""What every source's id begins with."""
_COLUMNS = ("author", "rating", "title")


@dataclass(frozen=True, kw_only=True)
class UnreadSource:
    """A source whose file is gone or no text any more, and why in a sentence."""

    source: Source
    problem: str


def documents(folder: ProjectFolder) -> list[Document]:
    """Each source that can be read, as its file is now; `unread` tells of the others.

    Raises:
        BookDamaged: a `sources.json` that can't be read.
    """
    return read_documents(folder)[0]


def read_documents(folder: ProjectFolder) -> tuple[list[Document], list[UnreadSource]]:
    """(the documents, the sources that can't be read)."""
    sources = SourceFolder(folder)
    found: list[Document] = []
    unread: list[UnreadSource] = []
    for source in sources.all():
        try:
            found.append(document_of(source, sources.text_of(source)))
        except BookError as error:
            unread.append(UnreadSource(source=source, problem=error.message))
    return found, unread


def document_of(source: Source, text: str) -> Document:
    """Its id is the file's path in the project; author, rating and title can be filtered by, as can what else its
    front matter said, and its tags.
    """
    columns = {name: getattr(source, name) for name in _COLUMNS if getattr(source, name) not in (None, "")}
    return Document(
        id=f"{SOURCES}{source.file}",
        text=text,
        kind=REFERENCE,
        since_chapter=source.since_chapter,
        title=source.title,
        language=source.language.partition("-")[0],
        tags=source.tags,
        metadata={**source.extra, **columns},
    )
