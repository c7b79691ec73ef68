"""The reference texts of a book: plain files in `sources/`, and `sources.json` for what is known of them.

A text there is the truth: who edits it in an editor has changed the source.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ghostkit.book.files import make_folder, read_text_or_none, sync_folder, write_atomic
from ghostkit.book.folder import ProjectFolder
from ghostkit.book.slug import inside, safe_slug
from ghostkit.book.sources_front_matter import FrontMatter, split_front_matter
from ghostkit.book.sources_reading import read_source
from ghostkit.book.sources_record import Source, checked, dump_sources, load_sources
from ghostkit.errors import BookError, InputError, StorageError, UnknownName, storage_errors

ENDINGS: Final = {".txt": ".txt", ".text": ".txt", ".md": ".md", ".markdown": ".md"}
RECORD: Final = "sources.json"
LOCK_WAIT_S: Final = 30.0


@dataclass(frozen=True, kw_only=True)
class ListedSource:
    """A source as it is found now."""

    source: Source
    state: str
    """`as added`, `changed` (edited since), `missing` or `unreadable`."""
    characters: int = 0
    words: int = 0
    problem: str = ""
    """Why it can't be read, in a sentence."""

    def as_dict(self) -> dict[str, Any]:
        found = {"state": self.state, "characters": self.characters, "words": self.words, "problem": self.problem}
        return self.source.as_dict() | found


@dataclass(frozen=True, kw_only=True)
class _Taken:
    source: Source
    text: str
    path: Path


class SourceFolder:
    """`sources/` of one project. Every change is checked in full before anything is written."""

    def __init__(self, project: ProjectFolder) -> None:
        self.project = project

    @property
    def root(self) -> Path:
        """The folder; raises `InputError` where a link in its place leads out of the project."""
        inside(self.project.root, "sources")
        return self.project.sources

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────

    def all(self) -> tuple[Source, ...]:
        """In the order they were added.

        Raises:
            BookDamaged: a `sources.json` that can't be read.
        """
        text = read_text_or_none(self.root / RECORD)
        return () if text is None else load_sources(text)

    def get(self, name: str) -> Source:
        """By its id, or its file's name."""
        for source in self.all():
            if name in (source.id, source.file):
                return source
        known = ", ".join(source.id for source in self.all()[:8]) or "none yet"
        raise UnknownName(f"There is no source {name!r}.", fix=f"There is: {known}.")

    def text(self, name: str) -> str:
        """The text as it is now.

        Raises:
            BookError: its file is missing, or no text any more.
        """
        return self.text_of(self.get(name))

    def text_of(self, source: Source) -> str:
        """`text`, for who has the source at hand."""
        try:
            return read_source(self.root / source.file)[0]
        except InputError as error:
            raise BookError(error.message, fix=f"{error.fix} Or remove the source {source.id!r}.") from None

    def listed(self) -> tuple[ListedSource, ...]:
        """Each with how it stands: a text that is no longer what was added is the source's text now."""
        return tuple(self._listed(source) for source in self.all())

    def unlisted(self) -> tuple[str, ...]:
        """Names of files that lie in the folder and were never added."""
        known = {RECORD, *(source.file for source in self.all())}
        with storage_errors(self.root, "list"):
            try:
                names = sorted(os.listdir(self.root))
            except FileNotFoundError:
                return ()
        return tuple(name for name in names if name not in known and not name.startswith("."))

    def _listed(self, source: Source) -> ListedSource:
        path = self.root / source.file
        try:
            text = read_source(path)[0]
        except (InputError, StorageError) as error:
            state = "unreadable" if os.path.lexists(path) else "missing"
            return ListedSource(source=source, state=state, problem=error.message)
        state = "as added" if _digest(text) == source.sha256 else "changed"
        return ListedSource(source=source, state=state, characters=len(text), words=len(text.split()))

    # ── changing ──────────────────────────────────────────────────────────────────────────────────────────

    def add(
        self, files: Sequence[Path], *, by: str = "", encoding: str | None = None, name: str | None = None, **given: Any
    ) -> tuple[tuple[Source, str], ...]:
        """Take files in, all of them or none; gives each source with its text.

        `given` are fields of `Source` that a person may give, and go before a Markdown file's front matter.

        Raises:
            InputError: the first file (or the number of them) that can't be taken, and why; nothing was added.
        """
        if not files:
            raise InputError("No file was given.", fix="Give one or more .txt or .md files.")
        one_only = [field for field in ("title", "note") if given.get(field)] + (["name"] if name else [])
        if len(files) > 1 and one_only:
            raise InputError(f"One {one_only[0]} can't be given to {len(files)} files.", fix="Add that file by itself.")
        wanted = checked(given)
        with self._locked():
            there = list(self.all())
            taken = self._take(files, there, wanted, by=by, encoding=encoding, name=name)
            self._write(taken, there)
        return tuple((one.source, one.text) for one in taken)

    def remove(self, names: Sequence[str]) -> tuple[Source, ...]:
        """Take sources out, all of them or none, with their files.

        Raises:
            UnknownName: there is none of a name.
        """
        with self._locked():
            gone = tuple({source.id: source for source in map(self.get, names)}.values())
            write_atomic(self.root / RECORD, dump_sources(one for one in self.all() if one not in gone), "book")
            for source in gone:
                path = self.root / source.file
                with storage_errors(path, "remove"):
                    path.unlink(missing_ok=True)
            sync_folder(self.root)
        return gone

    def _take(
        self,
        files: Sequence[Path],
        there: Sequence[Source],
        wanted: Mapping[str, Any],
        *,
        by: str,
        encoding: str | None,
        name: str | None,
    ) -> list[_Taken]:
        taken: list[_Taken] = []
        faults: list[InputError] = []
        texts = {self._digest_of(source): source for source in there}
        names = {source.id.casefold(): source for source in there}
        for path in map(Path, files):
            try:
                one = _taken(path, wanted, by=by, encoding=encoding, name=name)
                self._check_new(one, texts, names)
                taken.append(one)
                texts[one.source.sha256] = names[one.source.id.casefold()] = one.source
            except InputError as error:
                faults.append(error)
        if faults:
            raise _refusal(faults, len(files))
        return taken

    def _check_new(self, one: _Taken, texts: Mapping[str, Source], names: Mapping[str, Source]) -> None:
        """Raise `InputError` where the text, or the name, is there already."""
        source, name = one.source, str(one.path)
        if (other := texts.get(source.sha256)) is not None:
            raise InputError(f"{name} has the same text as the source {other.id!r}.", fix="It need not be added.")
        if (other := names.get(source.id.casefold())) is not None:
            raise InputError(
                f"There is a source {other.id!r} already, and {name} would be called so, too.",
                fix=f"Give it another name with --name, or edit sources/{other.file}, which is that source.",
            )
        path = self.root / source.file
        if os.path.lexists(path) and not _same_file(path, one.path):
            with suppress(InputError, StorageError):
                if _digest(read_source(path)[0]) == source.sha256:  # by an `add` that was killed
                    return
            raise InputError(
                f"sources/{source.file} is there already and was never added, so {name} can't take its place.",
                fix="Add that file first, or give this one another name with --name.",
            )

    def _digest_of(self, source: Source) -> str:
        with suppress(InputError, StorageError):
            return _digest(read_source(self.root / source.file)[0])
        return source.sha256

    def _write(self, taken: Sequence[_Taken], there: Sequence[Source]) -> None:
        """The texts, then the record that makes them sources; whatever fails takes the texts back."""
        root, made = self.root, []
        try:
            for one in taken:
                path = root / one.source.file
                if not os.path.lexists(path):
                    made.append(path)
                write_atomic(path, one.text.encode("utf-8", "replace"), "book")
            write_atomic(root / RECORD, dump_sources([*there, *(one.source for one in taken)]), "book")
        except BaseException:
            for path in made:
                with suppress(OSError):
                    path.unlink()
            raise
        for one in taken:  # a file that lay in the folder under a name that isn't kept
            if _within(one.path, root) and not _same_file(one.path, root / one.source.file):
                with suppress(OSError):
                    one.path.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time; the lock lies in `cache/`, where git doesn't see it."""
        import filelock

        make_folder(self.project.cache)
        lock = filelock.FileLock(self.project.cache / "sources.lock", timeout=LOCK_WAIT_S)
        with storage_errors(self.project.cache, "lock"):
            try:
                lock.acquire()
            except filelock.Timeout:
                raise StorageError(
                    "Another process is changing the sources of this book.", fix="Try again when it is done."
                ) from None
        try:
            make_folder(self.root)
            yield
        finally:
            lock.release()


def _taken(path: Path, wanted: Mapping[str, Any], *, by: str, encoding: str | None, name: str | None) -> _Taken:
    ending = ENDINGS.get(path.suffix.lower())
    shown = str(path)
    if ending is None and not path.is_dir():
        raise InputError(
            f"{shown} is neither .txt nor .md.", fix="Save its text as one of those; no others are read yet."
        )
    text, found = read_source(path, encoding)
    front = split_front_matter(text) if ending == ".md" else FrontMatter(body=text)
    if not front.body.strip():
        raise InputError(f"{shown} is empty below its front matter.", fix="Give a file with text in it.")
    fields = {**checked(front.fields, f"In {shown} "), **wanted}
    slug = safe_slug(name or path.stem)
    source = Source(
        **{"title": _plain_title(path.stem), **fields},
        id=slug,
        file=f"{slug}{ending}",
        original=path.name,
        encoding=found,
        sha256=_digest(front.body),
        added_at=datetime.now(UTC).isoformat(timespec="seconds"),
        added_by=by,
        extra=front.extra,
    )
    return _Taken(source=source, text=front.body, path=path)


def _refusal(faults: Sequence[InputError], files: int) -> InputError:
    """One sentence of what can't be taken; `faults` has the sentences of all."""
    told = [fault.message.rstrip(".") for fault in faults[:5]]
    more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
    message = faults[0].message if len(faults) == 1 else f"{len(faults)} files can't be taken: {'; '.join(told)}{more}."
    fix = faults[0].fix if files == 1 else f"{faults[0].fix} Nothing was added."
    return InputError(message, fix=fix, faults=tuple(str(fault) for fault in faults))


def _plain_title(stem: str) -> str:
    title = " ".join("".join(c if c.isprintable() else " " for c in stem).replace("_", " ").split())
    return title or "Untitled"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _same_file(one: Path, other: Path) -> bool:
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except OSError:
        return False


def _within(path: Path, folder: Path) -> bool:
    with suppress(OSError):
        return path.resolve().parent == folder.resolve()
    return False
