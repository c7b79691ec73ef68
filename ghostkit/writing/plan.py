"""The plan of a book: what is to be made, and what each thing needs to be there first.

Its edges decide what a text may read, so they depend on the structure alone and never on what happens to be
finished: one plan writes one book, in whatever order and however many at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ghostkit.book.model import Book, Chapter, Section
from ghostkit.writing.window import Span, spans_ending_at, window_before

OUTLINE, CHARACTERS, CHAPTER_OUTLINE = "outline", "characters", "chapter_outline"
SECTION, CHAPTER_SUMMARY = "section", "chapter_summary"
SPAN_SUMMARIES = {8: "span8_summary", 64: "span64_summary"}
"""Summaries of several chapters, by how many; each belongs to its last chapter."""
SUMMARIES = (CHAPTER_SUMMARY, *SPAN_SUMMARIES.values())
GLOSSARY = "glossary"
"""The terms of a book that teaches; made once every chapter is done, and the book's like its outline."""
CHAPTER_DONE, BOOK_DONE = "chapter_done", "book_done"


@dataclass(frozen=True, kw_only=True)
class Node:
    """One thing to do. `order` is reading order: among ready nodes the lowest goes first."""

    object_id: str
    kind: str
    needs: frozenset[str] = frozenset()
    order: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.object_id}"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """How much of the book is wanted; nothing given means all of it.

    `chapters` and `sections` are ids; `until` is (chapter, section) by displayed number, the last one wanted, with
    section 0 for the whole chapter. `outline_only` stops once every chapter has its outline.
    """

    chapters: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    until: tuple[int, int] | None = None
    outline_only: bool = False

    @property
    def whole_book(self) -> bool:
        return not (self.chapters or self.sections or self.until or self.outline_only)

    def wants_chapter(self, chapter: Chapter) -> bool:
        if self.until is not None and chapter.number > self.until[0]:
            return False
        if self.sections and not any(section.id in self.sections for section in chapter.sections):
            return False
        return not self.chapters or chapter.id in self.chapters

    def wants_section(self, chapter: Chapter, section: Section) -> bool:
        if self.until is not None and self.until[1] and (chapter.number, section.number) > self.until:
            return False
        return self.wants_chapter(chapter) and (not self.sections or section.id in self.sections)

    def describe(self, book: Book) -> str:
        """In words, for people."""
        if self.outline_only:
            return "the outline"
        if self.until is not None:
            return f"up to {self.until[0]}.{self.until[1]}" if self.until[1] else f"up to chapter {self.until[0]}"
        if self.sections:
            return "section " + ", ".join(f"{c.number}.{s.number}" for c, s in book.sections() if s.id in self.sections)
        if self.chapters:
            return "chapter " + ", ".join(str(c.number) for c in book.chapters if c.id in self.chapters)
        return "the whole book"


@dataclass
class Graph:
    """Nodes by name, and which are done, running or failed."""

    nodes: dict[str, Node] = field(default_factory=dict)
    waiting: dict[str, Node] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    running: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    def add(self, nodes: Iterable[Node], is_done: Callable[[Node], bool]) -> None:
        """Bring the plan up to `nodes`; those that run or ended stay, those that wait are replaced or dropped.

        A plan grows with its outline, and shrinks when a person takes something out. No nodes at all: no news.
        """
        nodes = list(nodes)
        if nodes:
            for name in self.waiting.keys() - {node.name for node in nodes}:
                del self.waiting[name], self.nodes[name]
        for node in nodes:
            if node.name in self.done or node.name in self.running or node.name in self.failed:
                continue
            self.nodes[node.name] = node
            if is_done(node):
                self.done.add(node.name)
            else:
                self.waiting[node.name] = node

    def ready(self) -> list[Node]:
        """Nodes whose needs are done, in reading order."""
        return sorted((n for n in self.waiting.values() if n.needs <= self.done), key=lambda n: n.order)

    def start(self, node: Node) -> None:
        del self.waiting[node.name]
        self.running.add(node.name)

    def end(self, node: Node, whole: bool) -> None:
        self.running.discard(node.name)
        (self.done if whole else self.failed).add(node.name)

    @property
    def finished(self) -> bool:
        return not self.nodes.keys() - self.done


def nodes_for(book: Book, goal: Goal, window_size: int = 3, *, summaries: bool = True) -> Iterator[Node]:
    """Every node that the structure known so far calls for; `window_size` and `summaries` are as in `Sources`."""
    outline = Node(object_id=book.id, kind=OUTLINE, order=(0, 0))
    characters = Node(object_id=book.id, kind=CHARACTERS, needs=frozenset({outline.name}), order=(0, 1))
    yield from (outline, characters)
    for chapter in book.chapters:
        if goal.wants_chapter(chapter):
            yield Node(
                object_id=chapter.id,
                kind=CHAPTER_OUTLINE,
                needs=frozenset({characters.name}),
                order=(chapter.number, 0),
            )
            if not goal.outline_only:
                yield from _chapter_nodes(book, chapter, goal, window_size, summaries)
    if goal.whole_book and book.chapters:
        needs = frozenset(f"{CHAPTER_DONE}:{chapter.id}" for chapter in book.chapters)
        if book.is_nonfiction:
            glossary = Node(object_id=book.id, kind=GLOSSARY, needs=needs, order=(len(book.chapters) + 1,))
            yield glossary
            needs |= {glossary.name}
        yield Node(object_id=book.id, kind=BOOK_DONE, needs=needs, order=(len(book.chapters) + 2,))


def _chapter_nodes(book: Book, chapter: Chapter, goal: Goal, window_size: int, summaries: bool) -> Iterator[Node]:
    needs = frozenset({f"{CHAPTER_OUTLINE}:{chapter.id}", *_read_before(book, chapter, goal, window_size, summaries)})
    for section in chapter.sections:
        if goal.wants_section(chapter, section):
            order = (chapter.number, 1, section.number)
            node = Node(object_id=section.id, kind=SECTION, needs=needs, order=order)
            yield node
            needs = frozenset({node.name})
    if not _closes(chapter, goal):
        return
    if chapter.sections:
        if summaries:
            yield from _closing_nodes(book, chapter, needs, goal)
        else:
            yield Node(object_id=chapter.id, kind=CHAPTER_DONE, needs=needs, order=(chapter.number, 4))
    else:
        # Its outline isn't there yet: hold back what waits for the chapter until it is.
        needs = frozenset({"outline to come"})
        yield Node(object_id=chapter.id, kind=CHAPTER_DONE, needs=needs, order=(chapter.number, 4))


def _read_before(book: Book, chapter: Chapter, goal: Goal, window_size: int, summaries: bool) -> Iterator[str]:
    """The nodes of this plan whose texts the chapter's sections read."""
    window = window_before(chapter.number, size=window_size, lag=book.settings.continuity_lag)
    for number in window.in_full:
        earlier = book.chapters[number - 1]
        wanted = [section for section in earlier.sections if goal.wants_section(earlier, section)]
        if wanted:
            yield f"{SECTION}:{wanted[-1].id}"
        elif not earlier.sections and goal.wants_chapter(earlier):
            # Once it is outlined the plan is drawn again, and this becomes its last section.
            yield f"{CHAPTER_OUTLINE}:{earlier.id}"
    for span in window.summed_up if summaries else ():
        yield from _summaries_in_plan(book, span, goal)


def _summaries_in_plan(book: Book, span: Span, goal: Goal) -> Iterator[str]:
    last = book.chapters[span.last - 1]
    if all(_closes(c, goal) for c in book.chapters[span.first - 1 : span.last]):
        # Before its chapters are outlined there is no node for the summary, but there is one that stands for it.
        there = all(c.sections for c in book.chapters[span.first - 1 : span.last])
        yield f"{summary_kind(span.chapters)}:{last.id}" if there else f"{CHAPTER_DONE}:{last.id}"
    else:
        for part in span.parts():
            yield from _summaries_in_plan(book, part, goal)


def _closes(chapter: Chapter, goal: Goal) -> bool:
    """Does this plan finish the chapter, so that it can be summed up? Answered before its outline exists, too."""
    if chapter.sections:
        return all(goal.wants_section(chapter, section) for section in chapter.sections)
    cut_short = goal.until is not None and goal.until[1] > 0 and goal.until[0] == chapter.number
    return goal.wants_chapter(chapter) and not cut_short


def _closing_nodes(book: Book, chapter: Chapter, before: frozenset[str], goal: Goal) -> Iterator[Node]:
    summary = Node(object_id=chapter.id, kind=CHAPTER_SUMMARY, needs=before, order=(chapter.number, 2))
    yield summary
    done = {summary.name}
    for span in spans_ending_at(chapter.number):
        kind = summary_kind(span.chapters)
        if not all(_closes(c, goal) for c in book.chapters[span.first - 1 : span.last]):
            break
        needs = frozenset(f"{summary_kind(part.chapters)}:{book.chapters[part.last - 1].id}" for part in span.parts())
        node = Node(object_id=chapter.id, kind=kind, needs=needs, order=(chapter.number, 3, span.chapters))
        yield node
        done.add(node.name)
    yield Node(object_id=chapter.id, kind=CHAPTER_DONE, needs=frozenset(done), order=(chapter.number, 4))


def summary_kind(chapters: int) -> str:
    """The kind of the summary of so many chapters."""
    return CHAPTER_SUMMARY if chapters == 1 else SPAN_SUMMARIES[chapters]
