"""`book.sources`: the reference texts beside the manuscript; added, listed, read and removed by people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit.book.sources import ListedSource, SourceFolder
from ghostkit.book.sources_record import Source
from ghostkit.settings import get_settings
from ghostkit.workbench.styles import record_edit

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


class Sources:
    """The texts in `sources/`, in the order they were added. Editing a file there edits the source."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._folder = SourceFolder(book.folder)

    def add(
        self, *files: str | Path, encoding: str | None = None, name: str | None = None, **given: Any
    ) -> tuple[Source, ...]:
        """Copy .txt and .md files into the book, all of them or none, as UTF-8.

        Fields, for all of the files: `title`, `author`, `language`, `tags`, `rating` (0 to 10), `note`,
        `since_chapter` (the first chapter that may read it). They go before a Markdown file's front matter.

        Raises:
            InputError: a file that can't be taken and why, or a field that can't be; nothing was added.
        """
        actor = get_settings().actor
        added = self._folder.add([Path(file) for file in files], by=actor, encoding=encoding, name=name, **given)
        for source, text in added:
            record_edit(self._book, "source", f"sources/{source.file}", text)
        return tuple(source for source, _ in added)

    def remove(self, *names: str) -> tuple[Source, ...]:
        """Take sources out of the book with their files, all of those named or none.

        Raises:
            UnknownName: there is none of a name.
        """
        gone = self._folder.remove(names)
        for source in gone:
            record_edit(self._book, "source", f"sources/{source.file}", "")
        return gone

    def list(self) -> tuple[ListedSource, ...]:
        """Each with how it stands: `as added`, `changed`, `missing` or `unreadable`."""
        return self._folder.listed()

    def unlisted(self) -> tuple[str, ...]:
        """Files that lie in `sources/` and were never added."""
        return self._folder.unlisted()

    def get(self, name: str) -> Source:
        """The source of that name; raises `UnknownName`."""
        return self._folder.get(name)

    def text(self, name: str) -> str:
        """Its text as it is now; raises `BookError` where the file is gone or no text any more."""
        return self._folder.text(name)

    def __iter__(self) -> Iterator[Source]:
        return iter(self._folder.all())

    def __len__(self) -> int:
        return len(self._folder.all())

    def __contains__(self, name: object) -> bool:
        return any(name in (source.id, source.file) for source in self)

    def __repr__(self) -> str:
        names = ", ".join(source.id for source in self)
        return f"<Sources: {names or 'none'}>"

    def _repr_html_(self) -> str:
        from ghostkit.workbench.pages import table_html

        rows = [
            (one.source.id, one.source.title, one.source.author, ", ".join(one.source.tags), one.problem or one.state)
            for one in self.list()
        ]
        return table_html(("source", "title", "author", "tags", ""), rows)
