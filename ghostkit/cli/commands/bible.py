"""`ghostkit bible`: the places, dates and things of the book; list, read, add, edit and remove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.lore import fact_option, fields_of, file_option, read_fields, split_words
from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import listing, say, say_folded, say_json

if TYPE_CHECKING:
    from ghostkit.book import BibleEntry
    from ghostkit.workbench import Book

ACTS = {"list": (0, 0), "show": (1, 1), "add": (0, 1), "edit": (1, 1), "remove": (1, 1)}
FIELDS = ("name", "kind", "description", "aliases", "since_chapter")


@click.command(short_help="List, add and edit the book's places, dates and things.")
@path_argument
@click.argument("what", nargs=-1, metavar="[list|show NAME|add [NAME]|edit NAME|remove NAME]")
@click.option("--as-of", type=int, metavar="N", help="With list and show: as known as of chapter N.")
@click.option("--kind", help="place, date, thing, group, rule, event, term, or a kind of your own; with list, only it.")
@click.option("--name", help="With edit: another name; with add: the name.")
@click.option("--description", help="What it is.")
@click.option("--alias", "aliases", multiple=True, help="What else it is called; repeat it for more.")
@click.option("--since", "since_chapter", type=int, metavar="N", help="The chapter in which it becomes known.")
@fact_option
@click.option("--from", "from_chapter", type=int, metavar="N", help="With edit: it is so from chapter N on.")
@file_option
@json_option
def bible(path: Path, what: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """List the story bible of the book in PATH, or read, add, edit or remove an entry.

    It lies in bible.json; edit it there as you like. Prompts carry what is known as of their chapter.

    \b
    Examples:
      ghostkit bible projects/salt-road
      ghostkit bible projects/salt-road add Lorn --kind place --fact miles=14
      ghostkit bible projects/salt-road edit Lorn --from 6 --description "Burnt."
      ghostkit bible projects/salt-road show Lorn --as-of 7 --json
    """
    act, words = split_words(what, ACTS)
    book = open_book(path)
    if act == "list":
        _list(book, options["kind"], options["as_of"], as_json)
        return
    if act == "remove":
        book.bible.remove(words[0])
        say_json({"removed": words[0]}) if as_json else say(f"{words[0]} is no longer in the story bible.")
        return
    entry = book.bible.get(words[0], options["as_of"]) if act == "show" else _changed(book, act, words, options)
    say_json(entry_row(entry)) if as_json else _print(entry)


def _changed(book: Book, act: str, words: list[str], options: dict[str, Any]) -> BibleEntry:
    given = {**read_fields(options["file"], "entry"), **fields_of(options, FIELDS)}
    if act == "edit":
        if not given:
            raise click.UsageError("Say what to change, such as --description.", click.get_current_context())
        return book.bible.edit(words[0], from_chapter=options["from_chapter"], **given)
    if words:
        given["name"] = words[0]
    return book.bible.add(**{"name": "", **given})


def _list(book: Book, kind: str | None, as_of: int | None, as_json: bool) -> None:
    entries = book.bible.list(kind, as_of)
    if as_json:
        say_json([entry_row(entry) for entry in entries])
        return
    if not entries:
        say("The story bible is empty." if not len(book.bible) else "Nothing of that kind is known by then.")
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for entry in entries:
        table.add_row(entry.name, entry.kind, entry.description)
    listing(table)


def entry_row(entry: BibleEntry) -> dict[str, Any]:
    """An entry, for programs."""
    from ghostkit.book.rendering import bible_fields

    return bible_fields(entry)


def _print(entry: BibleEntry) -> None:
    also = f", also {', '.join(entry.aliases)}" if entry.aliases else ""
    since = f", from chapter {entry.since_chapter} on" if entry.since_chapter > 1 else ""
    say_folded(f"{entry.name} ({entry.kind}{also}{since})")
    for field, value in {"description": entry.description, **entry.extra}.items():
        if value not in ("", None):
            say_folded(f"  {field}: {value}", hang=4)
    for stage in entry.stages:
        changed = "; ".join(
            f"{k}: {v}" for k, v in {"description": stage.description, **stage.extra}.items() if v != ""
        )
        say_folded(f"  from chapter {stage.since_chapter} on: {changed}", hang=4)
