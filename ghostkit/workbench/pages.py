"""Small pieces of safe HTML for notebooks: an outline, a book, a run's prose. No script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book
    from ghostkit.workbench.run import Run
    from ghostkit.writing.worddiff import Piece

_BOX = (
    "box-sizing:border-box;max-width:44rem;max-height:60vh;overflow:auto;padding:0 1rem;"
    "border:1px solid #8884;border-radius:8px"
)
_STYLE = "max-width:44em;line-height:1.5;font-family:Georgia,serif"


class OutlineView:
    """What `await book.outline()` shows: the plan as it stands."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def __repr__(self) -> str:
        value = self._book.value
        lines = [value.title, "", value.outline_summary, ""]
        for chapter in value.chapters:
            lines.append(f"{chapter.number}. {chapter.title}")
            lines += [f"   {chapter.number}.{section.number} {section.title}" for section in chapter.sections]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        value = self._book.value
        chapters = "".join(
            f"<li><b>{escape(chapter.title)}</b><br>{escape(chapter.brief)}{_goals_html(chapter.goals)}"
            f"<ol>{''.join(f'<li>{escape(section.title)}</li>' for section in chapter.sections)}</ol></li>"
            for chapter in value.chapters
        )
        return (
            f'<div style="{_STYLE}"><h3>{escape(value.title)}</h3><p>{escape(value.outline_summary)}</p>'
            f"<ol>{chapters}</ol></div>"
        )


def _goals_html(goals: Sequence[str]) -> str:
    return "".join(f"<br><small>Goal: {escape(goal)}</small>" for goal in goals)


def book_html(book: Book) -> str:
    """The book's table of contents with the state of each section."""
    rows = "".join(
        f"<tr><td>{chapter.number}.{section.number}</td><td>{escape(section.title)}</td>"
        f"<td>{escape(str(section.status))}</td><td>{section.word_count}</td></tr>"
        for chapter, section in book.value.sections()
    )
    head = "<tr><th></th><th>Section</th><th>Status</th><th>Words</th></tr>" if rows else ""
    return f"<div><b>{escape(book.title)}</b> · {book.value.word_count} words<table>{head}{rows}</table></div>"


def table_html(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table style="text-align: start"><tr>{titles}</tr>{lines}</table>'


def difference_html(pieces: Iterable[Piece]) -> str:
    """Two versions of a text in one: what went struck out, what came underlined; told apart without colour, too."""
    signs = {"same": ("", ""), "out": ('<del style="color:#c0392b">', "</del>"), "in": ("<ins>", "</ins>")}
    told = "".join(f"{signs[piece.op][0]}{escape(piece.text)}{signs[piece.op][1]}" for piece in pieces)
    return f'<div style="{_BOX};{_STYLE};white-space:pre-wrap">{told}</div>'


def run_html(run: Run) -> str:
    """The prose of a run in a box that scrolls: escaped text by section, under one line that says how it stands."""
    line = f"{run.goal_text} · {run.state} · {len(run.text().split())} words · {run.model}"
    sections = "".join(
        _section_html(f"{chapter.number}.{section.number} {section.title}", run.text(section.id))
        for chapter, section in run.book.value.sections()
        if run.goal.wants_section(chapter, section)
    )
    prose = f'<div style="{_STYLE}"><p><small>{escape(line)}</small></p>{sections}</div>'
    return f'<div style="{_BOX}">{prose}</div>'


def _section_html(heading: str, text: str) -> str:
    paragraphs = "".join(f'<p dir="auto">{escape(part)}</p>' for part in text.split("\n\n") if part.strip())
    return f'<h4 dir="auto">{escape(heading)}</h4>{paragraphs}' if paragraphs else ""
