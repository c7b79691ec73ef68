"""`ghostkit templates`: what is asked of a model, in words; list, read, edit, compare and reset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.acts import edited, keep_draft, split_arguments
from ghostkit.cli.options import json_option, open_book
from ghostkit.cli.terminal import listing, say, say_json
from ghostkit.errors import BookDamaged, GhostkitError, InputError

if TYPE_CHECKING:
    from ghostkit.workbench import Book
    from ghostkit.workbench.templates import ListedTemplate

ACTS = ("list", "show", "edit", "diff", "history", "reset")


@click.command(short_help="List, read, edit and reset prompt templates.")
@click.argument("what", nargs=-1, metavar="[PATH] [list|show|edit|diff|history|reset] [NAME]")
@click.option("--file", "file", type=click.Path(path_type=Path), help="With edit: take the new text from this file.")
@click.option("--allow-drop", is_flag=True, help="With edit: it may leave out what the shipped template says.")
@json_option
def templates(what: tuple[str, ...], file: Path | None, allow_drop: bool, as_json: bool) -> None:
    """List the prompt templates, or read, edit, compare or reset one for the book in PATH.

    A book's own versions lie in its templates/ folder; each edit gets the next version number, and those before stay
    in templates/history/ (read one as NAME@VERSION). An edit counts from the next run on and changes what receipts
    say. `edit` opens $EDITOR unless --file is given. _book and _system are included by others.

    \b
    Examples:
      ghostkit templates
      ghostkit templates show section
      ghostkit templates projects/salt-road edit section
      ghostkit templates projects/salt-road diff section
      ghostkit templates projects/salt-road reset section
    """
    path, act, name = split_arguments(what, ACTS)
    if (file or allow_drop) and act != "edit":
        raise click.UsageError(f"--{'file' if file else 'allow-drop'} goes with edit.", click.get_current_context())
    if path is None:
        _without_book(act, name, as_json)
        return
    book = open_book(path)
    if act == "list":
        _list(book.templates.list(), as_json)
    elif act in ("show", "diff"):
        text = book.templates.text(name) if act == "show" else book.templates.diff(name)
        _show(name, text, as_json)
    elif act == "history":
        _history(book, name, as_json)
    else:
        _change(book, act, name, file, allow_drop, as_json)


def _without_book(act: str, name: str, as_json: bool) -> None:
    """Of those that ship."""
    from ghostkit.generation import PromptService
    from ghostkit.generation.prompts import SHIPPED
    from ghostkit.workbench.templates import ListedTemplate

    prompts = PromptService()
    names = [*prompts.names(), *prompts.includes()]
    if act == "show":
        if name not in names:
            prompts.template(name)
        _show(name, (SHIPPED / f"{name}.md").read_text(encoding="utf-8"), as_json)
        return
    rows = []
    for known in names:
        found = None if known.startswith("_") else prompts.template(known)
        rows.append(
            ListedTemplate(
                name=known,
                version=found.version if found else 1,
                origin="shipped",
                label=found.label if found else "",
                variables=tuple(sorted(found.variables)) if found else (),
            )
        )
    _list(rows, as_json)


def _list(rows: Any, as_json: bool) -> None:
    if as_json:
        say_json([template_row(row) for row in rows])
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for row in rows:
        kept = f"{len(row.history)} earlier kept" if row.history else ""
        table.add_row(row.name, f"v{row.version}" if row.version else "", row.origin, row.problem or row.label, kept)
    listing(table)


def template_row(row: ListedTemplate) -> dict[str, Any]:
    """A template of the list, for programs."""
    return {
        "name": row.name, "version": row.version, "origin": row.origin, "label": row.label,
        "variables": list(row.variables), "drops": list(row.drops), "history": list(row.history),
        "problem": row.problem,
    }  # fmt: skip


def _show(name: str, text: str, as_json: bool) -> None:
    if as_json:
        say_json({"name": name, "text": text})
    elif text:
        say(text.rstrip("\n"))
    else:
        say(f"{name} is as it ships.")


def _history(book: Book, name: str, as_json: bool) -> None:
    now = book.templates.get(name)
    kept = book.templates.history(name)
    if as_json:
        earlier = [{"version": version, "path": str(path)} for version, path in kept]
        say_json({"name": name, "version": now.version, "origin": now.origin, "earlier": earlier})
        return
    for version, path in kept:
        say(f"{name}@{version}  {path}")
    say(f"{name}@{now.version}  in force, {now.origin}")


def _change(book: Book, act: str, name: str, file: Path | None, allow_drop: bool, as_json: bool) -> None:
    if act == "reset":
        there = book.templates.reset(name)
        row = book.templates.get(name)
        done = f"{name} is the shipped one again; yours is kept in templates/history/." if there else (
            f"{name} is the shipped one already."
        )  # fmt: skip
    else:
        before = book.templates.get(name)
        row = _edit(book, name, file, allow_drop)
        done = f"{name}: version {row.version}, from the next run on." if row != before else f"{name} is unchanged."
    if as_json:
        say_json({"done": act, "template": template_row(row)})
    else:
        say(done)


def _edit(book: Book, name: str, file: Path | None, allow_drop: bool) -> ListedTemplate:
    text = _read(file) if file is not None else edited(book.templates.text(name), ".md")
    try:
        return book.templates.edit(name, text, allow_drop=allow_drop)
    except GhostkitError as error:
        if file is None:
            keep_draft(text, book.folder.templates / f"{name}.md.draft", error)
        raise


def _read(file: Path) -> str:
    from ghostkit.book import read_text_or_none

    try:
        text = read_text_or_none(file)
    except BookDamaged as error:
        raise InputError(error.message, fix="Save it as UTF-8.") from error
    if text is None:
        raise InputError(f"There is no file {file}.", fix="Give one that is there.")
    return text
