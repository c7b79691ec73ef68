"""Where everything of a book lies: the project folder, and the shelf that holds many."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ghostkit.book.files import make_folder, sweep_temporaries, sync_folder
from ghostkit.book.slug import inside, safe_slug
from ghostkit.errors import BookNotFound, InputError, StorageError, storage_errors

_FOLDERS: Final = (
    "chapters",
    "characters",
    "styles",
    "checkpoints",
    "rag",
    "cache/embeddings",
    "cache/summaries",
    "cache/generations",
    "exports",
)
# rag/ and cache/ may hold very many files and clean up after themselves.
_SWEPT: Final = ("chapters", "characters", "styles", "templates", "sources", "checkpoints", "exports")
_DELETED: Final = re.compile(r"^\..+\.[0-9a-f]{8}\.deleted$")


@dataclass(frozen=True)
class ProjectFolder:
    """The paths of one book. Numbers are padded to two digits, more where a book needs them."""

    root: Path

    def __post_init__(self) -> None:
        if "\0" in str(self.root):
            raise InputError("A folder's name can't hold a NUL character.", fix="Give another folder.")
        object.__setattr__(self, "root", Path(self.root))

    @property
    def book(self) -> Path:
        return self.root / "book.json"

    @property
    def outline(self) -> Path:
        return self.root / "outline.md"

    @property
    def chapters(self) -> Path:
        return self.root / "chapters"

    def chapter(self, number: int) -> Path:
        return self.chapters / f"chapter_{number:02d}"

    def chapter_metadata(self, number: int) -> Path:
        return self.chapter(number) / "metadata.json"

    def chapter_outline(self, number: int) -> Path:
        return self.chapter(number) / "outline.json"

    def content(self, number: int) -> Path:
        return self.chapter(number) / "content.md"

    def sections(self, number: int) -> Path:
        return self.chapter(number) / "sections"

    def section(self, chapter: int, section: int) -> Path:
        return self.sections(chapter) / f"section_{section:02d}.md"

    @property
    def characters(self) -> Path:
        return self.root / "characters"

    @property
    def profiles(self) -> Path:
        return self.characters / "profiles.json"

    @property
    def relationships(self) -> Path:
        return self.characters / "relationships.json"

    @property
    def bible(self) -> Path:
        return self.root / "bible.json"

    @property
    def glossary(self) -> Path:
        return self.root / "glossary.md"

    @property
    def styles(self) -> Path:
        return self.root / "styles"

    def style(self, name: str) -> Path:
        """The file of a style of the book's own; a name that would leave `styles/` is refused."""
        inside(self.styles, f"{name}.json")
        return self.styles / f"{name}.json"

    @property
    def templates(self) -> Path:
        """The book's own versions of prompt templates; made when there is one."""
        return self.root / "templates"

    @property
    def sources(self) -> Path:
        """Reference texts and what is known of them; made when there is one."""
        return self.root / "sources"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.sqlite"

    @property
    def rag(self) -> Path:
        return self.root / "rag"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def analytics(self) -> Path:
        return self.root / "analytics.duckdb"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def is_book(self) -> bool:
        return self.book.is_file()

    def create(self) -> ProjectFolder:
        """Make the folder and those in it; what is there already stays."""
        for name in _FOLDERS:
            make_folder(self.root / name)
        return self

    def open(self, *, writable: bool = True) -> ProjectFolder:
        """Check that a book is here and, if it is to be written, clean up after killed processes.

        Raises:
            BookNotFound: no such folder, or no book in it.
            StorageError: the folder is read-only and `writable` was asked for.
        """
        with storage_errors(self.root, "open"):
            self._check_found()
        if writable:
            self._check_writable()
            sweep_temporaries(self.root, below=False)
            for name in _SWEPT:
                sweep_temporaries(self.root / name)
        return self

    def _check_found(self) -> None:
        if not self.root.is_dir():
            what = "is a file, not a book's folder" if self.root.exists() else "does not exist"
            raise BookNotFound(
                f"{self.root} {what}.",
                fix=f"Make a book with `ghostkit new {self.root} …`, or give the folder of one.",
                path=str(self.root),
            )
        if not self.is_book:
            raise BookNotFound(
                f"{self.root} is not a ghostkit book: it has no book.json.",
                fix="Give the folder that holds book.json, or restore that file from checkpoints/.",
                path=str(self.root),
            )

    def _check_writable(self) -> None:
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise StorageError(
                f"{self.root} is read-only.",
                fix="Change the folder's permissions, or copy the book to a folder you may write.",
                path=str(self.root),
            )


@dataclass(frozen=True)
class Shelf:
    """A folder of books, each under its own slug; nothing it does reaches outside `root`."""

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))

    def unique_folder(self, title: str) -> Path:
        """Where a new book of this title would go; not made yet."""
        return self.root / safe_slug(title, self._names())

    def create(self, title: str) -> ProjectFolder:
        """A new folder for a book of this title; two makers at once get two folders."""
        make_folder(self.root)
        while True:
            folder = self.unique_folder(title)
            with storage_errors(folder, "make the folder"):
                try:
                    folder.mkdir()
                except FileExistsError:
                    continue
                sync_folder(self.root)
            return ProjectFolder(folder).create()

    def list_projects(self) -> tuple[ProjectFolder, ...]:
        """The books here, by slug; links are left out, since they may lead anywhere."""
        found = (ProjectFolder(self.root / name) for name in self._names() if not name.startswith("."))
        return tuple(folder for folder in found if folder.is_book and not folder.root.is_symlink())

    def open(self, slug: str, *, writable: bool = True) -> ProjectFolder:
        """The book under `slug`.

        Raises:
            InputError: `slug` is no plain name inside the shelf.
            BookNotFound: no book under this name.
        """
        return self._project(slug).open(writable=writable)

    def delete(self, slug: str) -> None:
        """Remove the book under `slug` with everything in it; a folder that is no book is refused.

        It loses its name first, so a crash leaves a whole book or none.
        """
        import shutil

        folder = self._project(slug).open(writable=False).root
        doomed = self.root / f".{slug}.{os.urandom(4).hex()}.deleted"
        with storage_errors(folder, "delete"):
            os.rename(folder, doomed)
            sync_folder(self.root)
            shutil.rmtree(doomed)
        for left in filter(_DELETED.match, self._names()):  # by a delete that was killed
            shutil.rmtree(self.root / left, ignore_errors=True)

    def _project(self, slug: str) -> ProjectFolder:
        if slug in ("", ".", "..") or "/" in slug or "\\" in slug or slug.startswith("."):
            raise InputError(f"{slug!r} is not a book's short name.", fix="Give one that the list of books shows.")
        inside(self.root, slug)
        return ProjectFolder(self.root / slug)

    def _names(self) -> list[str]:
        with storage_errors(self.root, "list"):
            try:
                return sorted(os.listdir(self.root))
            except FileNotFoundError:
                return []
