"""`ghostkit sources`: reference texts beside the manuscript; add, list, remove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.lore import split_words
from ghostkit.cli.options import json_option, open_book
from ghostkit.cli.terminal import listing, note, say, say_folded, say_json

if TYPE_CHECKING:
    from ghostkit.book.sources import ListedSource
    from ghostkit.book.sources_record import Source
    from ghostkit.workbench import Book

ACTS = {"list": (0, 0), "add": (1, 100_000), "show": (1, 1), "remove": (1, 100_000)}
"""What can be done, and how many words it takes."""
LONGEST_NAME = 40
"""Characters of a name that a narrow terminal shows in one line: it is what `show` and `remove` are given."""
FIELDS = ("title", "author", "language", "tags", "rating", "note", "since_chapter")


@click.command(short_help="Add, list and remove reference texts.")
@click.argument("words", nargs=-1, required=True, metavar="[list|add|show|remove] PATH [FILE…|NAME…]")
@click.option("--title", help="What it is called. Default: the front matter's title, else the file's name.")
@click.option("--author", help="Who wrote it.")
@click.option("--tag", "tags", multiple=True, help="A tag that a search can ask for; repeat it for more.")
@click.option("--language", metavar="CODE", help="Such as en or ru. Default: found out from the text.")
@click.option("--rating", type=float, metavar="0-10", help="How much it is worth.")
@click.option("--since-chapter", type=int, metavar="N", help="Chapters before N don't read it.")
@click.option("--note", help="What to remember about it.")
@click.option("--name", help="Its short name in the book. Default: the file's.")
@click.option("--encoding", metavar="NAME", help="What the file's bytes are, such as cp1251. Default: found out.")
@json_option
def sources(words: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """List the reference texts of the book in PATH, or add, show or remove some.

    `add` copies .txt and .md files into the book's folder sources/, as UTF-8; all of those named, or none. Fields at
    the head of a .md file between two lines of --- are read (title, author, tags, language, rating, note,
    since_chapter); options go before them. Edit a text in sources/ with anything: it is then the source.

    \b
    Examples:
      ghostkit sources add projects/salt-road notes/*.md --tag salt
      ghostkit sources add projects/salt-road old.txt --encoding koi8-r
      ghostkit sources add projects/salt-road twist.md --since-chapter 7
      ghostkit sources list projects/salt-road
      ghostkit sources remove projects/salt-road old
    """
    path, act, names = _split(words)
    given = {name: options[name] for name in (*FIELDS, "name", "encoding") if options[name] not in (None, ())}
    if act != "add" and given:
        option = "tag" if next(iter(given)) == "tags" else next(iter(given)).replace("_", "-")
        raise click.UsageError(f"--{option} goes with add.", click.get_current_context())
    book = open_book(path)
    if act == "add":
        _add(book, names, given, as_json)
    elif act == "show":
        _show(book, names[0], as_json)
    elif act == "remove":
        gone = book.sources.remove(*names)
        say_json([source.as_dict() for source in gone]) if as_json else say(f"Removed: {_names(gone)}.")
    else:
        _list(book, as_json)


def _split(words: tuple[str, ...]) -> tuple[Path, str, list[str]]:
    """(the book's folder, the act, its words). `sources PATH add FILE` is understood, too, as of `people`; a book's
    folder called `add` is written `./add`."""
    if words[0] in ACTS:
        if len(words) == 1:
            raise click.UsageError(
                f"Say in which book: its folder goes after {words[0]!r}.", click.get_current_context()
            )
        words = (words[1], words[0], *words[2:])
    act, names = split_words(words[1:], ACTS)
    return Path(words[0]), act, names


def _add(book: Book, files: list[str], given: dict[str, Any], as_json: bool) -> None:
    added = book.sources.add(*files, **given)
    if as_json:
        say_json([source.as_dict() for source in added])
        return
    for source in added:
        say(f"Added {source.file}: {source.title} ({source.encoding}).")


def _show(book: Book, name: str, as_json: bool) -> None:
    source, text = book.sources.get(name), book.sources.text(name)
    say_json({**source.as_dict(), "text": text}) if as_json else say(text.removesuffix("\n"))


def _list(book: Book, as_json: bool) -> None:
    found, others = book.sources.list(), book.sources.unlisted()
    if as_json:
        say_json([row.as_dict() for row in found])
    elif not found:
        say("No sources yet. `ghostkit sources add PATH FILE…` adds some.")
    else:
        _print(found)
    if others:
        shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
        note(f"In sources/ but not added, so not used: {shown}.")


def _print(found: tuple[ListedSource, ...]) -> None:
    from rich.table import Table

    rows = [_cells(one) for one in found]
    heads = [head for head in rows[0] if any(row[head] for row in rows)]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="")
    for head in heads:
        whole = head not in ("title", "author", "tags") and max(len(row[head]) for row in rows) <= LONGEST_NAME
        right = head in ("words", "rating", "from")
        table.add_column(head, justify="right" if right else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*(row[head] for head in heads))
    listing(table)
    for one in found:
        if one.problem:
            say_folded(f"{one.source.id}: {one.problem}")


def _cells(row: ListedSource) -> dict[str, str]:
    """A row of the list; a column that is empty in all of them is left out."""
    source = row.source
    return {
        "name": source.id,
        "title": source.title,
        "author": source.author,
        "tags": ", ".join(source.tags),
        "rating": "" if source.rating is None else f"{source.rating:g}",
        "from": f"ch. {source.since_chapter}" if source.since_chapter else "",
        "words": f"{row.words:,}",
        "was": source.encoding,
        "state": row.state,
    }


def _names(sources: tuple[Source, ...]) -> str:
    return ", ".join(source.id for source in sources)
