"""`ghostkit export`: the book as a file for readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import note, say, say_json
from ghostkit.cli.wording import size
from ghostkit.errors import storage_errors

if TYPE_CHECKING:
    from ghostkit.export import Exported
    from ghostkit.workbench import Book


@click.command(short_help="Write the book as EPUB, HTML or Markdown.")
@path_argument
@click.option("--format", "format_", default="epub", show_default=True, help="epub, html, markdown, or all.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write (a folder with --format all).")
@json_option
def export(path: Path, format_: str, out: Path | None, as_json: bool) -> None:
    """Write the book as EPUB, HTML or Markdown: into its exports/ folder, or to --out.

    A target that can't be written is no reason to go without: the file goes beside it, and you are told.

    \b
    Examples:
      ghostkit export projects/salt-road --format epub
      ghostkit export projects/salt-road --format html --out salt-road.html
      ghostkit export projects/salt-road --format all
    """
    import anyio

    made = anyio.run(export_all, open_book(path), format_, out)
    for one in made:
        if one.note and not as_json:
            note(one.note)
    if as_json:
        rows = [exported_row(one) for one in made]
        say_json({"exports": rows} if format_ == "all" else rows[0])
        return
    for one in made:
        say(f"{one.format:<10}{one.path}  ({size(one.bytes)})")


def exported_row(one: Exported) -> dict[str, Any]:
    return {
        "format": one.format, "path": str(one.path), "bytes": one.bytes, "sha256": one.sha256, "note": one.note,
    }  # fmt: skip


async def export_all(book: Book, format_: str, out: Path | None) -> list[Exported]:
    """Export to one format, or with `all` to each that there is."""
    return [await book.export(name, target) for name, target in _targets(format_, out)]


def _targets(format_: str, out: Path | None) -> list[tuple[str, Path | None]]:
    from ghostkit.export import exporters

    if format_ != "all":
        return [(format_, out)]
    if out is None:
        return [(name, None) for name in exporters.list_formats()]
    with storage_errors(out, "make the folder"):
        out.mkdir(parents=True, exist_ok=True)
    return [(name, out / f"book.{exporters.get(name).extension.lstrip('.')}") for name in exporters.list_formats()]
