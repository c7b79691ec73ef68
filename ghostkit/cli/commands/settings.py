"""`ghostkit settings`: what is set, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import console, listing, say, say_folded, say_json

if TYPE_CHECKING:
    from rich.table import Table

    from ghostkit.settings import SettingRow

ROOM_FOR_A_TABLE = 110
"""Columns; below that each setting gets lines of its own."""


@click.command(short_help="List the settings and where each comes from.")
@json_option
def settings(as_json: bool) -> None:
    """List the settings, their values and where each comes from; keys are masked.

    The environment goes before `.env`, and that before the default.

    \b
    Examples:
      ghostkit settings
      GHOSTKIT_MODEL=rehearsal:teacher ghostkit settings
      ghostkit settings --json
    """
    from ghostkit.settings import settings_table

    rows = settings_table()
    if as_json:
        say_json([row.as_dict() for row in rows])
        return
    made = console()
    if made.width < ROOM_FOR_A_TABLE:
        for row in rows:
            say(f"{row.name} = {row.value or '–'}  ({row.source})")
            say_folded(f"    {_about(row)}", hang=4)
    else:
        listing(_table(rows))
    say("Copy .env.example to .env to change them, or set the variable.")


def _about(row: SettingRow) -> str:
    return row.description + (f" ({row.unit})" if row.unit else "")


def _table(rows: list[SettingRow]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", no_wrap=True)
    table.add_column("what it is", overflow="fold")
    for row in rows:
        table.add_row(row.name, row.value or "–", row.source, _about(row))
    return table
