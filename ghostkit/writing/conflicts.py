"""Copies that sync tools leave beside our files when two machines changed one: their words become proposals.

    section_01 (Ana's conflicted copy 2026-11-20).md     Dropbox, Nextcloud, ownCloud, Seafile
    section_01.sync-conflict-20261120-101010-ABC.md      Syncthing
    section_01-DESKTOP-1A2B3C.md                         OneDrive
    section_01 (1).md, section_01 2.md                   Google Drive, iCloud
    section_01.Conflict.md                               Resilio

Each is taken in once and then lies in `conflicts/`, so that it isn't seen again and isn't lost.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ghostkit.book.files import make_folder, sync_folder
from ghostkit.book.model import Chapter
from ghostkit.book.rendering.prose import parse_content, parse_section
from ghostkit.errors import UnknownName, storage_errors
from ghostkit.events import Event, EventType
from ghostkit.ledger import Revision, Who
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.plan import SECTION

FOLDER: Final = "conflicts"

_NAME: Final = re.compile(
    r"^(?P<stem>section_\d{2,}|content|outline|metadata|profiles|relationships|book)"
    r"(?:(?P<tail>.+)\.(?P<type>md|json)|\.(?P<inner>md|json)(?P<end>\.conflict\w*))$",
    re.IGNORECASE,
)
_TAILS: Final = re.compile(
    r".*(?i:[ck]onfli[ck]t|конфликт).*"
    r"| ?\(\d{1,3}\)| \d{1,3}"
    r"|-(?=[^a-z]*[A-Z])[A-Z0-9][A-Z0-9-]{2,14}"  # Windows names machines in capitals
    r"|-[\w-]*(?:MacBook|iMac|iPad|iPhone|Laptop|Desktop)[\w-]*"
)
_LIKE_ENOUGH: Final = 0.5
_WHERE: Final = {
    "": ("outline.md", "book.json"),
    "characters": ("profiles.json", "relationships.json"),
    "chapter": ("content.md", "outline.json", "metadata.json"),
}


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A conflicted copy, and the path of our file that it is a copy of."""

    path: Path
    ours: Path


def original_of(name: str) -> str | None:
    """The name of our file that `name` is a sync tool's copy of, if it is one."""
    found = _NAME.match(name)
    if not found:
        return None
    if found["end"]:
        return f"{found['stem']}.{found['inner']}"
    return f"{found['stem']}.{found['type']}" if _TAILS.fullmatch(found["tail"]) else None


def find_copies(manuscript: Manuscript) -> Iterator[Copy]:
    """Those in the book's folder: one look at each folder that holds files of ours."""
    folder = manuscript.folder
    yield from _copies_in(folder.root, _WHERE[""])
    yield from _copies_in(folder.characters, _WHERE["characters"])
    for number in sorted(_names(folder.chapters)):
        if re.fullmatch(r"chapter_\d{2,}", number):
            yield from _copies_in(folder.chapters / number, _WHERE["chapter"])
            yield from _copies_in(folder.chapters / number / "sections", ())


def _copies_in(folder: Path, ours: tuple[str, ...]) -> Iterator[Copy]:
    for name in sorted(_names(folder)):
        original = original_of(name)
        if original is not None and (original in ours or (not ours and original.startswith("section_"))):
            yield Copy(path=folder / name, ours=folder / original)


def _names(folder: Path) -> list[str]:
    with storage_errors(folder, "list"):
        try:
            return os.listdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            return []


class ConflictTaker:
    """Takes conflicted copies in; `happened` lists the events. Callers keep runners out and hold the lock."""

    def __init__(self, manuscript: Manuscript, who: Who) -> None:
        self.manuscript = manuscript
        self.who = who
        self.happened: list[Event] = []

    def take_in(self) -> bool:
        """All there are; True if there were any."""
        taken = [self._take_in_one(copy) for copy in list(find_copies(self.manuscript))]
        return any(taken)

    def _take_in_one(self, copy: Copy) -> bool:
        if copy.path.is_symlink() or not copy.path.is_file():
            return False
        with storage_errors(copy.path, "read"):
            data = copy.path.read_bytes()
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            self._tell(copy.path, copy.path, "A copy in conflict that is not text was left where it is.", data)
            return False
        self._set_aside(copy, data, self._propose(copy, text))
        return True

    # ── words ─────────────────────────────────────────────────────────────────────────────────────────────

    def _propose(self, copy: Copy, text: str) -> str:
        """What was made of it, in a sentence."""
        try:
            parts = self._parts(copy, text)
        except UnknownName:
            parts = None
        if parts is None:
            return "A copy in conflict was kept; nothing of it was taken in."
        made = [self._propose_one(copy, section, body) for section, body in parts]
        if not any(made):
            return "A copy in conflict said nothing new."
        return f"A copy in conflict became {sum(made)} proposal{'s' if sum(made) > 1 else ''}."

    def _parts(self, copy: Copy, text: str) -> list[tuple[str, str]] | None:
        """(section id, text) of each section in it; None if it holds no sections, or not for certain whose."""
        owner = self._owner(copy.ours)
        if owner is None:
            return None
        if copy.ours.name.startswith("section_"):
            self.manuscript.section(owner[0])
            return [(owner[0], parse_section(text)[1])]
        held = tuple(self.manuscript.section(section)[1] for section in owner[1:])
        parsed = parse_content(text, Chapter(id=owner[0], number=0, title="", sections=held)) if held else None
        return [(section, body) for section, _, body in parsed] if parsed is not None else None

    def _owner(self, path: Path) -> list[str] | None:
        """The section whose file it is, or the chapter with its sections: as when the file was last written."""
        known = self.manuscript.file_records.get(path.relative_to(self.manuscript.folder.root).as_posix())
        if known is not None and known.owner:
            return known.owner.split()
        folder = self.manuscript.folder
        for chapter in self.manuscript.book.chapters:
            if path == folder.content(chapter.number):
                return [chapter.id, *(section.id for section in chapter.sections)]
            for section in chapter.sections:
                if path == folder.section(chapter.number, section.number):
                    return [section.id]
        return None

    def _propose_one(self, copy: Copy, section_id: str, body: str) -> bool:
        ledger = self.manuscript.ledger
        history = ledger.history(section_id, SECTION)
        # A crash may have come between the proposal and the move: then it is there already, as is any older text.
        if not body.strip() or any(revision.text.strip("\n") == body for revision in history):
            return False
        base = _made_from(body, history, ledger.head(section_id, SECTION))
        ledger.add_proposal(
            section_id, SECTION, body, self.who, base_id=base.id if base else None, source="conflict",
            note=copy.path.name,
        )  # fmt: skip
        return True

    # ── files ─────────────────────────────────────────────────────────────────────────────────────────────

    def _set_aside(self, copy: Copy, data: bytes, reason: str) -> None:
        target = self.manuscript.folder.root / FOLDER / copy.path.relative_to(self.manuscript.folder.root)
        with storage_errors(copy.path, "set aside"):
            if target.exists() and target.read_bytes() != data:
                target = target.with_name(f"{target.stem}.{_digest(data)[:8]}{target.suffix}")
            make_folder(target.parent)
            self._tell(copy.path, target, reason, data)
            os.replace(copy.path, target)
            sync_folder(target.parent)

    def _tell(self, path: Path, kept: Path, reason: str, data: bytes) -> None:
        """Once for each copy, by what is in it."""
        root = self.manuscript.folder.root
        places = {"path": path.relative_to(root).as_posix(), "kept": kept.relative_to(root).as_posix()}
        event = Event(
            type=EventType.FILE_SET_ASIDE,
            data={**places, "reason": reason},
            source="writing",
            run_id=self.who.run_id,
            key=f"set_aside:{places['path']}:{_digest(data)[:16]}",
        )
        self.happened += self.manuscript.ledger.record([event], self.who)


def _made_from(body: str, history: list[Revision], head: Revision | None) -> Revision | None:
    """The revision that the text was most likely made from: the one that shares most of its words."""
    words, best, found = Counter(body.split()), _LIKE_ENOUGH, head
    for revision in reversed(history):
        theirs = Counter(revision.text.split())
        together = words.total() + theirs.total()
        like = 2 * (words & theirs).total() / together if together else 0.0
        if like > best:
            best, found = like, revision
    return found


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
