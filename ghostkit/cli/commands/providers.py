"""`ghostkit providers`: who can write, and whether they are ready."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ghostkit.cli.boundary import Ended
from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import console, is_terminal, listing, printable, say, say_json
from ghostkit.cli.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from ghostkit.providers.roster import Entry

PATIENCE_S = 15.0


@click.command(short_help="List who can write, and check them.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--check", is_flag=True, help="Ask each one that is ready; nothing is paid for.")
@json_option
def providers(names: tuple[str, ...], check: bool, as_json: bool) -> None:
    """List the providers: which are ready, which lack a key or a package. With NAMEs, only these.

    With --check each one is asked whether it accepts the key, without paying for a generation, and the command ends
    with 1 unless every one that is configured does.

    \b
    Examples:
      ghostkit providers
      ghostkit providers --check
      ghostkit providers --check anthropic --json
    """
    from ghostkit.providers.roster import roster

    entries = roster(names)
    if check:
        entries = _checked(entries, quiet=as_json)
    failed = [entry for entry in entries if check and entry.configured and not entry.ok]
    if as_json:
        say_json([entry.as_dict() for entry in entries])
    else:
        _print(entries)
        if check:
            say(_verdict(entries, failed))
    if failed:
        raise Ended(1)


def _checked(entries: list[Entry], *, quiet: bool) -> list[Entry]:
    import anyio

    from ghostkit.providers.roster import check_all

    with _progress([entry.name for entry in entries if entry.state == "ready"], quiet=quiet) as done:
        return anyio.run(check_all, entries, PATIENCE_S, done)


@contextmanager
def _progress(waiting: list[str], *, quiet: bool) -> Iterator[Callable[[Entry], None] | None]:
    """On a terminal, who is still being asked."""
    if quiet or not is_terminal(sys.stderr):
        yield None
        return
    with console(stderr=True).status(f"Asking {', '.join(waiting)}") as status:

        def done(entry: Entry) -> None:
            waiting.remove(entry.name)
            status.update(f"Asking {', '.join(waiting)}" if waiting else "Done")

        yield done


def _print(entries: list[Entry]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for entry in entries:
        advice = " ".join(filter(None, (entry.message, entry.fix)))
        table.add_row(_mark(entry), entry.name, entry.model or f"{entry.name}:…", _price(entry), printable(advice))
    listing(table)


def _mark(entry: Entry) -> str:
    if entry.ok:
        return "✓" if entry.checked or entry.configured else "·"
    return "✗" if entry.configured or entry.checked else "–"


def _price(entry: Entry) -> str:
    into, out = entry.input_usd_per_million, entry.output_usd_per_million
    if into is None:
        return ""
    return "free" if not into and not out else f"${into:g} in, ${out or 0:g} out a million tokens"


def _verdict(entries: list[Entry], failed: list[Entry]) -> str:
    if failed:
        return f"To be mended: {', '.join(entry.name for entry in failed)}."
    asked = sum(entry.checked and entry.ok for entry in entries)
    return f"{counted(asked, 'provider')} can write." if asked else "No provider is configured."
