"""`ghostkit checkpoints`: the snapshots taken after each chapter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import listing, say, say_json
from ghostkit.cli.wording import counted
from ghostkit.errors import InputError

if TYPE_CHECKING:
    from ghostkit.workbench import Book


@click.command(short_help="List, prune or restore the snapshots taken after each chapter.")
@path_argument
@click.argument("act", type=click.Choice(["list", "prune", "restore"]), default="list")
@click.argument("name", required=False)
@click.option("--keep", type=int, metavar="N", help="With prune: how many of the newest stay.")
@json_option
def checkpoints(path: Path, act: str, name: str | None, keep: int | None, as_json: bool) -> None:
    """List the checkpoints (the default), prune them, or go back to one. Going back deletes nothing.

    \b
    Examples:
      ghostkit checkpoints projects/salt-road
      ghostkit checkpoints projects/salt-road prune --keep 5
      ghostkit checkpoints projects/salt-road restore 20261105T101500000000Z
    """
    book = open_book(path)
    if act == "restore":
        go_back(book, path, name or "latest", None, as_json)
    elif act == "prune":
        if keep is None:
            raise InputError("Say how many checkpoints to keep.", fix="Give --keep with a number from 1.")
        gone = book.checkpoints.prune(keep)
        if as_json:
            say_json({"pruned": list(gone), "kept": list(book.checkpoints.list())})
        else:
            say(f"{counted(len(gone), 'checkpoint')} removed, {len(book.checkpoints.list()):,} kept.")
    else:
        _list(book, as_json)


def _list(book: Book, as_json: bool) -> None:
    from rich.table import Table

    from ghostkit.workbench.going_back import described

    rows = described(book)
    if as_json:
        say_json(rows)
        return
    if not rows:
        say("There is no checkpoint yet; one is taken after each chapter.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "after", "words", "texts"):
        table.add_column(column, justify="right" if column in ("words", "texts") else "left")
    for row in rows:
        words = f"{row['words']:,}" if row["words"] is not None else "?"
        table.add_row(row["name"], row["after"], words, str(row["texts"]) if row["texts"] is not None else "?")
    listing(table)


def go_back(book: Book, path: Path, name: str, section: str | None, as_json: bool) -> None:
    """Restore a checkpoint and tell of it."""
    found = book.restore_checkpoint(name, section)
    if as_json:
        say_json(found)
        return
    say(f"{counted(len(found['texts']), 'text')} went back to checkpoint {found['checkpoint']}.")
    if found["structure"]:
        say("Chapters and sections are as they were then.")
    for line in found["kept"]:
        say(line)
    if found["undo"]:
        say(f"Undo: ghostkit restore {path} --checkpoint {found['undo']}")
