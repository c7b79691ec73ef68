"""`ghostkit new`: a book from a brief."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, model_option, path_argument
from ghostkit.cli.terminal import say, say_json
from ghostkit.cli.wording import counted
from ghostkit.errors import BriefError

if TYPE_CHECKING:
    from ghostkit.workbench import Book

MOST_READ = 50_000_000
"""Bytes of stdin: more than any brief, so that the error can say how long it is."""


@click.command(short_help="Make a book from a brief.")
@path_argument
@click.option("--title", help="The title; without it, the brief's first '# ' heading.")
@click.option("--brief", metavar="FILE|-", required=True, help="What the book is to be: a text file, or - for stdin.")
@click.option("--chapters", type=int, help="How many chapters.")
@click.option("--sections", type=int, help="How many sections a chapter.")
@click.option("--words", type=int, help="How many words a section.")
@click.option("--language", metavar="TAG", help="Such as en, ru or pt-BR; without it, the brief's own.")
@click.option("--style", help="A writing style; `ghostkit styles` lists them.")
@click.option("--kind", metavar="KIND", help="fiction or non-fiction; without it, what the brief says.")
@click.option("--author", default="", help="Whose name stands on the title page.")
@model_option
@json_option
def new(path: Path, title: str | None, brief: str, as_json: bool, **options: Any) -> None:
    """Make a book in the folder PATH from a brief. Nothing is asked of a model yet.

    What you don't give is read from the brief where it says so plainly ("eight chapters of four sections, about 600
    words a section"), else a default is taken. Doing it again with the same arguments changes nothing.

    \b
    Examples:
      ghostkit new projects/salt-road --brief salt-road.md
      ghostkit new projects/salt-road --brief brief.md --chapters 8 --words 600
      fortune | ghostkit new projects/luck --title "Luck" --brief -
    """
    from ghostkit.workbench import Book

    there_before = (path / "book.json").exists()
    text = _brief(brief)
    book = Book.create(path, title=title, brief=text, **options)
    found = _found(book, path, text, options, there_before)
    if as_json:
        say_json(found)
        return
    _print(found)


def _brief(source: str) -> str:
    from ghostkit.book import read_brief

    if source != "-":
        return read_brief(Path(source))
    if sys.stdin is None:
        raise BriefError("There is no standard input to read the brief from.", fix="Give a file with --brief.")
    return read_brief(sys.stdin.buffer.read(MOST_READ))


def _found(book: Book, path: Path, text: str, options: dict[str, Any], there_before: bool) -> dict[str, Any]:
    from ghostkit.book import language_of, shape_from_brief

    value, settings = book.value, book.value.settings
    said = shape_from_brief(text, language_of(text))
    shape = {name: getattr(settings, name) for name in ("chapters", "sections", "words")}
    origin = {
        name: "option" if options.get(name) is not None else "brief" if name in said else "default" for name in shape
    }
    return {
        "path": str(path), "title": value.title, "language": value.language, "style": value.style,
        "kind": settings.kind or "fiction", **shape,
        "shape_from": origin, "model": settings.model, "created": not there_before, "next": f"ghostkit write {path}",
    }  # fmt: skip


def _print(found: dict[str, Any]) -> None:
    made = "made" if found["created"] else "was there already, unchanged"
    say(f"{found['title']}: {made} in {found['path']}")
    shape = (
        f"{counted(found['chapters'], 'chapter')} of {counted(found['sections'], 'section')}, "
        f"about {found['words']:,} words a section"
    )
    total = found["chapters"] * found["sections"] * found["words"]
    say(f"  {shape}: some {total:,} words in all")
    sources = {
        name: [key for key, origin in found["shape_from"].items() if origin == name] for name in ("brief", "default")
    }
    if sources["brief"]:
        say(f"  from the brief: {', '.join(sources['brief'])}")
    if sources["default"]:
        say(f"  not said, so the default: {', '.join(sources['default'])}")
    kind, model = found["kind"], found["model"] or "not chosen yet"
    say(f"  {kind}, language {found['language']}, style {found['style']}, model {model}")
    say("Next:")
    say(f"  ghostkit write {found['path']} --dry-run    what it would ask and cost")
    say(f"  ghostkit write {found['path']}")
