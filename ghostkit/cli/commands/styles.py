"""`ghostkit styles`: how the prose sounds; list, read, add, edit and choose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.acts import edited, keep_draft, split_arguments
from ghostkit.cli.options import json_option, open_book
from ghostkit.cli.terminal import listing, say, say_folded, say_json
from ghostkit.errors import GhostkitError, InputError

if TYPE_CHECKING:
    from ghostkit.book import ListedStyle, ProjectFolder, Style
    from ghostkit.workbench import Book

ACTS = ("list", "show", "add", "edit", "remove", "use")


@click.command(short_help="List, read, edit and choose writing styles.")
@click.argument("what", nargs=-1, metavar="[PATH] [list|show|add|edit|remove|use] [NAME|FILE]")
@click.option("--description", help="With edit: one sentence on what it is.")
@click.option("--kind", metavar="KIND", help="With edit: any, fiction or non-fiction.")
@click.option("--guide", help="With edit: how to write, in a paragraph.")
@click.option("--do", "do", multiple=True, help="With edit: a thing to do; repeat it for more. Replaces those there.")
@click.option("--avoid", multiple=True, help="With edit: a thing to avoid; repeat it for more. Replaces those there.")
@click.option("--sample", help="With edit: a few sentences that sound right.")
@click.option("--file", "file", type=click.Path(path_type=Path), help="With edit: the whole style, as JSON.")
@json_option
def styles(what: tuple[str, ...], file: Path | None, as_json: bool, **fields: Any) -> None:
    """List the writing styles, or read, add, edit, remove or choose one for the book in PATH.

    A book's own styles lie in its styles/ folder and come first; editing one that ships makes the book's own copy.
    `edit` opens $EDITOR, unless you say what to change. What is written already is out of date once the style
    changes: `ghostkit stale` shows it.

    \b
    Examples:
      ghostkit styles
      ghostkit styles show noir
      ghostkit styles projects/salt-road use lyrical
      ghostkit styles projects/salt-road edit noir --avoid "Rain." --avoid "Hats."
      ghostkit styles projects/salt-road add harbour.json
    """
    path, act, name = split_arguments(what, ACTS)
    given = {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items() if value}
    if (given or file) and act != "edit":
        raise click.UsageError(f"--{next(iter(given), 'file')} goes with edit.", click.get_current_context())
    book = open_book(path) if path is not None else None
    if act == "list":
        _list(book, as_json)
    elif act == "show":
        _show(book.folder if book else None, name, as_json)
    else:
        assert book is not None
        _tell(book, act, _act(book, act, name, given, file), name, as_json)


def _list(book: Book | None, as_json: bool) -> None:
    from ghostkit.book import list_styles

    rows = list_styles(book.folder if book else None)
    current = book.value.style if book else ""
    if as_json:
        say_json([{**style_row(row), "in_use": row.name == current} for row in rows])
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for row in rows:
        mark = "*" if row.name == current else ""
        origin = {"own": "the book's own", "changed": "changed in the book"}.get(row.origin, "")
        told = " ".join(filter(None, (row.problem or row.description, f"({origin})" if origin else "")))
        table.add_row(mark, row.name, row.kind, told)
    listing(table)
    if book:
        say(f"* {book.title} is written in it.")


def style_row(row: ListedStyle) -> dict[str, str]:
    """A style of the list, for programs."""
    return {
        "name": row.name, "kind": row.kind, "description": row.description, "origin": row.origin,
        "problem": row.problem,
    }  # fmt: skip


def _show(folder: ProjectFolder | None, name: str, as_json: bool) -> None:
    from ghostkit.book import style_fields, style_named

    style = style_named(name, folder)
    if as_json:
        say_json(style_fields(style), indent=2)
        return
    _print(style)


def _print(style: Style) -> None:
    say(f"{style.name} ({style.kind})")
    say_folded(style.description)
    say()
    say_folded(style.guide)
    for heading, items in (("Do", style.do), ("Avoid", style.avoid)):
        if items:
            say(f"\n{heading}:")
        for item in items:
            say_folded(f"  - {item}", hang=4)
    if style.sample:
        say("\nSample:")
        say_folded(f"  {style.sample}", hang=2)


def _act(book: Book, act: str, name: str, given: dict[str, Any], file: Path | None) -> Style | None:
    if act == "add":
        return book.styles.add(Path(name))
    if act == "use":
        return book.styles.use(name)
    if act == "edit":
        return book.styles.edit(name, **(given or _whole(book, name, file)))
    book.styles.remove(name)
    return None


def _whole(book: Book, name: str, file: Path | None) -> dict[str, Any]:
    """All fields of a style, from a file or an editor."""
    from ghostkit.book import read_style, render_style, style_fields, style_from

    if file is not None:
        return style_fields(read_style(file))
    text = edited(render_style(book.styles.get(name)), ".json")
    try:
        try:
            value = json.loads(text)
        except ValueError as error:
            raise InputError(
                f"What you wrote is no JSON: {error}.", fix="Mind the commas and quotation marks."
            ) from error
        return style_fields(style_from(value, f"The style {name!r}"))
    except GhostkitError as error:
        keep_draft(text, book.folder.styles / f"{name}.json.draft", error)
        raise


def _tell(book: Book, act: str, style: Style | None, name: str, as_json: bool) -> None:
    from ghostkit.book import style_fields

    if as_json:
        say_json({"done": act, "style": style_fields(style) if style else None, "in_use": book.value.style})
        return
    if act == "use":
        say(f"{book.title} is written in {name} from now on.")
    elif style is not None:
        say(f"{style.name}: {book.folder.style(style.name)}")
    else:
        say(f"{name}: removed.")
    if act == "use" or (style is not None and style.name == book.value.style):
        say(f"See what is out of date with: ghostkit stale {book.folder.root}")
