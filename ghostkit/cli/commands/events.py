"""`ghostkit events`: what happened to a book, in order."""

from __future__ import annotations

import difflib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import say, say_json
from ghostkit.errors import UnknownName

if TYPE_CHECKING:
    from ghostkit.ledger import StoredEvent

POLL_S = 0.5


@click.command(short_help="Show what happened to a book.")
@path_argument
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many, the newest ones.")
@click.option("--all", "everything", is_flag=True, help="All of them, whatever --last says.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only this type; may be given several times.")
@click.option("--follow", is_flag=True, help="Go on and print new ones as they come, until Ctrl-C.")
@json_option
def events(path: Path, last: int, everything: bool, types: tuple[str, ...], follow: bool, as_json: bool) -> None:
    """Show what happened to a book, oldest first.

    With --json it is a list, or one JSON object a line with --follow.

    \b
    Examples:
      ghostkit events projects/salt-road
      ghostkit events projects/salt-road --type section_completed --all
      ghostkit events projects/salt-road --follow
    """
    wanted = _known(types)
    ledger = open_book(path).ledger
    found = ledger.events(types=wanted, limit=-1 if everything else last, newest=not everything)
    if as_json and not follow:
        say_json([event_row(event) for event in found])
        return
    _print(found, as_json)
    while follow:
        time.sleep(POLL_S)
        fresh = ledger.events(after=found[-1].seq if found else 0, types=wanted)
        _print(fresh, as_json)
        found = fresh or found


def _known(types: tuple[str, ...]) -> list[str]:
    from ghostkit.events import EventType

    there = [str(known) for known in EventType]
    for name in types:
        if name not in there:
            near = difflib.get_close_matches(name, there, n=1)
            fix = f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(there)}."
            raise UnknownName(f"There is no event type {name!r}.", fix=fix)
    return list(types)


def event_row(event: StoredEvent) -> dict[str, Any]:
    return {
        "seq": event.seq, "type": event.type, "timestamp": event.timestamp.isoformat(timespec="milliseconds"),
        "source": event.source, "run_id": event.run_id, "actor": event.actor, "data": dict(event.data),
    }  # fmt: skip


def _print(found: list[StoredEvent], as_json: bool) -> None:
    for event in found:
        if as_json:
            say_json(event_row(event), indent=None)
        else:
            data = ", ".join(f"{name} {_short(value)}" for name, value in event.data.items() if name not in ("digest",))
            local = event.timestamp.astimezone().strftime("%Y-%m-%d %H:%M:%S")
            say(f"{event.seq:>6}  {local}  {event.type:<22} {data}"[:400])
    import sys

    sys.stdout.flush()


def _short(value: object) -> object:
    """Lists of records (what a search found, what it dropped) by their number; --json has them whole."""
    records = isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
    return len(value) if records and isinstance(value, list) else value
