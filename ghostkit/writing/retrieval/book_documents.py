"""The texts of a book that can be found: its sections as they stand, and the sources beside it."""

from __future__ import annotations

from collections.abc import Iterator

from ghostkit.book import ProjectFolder
from ghostkit.book.model import Book, Chapter, Section
from ghostkit.rag.document import MANUSCRIPT, Document
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.plan import SECTION


def documents_of(manuscript: Manuscript) -> list[Document]:
    """Every section that has a text, in order, then the sources. Only current revisions are among them."""
    from ghostkit.writing.retrieval import source_documents

    with manuscript.lock:
        sections = list(_sections(manuscript))
    beside = source_documents.documents(manuscript.folder) if has_sources(manuscript.folder) else []
    return [*sections, *beside]


def has_sources(folder: ProjectFolder) -> bool:
    """Whether there is a list of sources; a look at the disk, and no more."""
    return (folder.root / "sources" / "sources.json").is_file()


def _sections(manuscript: Manuscript) -> Iterator[Document]:
    book = manuscript.book
    for chapter, section in book.sections():
        head = manuscript.head(section.id, SECTION)
        if head is not None and not head.purged and head.text.strip():
            yield section_document(book, chapter, section, head.text.strip("\n"), head.id)


def section_document(
    book: Book, chapter: Chapter, section: Section, text: str, revision: int | None = None
) -> Document:
    """A section as retrieval knows it."""
    return Document(
        id=section.id,
        text=text,
        kind=MANUSCRIPT,
        chapter=chapter.number,
        section=section.number,
        title=section.title,
        heading=chapter.title,
        language=book.language.split("-")[0],
        revision=revision,
    )
