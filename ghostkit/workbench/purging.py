"""Forget a text for good, wherever it is kept. Its hash, what it cost and the reason stay.

The ledger comes last: as long as it has the text, a purge that was interrupted can find its traces again. A text is
known again by the sentences that no other revision has, letters and digits only, so that markup, quotation marks and
line breaks don't hide it.
"""

from __future__ import annotations

import html
import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ghostkit import faults
from ghostkit.cache import CacheManager
from ghostkit.cache.process import managers
from ghostkit.errors import InputError, storage_errors
from ghostkit.events import Event, EventType
from ghostkit.workbench.alone import alone_with
from ghostkit.workbench.revisions import bring_files_up
from ghostkit.writing.plan import SECTION
from ghostkit.writing.tracked_files import all_files

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book

LONGEST_REASON: Final = 500
_OURS: Final = ("exports", "checkpoints", "cache", "rag", "conflicts")
"""Folders whose files ghostkit made, or put there once their words were taken in: they may go."""
_UNSURE: Final = ("exports", "rag")
"""What can't be searched in these may hold the text, and can be made again: it goes."""
_COPIES: Final = re.compile(r"\.yours-[0-9a-f]{8}|conflict", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]*>")
_LARGEST: Final = 200_000_000


@dataclass(kw_only=True)
class Purged:
    """What was done. `already` says that nothing of the text was left; `still_quoted` are people's own files."""

    number: str
    revision: int
    text_hash: str
    reason: str
    already: bool = False
    cache_entries: int = 0
    log_lines: int = 0
    removed: list[str] = field(default_factory=list)
    still_quoted: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**vars(self)}


def purge(book: Book, section: str, revision: int, reason: str) -> Purged:
    """Forget the text of a section's revision. Doing it again finishes what was interrupted, and says so."""
    why = " ".join(reason.split())
    if not why or len(why) > LONGEST_REASON:
        raise InputError(
            "A purge needs a reason." if not why else f"The reason has {len(why):,} characters.",
            fix=f"Say in one sentence, of at most {LONGEST_REASON} characters, why the text goes.",
        )
    book.look_for_edits()
    handle = book.section(section)
    version = handle.revision(revision)
    done = Purged(number=version.number, revision=version.id, text_hash=version.text_hash, reason=why)
    with alone_with(book, "purging"):
        book.close_engines()  # what it searches holds the text, too
        if not version.purged:
            _clear_places(book, done, book.ledger.telling_passages(revision))
            if version.state == "open":
                book.ledger.reject(revision, book.who(), note="its text was purged")
        faults.point("purge.cleared")
        finished = book.ledger.purge(revision, why, book.who())
        for path in filter(lambda path: _is_projection(book, path), book.folder.root.iterdir()):
            _remove(path)  # made by another process while the ledger still had the text; later ones see the purge
        rewritten = _follow(book)
        done.already = version.purged and not finished and not rewritten
    if not version.purged:
        data = {"digest": version.text_hash, "reason": why}
        book.events.emit(Event(type=EventType.TEXT_PURGED, data=data, source="ledger"))
        _note(book, done, version.state, handle.id)
    return done


def _note(book: Book, done: Purged, state: str, section_id: str) -> None:
    if state == "current":
        done.notes.append(f"It was the book's text: section {done.number} is empty until another one is restored.")
    others = [r for r in book.ledger.history(section_id, SECTION) if not r.purged]
    if others and not done.notes:
        done.notes.append("Other revisions of the section stay as they are; what they have in common with it, too.")


def _follow(book: Book) -> bool:
    """Bring book and files up to the purge; files that can't be made any more go. True if anything was to do."""
    before = {path: path.read_bytes() for file in all_files(book.manuscript) if (path := file.path).is_file()}
    book.manuscript.reload()
    bring_files_up(book)
    gone = False
    for file in list(all_files(book.manuscript)):
        if file.kind in ("content", "metadata") and file.render() is None and file.path.is_file():
            with storage_errors(file.path, "remove"):
                file.path.unlink(missing_ok=True)
            gone = True
    after = {path: path.read_bytes() for path in before if path.is_file()}
    return gone or any(after.get(path) != data for path, data in before.items())


# ── places besides the ledger ─────────────────────────────────────────────────────────────────────────────────


def _clear_places(book: Book, done: Purged, passages: Sequence[str]) -> None:
    """Caches, logs, exports, checkpoints, copies: whatever holds one of the passages."""
    needles = _Needles(passages)
    if not needles:
        return
    caches = managers()
    if book.folder.cache.is_dir():
        caches.append(CacheManager("file", cache_dir=book.folder.cache))
    done.cache_entries = sum(cache.purge(list(passages)) for cache in caches)
    derived = {file.path for file in all_files(book.manuscript)} | {book.folder.book}
    for path in _files(book.folder.root):
        if path in derived or path.name.startswith(("ledger.", ".ledger.")):
            continue
        name = path.relative_to(book.folder.root)
        if name.parts[0] == "logs":
            done.log_lines += _clear_log(path, needles)
        elif _is_projection(book, path) or needles.in_file(path, sure=name.parts[0] not in _UNSURE):
            if name.parts[0] in _OURS or _is_projection(book, path) or _COPIES.search(path.name):
                _remove(path)
                done.removed.append(name.as_posix())
            else:
                done.still_quoted.append(name.as_posix())
    done.still_quoted += _exported_elsewhere(book, needles)


def _is_projection(book: Book, path: Path) -> bool:
    """The projection, or what was set aside or left unfinished of it."""
    name = book.folder.analytics.name
    return path.parent == book.folder.root and re.match(rf"\.?{re.escape(name)}(?!\.lock$)", path.name) is not None


class _Needles:
    """Knows a text again by its passages, letters and digits alone."""

    def __init__(self, passages: Iterable[str]) -> None:
        self._needles = [bare for passage in passages if len(bare := _letters(passage)) >= 8]

    def __bool__(self) -> bool:
        return bool(self._needles)

    def found_in(self, text: str) -> bool:
        hay = _letters(_plain(text))
        return any(needle in hay for needle in self._needles)

    def in_file(self, path: Path, *, sure: bool = True) -> bool:
        """Does the file hold one of them? One that can't be read as text does unless it must be `sure`."""
        with storage_errors(path, "read"):
            if path.stat().st_size > _LARGEST:
                return not sure
            data = path.read_bytes()
        if zipfile.is_zipfile(path):
            return self._in_archive(path, sure=sure)
        try:
            return self.found_in(data.decode("utf-8"))
        except UnicodeDecodeError:
            return not sure

    def _in_archive(self, path: Path, *, sure: bool) -> bool:
        try:
            with zipfile.ZipFile(path) as archive:
                texts = (archive.read(name) for name in archive.namelist())
                return any(self.found_in(data.decode("utf-8", "replace")) for data in texts)
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
            return not sure


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _plain(text: str) -> str:
    """The words of JSON, HTML or Markdown: escapes undone, tags out."""
    if "\\" in text:
        with suppress(ValueError):
            text = re.sub(r"\\u[0-9a-fA-F]{4}|\\[nrt]", _unescaped, text)
    return _TAG.sub("", html.unescape(text)) if "<" in text or "&" in text else text


def _unescaped(found: re.Match[str]) -> str:
    return str(json.loads(f'"{found[0]}"')) if found[0].startswith("\\u") else " "


def _clear_log(path: Path, needles: _Needles) -> int:
    """Take the lines that quote the text out of a log; how many there were."""
    with storage_errors(path, "read"):
        lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not needles.found_in(line.decode("utf-8", "replace"))]
    if len(kept) == len(lines):
        return 0
    temporary = path.with_name(f".{path.name}.purge.tmp")
    with storage_errors(path, "write"):
        temporary.write_bytes(b"".join(kept))
        temporary.chmod(path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    return len(lines) - len(kept)


def _exported_elsewhere(book: Book, needles: _Needles) -> list[str]:
    """Exports outside the project's folder, which are not ours to remove."""
    root = book.folder.root.resolve()
    found = []
    for event in book.ledger.events(types=[EventType.BOOK_EXPORTED]):
        path = Path(str(event.data.get("path", "")))
        with suppress(OSError):
            outside = path.is_absolute() and not path.resolve().is_relative_to(root)
            if outside and path.is_file() and needles.in_file(path) and str(path) not in found:
                found.append(str(path))
    return found


def _files(root: Path) -> Iterator[Path]:
    yield from sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _remove(path: Path) -> None:
    with storage_errors(path, "remove"):
        path.unlink(missing_ok=True)
