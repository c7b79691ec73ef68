"""The chunks of a book's indexes, taken over when an index has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostkit.book.folder import ProjectFolder

if TYPE_CHECKING:
    import duckdb


def follow(cursor: duckdb.DuckDBPyConnection, folder: ProjectFolder, book: str, known: dict[str, str]) -> None:
    """Bring `chunks` up to the indexes there are; `known` says what each was like, by its id, and is changed."""
