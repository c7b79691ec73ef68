"""`ghostkit demo`: a small book, written before your eyes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ghostkit.cli.terminal import note, say, say_folded
from ghostkit.cli.wording import size

if TYPE_CHECKING:
    from ghostkit.workbench import Book

BRIEF = Path(__file__).parents[1] / "demo_brief.md"
TOKENS_PER_S = 250.0
FIRST_TOKEN_S = 0.1
SHOWN_SECTION = "2.2"


@click.command(short_help="Write a small book before your eyes, offline.")
@click.option("--out", type=click.Path(path_type=Path), help="The book's folder; without it, a new one in projects/.")
@click.option("--fast", is_flag=True, help="As fast as it goes, instead of at a reader's pace.")
def demo(out: Path | None, fast: bool) -> None:
    """Write a real small book offline, export it and show a receipt; takes about half a minute.

    The author is the embedded rehearsal: a stand-in that needs no network and no key. Stop it with Ctrl-C and run it
    again: it goes on where it was.

    \b
    Examples:
      ghostkit demo
      ghostkit demo --fast --out demo
    """
    _set_the_pace(fast)
    folder = out or _place()
    book, finished = _book(folder)
    if finished:
        note(f"{folder} holds the finished demo already; remove it, or give another --out, to watch it being written.")
    else:
        _write(book, folder)
    _export(book)
    _look_around(book, folder)


def _set_the_pace(fast: bool) -> None:
    """A pace that can be watched, unless the environment sets one."""
    from ghostkit.providers import registry
    from ghostkit.providers.rehearsal import RehearsalProvider

    if fast or os.environ.get("GHOSTKIT_REHEARSAL_TOKENS_PER_S"):
        return
    registry.register_provider(
        "rehearsal",
        lambda **given: RehearsalProvider(
            **{"tokens_per_s": TOKENS_PER_S, "first_token_s": FIRST_TOKEN_S, "jitter": 0.3, **given}
        ),
    )


def _place() -> Path:
    """The demo left unfinished, or the next free folder among the projects."""
    from ghostkit.book import ProjectFolder
    from ghostkit.settings import get_settings

    root = get_settings().projects
    number = 1
    while True:
        folder = root / ("demo" if number == 1 else f"demo-{number}")
        if not folder.exists() or (ProjectFolder(folder).is_book and not _is_finished(folder)):
            return folder
        number += 1


def _is_finished(folder: Path) -> bool:
    from ghostkit.errors import GhostkitError
    from ghostkit.workbench import Book

    try:
        book = Book.open(folder)
        try:
            return book.status()["state"] == "complete" or book.value.title not in BRIEF.read_text(encoding="utf-8")
        finally:
            book.close()
    except GhostkitError:
        return True  # something else, to be left alone


def _book(folder: Path) -> tuple[Book, bool]:
    from ghostkit.workbench import Book

    book = Book.create(folder, brief=BRIEF, model="rehearsal:novelist", author="ghostkit's rehearsal")
    return book, book.status()["state"] == "complete"


def _write(book: Book, folder: Path) -> None:
    from ghostkit.cli.views import choose_view
    from ghostkit.cli.writing import carry_out, done_line, outcome, summary

    note(f"A book from a brief of {len(book.value.instructions.split())} words, offline, in {folder}\n")
    run = carry_out(book.write, choose_view(quiet=False, as_json=False, progress=False))
    problem = outcome(run, folder, f"ghostkit demo --out {folder}")
    if problem is not None:
        raise problem
    say_folded(done_line(summary(run, folder)))


def _export(book: Book) -> None:
    import anyio

    from ghostkit.cli.commands.export import export_all

    say("\nExported:")
    for one in anyio.run(export_all, book, "all", None):
        if one.note:
            note(one.note)
        say(f"  {one.path}  ({size(one.bytes)})")


def _look_around(book: Book, folder: Path) -> None:
    from ghostkit.cli.commands.receipt import say_receipt

    say("\nA receipt, as every text has one:")
    say_receipt(book.receipt(SHOWN_SECTION))
    say("\nWhere to look next:")
    commands = (
        (f"ghostkit status {folder}", "section by section"),
        (f"ghostkit receipt {folder} {SHOWN_SECTION} --prompt", "what was sent"),
        (f'ghostkit search {folder} "Nora and the tin"', "passages, by words and by meaning"),
        (f"ghostkit report {folder}", "cost, tokens and time on one page"),
        (f"ghostkit events {folder}", "what happened"),
        ("ghostkit new projects/mine --brief brief.md", "a book of your own"),
    )
    wide = max(len(command) for command, _ in commands)
    for command, what in commands:
        say(f"  {command:<{wide}}  {what}")
    say_folded(f"The text is in {folder / 'chapters'}; edit it in any editor, and your words are kept.")
