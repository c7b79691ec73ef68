"""What `ghostkit doctor` says of a book's sources and of its search index. Nothing is opened for writing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ghostkit.cli.checkup import Finding
from ghostkit.cli.wording import counted


def sources(path: Path) -> Iterator[Finding]:
    """Reads the record, and every text once; a record that can't be read is told as the error it is."""
    from ghostkit.book import ProjectFolder
    from ghostkit.book.sources import SourceFolder

    listed = SourceFolder(ProjectFolder(path)).listed()
    bad = [one for one in listed if one.problem]
    if not bad:
        words = f"{len(listed)} ({sum(one.words for one in listed):,} words)" if listed else "none"
        yield Finding(name="sources", state="ok" if listed else "info", message=words)
    for one in bad:
        fix = f"Put the file back, or remove the source: ghostkit sources remove {path} {one.source.id}"
        yield Finding(name="sources", state="warn", message=f"{one.source.id}: {one.problem}", fix=fix)


def index(path: Path) -> Iterator[Finding]:
    """By the files alone: what is wrong inside them is found and mended when they are used."""
    from ghostkit.book import ProjectFolder

    folder = ProjectFolder(path).rag
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    indexes = [file for file in files if file.name == "chunks.sqlite"]
    if not indexes:
        yield Finding(name="index", state="info", message="none yet; it is made when something is looked for")
        return
    aside = sorted(file.relative_to(path).as_posix() for file in files if ".damaged-" in file.name)
    size = sum(file.stat().st_size for file in files) / 1e6
    message = f"{counted(len(indexes), 'index', 'indexes')} in rag/, {size:.1f} MB; derived, so it may be deleted"
    yield Finding(name="index", state="ok", message=message)
    if aside:
        message = f"set aside as damaged, and made anew since: {', '.join(aside[:5])}{' …' if len(aside) > 5 else ''}"
        yield Finding(name="index", state="info", message=message, fix="Nobody needs these; delete them.")
