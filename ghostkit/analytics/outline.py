"""What `book.json` says: the book's own row, its outline, and where each object stands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ghostkit.book.folder import ProjectFolder
from ghostkit.book.model import Book
from ghostkit.book.structure import load_structure
from ghostkit.errors import BookDamaged, storage_errors

Place = tuple[str, int | None, int | None]
OutlineRow = tuple[str, int, int, str, str, str, bool]


@dataclass(frozen=True, kw_only=True)
class Outline:
    """`sections` are (id, chapter, section, place, title, chapter title, locked).

    `places` are (object, chapter, section).
    """

    digest: str
    id: str
    title: str
    language: str
    genre: str
    style: str
    model: str
    chapters: int
    created_at: datetime | None
    """In UTC, without a zone."""
    sections: tuple[OutlineRow, ...] = field(repr=False)
    places: tuple[Place, ...] = field(repr=False)


class OutlineFile:
    """`book.json`, parsed again when it changed; what was read last while it can't be read."""

    def __init__(self, folder: ProjectFolder) -> None:
        self._path = folder.book
        self._stamp: tuple[int, int, int] | None = None
        self._outline: Outline | None = None

    def read(self) -> Outline:
        """Raises `BookDamaged` or `StorageError` if there is nothing to fall back to."""
        try:
            stamp = _stamp(self._path)
            if self._outline is None or stamp != self._stamp:
                with storage_errors(self._path, "read"):
                    data = self._path.read_bytes()
                self._outline, self._stamp = _outline(data, self._path), stamp
        except (BookDamaged, OSError):
            if self._outline is None:
                raise
        return self._outline


def _stamp(path: Path) -> tuple[int, int, int]:
    with storage_errors(path, "read"):
        found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _outline(data: bytes, path: Path) -> Outline:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BookDamaged(
            f"{path.name} can't be read: it is not UTF-8.", fix="Restore it from checkpoints/.", path=str(path)
        ) from error
    book = load_structure(text, path.name)
    return Outline(
        digest=hashlib.sha256(data).hexdigest(),
        id=book.id,
        title=book.title,
        language=book.language,
        genre="non-fiction" if book.is_nonfiction else "fiction",
        style=book.style,
        model=book.settings.model,
        chapters=len(book.chapters),
        created_at=book.created_at.replace(tzinfo=None) if book.created_at else None,
        sections=tuple(_sections(book)),
        places=tuple(_places(book)),
    )


def _sections(book: Book) -> list[OutlineRow]:
    return [
        (s.id, c.number, s.number, f"{c.number}.{s.number}", s.title, c.title, s.locked) for c, s in book.sections()
    ]


def _places(book: Book) -> list[Place]:
    chapters: list[Place] = [(chapter.id, chapter.number, None) for chapter in book.chapters]
    return chapters + [(section.id, chapter.number, section.number) for chapter, section in book.sections()]
