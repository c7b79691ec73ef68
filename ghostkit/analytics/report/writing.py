"""Put the page together and write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ghostkit.analytics.connecting import Analytics, Books, connect
from ghostkit.analytics.report import page, pictures
from ghostkit.analytics.report.figures import PARTS, Part, key_figures
from ghostkit.book.files import write_atomic
from ghostkit.errors import InputError

if TYPE_CHECKING:
    import polars

NAME: Final = "report.html"


@dataclass(frozen=True, kw_only=True)
class Report:
    path: Path
    bytes: int
    pictures: int
    notes: list[str] = field(default_factory=list)


def write_report(book: Books, out: Path | None = None) -> Report:
    """Write the page of a book's figures to `out`, or to `exports/report.html` of its project.

    Raises what `connect` raises, and `StorageError` where `out` can't be written.
    """
    with connect(book) as analytics:
        text, drawn, notes = made_page(analytics)
        path = out or analytics.folders[0].exports / NAME
    if path.is_dir():
        raise InputError(f"{path} is a folder.", fix=f"Give the name of a file, such as {path / NAME}.")
    data = text.encode("utf-8", "replace")
    write_atomic(path, data, "export")
    return Report(path=path, bytes=len(data), pictures=drawn, notes=notes)


def made_page(analytics: Analytics) -> tuple[str, int, list[str]]:
    """The page, how many pictures it has, and what a person should know."""
    notes = list(analytics.healed)
    can_draw = pictures.available()
    if not can_draw:
        notes.append("There are no pictures without altair and vl-convert: `pip install 'ghostkit[charts]'` adds them.")
    body, drawn = [page.key_figures(key_figures(analytics))], 0
    for part in PARTS:
        sections = [_section(analytics, piece, can_draw) for piece in part.pieces]
        drawn += sum(count for _, count in sections)
        content = "".join(html for html, _ in sections)
        body.append(page.part(part.title, part.meaning, content or page.nothing(part.empty)))
    (row,) = analytics.frame("SELECT title, language FROM books LIMIT 1").iter_rows()
    last = analytics.frame("SELECT max(seq) AS seq, max(recorded_at) AS at FROM events").row(0)
    return page.document(row[0], row[1], "".join(body), last, [] if can_draw else notes[-1:]), drawn, notes


def _section(analytics: Analytics, piece: Part.Piece, can_draw: bool) -> tuple[str, int]:
    """A table with its picture, if there is anything in it."""
    frame: polars.DataFrame = analytics.frame(piece.query)
    if not frame.height:
        return "", 0
    svg = pictures.draw(piece.picture, frame) if can_draw and piece.picture is not None else ""
    return page.piece(piece.title, frame, svg), int(bool(svg))
