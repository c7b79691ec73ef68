"""The HTML: everything that comes from a book is escaped, and the page's own policy forbids scripts and requests."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import polars

MOST_ROWS: Final = 500
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5d6676; --paper: #fbfbf9; --card: #ffffff; --line: #d9dce2;
  --accent: #3b7dd8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --soft: #9aa3b2; --paper: #15181e; --card: #1d2129;
  --line: #363d49; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .25rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: 0 0 .75rem; color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.2rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.picture { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem;
  margin: 0 0 .75rem; overflow-x: auto; }
.picture svg { display: block; max-width: 100%; height: auto; color: var(--ink); }
.rows { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 500; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media print { body { background: white; } .picture, .figures div { break-inside: avoid; } }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, language: str, body: str, last: Sequence[Any], notes: Sequence[str]) -> str:
    """The whole page. `last` is the number and the time of the last event."""
    number, at = last
    state = f"As of event {number:,}, recorded {at:%Y-%m-%d %H:%M} UTC." if number else "Nothing is recorded yet."
    told = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: figures</title>\n<style>{_STYLE}</style></head>\n"
        f'<body><header><h1 lang="{escape(language)}">{escape(title)}</h1><p>{state}</p>{told}</header>\n'
        f"<main>{body}</main>\n"
        "<footer>Made by ghostkit from the book's ledger. Times are in UTC.</footer></body></html>\n"
    )


def key_figures(figures: Sequence[tuple[str, str]]) -> str:
    cards = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures)
    return f'<dl class="figures">{cards}</dl>\n'


def part(title: str, meaning: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2><p>{escape(meaning)}</p>{content}</section>\n"


def nothing(sentence: str) -> str:
    return f"<p><em>{escape(sentence)}</em></p>"


def piece(title: str, frame: polars.DataFrame, svg: str) -> str:
    picture = f'<div class="picture">{svg}</div>' if svg else ""
    return f"<h3>{escape(title)}</h3>{picture}{table(frame)}\n"


def table(frame: polars.DataFrame) -> str:
    """At most `MOST_ROWS` rows, and a line that says how many more there are."""
    numbers = [dtype.is_numeric() for dtype in frame.dtypes]
    head = "".join(
        f"<th{_number(number)}>{escape(name)}</th>" for name, number in zip(frame.columns, numbers, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{_number(number)}>{_cell(value)}</td>" for value, number in zip(row, numbers, strict=True))
        + "</tr>"
        for row in frame.head(MOST_ROWS).iter_rows()
    )
    more = f"<p>… and {frame.height - MOST_ROWS:,} more.</p>" if frame.height > MOST_ROWS else ""
    return f'<div class="rows"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}'


def _number(number: bool) -> str:
    return ' class="number"' if number else ""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
