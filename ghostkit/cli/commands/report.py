"""`ghostkit report`: a book's figures as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from ghostkit.cli.options import json_option, path_argument
from ghostkit.cli.terminal import note, say, say_json


@click.command(short_help="Make a page of a book's figures.")
@path_argument
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to; default: exports/report.html.")
@json_option
def report(path: Path, out: Path | None, as_json: bool) -> None:
    """Make one HTML page of a book's figures: cost, tokens, time, cache, retrieval, retries, sections.

    The page holds everything it shows; nothing is fetched and no script runs. Pictures need the extra
    `ghostkit[charts]`; without it the page has the tables alone.

    \b
    Examples:
      ghostkit report projects/salt-road
      ghostkit report projects/salt-road --out report.html
    """
    from ghostkit.analytics.report import write_report

    made = write_report(path, out)
    for sentence in made.notes:
        note(sentence)
    if as_json:
        say_json({"path": str(made.path), "bytes": made.bytes, "pictures": made.pictures, "notes": made.notes})
    else:
        say(f"{made.path} ({made.pictures} pictures, {made.bytes:,} bytes)")
