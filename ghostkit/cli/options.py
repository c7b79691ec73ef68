"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ghostkit.workbench import Book

path_argument = click.argument("path", type=click.Path(path_type=Path))
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
model_option = click.option("--model", metavar="PROVIDER:MODEL", help="The model, such as rehearsal:novelist.")


def open_book(path: Path) -> Book:
    """The book in the folder `path`."""
    from ghostkit.workbench import Book

    return Book.open(path)
