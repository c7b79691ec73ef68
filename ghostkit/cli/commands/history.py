"""`ghostkit history`, `diff` and `restore`: the texts a section had, what changed, and going back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import is_terminal, listing, printable, say, say_folded, say_json
from ghostkit.cli.wording import counted
from ghostkit.errors import InputError


@click.command(short_help="List every text a section had or was offered.")
@path_argument
@click.argument("section")
@json_option
def history(path: Path, section: str, as_json: bool) -> None:
    """List every revision of SECTION (such as 2.3), oldest first: whose it is, and which one is the book's.

    \b
    Examples:
      ghostkit history projects/salt-road 2.3
      ghostkit history projects/salt-road 2.3 --json
    """
    from rich.table import Table

    handle = open_book(path).section(section)
    versions = handle.history()
    if as_json:
        say_json([version.as_dict() for version in versions])
        return
    if not versions:
        say(f"{handle.number} {handle.title} has no text yet.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("revision", "state", "words", "by", "when", "note"):
        table.add_column(name, justify="right" if name in ("revision", "words") else "left")
    for version in versions:
        by = f"{version.author} with {version.model}" if version.model else version.author
        table.add_row(
            str(version.id), "purged" if version.purged else version.state, f"{version.words:,}", by,
            f"{version.created_at:%Y-%m-%d %H:%M}", version.note,
        )  # fmt: skip
    listing(table)


@click.command(short_help="Show what changed between two texts, word by word.")
@path_argument
@click.argument("section")
@click.option("--from", "old", type=int, metavar="REVISION", help="The older text; the one before, without it.")
@click.option("--to", "new", type=int, metavar="REVISION", help="The newer text; the book's, without it.")
@json_option
def diff(path: Path, section: str, old: int | None, new: int | None, as_json: bool) -> None:
    """Show what changed in SECTION, word by word: in colours on a terminal, else as [-gone-] and {+new+}.

    Without --from and --to: from the book's text to what waits for it, or from the text before to the book's.

    \b
    Examples:
      ghostkit diff projects/salt-road 2.3
      ghostkit diff projects/salt-road 2.3 --from 5 --to 14
    """
    from ghostkit.writing.worddiff import marked

    found = open_book(path).section(section).diff(old, new)
    out, came = found.words
    if as_json:
        pieces = [{"op": piece.op, "text": piece.text} for piece in found.pieces]
        row = {"section": found.number, "from": found.old.as_dict(), "to": found.new.as_dict()}
        say_json({**row, "words_out": out, "words_in": came, "pieces": pieces})
        return
    say_folded(
        f"{found.number}: from revision {found.old.id} ({found.old.author}, {found.old.state}) "
        f"to {found.new.id} ({found.new.author}, {found.new.state}); {counted(out, 'word')} out, {came:,} in."
    )
    say()
    colour = is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")
    if colour:
        safe = [type(piece)(op=piece.op, text=printable(piece.text)) for piece in found.pieces]
        sys.stdout.write(marked(safe, colour=True) + "\n")
    else:
        say(marked(found.pieces))


@click.command(short_help="Go back to an earlier text, or to a checkpoint.")
@path_argument
@click.argument("section", required=False)
@click.option("--revision", type=int, metavar="REVISION", help="The revision to go back to.")
@click.option("--checkpoint", metavar="NAME", help="The checkpoint to go back to; `latest` is the newest.")
@json_option
def restore(path: Path, section: str | None, revision: int | None, checkpoint: str | None, as_json: bool) -> None:
    """Make an earlier text of SECTION the book's again, or go back to a checkpoint. Nothing is deleted.

    \b
    Examples:
      ghostkit restore projects/salt-road 2.3 --revision 5
      ghostkit restore projects/salt-road 2.3 --checkpoint latest
      ghostkit restore projects/salt-road --checkpoint 20261105T101500000000Z
    """
    if (revision is None) == (checkpoint is None):
        raise InputError("Say what to go back to.", fix="Give --revision with a section, or --checkpoint.")
    book = open_book(path)
    if checkpoint is not None:
        from ghostkit.cli.commands.checkpoints import go_back

        go_back(book, path, checkpoint, section, as_json)
        return
    if section is None:
        raise InputError("A revision is one section's.", fix="Name the section, such as 2.3.")
    assert revision is not None
    version = book.section(section).restore(revision)
    if as_json:
        say_json(version.as_dict())
    else:
        say(f"{version.number} {book.section(section).title} has the text of revision {version.id} again.")
