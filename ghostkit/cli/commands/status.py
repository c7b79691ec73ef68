"""`ghostkit status`: how far a book is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import listing, printable, say, say_json
from ghostkit.cli.wording import counted, money

if TYPE_CHECKING:
    from rich.table import Table

MARKS = {"complete": "✓", "edited": "✎", "writing": "…", "stopped": "■", "failed": "✗", "pending": "·"}


@click.command(short_help="Say how far a book is.")
@path_argument
@json_option
def status(path: Path, as_json: bool) -> None:
    """Say how far a book is: what is written, edited, stopped, and what it cost.

    \b
    Examples:
      ghostkit status projects/salt-road
      ghostkit status projects/salt-road --json
    """
    found = open_book(path).status()
    if as_json:
        say_json(found)
        return
    say(headline(found))
    if found["chapters"]:
        listing(_table(found))
    say(_sums(found))
    if found["proposals"]:
        say(f"{counted(found['proposals'], 'text')} to decide on: ghostkit proposals {path}")
    hint = next_step(found, path)
    if hint:
        say(hint)


def headline(found: dict[str, Any]) -> str:
    sections = [section for chapter in found["chapters"] for section in chapter["sections"]]
    written = sum(section["words"] > 0 for section in sections)
    far = f", {written} of {counted(len(sections), 'section')}" if sections else ""
    return f"{found['title']}: {found['state']}{far}, {counted(found['words'], 'word')}, {found['language']}"


def _table(found: dict[str, Any]) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    for chapter in found["chapters"]:
        table.add_row("", str(chapter["number"]), printable(chapter["title"]), "", chapter["status"], style="bold")
        for section in chapter["sections"]:
            words = f"{section['words']:,} words" if section["words"] else ""
            mark = MARKS.get(section["status"], " ")
            table.add_row(mark, section["number"], printable(section["title"]), words, _remarks(section))
    return table


def _remarks(section: dict[str, Any]) -> str:
    remarks = [] if section["status"] in ("complete", "pending") else [section["status"]]
    remarks += ["locked"] if section["locked"] else []
    remarks += [f"stale: {', '.join(section['stale'])}"] if section["stale"] else []
    return ", ".join(remarks)


def _sums(found: dict[str, Any]) -> str:
    steps, attempts = found["steps"], found["attempts"]
    parts = [counted(steps["done"], "text") + " done"]
    parts += [f"{steps[state]} {state}" for state in ("open", "stopped") if steps[state]]
    calls = sum(attempts.values()) - found["cached"]
    parts += [f"{found['cached']} from the cache"] if found["cached"] else []
    parts += [counted(calls, "call"), money(found["cost_usd"], found["unpriced_calls"])]
    if attempts.get("in_doubt"):
        parts.append(f"{attempts['in_doubt']} in doubt (at most {money(found.get('in_doubt_usd', 0.0))} more)")
    return " · ".join(parts)


def next_step(found: dict[str, Any], path: Path) -> str:
    if found["state"] == "complete":
        return f"Next: ghostkit export {path} --format epub"
    return f"Next: ghostkit write {path}"
