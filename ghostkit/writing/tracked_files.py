"""The files derived from a book: which there are, what should be in them, and keeping them that way.

A file is compared with what it was when ghostkit last wrote it or took it in. Unchanged since then, it is ours and
is written anew when the book has moved on. Changed since then, it is a person's: `writing/absorbing.py` takes the
change in before anything is written. The ledger is told of a batch of files before the book changes again, so
after a crash a file is either as recorded, or exactly what the book calls for, or a person's.

Paths follow from numbers, and numbers change. So what is remembered of a file says whose text it held: what a person
changed in it belongs to that chapter or section, wherever in the book it is by now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ghostkit import faults
from ghostkit.book.files import read_text_or_none, write_atomic
from ghostkit.book.model import Chapter, Section
from ghostkit.book.rendering import (
    render_bible,
    render_chapter_outline,
    render_content,
    render_glossary,
    render_metadata,
    render_outline,
    render_profiles,
    render_relationships,
    render_section,
)
from ghostkit.errors import storage_errors
from ghostkit.ledger import FileRecord, text_hash
from ghostkit.writing import adoption
from ghostkit.writing.manuscript import Manuscript


@dataclass(frozen=True, kw_only=True)
class TrackedFile:
    """`kind` says what is in it, and is its fault-point family unless `family` is; `object_id` says whose it is.

    `render` gives what it should hold; None while there is nothing to write, though a person may have put it there.
    It is only called when a look at the file's size and time doesn't settle the matter. `holds` are the ids of the
    sections whose texts are in a chapter's file.
    """

    path: Path
    kind: str
    object_id: str
    render: Callable[[], str | None]
    holds: tuple[str, ...] = ()
    family: str = ""

    @property
    def owner(self) -> str:
        """Whose text it holds, as `FileRecord` has it."""
        return " ".join((self.object_id, *self.holds))


Absorb = Callable[[TrackedFile, str], bool]
"""Takes an edited file's text in; says whether the file may stay as the person laid it out."""
Find = Callable[[Manuscript], Iterable[TrackedFile]]


def book_files(manuscript: Manuscript) -> Iterator[TrackedFile]:
    """Files of the book as a whole."""
    folder, book = manuscript.folder, manuscript.book
    cast, lore = (manuscript.head(book.id, kind) is not None for kind in ("characters", "bible"))
    yield TrackedFile(
        path=folder.outline,
        kind="outline",
        object_id=book.id,
        render=lambda: render_outline(book) if book.chapters else None,
    )
    yield TrackedFile(
        path=folder.profiles,
        kind="profiles",
        object_id=book.id,
        render=lambda: render_profiles(book.characters, book.file_extra.get("profiles")) if cast else None,
    )
    yield TrackedFile(
        path=folder.relationships,
        kind="relationships",
        object_id=book.id,
        render=lambda: render_relationships(book.characters, book.file_extra.get("relationships")) if cast else None,
    )
    yield TrackedFile(
        path=folder.bible,
        kind="bible",
        object_id=book.id,
        render=lambda: render_bible(book.bible, book.file_extra.get("bible")) if lore else None,
    )
    terms = manuscript.head(book.id, adoption.GLOSSARY) is not None
    yield TrackedFile(
        path=folder.glossary,
        kind="glossary",
        family="outline",
        object_id=book.id,
        render=lambda: render_glossary(book.glossary) if terms else None,
    )


def section_file(manuscript: Manuscript, chapter: Chapter, section: Section) -> TrackedFile:
    return TrackedFile(
        path=manuscript.folder.section(chapter.number, section.number),
        kind="section",
        object_id=section.id,
        render=lambda: render_section(section) if manuscript.head(section.id, "section") is not None else None,
    )


def chapter_files(manuscript: Manuscript, chapter: Chapter) -> Iterator[TrackedFile]:
    """Sections first, so that an edit of one is taken in before `content.md` is compared."""
    folder = manuscript.folder
    yield from (section_file(manuscript, chapter, section) for section in chapter.sections)
    yield TrackedFile(
        path=folder.content(chapter.number),
        kind="content",
        object_id=chapter.id,
        render=lambda: render_content(chapter) if _is_whole(chapter) else None,
        holds=tuple(section.id for section in chapter.sections),
    )
    yield TrackedFile(
        path=folder.chapter_outline(chapter.number),
        kind="chapter_outline",
        object_id=chapter.id,
        render=lambda: render_chapter_outline(chapter) if chapter.sections else None,
    )
    yield TrackedFile(
        path=folder.chapter_metadata(chapter.number),
        kind="metadata",
        object_id=chapter.id,
        render=lambda: render_metadata(chapter) if _is_whole(chapter) else None,
    )


def _is_whole(chapter: Chapter) -> bool:
    return bool(chapter.sections) and all(section.content for section in chapter.sections)


def all_files(manuscript: Manuscript) -> Iterator[TrackedFile]:
    """Chapters first: an edit of the outline may renumber them, and an edited file is its number's at the time."""
    for chapter in manuscript.book.chapters:
        yield from chapter_files(manuscript, chapter)
    yield from book_files(manuscript)


class FileKeeper:
    """Brings files and book into agreement; knows what each file was when last seen."""

    def __init__(self, manuscript: Manuscript, absorb: Absorb) -> None:
        self._manuscript = manuscript
        self._absorb = absorb
        self._records = manuscript.file_records
        with manuscript.lock:  # another process may have written files since they were last looked at
            self._records.clear()
            self._records.update(manuscript.ledger.file_records())
        self._fresh: list[FileRecord] = []
        self._structure_cleared = -1

    def take_in(self, find: Find) -> bool:
        """Take in what people changed in these files; True if anything was. A glance at size and time each."""
        with self._manuscript.lock:
            self._manuscript.refresh()
            taken = False
            # An edit taken in may change what the others should hold, so look again.
            while any([self._take_in_one(file) for file in self._found(find)]):
                taken = True
            self._note()
        return taken

    def disown(self, name: str) -> None:
        """The file's text, as it is now, is kept elsewhere: what the book calls for is written over it."""
        known, stat = self._records[name], _stat(self._manuscript.folder.root / name)
        text = read_text_or_none(self._manuscript.folder.root / name)
        if stat is not None and text is not None:
            fresh = FileRecord(
                path=name, size=stat[0], mtime_ns=stat[1], text_hash=text_hash(text), rendered_hash="",
                owner=known.owner,
            )  # fmt: skip
            self._records[name] = fresh
            self._fresh.append(fresh)

    def _found(self, find: Find) -> Iterator[TrackedFile]:
        """Those to look at; with all of them come the files of places that are gone, whose texts may live on."""
        yield from find(self._manuscript)
        if find is all_files:
            yield from self._left_behind()

    def _left_behind(self) -> list[TrackedFile]:
        current = {self._name(file) for file in all_files(self._manuscript)}
        return [
            TrackedFile(path=self._manuscript.folder.root / name, kind=kind, object_id="", render=lambda: None)
            for name, known in self._records.items()
            if name not in current and known.owner and (kind := _kind_of(name))
        ]

    def derive(self, find: Find) -> None:
        """Write those of these files that are missing or behind; edits of them are taken in first."""
        with self._manuscript.lock:
            if self.take_in(find):
                find = all_files
            for file in find(self._manuscript):
                self._bring_up_to_date(file)
            self._clear_away()
            self._note()
            faults.point("files.after")

    def _take_in_one(self, file: TrackedFile) -> bool:
        stat = _stat(file.path)
        known = self._records.get(self._name(file))
        if stat is None or (known is not None and (known.size, known.mtime_ns) == stat):
            if stat is not None and known is not None and not known.owner:  # an earlier ghostkit didn't say
                self._remember(file, stat, known.text_hash, known.rendered_hash)
            return False
        text = read_text_or_none(file.path)
        if text is None:
            return False
        digest = text_hash(text)
        if known is not None and known.text_hash == digest:
            self._remember(file, stat, digest, known.rendered_hash, known.owner)
            return False
        if _hash(file.render()) == digest:
            self._remember(file, stat, digest, digest)
            return False
        meant = whose(self._manuscript, file, known.owner, text) if known is not None else file
        if meant is not file:
            self._absorb(meant, text)
            # What stands there now is another one's, or nobody's: ours is written over it.
            self._remember(file, stat, digest, "", meant.owner)
            return True
        if file.kind == "outline":
            # It may renumber the chapters: what else was edited belongs to the numbers as they are now.
            for chapter in self._manuscript.book.chapters:
                for other in chapter_files(self._manuscript, chapter):
                    self._take_in_one(other)
        if self._absorb(file, text):
            self._left_as_is(file, stat, digest)
        else:
            self._remember(file, stat, digest, "")
        return True

    def _left_as_is(self, file: TrackedFile, stat: tuple[int, int], digest: str) -> None:
        """A person's file stays as they laid it out, as long as the book says what it now says."""
        now = next((f for f in all_files(self._manuscript) if f.path == file.path), None)
        rendered = _hash(now.render()) if now is not None else ""
        self._remember(file, stat, digest, rendered or digest)

    def _bring_up_to_date(self, file: TrackedFile) -> None:
        text = file.render()
        known = self._records.get(self._name(file))
        stat = _stat(file.path)
        if text is None:
            self._clear_of_another(file, known, stat)
            return
        digest = text_hash(text)
        if stat is not None:
            if known is not None and known.rendered_hash == digest and known.owner == file.owner:
                return
            if known is None or (known.size, known.mtime_ns) != stat:
                return  # somebody wrote to it since it was looked at a moment ago; it is taken in next time
        write_atomic(file.path, text.encode(), file.family or file.kind)
        written = _stat(file.path)
        if written is not None:
            self._remember(file, written, digest, digest)

    def _clear_of_another(self, file: TrackedFile, known: FileRecord | None, stat: tuple[int, int] | None) -> None:
        """There is nothing to write here yet: what is there of an earlier owner, unchanged, goes."""
        if known is not None and known.owner not in ("", file.owner) and (known.size, known.mtime_ns) == stat:
            with storage_errors(file.path, "clear away"):
                file.path.unlink(missing_ok=True)
            self._forget(known.path, file.owner)

    def _forget(self, name: str, owner: str) -> None:
        """There is no such file any more; one that appears is `owner`'s."""
        nothing = text_hash("")
        record = FileRecord(path=name, size=-1, mtime_ns=0, text_hash=nothing, rendered_hash=nothing, owner=owner)
        self._records[name] = record
        self._fresh.append(record)

    def _clear_away(self) -> None:
        """Remove the files of places that are gone from the structure; what a person changed is kept aside."""
        if self._structure_cleared == self._manuscript.structure_version:
            return
        root, current = self._manuscript.folder.root, {self._name(file) for file in all_files(self._manuscript)}
        for name, known in list(self._records.items()):
            if name not in current and _stat(root / name) is not None:
                self._clear_one(root / name, known)
        self._structure_cleared = self._manuscript.structure_version

    def _clear_one(self, path: Path, known: FileRecord) -> None:
        with storage_errors(path, "clear away"):
            text = read_text_or_none(path)
            # With an owner every word of it was taken in, in whatever layout; before there were owners, who knows.
            ours = bool(known.owner) or known.text_hash == known.rendered_hash
            if text is not None and not (ours and text_hash(text) == known.text_hash):
                path.rename(aside(path, text))
                return
            path.unlink(missing_ok=True)
            self._forget(known.path, "")
            for folder in (path.parent, path.parent.parent):
                if folder != self._manuscript.folder.chapters and not any(folder.iterdir()):
                    folder.rmdir()

    def _remember(
        self, file: TrackedFile, stat: tuple[int, int], digest: str, rendered: str, owner: str | None = None
    ) -> None:
        record = FileRecord(
            path=self._name(file), size=stat[0], mtime_ns=stat[1], text_hash=digest, rendered_hash=rendered,
            owner=file.owner if owner is None else owner,
        )  # fmt: skip
        self._records[record.path] = record
        self._fresh.append(record)

    def _note(self) -> None:
        if self._fresh:
            self._manuscript.ledger.note_files(self._fresh)
            self._fresh.clear()

    def _name(self, file: TrackedFile) -> str:
        return file.path.relative_to(self._manuscript.folder.root).as_posix()


def whose(manuscript: Manuscript, file: TrackedFile, owner: str, text: str) -> TrackedFile:
    """The file as that of the one it was last written for, if that isn't who has its place now.

    After a crash among the files of a changed structure, what a person edits may already be the new owner's text:
    then that is what it plainly looks like.
    """
    if owner in ("", file.owner) or file.kind not in _IN_CHAPTERS:
        return file
    first, *held = owner.split()
    before = replace(file, object_id=first, holds=tuple(held), render=lambda: None)
    now, then = _last_text(manuscript, file), _last_text(manuscript, before)
    return file if _likeness(text, now) > _likeness(text, then) else before


def _last_text(manuscript: Manuscript, file: TrackedFile) -> str:
    """Roughly what the file held, for telling texts apart; its owner may be gone from the book."""
    if file.kind in ("section", "content"):
        heads = (manuscript.head(section, "section") for section in file.holds or (file.object_id,))
        return " ".join(head.text for head in heads if head is not None)
    for chapter in manuscript.book.chapters:
        if chapter.id == file.object_id:
            return render_chapter_outline(chapter) if file.kind == "chapter_outline" else render_metadata(chapter)
    return ""


def _likeness(one: str, other: str) -> float:
    """Which part of their words two texts share, from 0 to 1."""
    first, second = Counter(one.split()), Counter(other.split())
    together = first.total() + second.total()
    return 2 * (first & second).total() / together if together else 0.0


def _kind_of(name: str) -> str | None:
    """What is in a chapter's file, by its name."""
    last = name.rpartition("/")[2]
    return "section" if last.startswith("section_") else _IN_CHAPTER_FOLDERS.get(last)


_IN_CHAPTER_FOLDERS: Final = {"content.md": "content", "outline.json": "chapter_outline", "metadata.json": "metadata"}
_IN_CHAPTERS: Final = frozenset({"section", *_IN_CHAPTER_FOLDERS.values()})


def aside(path: Path, text: str) -> Path:
    """Where a person's text goes that has no place of its own: beside it, under a name that tells whose it is."""
    return path.with_name(f"{path.stem}.yours-{text_hash(text)[:8]}{path.suffix}")


def _hash(text: str | None) -> str:
    return text_hash(text) if text is not None else ""


def _stat(path: Path) -> tuple[int, int] | None:
    """(size, mtime in ns), None where there is no such file."""
    with storage_errors(path, "look at"):
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
    return found.st_size, found.st_mtime_ns
