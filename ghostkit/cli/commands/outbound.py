"""`ghostkit outbound`: what left this machine for a book."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, path_argument
from ghostkit.cli.terminal import listing, say, say_folded, say_json
from ghostkit.cli.wording import counted
from ghostkit.errors import InputError

if TYPE_CHECKING:
    from ghostkit.workbench.outbound import Departure, Outbound

_AGO = re.compile(r"(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_STAYED = {
    "rehearsal": "by rehearsal, the author in this machine",
    "replay": "from a recording",
    "cache": "from the cache",
    "never sent": "that failed before anything was sent",
}


@click.command(short_help="List what left this machine for a book.")
@path_argument
@click.option("--since", metavar="WHEN", help="Only from then on: 2026-11-03, 2026-11-03T14:00, or 30m, 12h, 7d ago.")
@click.option("--host", metavar="HOST", help="Only what went to this host.")
@json_option
def outbound(path: Path, since: str | None, host: str | None, as_json: bool) -> None:
    """List what left this machine for the book in PATH: to which host, how many characters, when, for which text.

    It is read from the book's ledger alone, also while the book is being written. Of a request that was cut off it
    is said that it may have left.

    \b
    Examples:
      ghostkit outbound projects/salt-road
      ghostkit outbound projects/salt-road --since 7d --host api.openai.com
      ghostkit outbound projects/salt-road --json
    """
    from ghostkit.workbench.outbound import outbound as look_up

    found = look_up(path, since=moment(since) if since else None, host=host)
    if as_json:
        say_json(found.as_dict())
        return
    _print(found)


def moment(text: str) -> datetime:
    """`text` as a point in time; one without a zone is local. Raises `InputError`."""
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise InputError(
            f"{text!r} is no point in time.", fix="Write 2026-11-03, 2026-11-03T14:00, or 30m, 12h, 7d or 2w ago."
        ) from None


def _print(found: Outbound) -> None:
    from rich.table import Table

    if found.requests:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for column in ("when", "to", "characters", "for", "model", "ended"):
            table.add_column(column, justify="right" if column == "characters" else "left", overflow="fold")
        for request in found.requests:
            table.add_row(*_cells(request))
        listing(table)
        say()
    for row in found.by_host():
        say_folded(_sum(row), hang=2)
    for why, number in found.stayed.items():
        say(f"{counted(number, 'request' if why == 'never sent' else 'answer')} {_STAYED[why]}.")
    if all(request.local for request in found.requests):
        say("Nothing left this machine.")


def _cells(request: Departure) -> tuple[str, ...]:
    kind = f"{counted(request.texts, 'text')} embedded" if request.texts else request.text.replace("_", " ")
    what = " ".join(filter(None, (kind, request.number, request.title)))
    size = f"{request.characters:,}" + (" + purged" if request.purged_bytes else "")
    ended = request.state.replace("_", " ") + (" (may have left)" if request.left == "may have" else "")
    where = f"{request.host} (this machine)" if request.local else request.host
    return (request.at.astimezone().strftime("%Y-%m-%d %H:%M:%S"), where, size, what, request.model, ended)


def _sum(row: dict[str, Any]) -> str:
    place = f"{row['host']} (this machine)" if row["local"] else row["host"]
    first, last = (row[name].astimezone().strftime("%Y-%m-%d %H:%M") for name in ("first", "last"))
    when = first if first == last else f"{first} to {last}"
    parts = [counted(row["requests"], "request"), counted(row["characters"], "character"), when]
    if row["may_have"]:
        parts.insert(1, f"{row['may_have']} of which may not have left")
    return f"{place}: {', '.join(parts)}."
