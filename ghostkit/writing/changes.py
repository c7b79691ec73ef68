"""One text's recorded inputs against today's: which changed, whether it matters to this text, and that in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

from ghostkit.book.model import Chapter
from ghostkit.errors import UnknownName
from ghostkit.generation import PromptService
from ghostkit.generation.prompts import unescape
from ghostkit.ledger import Revision
from ghostkit.writing import plan
from ghostkit.writing.entries import Told, changed_entries
from ghostkit.writing.facts import facts_of, gone, is_material, names_somebody, states
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.material import RETRIEVED, Sources
from ghostkit.writing.plan import Node
from ghostkit.writing.retrieval.evidence import plain_passage
from ghostkit.writing.window import window_before


class Grade(IntEnum):
    """How a change bears on a text; the lowest of a text's changes is the text's."""

    STALE = 0
    MAYBE = 1
    NOTED = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Change:
    """One input that changed: `text` completes "2.3 …" for people; `inherited` if only what it reads is stale."""

    input: str
    grade: Grade
    text: str
    inherited: bool = False

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"input": self.input, "grade": str(self.grade), "text": self.text, "inherited": self.inherited}


_TEXTS = (plan.SECTION, *plan.SUMMARIES)
_COMPARED = frozenset(
    ("brief", "style", "language", "template", "plan", "people", "bible", "chapter", "chapter_plan", "section")
)
_PLACE = re.compile(r"^\d+(?:\.\d+)?\.? ", re.MULTILINE)
_OWN = {"chapter": "the plan of its chapter", "section": "its own plan"}
_WISHES = {"style": "the style", "language": "the book's language"}


class Changes:
    """Compares; keeps what many texts share."""

    def __init__(self, manuscript: Manuscript, sources: Sources) -> None:
        self.manuscript = manuscript
        self.sources = sources
        self.book = manuscript.book
        self._old_texts: dict[str, str | None] = {}
        self._previous: dict[str, Revision | None] = {}
        self._pairs: dict[tuple[str, str], tuple[bool, tuple[str, ...]]] = {}
        self._entries: dict[tuple[str, str], tuple[Told, ...]] = {}

    def of(self, node: Node, head: Revision, before: Mapping[str, str]) -> Iterator[Change]:
        """What changed for the text `head` since it had the inputs `before`."""
        now = self.sources.plain(node)
        for name, digest in before.items():
            kind, _, object_id = name.partition(":")
            if kind in _TEXTS and object_id:
                yield from self._text_read(node, head, name, digest, before.get("previous"))
            elif kind == RETRIEVED:
                yield from self._passage_read(head, name, digest)
            elif object_id or name == "previous":
                continue  # what it follows is looked at below
            elif name in _COMPARED and now.inputs.get(name) != digest:
                new = unescape(now.texts.get(name, ""))
                yield from self._input(node, head, name, self._old(digest), new)
        for name in sorted(now.inputs.keys() - before.keys()):
            if name in _COMPARED - {"language", "template"}:  # which the oldest records don't tell
                yield from self._input(node, head, name, "", unescape(now.texts.get(name, "")))
        if node.kind == plan.SECTION:
            yield from self._follows(node, head, before.get("previous"))
        elif node.kind in plan.SUMMARIES:
            yield from self._summed_up(node, before, now.inputs)

    # ── plan, people, wishes ──────────────────────────────────────────────────────────────────────────────

    def _input(self, node: Node, head: Revision, name: str, old: str | None, new: str) -> Iterator[Change]:
        compare: Callable[[Node, Revision, str | None, str], Iterator[Change]] | None
        compare = getattr(self, f"_{name}", None)
        if compare is not None:
            yield from compare(node, head, old, new)
        elif name in _WISHES:
            follows = name == "language" or (node.kind == plan.SECTION and (old is None or is_material(old, new)))
            grade = Grade.STALE if follows else Grade.NOTED
            yield Change(input=name, grade=grade, text=f"was written before {_WISHES[name]} changed")
        elif name in _OWN:
            grade = Grade.STALE if old is None or is_material(old, new) else Grade.NOTED
            yield Change(input=name, grade=grade, text=f"was written before {_OWN[name]} changed")
        else:
            yield from self._background(head, name, f"the {name.replace('_', ' ')}", old, new)

    def _template(self, node: Node, head: Revision, old: str | None, new: str) -> Iterator[Change]:
        template = "span_summary" if node.kind in plan.SPAN_SUMMARIES.values() else node.kind
        today = self.sources.prompts.template(template)
        if node.kind in (plan.OUTLINE, plan.CHARACTERS, plan.CHAPTER_OUTLINE):
            grade = Grade.NOTED
        elif today.digest == self._shipped.template(template).digest:
            # Nobody edited it: this ghostkit ships another one than that which wrote the text. Where the book had a
            # version of its own before, it may be that which is gone.
            grade = Grade.MAYBE if self.manuscript.folder.templates.is_dir() else Grade.NOTED
        else:
            grade = Grade.STALE
        label = today.label.partition(":")[0]
        yield Change(input="template", grade=grade, text=f"was written with another prompt template than {label}")

    def _brief(self, node: Node, head: Revision, old: str | None, new: str) -> Iterator[Change]:
        if old is not None and not is_material(old, new):
            yield Change(input="brief", grade=Grade.NOTED, text="the brief was touched up since")
        elif node.kind == plan.OUTLINE:
            yield Change(input="brief", grade=Grade.STALE, text="was made before the brief changed")
        else:
            yield from self._background(head, "brief", "the brief", old, new)

    def _plan(self, node: Node, head: Revision, old: str | None, new: str) -> Iterator[Change]:
        """The plan of other chapters: it matters to a text that holds what the plan no longer has."""
        yield from self._planned(head, "plan", "the outline", old, new)

    def _chapter_plan(self, node: Node, head: Revision, old: str | None, new: str) -> Iterator[Change]:
        yield from self._planned(head, "chapter_plan", "its chapter's plan", old, new)

    def _planned(self, head: Revision, name: str, what: str, old: str | None, new: str) -> Iterator[Change]:
        """Plans by line, without the places that begin the lines: where a text stands is no fact."""
        then = _PLACE.sub("", old) if old is not None else None
        yield from self._background(head, name, what, then, _PLACE.sub("", new), shown=Grade.NOTED)

    def _background(
        self, head: Revision, name: str, what: str, old: str | None, new: str, shown: Grade = Grade.MAYBE
    ) -> Iterator[Change]:
        """Something the text was shown: it is stale if it states what is no longer there."""
        if old is None:
            yield Change(input=name, grade=shown, text=f"was written before {what} changed")
            return
        material, facts = self._compared(old, new)
        used = [fact for fact in facts if states(head.text, fact)] if material else []
        if used:
            yield Change(input=name, grade=Grade.STALE, text=f"has {_quoted(used)}, which {what} no longer has")
        else:
            grade = shown if material else Grade.NOTED
            yield Change(input=name, grade=grade, text=f"was shown {what}, which has changed since")

    def _people(self, node: Node, head: Revision, old: str | None, new: str) -> Iterator[Change]:
        yield from self._known("people", node, head, old, new)

    def _bible(self, node: Node, head: Revision, old: str | None, new: str) -> Iterator[Change]:
        yield from self._known("bible", node, head, old, new)

    def _known(self, name: str, node: Node, head: Revision, old: str | None, new: str) -> Iterator[Change]:
        if old is None:
            grade = Grade.MAYBE if node.kind == plan.SECTION else Grade.NOTED
            yield Change(input=name, grade=grade, text=f"was shown {_ENTRIES[name]} as they were then")
            return
        key = old, new
        if key not in self._entries:
            self._entries[key] = tuple(changed_entries(old, new))
        for told in self._entries[key]:
            if not told.narrates and not names_somebody(head.text, told.names):
                continue
            used = told.is_used_in(head.text)
            if node.kind != plan.SECTION:
                yield Change(input=name, grade=Grade.NOTED, text=f"was made before {told.text}")
                continue
            without = "doesn't state it" if told.narrates else f"names {told.name} without stating it"
            text = f"uses {told.text}" if used else f"was told {told.text}, and {without}"
            yield Change(input=name, grade=Grade.STALE if used else Grade.MAYBE, text=text)

    # ── texts of the book ─────────────────────────────────────────────────────────────────────────────────

    def _text_read(self, node: Node, head: Revision, name: str, digest: str, before: str | None) -> Iterator[Change]:
        """A section or a summary that was read: whatever its place is now, its text counts."""
        kind, _, object_id = name.partition(":")
        today = self.manuscript.head(object_id, kind)
        if today is not None and today.text_hash == digest and self._is_in_the_book(object_id):
            return
        what = self.what(kind, object_id)
        if node.kind in plan.SUMMARIES:
            if today is None or not self._is_in_the_book(object_id):
                return  # which texts it sums up is looked at as a whole
            old = self._old(digest)
            grade = Grade.STALE if old is None or is_material(old, today.text) else Grade.NOTED
            yield Change(input=name, grade=grade, text=f"sums up {what}, which has changed since")
        elif today is None or not self._is_in_the_book(object_id):
            yield Change(input=name, grade=Grade.MAYBE, text=f"read {what}, which is no longer in the book")
        else:
            previous = self.previous_of(node.object_id)
            if previous is None or previous.object_id != object_id or self._same_words_before(node, before):
                yield from self._background(head, name, what, self._old(digest), self._with_what_was_cut_off(today))

    def _passage_read(self, head: Revision, name: str, digest: str) -> Iterator[Change]:
        """A passage that was found for it: do its words still stand in the section that they were from?"""
        section_id = name.partition(":")[2].rpartition(":")[0]
        today, shown = self.manuscript.head(section_id, plan.SECTION), self._old(digest)
        if today is None or shown is None or not self._is_in_the_book(section_id):
            return  # a source, or a section that went: the words were right when they were read
        old = plain_passage(unescape(shown))
        if old not in today.text:
            yield from self._background(
                head, name, f"a passage of {self.what(plan.SECTION, section_id)}", old, today.text
            )

    def _with_what_was_cut_off(self, head: Revision) -> str:
        """A section's text with the later pieces of the same answer: where it was cut, nothing of it is gone."""
        pieces = self._pieces.get(self._answer_of(head), [])
        return "\n\n".join(piece.text for piece in pieces) if pieces and pieces[0].id == head.id else head.text

    @cached_property
    def _pieces(self) -> Mapping[str, list[Revision]]:
        """The sections that are pieces of one answer, by its attempt, in reading order."""
        found: dict[str, list[Revision]] = {}
        for _, section in self.book.sections():
            head = self.manuscript.head(section.id, plan.SECTION)
            if head is not None:
                found.setdefault(self._answer_of(head), []).append(head)
        return {attempt: pieces for attempt, pieces in found.items() if attempt}

    def _answer_of(self, head: Revision) -> str:
        """The attempt whose answer a text is, or was before people edited it; empty for a person's own."""
        at = head
        while at.attempt_id is None and at.base_id is not None:
            at = self.manuscript.ledger.revision(at.base_id)
        return at.attempt_id or ""

    def _same_words_before(self, node: Node, before: str | None) -> bool:
        """Does it follow the words that it followed when it was made, in other pieces?"""
        old = self._old(before) if before is not None else None
        wanted = facts_of(old).words if old is not None else ()
        found: tuple[str, ...] = ()
        for head in self._before(node.object_id) if wanted else ():
            found = (*facts_of(head.text).words, *found)
            if len(found) >= len(wanted):
                return found[-len(wanted) :] == wanted
        return False

    def _follows(self, node: Node, head: Revision, before: str | None) -> Iterator[Change]:
        """The text just before it, which it goes on from."""
        previous = self.previous_of(node.object_id)
        after = previous.text_hash if previous is not None else None
        if after == before:
            return
        if previous is None:
            text = "was written to follow another section, and now none that is written stands before it"
            yield Change(input="previous", grade=Grade.STALE, text=text)
            return
        if previous.attempt_id is not None and previous.attempt_id == self._answer_of(head):
            return  # they are one answer, cut in two
        what = self.what(plan.SECTION, previous.object_id)
        if before is None:
            text = f"was written before {what}, which it now follows"
            yield Change(input="previous", grade=Grade.STALE, text=text)
            return
        old = self._old(before)
        if old is not None and not is_material(old, previous.text):
            yield Change(input="previous", grade=Grade.NOTED, text=f"follows {what}, which was touched up since")
            return
        if self._same_words_before(node, before):
            return
        mine = any(r.text_hash == before for r in self._history(previous.object_id))
        text = f"follows {what}, which has changed since" if mine else f"was written to follow another text than {what}"
        yield Change(input="previous", grade=Grade.STALE, text=text)

    def _summed_up(self, node: Node, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
        then = [name for name in before if ":" in name]
        today = [name for name in now if ":" in name]
        if sorted(then) != sorted(today):
            yield Change(input="material", grade=Grade.STALE, text="sums up other texts than there are now")

    def previous_of(self, section_id: str) -> Revision | None:
        """The text that a section goes on from today, as far as the plan lets it read that."""
        if section_id not in self._previous:
            self._previous[section_id] = next(self._before(section_id), None)
        return self._previous[section_id]

    def _before(self, section_id: str) -> Iterator[Revision]:
        """The texts that a section reads in full today, nearest first."""
        try:
            chapter, section = self.manuscript.section(section_id)
        except UnknownName:
            return
        window = window_before(chapter.number, size=self.sources.window_size, lag=self.book.settings.continuity_lag)
        earlier = [s for number in window.in_full for s in self.book.chapters[number - 1].sections]
        for one in reversed([*earlier, *(s for s in chapter.sections if s.number < section.number)]):
            head = self.manuscript.head(one.id, plan.SECTION)
            if head is not None:
                yield head

    # ── what is shared ────────────────────────────────────────────────────────────────────────────────────

    def _compared(self, old: str, new: str) -> tuple[bool, tuple[str, ...]]:
        """Whether the change matters at all, and the facts that went with it."""
        if (old, new) not in self._pairs:
            material = is_material(old, new)
            self._pairs[old, new] = material, gone(old, new, self._known_names) if material else ()
        return self._pairs[old, new]

    @cached_property
    def _shipped(self) -> PromptService:
        return PromptService()

    @cached_property
    def _known_names(self) -> frozenset[str]:
        """Every word of the names in the book: a text may name who is still there."""
        entries = (*self.book.characters, *getattr(self.book, "bible", ()))
        names = (name for entry in entries for name in (entry.name, *getattr(entry, "aliases", ())))
        return frozenset(word for name in names for word in name.split())

    def _old(self, digest: str) -> str | None:
        """A recorded input's text; None where the ledger doesn't have it (any more)."""
        if digest not in self._old_texts:
            text = self.manuscript.ledger.text_of(digest)
            self._old_texts[digest] = unescape(text) if text is not None else None
        return self._old_texts[digest]

    @cached_property
    def _objects(self) -> Mapping[str, str]:
        """Number by id, for what is in the book."""
        found = {section.id: f"{chapter.number}.{section.number}" for chapter, section in self.book.sections()}
        return found | {chapter.id: str(chapter.number) for chapter in self.book.chapters}

    def _is_in_the_book(self, object_id: str) -> bool:
        return object_id in self._objects

    def what(self, kind: str, object_id: str) -> str:
        """A text of the book in words: `2.3`, `the summary of chapter 2`."""
        number = self._objects.get(object_id, "")
        if kind == plan.SECTION:
            return number or "a section"
        size = next((size for size, name in plan.SPAN_SUMMARIES.items() if name == kind), 1)
        if size == 1:
            return f"the summary of chapter {number}" if number else "the summary of a chapter"
        return f"the summary of the {size} chapters up to {number}" if number else f"the summary of {size} chapters"

    def _history(self, object_id: str) -> list[Revision]:
        return self.manuscript.ledger.history(object_id, plan.SECTION)


_ENTRIES = {"people": "the people", "bible": "the story bible's entries"}


def _quoted(facts: list[str]) -> str:
    return ", ".join(f"“{fact}”" for fact in facts[:3])


def readers_of(sources: Sources, chapters: tuple[Chapter, ...], section_id: str) -> list[str]:
    """The numbers of the written sections that read a section in full today."""
    book = sources.book()
    found = []
    for chapter in chapters:
        for section in chapter.sections:
            if section.content and section.id != section_id:
                read = sources.reading(book, chapter, section)
                if any(passage.name == f"{plan.SECTION}:{section_id}" for passage in read.passages()):
                    found.append(f"{chapter.number}.{section.number}")
    return found
