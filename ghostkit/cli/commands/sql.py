"""`ghostkit sql`: questions about books, in SQL."""

from __future__ import annotations

import csv
import json
import math
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import is_terminal, listing, note, printable, say, say_folded, say_json

if TYPE_CHECKING:
    from ghostkit.analytics import Answer
    from ghostkit.analytics.schema import Table

SHOWN = 100
"""Rows of a table, unless --limit says otherwise; JSON and CSV have all."""
_CELL = 120
_NUMBERS = ("BIGINT", "INT", "HUGEINT", "UBIGINT", "DOUBLE", "FLOAT", "DECIMAL")


@click.command(short_help="Ask about books in SQL.")
@click.argument("arguments", nargs=-1, required=True, metavar="PATH... QUERY")
@click.option("--tables", is_flag=True, help="List the tables and views with their meaning; no QUERY then.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "--limit", type=click.IntRange(min=0), metavar="N", help=f"At most N rows; a table has {SHOWN} by itself."
)
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0.01), default=60.0, show_default=True, metavar="S",
              help="Stop a query after so many seconds.")  # fmt: skip
@json_option
def sql(
    arguments: tuple[str, ...], tables: bool, as_csv: bool, limit: int | None, timeout_s: float, as_json: bool
) -> None:
    """Ask about one book or several in SQL: what was written, asked, paid, retrieved, and how long it took.

    The tables are made from the book's ledger (docs/analytics.md describes them). A query can read them and nothing
    else: no files, no network, no changes. With several PATHs the column `book` tells whose row it is.

    \b
    Examples:
      ghostkit sql projects/salt-road --tables
      ghostkit sql projects/salt-road "select place, title, words from sections"
      ghostkit sql projects/* "select book, sum(cost_usd) from costs group by 1"
    """
    if as_json and as_csv:
        raise click.UsageError("Give --json or --csv, not both.")
    if tables:
        _list_tables([Path(path) for path in arguments], as_json)
        return
    if len(arguments) < 2:
        raise click.UsageError('Give the book\'s folder and a query, such as "select * from cost_by_model".')
    _answer([Path(path) for path in arguments[:-1]], arguments[-1], as_json, as_csv, limit, timeout_s)


def _answer(paths: list[Path], query: str, as_json: bool, as_csv: bool, limit: int | None, timeout_s: float) -> None:
    from ghostkit.analytics import ask, connect_for_strangers

    most = limit if limit is not None or as_json or as_csv else SHOWN
    with connect_for_strangers(paths) as analytics:
        for sentence in analytics.healed:
            note(sentence)
        found = ask(analytics, query, limit=most, timeout_s=timeout_s)
    if as_json:
        say_json(as_objects(found))
    elif as_csv:
        _print_csv(found)
    else:
        _print_table(found)
    if found.more:
        note(f"There are more than these {len(found.rows):,} rows; --limit N shows more of them.")


def as_objects(found: Answer) -> list[dict[str, Any]]:
    """One a row, JSON-ready; of columns with one name the later ones are numbered."""
    names = _distinct(found.columns)
    return [
        {name: _json_ready(value, kind) for name, value, kind in zip(names, row, found.types, strict=True)}
        for row in found.rows
    ]


def _distinct(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        number, wanted = 2, name
        while wanted in found:
            wanted, number = f"{name}_{number}", number + 1
        found.append(wanted)
    return found


def _json_ready(value: Any, kind: str = "") -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _parsed(value) if kind == "JSON" else value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(name): _json_ready(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(item) for item in value]
    return str(value)


def _parsed(text: str) -> Any:
    try:
        return _json_ready(json.loads(text))
    except ValueError:
        return text


def _print_csv(found: Answer) -> None:
    shown = printable if is_terminal(sys.stdout) else str
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([shown(name) for name in found.columns])
    for row in found.rows:
        writer.writerow(["" if value is None else shown(_plain(value)) for value in row])


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    ready = _json_ready(value)
    return ready if isinstance(ready, str) else json.dumps(ready, ensure_ascii=False)


def _print_table(found: Answer) -> None:
    from rich import box
    from rich.table import Table as Listing

    table = Listing(box=box.SIMPLE, pad_edge=False)
    numbers = [
        kind.startswith(("BIGINT", "INT", "HUGEINT", "UBIGINT", "DOUBLE", "FLOAT", "DECIMAL")) for kind in found.types
    ]
    for name, number in zip(found.columns, numbers, strict=True):
        table.add_column(_cell(name), justify="right" if number else "left", overflow="fold")
    for row in found.rows:
        table.add_row(*(_cell(value) for value in row))
    if found.columns:
        listing(table)
    if not found.rows:
        say("No rows.")


def _cell(value: Any) -> str:
    """One line that only prints, of a readable length."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = " ".join(printable(_plain(value)).split())
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"


def _list_tables(paths: list[Path], as_json: bool) -> None:
    from ghostkit.analytics import TABLES, VIEWS, connect_for_strangers

    with connect_for_strangers(paths) as analytics:
        rows = {name: count for name, _, count, _ in analytics.tables().iter_rows()}
    if as_json:
        say_json([_described(table, "view" if table in VIEWS else "table", rows) for table in (*TABLES, *VIEWS)])
        return
    for heading, tables in (("Tables", TABLES), ("Views", VIEWS)):
        say(f"{heading}:")
        for table in tables:
            say_folded(f"  {table.name:<22} {rows[table.name]:>9,}  {table.meaning}", hang=36)
        say()
    say_folded(
        '`ghostkit sql PATH "describe generations"` lists a table\'s columns; docs/analytics.md says what they mean.'
    )


def _described(table: Table, kind: str, rows: dict[str, int]) -> dict[str, Any]:
    columns = [{"name": column.name, "type": column.type, "meaning": column.meaning} for column in table.columns]
    return {"name": table.name, "kind": kind, "rows": rows[table.name], "meaning": table.meaning, "columns": columns}
