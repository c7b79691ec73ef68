"""What is out of date, and why: each text's recorded inputs against the book as it stands.

Works as a build system with early cut-off does, with two differences that prose needs. An edit that changes no name,
number or fact, and few words, is noted and not passed on. And a text that was only *shown* something is stale where
it uses what changed (it states the old number, it names the person), and otherwise merely may be.
docs/decisions/0006 has the rules and what else was thought of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ghostkit.book.model import Book
from ghostkit.ledger import Judged, Origin, Revision, Who
from ghostkit.writing import plan
from ghostkit.writing.changes import Change, Changes, Grade
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.material import Sources
from ghostkit.writing.plan import Node

PLANS = (plan.OUTLINE, plan.CHARACTERS, plan.CHAPTER_OUTLINE, plan.GLOSSARY)
WHAT = {
    plan.OUTLINE: "the outline",
    plan.CHARACTERS: "the people",
    plan.CHAPTER_OUTLINE: "the outline of chapter {}",
    plan.GLOSSARY: "the glossary",
    plan.CHAPTER_SUMMARY: "the summary of chapter {}",
    plan.SPAN_SUMMARIES[8]: "the summary of the eight chapters up to {}",
    plan.SPAN_SUMMARIES[64]: "the summary of the sixty-four chapters up to {}",
}


class StaleKind(StrEnum):
    """What a text that is out of date is: derived ones are simply made again."""

    SECTION = "section"
    SUMMARY = "summary"
    PLAN = "plan"


@dataclass(frozen=True, kw_only=True)
class StaleText:
    """One text that is, or may be, out of date. `number` is `2.3` for a section, the chapter's or empty otherwise."""

    object_id: str
    kind: str
    number: str
    title: str
    grade: Grade
    reasons: tuple[Change, ...]
    edited_by_human: bool = False
    locked: bool = False

    @property
    def sort(self) -> StaleKind:
        if self.kind == plan.SECTION:
            return StaleKind.SECTION
        return StaleKind.PLAN if self.kind in PLANS else StaleKind.SUMMARY

    @property
    def what(self) -> str:
        """In words: `2.3 The Ferry`, `the summary of chapter 2`."""
        return f"{self.number} {self.title}" if self.kind == plan.SECTION else WHAT[self.kind].format(self.number)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.object_id,
            "kind": self.kind,
            "number": self.number,
            "title": self.title,
            "what": self.what,
            "grade": str(self.grade),
            "edited_by_human": self.edited_by_human,
            "locked": self.locked,
            "reasons": [reason.as_dict() for reason in self.reasons],
        }


@dataclass(frozen=True, kw_only=True)
class StaleReport:
    """Everything that is or may be out of date, in reading order, the plan first."""

    texts: tuple[StaleText, ...] = ()

    def __iter__(self) -> Iterator[StaleText]:
        """The texts that are out of date."""
        return (text for text in self.texts if text.grade is Grade.STALE)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return len(self) > 0

    @property
    def sections(self) -> tuple[StaleText, ...]:
        """The sections that are out of date."""
        return tuple(text for text in self if text.sort is StaleKind.SECTION)

    @property
    def derived(self) -> tuple[StaleText, ...]:
        """Summaries that are out of date: they are made again before what reads them is judged."""
        return tuple(text for text in self if text.sort is StaleKind.SUMMARY)

    @property
    def maybe(self) -> tuple[StaleText, ...]:
        return tuple(text for text in self.texts if text.grade is Grade.MAYBE)

    @property
    def noted(self) -> tuple[StaleText, ...]:
        """Texts whose inputs changed without changing a fact: nothing to do."""
        return tuple(text for text in self.texts if text.grade is Grade.NOTED)

    def of(self, number: str) -> StaleText | None:
        """What is said of section `2.3`, if anything is."""
        return next((t for t in self.texts if t.kind == plan.SECTION and number in (t.number, t.object_id)), None)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: the contract of `ghostkit stale --json`."""
        return {
            "stale": [text.as_dict() for text in self],
            "maybe": [text.as_dict() for text in self.maybe],
            "noted": [text.as_dict() for text in self.noted],
        }

    def __repr__(self) -> str:
        lines = [f"{text.what}: {'; '.join(reason.text for reason in text.reasons)}" for text in self]
        if self.maybe:
            lines.append(f"and {len(self.maybe)} more may be affected (.maybe)")
        return "\n".join(lines) if lines else "Nothing is out of date."


def stale(manuscript: Manuscript, sources: Sources) -> StaleReport:
    """What is out of date in the book as it stands. Reads memory and one pass of the ledger; changes nothing."""
    with manuscript.lock:
        return _Check(manuscript, sources).report()


def current_inputs(sources: Sources, head: Revision) -> tuple[dict[str, str], tuple[str, ...]]:
    """What the text of `head` would be made from now: inputs by name, and those texts that no head is."""
    made = sources.material(Node(object_id=head.object_id, kind=head.kind))
    return dict(made.inputs), tuple(made.texts.values())


def accept_stale(manuscript: Manuscript, sources: Sources, texts: Iterable[StaleText], who: Who, note: str = "") -> int:
    """Record that these texts are fine as they are, with their inputs as they are now; says how many."""
    done = 0
    for text in texts:
        head = manuscript.head(text.object_id, text.kind)
        if head is not None:
            inputs, kept = current_inputs(sources, head)
            manuscript.ledger.judge(head.id, inputs, who, note, texts=kept)
            done += 1
    return done


@dataclass
class _Check:
    """One pass over the book."""

    manuscript: Manuscript
    sources: Sources
    stale: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.book: Book = self.manuscript.book
        self.judged: Mapping[tuple[str, str], Judged] = self.manuscript.ledger.judged_inputs()
        self.changes = Changes(self.manuscript, self.sources)

    def report(self) -> StaleReport:
        asked = [(node, *known) for node in self._nodes() if (known := self._known(node)) is not None]
        changed = {node.name: list(self.changes.of(node, head, before)) for node, head, before in asked}
        self.stale = {
            (node.object_id, node.kind)
            for node, _, _ in asked
            if any(change.grade is Grade.STALE for change in changed[node.name])
        }
        told = (
            self._told(node, head, [*changed[node.name], *self._inherited(node, before)])
            for node, head, before in asked
        )
        return StaleReport(texts=tuple(text for text in told if text is not None))

    def _known(self, node: Node) -> tuple[Revision, Mapping[str, str]] | None:
        """The text and what it is known to agree with; None where there is nothing to compare."""
        head = self.manuscript.head(node.object_id, node.kind)
        judged = self.judged.get((node.object_id, node.kind))
        if head is None or judged is None or judged.by == "nothing" or head.purged:
            return None
        return head, judged.inputs

    def _nodes(self) -> Iterator[Node]:
        """Every text there may be, in reading order, the plan first."""
        book = self.book
        yield Node(object_id=book.id, kind=plan.OUTLINE)
        yield Node(object_id=book.id, kind=plan.CHARACTERS)
        for chapter in book.chapters:
            yield Node(object_id=chapter.id, kind=plan.CHAPTER_OUTLINE)
            for section in chapter.sections:
                yield Node(object_id=section.id, kind=plan.SECTION)
            for kind in plan.SUMMARIES:
                if kind == plan.CHAPTER_SUMMARY or self._ends_a_span(chapter.number, kind):
                    yield Node(object_id=chapter.id, kind=kind)
        yield Node(object_id=book.id, kind=plan.GLOSSARY)

    @staticmethod
    def _ends_a_span(number: int, kind: str) -> bool:
        return any(number % size == 0 for size, name in plan.SPAN_SUMMARIES.items() if name == kind)

    def _told(self, node: Node, head: Revision, reasons: list[Change]) -> StaleText | None:
        if not reasons:
            return None
        grade = min(reason.grade for reason in reasons)
        told = tuple(reason for reason in reasons if reason.grade is grade)
        number, title, locked = self._named(node)
        return StaleText(
            object_id=node.object_id,
            kind=node.kind,
            number=number,
            title=title,
            grade=grade,
            reasons=told,
            edited_by_human=head.origin is Origin.HUMAN,
            locked=locked,
        )

    def _inherited(self, node: Node, before: Mapping[str, str]) -> Iterator[Change]:
        """What it reads that is out of date itself: until that is made again, nobody knows."""
        for name in before:
            kind, _, object_id = name.partition(":")
            if (object_id, kind) not in self.stale:
                continue
            if kind in plan.SUMMARIES or node.kind in plan.SUMMARIES or self._follows(node, object_id):
                text = f"reads {self.changes.what(kind, object_id)}, which is out of date itself"
                yield Change(input=name, grade=Grade.MAYBE, text=text, inherited=True)

    def _follows(self, node: Node, section_id: str) -> bool:
        before = self.changes.previous_of(node.object_id)
        return before is not None and before.object_id == section_id

    def _named(self, node: Node) -> tuple[str, str, bool]:
        if node.kind == plan.SECTION:
            chapter, section = self.manuscript.section(node.object_id)
            return f"{chapter.number}.{section.number}", section.title, section.locked
        for chapter in self.book.chapters:
            if chapter.id == node.object_id:
                return str(chapter.number), chapter.title, False
        return "", self.book.title, False
