"""`ghostkit doctor`: is everything here that is needed?"""

from __future__ import annotations

from pathlib import Path

import click

from ghostkit.cli.boundary import Ended
from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import listing, printable, say, say_json


@click.command(short_help="Check the machine, and a book.")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@json_option
def doctor(path: Path | None, as_json: bool) -> None:
    """Check the machine, and with PATH a book: its folder, its ledger, its files. Changes nothing.

    Ends with 1 when something must be mended.

    \b
    Examples:
      ghostkit doctor
      ghostkit doctor projects/salt-road
      ghostkit doctor --json
    """
    from ghostkit.cli.checkup import examine

    findings = examine(path)
    failed = [finding for finding in findings if finding.state == "fail"]
    if as_json:
        say_json({"ok": not failed, "checks": [finding.as_dict() for finding in findings]})
    else:
        from rich.table import Table

        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        marks = {"ok": "✓", "info": "·", "warn": "!", "fail": "✗"}
        for finding in findings:
            advice = f"{finding.message} {finding.fix}".strip()
            table.add_row(marks[finding.state], finding.name, printable(advice))
        listing(table)
        say("All is well." if not failed else f"To be mended: {', '.join(finding.name for finding in failed)}.")
    if failed:
        raise Ended(1)
