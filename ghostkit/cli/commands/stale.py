"""`ghostkit stale`: what is out of date, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import say, say_folded, say_json
from ghostkit.cli.wording import counted

if TYPE_CHECKING:
    from ghostkit.writing.staleness import StaleText

Row = dict[str, Any]


@click.command(short_help="Show what is out of date, and why.")
@path_argument
@click.argument("sections", nargs=-1)
@click.option("--accept", is_flag=True, help="Record that SECTIONS (or all of it) are fine as they are.")
@click.option("--note", default="", help="Why they are fine, for the record.")
@click.option("--maybe", is_flag=True, help="Show (with --accept: take in) what may be affected, too.")
@click.option("--noted", is_flag=True, help="Show the small edits that were noted and not passed on, too.")
@json_option
def stale(
    path: Path, sections: tuple[str, ...], accept: bool, note: str, maybe: bool, noted: bool, as_json: bool
) -> None:
    """Show which texts are out of date, each with its reasons; SECTIONS (such as 2.3) narrow it down.

    A text is out of date when something it was made from has changed since and the change bears on it: it follows
    what was rewritten, states a number that is another one now, names a person who was given another past. An edit
    that changes no name, number or fact makes nothing out of date.

    \b
    Examples:
      ghostkit stale projects/salt-road
      ghostkit stale projects/salt-road --maybe
      ghostkit stale projects/salt-road 2.3 --accept --note "no age is told"
    """
    book = open_book(path)
    if accept:
        done = book.accept_stale(*sections, note=note, maybe=maybe)
        if as_json:
            say_json({"accepted": [text.as_dict() for text in done]})
        else:
            say(f"Accepted as {'it is' if len(done) == 1 else 'they are'}: {_listed(done) if done else 'nothing'}.")
        return
    report = book.stale()
    found = report.as_dict()
    if sections:
        ids = {book.section(number).id for number in sections}
        found = {grade: [row for row in rows if row["id"] in ids] for grade, rows in found.items()}
    if as_json:
        say_json(found)
        return
    _say(found, maybe=maybe, noted=noted, path=path)


def _say(found: dict[str, list[Row]], *, maybe: bool, noted: bool, path: Path) -> None:
    shown = [("", found["stale"])]
    shown += [("may be affected", found["maybe"])] if maybe else []
    shown += [("noted", found["noted"])] if noted else []
    if not found["stale"]:
        say("Nothing is out of date.")
    for heading, rows in shown:
        if heading and rows:
            say(f"\n{heading.capitalize()}:")
        for alike in _alike(rows):
            _say_rows(alike)
    if found["maybe"] and not maybe:
        say(f"\n{counted(len(found['maybe']), 'more text')} may be affected; --maybe shows which.")
    if found["stale"]:
        say(f"\nMake new versions with: ghostkit rewrite {path} --stale")
        say(f"Or say that it is fine: ghostkit stale {path} --accept")


def _alike(rows: list[Row]) -> list[list[Row]]:
    """Sections that follow each other and are out of date for the same reasons, together."""
    groups: list[list[Row]] = []
    for row in rows:
        if groups and row["kind"] == "section" and _told(groups[-1][-1]) == _told(row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _told(row: Row) -> tuple[Any, ...]:
    return row["kind"], row["edited_by_human"], row["locked"], [reason["text"] for reason in row["reasons"]]


def _say_rows(rows: list[Row]) -> None:
    row = rows[0]
    by = " (edited by a person)" if row["edited_by_human"] else ""
    lock = " (locked)" if row["locked"] else ""
    what = row["what"] if len(rows) == 1 else f"{row['number']} to {rows[-1]['number']}, {len(rows)} sections"
    say_folded(f"{what}{by}{lock}", hang=4)
    for reason in row["reasons"]:
        say_folded(f"    {reason['text']}", hang=6)


def _listed(texts: list[StaleText]) -> str:
    return ", ".join(text.what for text in texts)
