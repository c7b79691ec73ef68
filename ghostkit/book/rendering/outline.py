r"""`outline.md`: the whole plan of a book, in a form that a person can edit.

    # Title

    What the book is to be.

    # Part title

    ## 1. Chapter title <!-- c-1a2b3c4d -->

    The chapter's brief.

    - Goal: what its reader can do afterwards
    - a point

    ### 1.1 Section title <!-- s-1a2b3c4d -->

A part's title stands above its chapters; a bare `#` ends it. Numbers are display: reading drops them. The comments
carry the ids; a heading without one is new. A line of a brief that looks like a heading or a point is written with a
backslash before it, as Markdown has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ghostkit.book.files import normalise_newlines
from ghostkit.book.model import Book
from ghostkit.book.rendering.prose import tidy_title
from ghostkit.errors import BookDamaged

_HEADING: Final = re.compile(r"^(#{1,3})(?:[ \t]+(.*))?$")
_GOAL: Final = re.compile(r"^Goal:[ \t]*(.*)$")
_LIKE_A_GOAL: Final = re.compile(r"^\\*Goal:")
_POINT: Final = re.compile(r"^[-*+](?:[ \t]+(.*))?$")
_SPECIAL: Final = re.compile(r"^\\*(?:#{1,3}|[-*+])(?:[ \t]|$)")
_ID: Final = re.compile(r"[ \t]*<!--[ \t]*([A-Za-z0-9][A-Za-z0-9_.-]*)[ \t]*-->$")
_CHAPTER_NUMBER: Final = re.compile(r"^\d+\.(?:[ \t]+|$)")
_SECTION_NUMBER: Final = re.compile(r"^\d+\.\d+\.?(?:[ \t]+|$)")
_BLANK: Final = " \t\ufeff"


@dataclass(frozen=True, kw_only=True)
class ParsedSection:
    """A section as an outline has it; `id` is None for one that is new."""

    id: str | None = None
    title: str = ""
    brief: str = ""
    points: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ParsedChapter:
    """A chapter as an outline has it; `id` is None for one that is new."""

    id: str | None = None
    title: str = ""
    part: str = ""
    brief: str = ""
    goals: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    sections: tuple[ParsedSection, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ParsedOutline:
    title: str = ""
    summary: str = ""
    chapters: tuple[ParsedChapter, ...] = ()


def tidy_brief(text: str) -> str:
    """A brief as an outline has it: lines without blanks around them, paragraphs one blank line apart."""
    lines = "\n".join(line.strip(_BLANK) for line in normalise_newlines(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


def tidy_points(points: Iterable[str]) -> tuple[str, ...]:
    """Each point as one line; empty ones go."""
    return tuple(filter(None, map(tidy_title, points)))


def goals_and_points(goals: Iterable[str], points: Iterable[str]) -> tuple[str, ...]:
    """A chapter's goals and points as one list, goals first; a point that looks like a goal gets a backslash."""
    marked = (f"\\{point}" if _LIKE_A_GOAL.match(point) else point for point in tidy_points(points))
    return (*(f"Goal: {goal}" for goal in tidy_points(goals)), *marked)


def parted(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The inverse of `goals_and_points`: (goals, points)."""
    goals, points = [], []
    for line in tidy_points(lines):
        goal = _GOAL.match(line)
        if goal:
            goals.append(goal[1])
        else:
            points.append(line[1:] if line.startswith("\\") and _LIKE_A_GOAL.match(line) else line)
    return tidy_points(goals), tidy_points(points)


def render_outline(book: Book) -> str:
    """The text of `outline.md`."""
    blocks = [f"# {tidy_title(book.title)}".rstrip(), *_texts(book.outline_summary, ())]
    part = ""
    for chapter in book.chapters:
        if tidy_title(chapter.part) != part:
            part = tidy_title(chapter.part)
            blocks.append(f"# {part}".rstrip())
        blocks.append(f"## {chapter.number}. {tidy_title(chapter.title)}".rstrip() + f" <!-- {chapter.id} -->")
        blocks += _texts(chapter.brief, goals_and_points(chapter.goals, chapter.points))
        for section in chapter.sections:
            number = f"{chapter.number}.{section.number}"
            blocks.append(f"### {number} {tidy_title(section.title)}".rstrip() + f" <!-- {section.id} -->")
            blocks += _texts(section.brief, section.points)
    return "\n\n".join(blocks) + "\n"


def parse_outline(text: str, where: str = "outline.md") -> ParsedOutline:
    """The plan in the text of an `outline.md`; an id that comes twice counts the first time only.

    Raises:
        BookDamaged: a section stands before the first chapter; the message names the line.
    """
    head = _Entry()
    chapters: list[tuple[_Entry, list[_Entry]]] = []
    now, titled, part = head, False, ""
    for number, raw in enumerate(normalise_newlines(text).split("\n"), 1):
        heading = _HEADING.match(raw.rstrip(_BLANK))
        level = len(heading[1]) if heading else 0
        words = (heading[2] or "") if heading else ""
        if level == 1 and not titled and now is head:
            head.title, titled = tidy_title(words), True
        elif level == 1:
            part, now = tidy_title(words), _Entry(line=number)
        elif level == 2:
            # What stands under a part's title belongs to its first chapter.
            above = now.all_lines if now.line else []
            now = _Entry.of(words, _CHAPTER_NUMBER, "c-")
            now.part, now.lines = part, above
            chapters.append((now, []))
        elif level == 3:
            if not chapters:
                raise _no_chapter(where, number)
            now = _Entry.of(words, _SECTION_NUMBER, "s-")
            chapters[-1][1].append(now)
        else:
            now.take(raw.strip(_BLANK), points=now is not head and not now.line)
    if now.line and (part or now.brief):
        raise _no_chapter_in(where, now.line)
    return _outline(head, chapters)


def _outline(head: _Entry, chapters: list[tuple[_Entry, list[_Entry]]]) -> ParsedOutline:
    seen: set[str] = set()
    parsed = []
    for chapter, sections in chapters:
        identity = chapter.identity(seen)
        inner = tuple(
            ParsedSection(id=s.identity(seen), title=s.title, brief=s.brief, points=tidy_points(s.points))
            for s in sections
        )
        goals, points = parted(chapter.points)
        parsed.append(
            ParsedChapter(
                id=identity,
                title=chapter.title,
                part=chapter.part,
                brief=chapter.brief,
                goals=goals,
                points=points,
                sections=inner,
            )
        )
    return ParsedOutline(title=head.title, summary=head.brief, chapters=tuple(parsed))


@dataclass
class _Entry:
    """A heading and the lines under it, while they are read."""

    title: str = ""
    id: str | None = None
    part: str = ""
    lines: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    in_point: bool = False
    line: int = 0  # of a part's title

    @property
    def all_lines(self) -> list[str]:
        return [*self.lines, ""] if self.brief else []

    @classmethod
    def of(cls, words: str, number: re.Pattern[str], prefix: str) -> _Entry:
        comment = _ID.search(words)
        identity = comment[1] if comment and comment[1].startswith(prefix) else None
        title = number.sub("", words[: comment.start()] if comment else words)
        return cls(title=tidy_title(title), id=identity)

    def take(self, line: str, *, points: bool) -> None:
        """One line below the heading; one that follows a point at once goes on with it."""
        point = _POINT.match(line) if points else None
        if point:
            self.points.append(point[1] or "")
        elif self.in_point and line:
            self.points[-1] += f" {line}"
        else:
            self.lines.append(line[1:] if line.startswith("\\") and _SPECIAL.match(line) else line)
        self.in_point = bool(point) or (self.in_point and bool(line))

    @property
    def brief(self) -> str:
        return tidy_brief("\n".join(self.lines))

    def identity(self, seen: set[str]) -> str | None:
        if self.id is None or self.id in seen:
            return None
        seen.add(self.id)
        return self.id


def _texts(brief: str, points: Iterable[str]) -> list[str]:
    """The brief and the list of points, as far as there are any."""
    lines = [f"\\{line}" if _SPECIAL.match(line) else line for line in tidy_brief(brief).split("\n")]
    return [block for block in ("\n".join(lines), "\n".join(f"- {p}" for p in tidy_points(points))) if block]


def _no_chapter_in(where: str, number: int) -> BookDamaged:
    return BookDamaged(
        f"{where} can't be read: line {number} begins a part, but no chapter comes after it.",
        fix="Put a line like '## 1. Chapter title' below it, or take the line out.",
        path=where,
        line=number,
    )


def _no_chapter(where: str, number: int) -> BookDamaged:
    return BookDamaged(
        f"{where} can't be read: line {number} begins a section, but no chapter comes before it.",
        fix="Put a line like '## 1. Chapter title' above it.",
        path=where,
        line=number,
    )
