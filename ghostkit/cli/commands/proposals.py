"""`ghostkit proposals`, `accept` and `reject`: what waits for a decision, and the decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import listing, note, say, say_json
from ghostkit.cli.wording import counted
from ghostkit.errors import GhostkitError, InputError

if TYPE_CHECKING:
    from rich.table import Table

    from ghostkit.workbench import Book
    from ghostkit.workbench.revisions import Version

which_argument = click.argument("which", metavar="[ID | 2.3]...", nargs=-1)
all_option = click.option("--all", "everything", is_flag=True, help="Everything that waits.")


@click.command(short_help="List the texts that wait for a decision.")
@path_argument
@click.argument("section", required=False)
@click.option("--text", is_flag=True, help="Print the texts, too.")
@json_option
def proposals(path: Path, section: str | None, text: bool, as_json: bool) -> None:
    """List the texts that are not the book's yet: re-writes, variants, other people's changes, conflicts.

    \b
    Examples:
      ghostkit proposals projects/salt-road
      ghostkit proposals projects/salt-road 2.3 --text
      ghostkit proposals projects/salt-road --json
    """
    book = open_book(path)
    waiting = book.proposals(section)
    if as_json:
        say_json([version.as_dict(text=text) for version in waiting])
        return
    if not waiting:
        say("Nothing waits for a decision.")
        return
    listing(_table(book, waiting))
    if text:
        for version in waiting:
            say(f"\n─── {version.id}: {version.number} {book.section(version.number).title}\n\n{version.text}")
    say(f"Compare: ghostkit diff {path} {waiting[0].number} --to {waiting[0].id}")


def _table(book: Book, waiting: list[Version]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "section", "from", "words", "by", "note"):
        table.add_column(name, justify="right" if name in ("id", "words") else "left")
    for version in waiting:
        table.add_row(
            str(version.id), f"{version.number} {book.section(version.number).title}", version.source,
            f"{version.words:,}", version.model or version.author, version.note + _moved(book, version),
        )  # fmt: skip
    return table


def _moved(book: Book, version: Version) -> str:
    head = book.ledger.head(book.section(version.number).id, "section")
    return " (the text has changed since)" if head is not None and head.id != version.base_id else ""


@click.command(short_help="Make a proposal the book's text.")
@path_argument
@which_argument
@all_option
@click.option("--over", is_flag=True, help="Also where the text has changed since, or is locked.")
@json_option
def accept(path: Path, which: tuple[str, ...], everything: bool, over: bool, as_json: bool) -> None:
    """Make proposals the book's texts: by their number, by the section they are for, or --all.

    The text that was there stays in the history; `ghostkit restore` brings it back.

    \b
    Examples:
      ghostkit accept projects/salt-road 14
      ghostkit accept projects/salt-road 2.3 --over
      ghostkit accept projects/salt-road --all
    """
    book = open_book(path)
    clear, unclear = _wanted(book, which, everything, one_each=True)
    done, refused = _each(clear, lambda one: book.accept(one, over=over), go_on=everything)
    refused += unclear
    if as_json:
        say_json({"accepted": [version.as_dict() for version in done]})
    for version in [] if as_json else done:
        say(f"{version.number} {book.section(version.number).title} has the text of proposal {version.id} now.")
    _finish(refused, as_json)


@click.command(short_help="Put a proposal aside.")
@path_argument
@which_argument
@all_option
@click.option("--note", "reason", metavar="TEXT", default="", help="Why; kept with it.")
@json_option
def reject(path: Path, which: tuple[str, ...], everything: bool, reason: str, as_json: bool) -> None:
    """Put proposals aside: by their number, by the section they are for, or --all. Their texts stay in the history.

    \b
    Examples:
      ghostkit reject projects/salt-road 14 --note "too sweet"
      ghostkit reject projects/salt-road --all
    """
    book = open_book(path)
    wanted, _ = _wanted(book, which, everything, one_each=False)
    done, refused = _each(wanted, lambda one: book.reject(one, note=reason), go_on=everything)
    if as_json:
        say_json({"rejected": [version.as_dict() for version in done]})
    for version in [] if as_json else done:
        say(f"Proposal {version.id} for {version.number} is put aside.")
    _finish(refused, as_json)


def _wanted(
    book: Book, which: tuple[str, ...], everything: bool, *, one_each: bool
) -> tuple[list[str], list[GhostkitError]]:
    """The proposals meant; with `one_each` those of sections that have several are no clear answer."""
    if bool(which) == everything:
        raise InputError("Say which proposals.", fix="Give their numbers, their sections, or --all.")
    if not everything:
        return list(which), []
    waiting = book.proposals()
    number_of = Counter(version.number for version in waiting)
    unclear = [
        InputError(f"{counted(number, 'proposal')} wait for section {place}.", fix="Name the one you want.")
        for place, number in number_of.items()
        if one_each and number > 1
    ]
    return [str(v.id) for v in waiting if not one_each or number_of[v.number] == 1], list(unclear)


def _each(
    wanted: list[str], act: Callable[[str], Version], *, go_on: bool
) -> tuple[list[Version], list[GhostkitError]]:
    """Do it to each; what is refused is told at the end if the others are to `go_on`, else it ends there."""
    done: list[Version] = []
    refused: list[GhostkitError] = []
    for one in wanted:
        try:
            done.append(act(one))
        except GhostkitError as error:
            if not go_on:
                raise
            refused.append(error)
    return done, refused


def _finish(refused: list[GhostkitError], as_json: bool) -> None:
    """End with the first that was refused; the others are told before it."""
    for error in refused[1:] if not as_json else []:
        note(f"Error: {error.message}")
    if refused:
        raise refused[0]
