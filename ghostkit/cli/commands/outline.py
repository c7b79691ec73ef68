"""`ghostkit outline`: plan the book, and show the plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, model_option, open_book, path_argument
from ghostkit.cli.terminal import say, say_folded, say_json

if TYPE_CHECKING:
    from ghostkit.workbench import Book


@click.command(short_help="Plan the book, and show the plan.")
@path_argument
@model_option
@click.option("--budget", type=float, metavar="USD", help="Stop before a call that could spend more than this.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
def outline(path: Path, model: str | None, budget: float | None, quiet: bool, as_json: bool) -> None:
    """Plan the book: its chapters, its people, every chapter's sections. What is planned already is only shown.

    The plan lies in outline.md; edit it there before you write, and the book follows it.

    \b
    Examples:
      ghostkit outline projects/salt-road
      ghostkit outline projects/salt-road --json
    """
    book = open_book(path)
    if not _is_planned(book):
        _plan(book, path, model, budget, quiet, as_json)
    if as_json:
        say_json(outline_row(book))
        return
    _print(book)
    say(f"Edit {book.folder.outline} as you like, then: ghostkit write {path}")


def _is_planned(book: Book) -> bool:
    chapters = book.value.chapters
    return bool(chapters) and all(chapter.sections for chapter in chapters) and bool(book.value.characters)


def _plan(book: Book, path: Path, model: str | None, budget: float | None, quiet: bool, as_json: bool) -> None:
    from ghostkit.cli.views import choose_view
    from ghostkit.cli.writing import carry_out, outcome
    from ghostkit.writing.plan import Goal

    view = choose_view(quiet=quiet, as_json=as_json, progress=False)
    run = carry_out(lambda: book.start(Goal(outline_only=True), 1, model, budget, None), view)
    problem = outcome(run, path, f"ghostkit outline {path}")
    if problem is not None:
        raise problem


def outline_row(book: Book) -> dict[str, Any]:
    """The plan for programs."""
    value = book.value
    chapters = [
        {
            "id": chapter.id,
            "number": chapter.number,
            "title": chapter.title,
            "part": chapter.part,
            "brief": chapter.brief,
            "goals": list(chapter.goals),
            "points": list(chapter.points),
            "sections": [
                {"id": s.id, "number": f"{chapter.number}.{s.number}", "title": s.title, "brief": s.brief,
                 "points": list(s.points)}
                for s in chapter.sections
            ],
        }
        for chapter in value.chapters
    ]  # fmt: skip
    people = [{"name": p.name, "role": str(p.role), "description": p.description} for p in value.characters]
    return {"title": value.title, "summary": value.outline_summary, "chapters": chapters, "characters": people}


def _print(book: Book) -> None:
    value = book.value
    say(value.title)
    if value.outline_summary:
        say()
        say_folded(value.outline_summary)
    part = ""
    for chapter in value.chapters:
        if chapter.part != part:
            part = chapter.part
            say(f"\n{part.upper()}" if part else "")
        say(f"\n{chapter.number}. {chapter.title}")
        say_folded(f"   {chapter.brief}", hang=3)
        for goal in chapter.goals:
            say_folded(f"   Goal: {goal}", hang=9)
        for section in chapter.sections:
            say(f"   {chapter.number}.{section.number} {section.title}")
    if value.characters:
        say()
        say_folded("People: " + ", ".join(person.name for person in value.characters))
    say()
