"""Back to a checkpoint: heads move, the structure is as it was then, and nothing is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ghostkit import book as values
from ghostkit.book.checkpoints import LATEST
from ghostkit.book.model import Removed
from ghostkit.book.structure import dump_json, load_structure
from ghostkit.errors import BookDamaged, GhostkitError, UnknownName
from ghostkit.events import Event, EventType
from ghostkit.ledger import NothingToChange, Revision
from ghostkit.ledger.acts import about
from ghostkit.workbench.alone import alone_with
from ghostkit.workbench.revisions import bring_files_up
from ghostkit.writing.checkpoint_handler import snapshot_of
from ghostkit.writing.manuscript import find_section
from ghostkit.writing.plan import SECTION
from ghostkit.writing.spans import missing_spans

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What going back would change: (object id, kind, revision id, base id) each, and what stays, in sentences."""

    moves: list[tuple[str, str, int, int | None]]
    kept: list[str]
    structure: values.Book | None


def described(book: Book) -> list[dict[str, Any]]:
    """The checkpoints, oldest first: name, what each followed, words and texts; None where it can't be read."""
    rows: list[dict[str, Any]] = []
    for name in book.checkpoints.list():
        try:
            found = book.checkpoints.load(name)
        except BookDamaged:
            rows.append({"name": name, "after": "can't be read", "words": None, "texts": None})
            continue
        after = found.get("after") if isinstance(found.get("after"), dict) else {}
        assert isinstance(after, dict)
        told = after.get("reason") or f"chapter {after.get('number', '?')}"
        rows.append({"name": name, "after": told, "words": found.get("words"), "texts": len(_heads(found))})
    return rows


def restore_checkpoint(book: Book, name: str, section: str | None) -> Mapping[str, Any]:
    """Go back; with `section` its text alone. Raises `NothingToChange` where the book is so already."""
    book.look_for_edits()
    found = _newest(book) if name == LATEST else book.checkpoints.load(name)
    with alone_with(book, "going back"):
        plan = _planned(book, found, find_section(book.value, section)[1].id if section is not None else None)
        if not plan.moves and plan.structure is None:
            raise NothingToChange(
                f"Nothing would change: the book has what checkpoint {name} holds"
                + (", but for what is locked or gone." if plan.kept else "."),
                fix=" ".join(plan.kept),
            )
        undo = _checkpoint_of_now(book, name) if section is None else ""
        moved = book.ledger.move_heads(plan.moves, book.who()) if plan.moves else []
        events = [
            about(EventType.REVISION_RESTORED, revision, before=base)
            for revision, (_, _, _, base) in zip(moved, plan.moves, strict=True)
        ]
        if plan.structure is not None:
            wanted = plan.structure
            book.manuscript.change_structure(lambda _: wanted)
        book.manuscript.reload()
        bring_files_up(book)
    for event in [*events, *_told(book, name, len(moved))]:
        book.events.emit(event)
    return {
        "checkpoint": name,
        "texts": [_named(book, revision) for revision in moved],
        "structure": plan.structure is not None,
        "kept": plan.kept,
        "undo": undo,
    }


def _newest(book: Book) -> dict[str, Any]:
    """The newest that followed a chapter: not one that was taken on the way back, or going back twice would undo."""
    for name in reversed(book.checkpoints.list()):
        with suppress(BookDamaged):
            found = book.checkpoints.load(name)
            after = found.get("after")
            if not (isinstance(after, dict) and after.get("reason")):
                return found
    return book.checkpoints.load(LATEST)


def _planned(book: Book, found: Mapping[str, Any], only: str | None) -> _Plan:
    moves, kept = [], []
    for object_id, kind, revision_id, digest in _heads(found):
        if only is not None and (object_id, kind) != (only, SECTION):
            continue
        head = book.ledger.head(object_id, kind)
        if head is not None and head.text_hash == digest:
            continue
        revision = _revision(book, object_id, kind, revision_id, digest)
        why = "its text is no longer there" if revision is None or revision.purged else _why_kept(book, revision)
        if why or revision is None:
            kept.append(f"{_place(book, object_id, kind)} stays as it is: {why}.")
            continue
        moves.append((object_id, kind, revision.id, head.id if head is not None else None))
    if only is not None:
        if not any((object_id, kind) == (only, SECTION) for object_id, kind, _, _ in _heads(found)):
            raise UnknownName(
                f"The checkpoint has no text of {_place(book, only, SECTION)}.", fix="It was not written yet then."
            )
        return _Plan(moves=moves, kept=kept, structure=None)
    return _Plan(moves=moves, kept=kept, structure=_structure(book, found))


def _heads(found: Mapping[str, Any]) -> list[tuple[str, str, int, str]]:
    """(object id, kind, revision id, SHA-256) of each text a checkpoint names; nonsense in the file is left out."""
    heads = found.get("heads")
    rows = []
    for name, head in heads.items() if isinstance(heads, dict) else ():
        object_id, _, kind = str(name).partition("/")
        if isinstance(head, dict) and isinstance(head.get("revision"), int) and isinstance(head.get("sha256"), str):
            rows.append((object_id, kind, head["revision"], head["sha256"]))
    return rows


def _revision(book: Book, object_id: str, kind: str, number: int, digest: str) -> Revision | None:
    """By its number where that is still the same text, else by its hash: a ledger may have been made anew."""
    history = book.ledger.history(object_id, kind)
    same = [revision for revision in history if revision.text_hash == digest]
    return next((revision for revision in same if revision.id == number), same[-1] if same else None)


def _why_kept(book: Book, revision: Revision) -> str:
    sections = {section.id: section for _, section in book.value.sections()}
    section = sections.get(revision.object_id) if revision.kind == SECTION else None
    if section is None:
        return ""
    if section.locked:
        return "it is locked"
    return "a locked passage would go" if missing_spans(revision.text, section.locked_spans) else ""


def _structure(book: Book, found: Mapping[str, Any]) -> values.Book | None:
    """The book's structure as it was then; what came since is kept as taken out, and locks stay as they are now."""
    kept = found.get("book")
    if not isinstance(kept, dict):
        return None
    try:
        then = load_structure(dump_json(kept), "the checkpoint's structure")
    except GhostkitError as error:
        raise BookDamaged(
            f"The structure in the checkpoint can't be read: {error.message}", fix="Take another checkpoint."
        ) from error
    now = book.value
    locks = {section.id: (section.locked, section.locked_spans) for _, section in now.sections()}
    today = {chapter.id: chapter for chapter in now.chapters}
    chapters = tuple(
        replace(
            chapter,
            serial=max(chapter.serial, today[chapter.id].serial if chapter.id in today else 0),
            sections=tuple(
                replace(s, locked=locks[s.id][0], locked_spans=locks[s.id][1]) if s.id in locks else s
                for s in (chapter.sections or _sections_of(today.get(chapter.id)))
            ),
        )
        for chapter in then.chapters
    )
    wanted = replace(
        now,
        title=then.title,
        chapters=chapters,
        serial=max(now.serial, then.serial),
    )
    wanted = replace(wanted, removed=_taken_out(now, wanted))
    return wanted if _outline_of(wanted) != _outline_of(now) else None


def _sections_of(chapter: values.Chapter | None) -> tuple[values.Section, ...]:
    """A chapter that was not planned yet then keeps the sections that it has been given since."""
    return chapter.sections if chapter is not None else ()


def _taken_out(now: values.Book, wanted: values.Book) -> tuple[Removed, ...]:
    there = {chapter.id for chapter in wanted.chapters} | {section.id for _, section in wanted.sections()}
    gone = [gone for gone in now.removed if gone.part.id not in there]
    for chapter in now.chapters:
        if chapter.id not in there:
            bare = tuple(replace(section, content="") for section in chapter.sections if section.id not in there)
            gone.append(Removed(part=replace(chapter, sections=bare, summary="")))
            continue
        before = ""
        for section in chapter.sections:
            if section.id not in there:
                gone.append(Removed(part=replace(section, content=""), parent=chapter.id, after=before))
            before = section.id
    return tuple(gone)


def _outline_of(book: values.Book) -> object:
    """What of a book is structure, for comparing."""
    return (
        book.title,
        [
            (c.id, c.number, c.part, c.title, c.brief, c.goals, c.points,
             [(s.id, s.number, s.title, s.brief, s.points) for s in c.sections])
            for c in book.chapters
        ],
    )  # fmt: skip


def _checkpoint_of_now(book: Book, name: str) -> str:
    """So that going back can be undone."""
    after = {"chapter": "", "number": 0, "reason": f"before going back to {name}"}
    return book.checkpoints.save(snapshot_of(book.manuscript, after), datetime.now(UTC))


def _told(book: Book, name: str, texts: int) -> list[Event]:
    data = {"path": f"checkpoints/checkpoint_{name}.json", "steps_done": texts}
    event = Event(type=EventType.CHECKPOINT_LOADED, data=data, source="workbench")
    return book.ledger.record([event], book.who())


def _place(book: Book, object_id: str, kind: str) -> str:
    for chapter, section in book.value.sections():
        if section.id == object_id:
            return f"Section {chapter.number}.{section.number}"
    for chapter in book.value.chapters:
        if chapter.id == object_id:
            return f"The {kind.replace('_', ' ')} of chapter {chapter.number}"
    return f"The {kind.replace('_', ' ')}"


def _named(book: Book, revision: Revision) -> dict[str, Any]:
    return {"what": _place(book, revision.object_id, revision.kind), "revision": revision.id}
