"""`ghostkit settings`: what is set, and where."""

from __future__ import annotations

import click

from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import listing, say, say_json


@click.command()
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
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", no_wrap=True)
    table.add_column("what it is", overflow="fold")
    for row in rows:
        unit = f" ({row.unit})" if row.unit else ""
        table.add_row(row.name, row.value or "–", row.source, row.description + unit)
    listing(table)
    say("Copy .env.example to .env to change them, or set the variable.")
