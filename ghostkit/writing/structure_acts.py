"""Carry changes of the structure out: texts and event in one transaction, then `book.json`, then the files.

What a person changed in files is taken in first, for the section it was written for. A crash at any point leaves
either nothing done, or a pending change in the ledger that whoever comes next finishes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from ghostkit.book.files import read_text_or_none
from ghostkit.book.model import Book, Chapter, Section
from ghostkit.book.rendering.prose import parse_section
from ghostkit.events import Event, EventType
from ghostkit.ledger import NewText, Origin, Revision, Who, text_hash
from ghostkit.writing.absorbing import Absorber
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.plan import SECTION, SUMMARIES
from ghostkit.writing.structure_change import Change, apply, chapter_of, halves, joined
from ghostkit.writing.tracked_files import FileKeeper, all_files

Plan = Callable[[Book], Change]
"""What is wanted, said of the book as it is once every edit has been taken in."""


class StructureActs:
    """Changes one book's structure; `happened` lists the events for delivery. Callers keep other processes out."""

    def __init__(self, manuscript: Manuscript, who: Who) -> None:
        self.manuscript = manuscript
        self.who = who
        self.absorber = Absorber(manuscript, who)
        self.files = FileKeeper(manuscript, self.absorber)
        self.happened: list[Event] = []

    def finish(self) -> bool:
        """Bring a change to its end that a crash or a full disk interrupted; True if there was one."""
        with self.manuscript.lock:
            pending = self.manuscript.ledger.pending_change()
            if pending is None:
                return False
            change = Change.from_dict(pending.change)
            self.manuscript.reload()
            self._keep_edits_of(change)
            self._bring_to_the_end(change, in_book=pending.in_book)
            self._collect()
        return True

    def carry_out(self, plan: Plan) -> Change:
        """Do what `plan` asks for; raises what it raises, with nothing changed."""
        with self.manuscript.lock:
            self.finish()
            self.files.take_in(all_files)
            self._collect()
            before = self.manuscript.book
            change = plan(before)
            after = apply(before, change)
            if after is before:
                return change
            event = _event(before, after, change, self.who)
            self.manuscript.ledger.begin_change(change.as_dict(), self._texts(before, change), self.who, [event])
            self._bring_to_the_end(change, in_book=False)
            self._collect()
            self.happened.append(event)
        return change

    def _bring_to_the_end(self, change: Change, *, in_book: bool) -> None:
        ledger = self.manuscript.ledger
        if not in_book:
            self.manuscript.change_structure(lambda book: apply(book, change))
            ledger.change_is_in_book()
        self.manuscript.reload()
        self.files.derive(all_files)
        ledger.end_change()

    def _keep_edits_of(self, change: Change) -> None:
        """Edits, made since the crash, of files whose text has been split or merged meanwhile: now proposals.

        Taken in as they stand they would repeat the words of the other half, or drop them.
        """
        if change.what not in ("split_section", "merge_sections"):
            return
        ledger, root = self.manuscript.ledger, self.manuscript.folder.root
        heads = {part: ledger.head(part, SECTION) for part in (change.object_id, change.other_id)}
        ours = {head.text.strip("\n") for head in heads.values() if head is not None}
        for record in list(self.manuscript.file_records.values()):
            text = read_text_or_none(root / record.path) if record.owner in heads else None
            if text is None or text_hash(text) == record.text_hash or (body := parse_section(text)[1]) in ours:
                continue
            waiting = {p.revision.text for p in ledger.proposals(object_id=change.object_id)}
            if body not in waiting:
                base = heads[change.object_id]
                ledger.add_proposal(
                    change.object_id, SECTION, body, self.who, base_id=base.id if base else None, source="conflict",
                    note=f"{record.path} was edited while a {change.what.partition('_')[0]} was interrupted",
                )  # fmt: skip
            self.files.disown(record.path)

    def _collect(self) -> None:
        self.happened += self.absorber.taken
        self.absorber.taken = []

    def _texts(self, book: Book, change: Change) -> list[NewText]:
        """The texts that a split or merge makes; whose words they are and what paid for them stays known."""
        ledger = self.manuscript.ledger
        if change.what not in ("split_section", "merge_sections"):
            return []
        first, second = ledger.head(change.object_id, SECTION), ledger.head(change.other_id, SECTION)
        if first is None:  # two plans become one
            return []
        said = first.text.strip("\n")
        if change.what == "split_section":
            parts = halves(said, change.offset)
            return [
                _text(change.object_id, parts[0], first, first),
                _text(change.other_id, parts[1], first, second),
            ]
        assert second is not None, "only sections that are both written are merged"
        human = Origin.HUMAN in (first.origin, second.origin)
        merged = _text(change.object_id, joined(said, second.text.strip("\n")), first, first)
        return [
            replace(
                merged,
                origin=Origin.HUMAN if human else first.origin,
                attempt_id=first.attempt_id or second.attempt_id,
            )
        ]


def _text(owner: str, text: str, like: Revision, base: Revision | None) -> NewText:
    """A text with the origin and the receipt of another one, over what its owner has."""
    return NewText(
        object_id=owner, kind=SECTION, text=text, origin=like.origin, base_id=base.id if base else None,
        attempt_id=like.attempt_id,
    )  # fmt: skip


def readers_of(manuscript: Manuscript, gone: Collection[str]) -> list[tuple[Chapter, Section]]:
    """The sections whose text was made from that of one of these chapters or sections, in reading order."""
    book = manuscript.book
    parts = set(gone) | {s.id for c in book.chapters if c.id in gone for s in c.sections}
    names = {f"{kind}:{part}" for part in parts for kind in (SECTION, *SUMMARIES)}
    judged = manuscript.ledger.judged_inputs()
    return [
        (chapter, section)
        for chapter, section in book.sections()
        if section.id not in parts
        and (known := judged.get((section.id, SECTION))) is not None
        and not names.isdisjoint(known.inputs)
    ]


def _event(before: Book, after: Book, change: Change, who: Who) -> Event:
    what = change.what.removesuffix("_chapter").removesuffix("_chapters")
    what = what.removesuffix("_section").removesuffix("_sections").replace("_", " ")
    data = {
        "object": change.object_id,
        "what": what,
        "number": _number(before, change.object_id),
        "to": _number(after, change.object_id),
        "others": [change.other_id] if change.other_id else [],
    }
    if any(section.id == change.object_id for _, section in after.sections()):
        data |= {"section": change.object_id, "chapter": chapter_of(after, change.object_id).id}
    return Event(type=EventType.STRUCTURE_CHANGED, data=data, source="writing", run_id=who.run_id)


def _number(book: Book, object_id: str) -> str:
    for chapter in book.chapters:
        if chapter.id == object_id:
            return str(chapter.number)
        for section in chapter.sections:
            if section.id == object_id:
                return f"{chapter.number}.{section.number}"
    return ""
