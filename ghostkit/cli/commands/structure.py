"""`ghostkit add`, `move`, `split`, `merge`, `delete`, `undelete`: the order and the cut of chapters and sections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import say, say_json
from ghostkit.cli.wording import counted
from ghostkit.errors import InputError

if TYPE_CHECKING:
    from ghostkit.workbench import Book


@click.command(short_help="Add a chapter or a section.")
@path_argument
@click.argument("kind", type=click.Choice(["chapter", "section"]))
@click.argument("title")
@click.option("--brief", default="", help="What is to be in it.")
@click.option("--point", "points", multiple=True, help="One thing that must be in it; can be repeated.")
@click.option("--in", "chapter", type=int, metavar="CHAPTER", help="The chapter of a new section.")
@click.option("--after", metavar="PLACE", help="What it comes after: a chapter's or a section's number.")
@json_option
def add(
    path: Path, kind: str, title: str, brief: str, points: tuple[str, ...], chapter: int | None, after: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Add a chapter or a section to the plan; `ghostkit write` then writes it. A new chapter is outlined by a model.

    \b
    Examples:
      ghostkit add projects/salt-road chapter "The Return" --brief "Home."
      ghostkit add projects/salt-road chapter Prologue --after 0
      ghostkit add projects/salt-road section Ferry --in 2 --point "Bo is mute"
      ghostkit add projects/salt-road section Ferry --after 2.3
    """
    book = open_book(path)
    if kind == "chapter":
        if chapter is not None:
            raise InputError("--in says where a section goes.", fix="Say with --after where the chapter comes.")
        made = book.add_chapter(title, brief, points, after=_chapter_number(after)).id
    else:
        number = chapter if chapter is not None else _chapter_of(after)
        made = book.add_section(number, title, brief, points, after=after).id
    _say(book, as_json, "added", made)


@click.command(short_help="Move a chapter or a section.")
@path_argument
@click.argument("place", nargs=-1, required=True)
@click.option("--to", required=True, help="The number it is to have: 4 for a chapter, 3.1 for a section.")
@json_option
def move(path: Path, place: tuple[str, ...], to: str, as_json: bool) -> None:
    """Move PLACE (a section such as 2.3, or a chapter such as 2) so that it has the number --to afterwards.

    Its text, history and receipt go with it; whatever is out of date then, `ghostkit stale` says.

    \b
    Examples:
      ghostkit move projects/salt-road 2.3 --to 3.1
      ghostkit move projects/salt-road 2.3 --to 4       the end of chapter 4
      ghostkit move projects/salt-road chapter 5 --to 2
    """
    book = open_book(path)
    change = book.move(plain_place(place), to)
    _say(book, as_json, "moved", change.object_id)


@click.command(short_help="Split a section or a chapter in two.")
@path_argument
@click.argument("place", nargs=-1, required=True)
@click.option("--at", metavar="WORDS", help="The words that the second half begins with; for a chapter, its section.")
@click.option("--paragraph", type=int, metavar="N", help="The paragraph that the second half begins with.")
@click.option("--title", default="", help="The second half's title.")
@json_option
def split(path: Path, place: tuple[str, ...], at: str | None, paragraph: int | None, title: str, as_json: bool) -> None:
    """Split PLACE in two. No word is changed; both halves keep where their words come from.

    \b
    Examples:
      ghostkit split projects/salt-road 2.3 --at "The next day" --title Dawn
      ghostkit split projects/salt-road 2.3 --paragraph 4
      ghostkit split projects/salt-road chapter 2 --at 2.3
    """
    if (at is None) == (paragraph is None):
        raise InputError("Say where to split.", fix="Give --at with words, or --paragraph with a number.")
    book = open_book(path)
    where = plain_place(place)
    second = book.split(where, at if at is not None else paragraph or 0, title)
    first = _before(book, second.id)
    _say(book, as_json, "split", first, second.id)


@click.command(short_help="Make one of two neighbouring sections or chapters.")
@path_argument
@click.argument("first")
@click.argument("second", required=False)
@json_option
def merge(path: Path, first: str, second: str | None, as_json: bool) -> None:
    """Merge FIRST and SECOND (by default the one after it): two sections of a chapter, or two chapters.

    \b
    Examples:
      ghostkit merge projects/salt-road 2.3 2.4
      ghostkit merge projects/salt-road 2 3
    """
    book = open_book(path)
    change = book.merge(first, second)
    _say(book, as_json, "merged", change.object_id)


@click.command(short_help="Take a chapter or a section out, or delete the book.")
@path_argument
@click.argument("place", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Even if other sections were made from it; always needed for the book.")
@json_option
def delete(path: Path, place: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Take PLACE (2.3, or chapter 2) out of the book; `ghostkit undelete` brings it back, for its texts are kept.

    With `book` as PLACE the whole folder is deleted, for good.

    \b
    Examples:
      ghostkit delete projects/salt-road 2.3
      ghostkit delete projects/salt-road chapter 2 --yes
      ghostkit delete projects/salt-road book --yes
    """
    where = plain_place(place)
    if where == "book":
        _delete_book(path, yes, as_json)
        return
    book = open_book(path)
    change = book.delete(where, force=yes)
    if as_json:
        say_json({"what": "deleted", "id": change.object_id, "title": _gone_title(book, change.object_id)})
        return
    say(
        f"Deleted: {_gone_title(book, change.object_id)}. `ghostkit undelete {path} {change.object_id}` brings it back."
    )


@click.command(short_help="Bring a deleted chapter or section back.")
@path_argument
@click.argument("id", required=False)
@json_option
def undelete(path: Path, id: str | None, as_json: bool) -> None:
    """Bring back what was deleted, with its text, to where it was; without ID, list what can be brought back.

    \b
    Examples:
      ghostkit undelete projects/salt-road
      ghostkit undelete projects/salt-road s-1a2b3c4d
    """
    book = open_book(path)
    if id is not None:
        _say(book, as_json, "brought back", book.undelete(id).id)
        return
    rows = [{"id": gone.part.id, "title": gone.part.title} for gone in book.removed if not gone.into]
    if as_json:
        say_json({"removed": rows})
        return
    for row in rows:
        say(f"{row['id']}  {row['title']}")
    if not rows:
        say("Nothing was deleted.")


def plain_place(words: tuple[str, ...]) -> str:
    """`2.3`, `2`, `section 2.3` or `chapter 2`, as one word."""
    if len(words) == 2 and words[0] in ("chapter", "section"):
        if words[0] == "section" and words[1].isdecimal():
            raise InputError(f"{words[1]!r} is no section.", fix="Give one such as 2.3.")
        if words[0] == "chapter" and "." in words[1]:
            raise InputError(f"{words[1]!r} is no chapter.", fix="Give one such as 2.")
        return words[1]
    if len(words) != 1:
        raise InputError(f"{' '.join(words)!r} is no place in a book.", fix="Give 2.3, or chapter 2.")
    return words[0]


def _chapter_number(text: str | None) -> int | None:
    if text is None or text.isdecimal():
        return int(text) if text is not None else None
    raise InputError(f"{text!r} is no chapter.", fix="Give its number, such as 2; 0 is before the first one.")


def _chapter_of(after: str | None) -> int:
    chapter = (after or "").partition(".")[0]
    if not chapter.isdecimal():
        raise InputError("Say where the section goes.", fix="Give --in CHAPTER, or --after with a section's number.")
    return int(chapter)


def _delete_book(path: Path, yes: bool, as_json: bool) -> None:
    from ghostkit.book import Shelf

    book = open_book(path)
    if not yes:
        raise InputError(
            f"{path} ({counted(book.value.word_count, 'word')}) with all its history would be gone for good.",
            fix="Give --yes if you mean it.",
        )
    root, title = book.folder.root.resolve(), book.title
    with book.kept_from_others():
        book.close()
        Shelf(root.parent).delete(root.name)
    if as_json:
        say_json({"what": "deleted", "path": str(path), "title": title})
    else:
        say(f"Deleted the book {title} ({path}).")


def _before(book: Book, second: str) -> str:
    """The one that a new half was cut from: it stands right before it."""
    ids = [c.id for c in book.value.chapters] if second.startswith("c-") else [s.id for _, s in book.value.sections()]
    return ids[ids.index(second) - 1]


def _gone_title(book: Book, object_id: str) -> str:
    return next((gone.part.title for gone in book.removed if gone.part.id == object_id), object_id)


def _say(book: Book, as_json: bool, what: str, *ids: str) -> None:
    rows = [_row(book, identity) for identity in ids]
    if as_json:
        say_json({"what": what, **rows[0], **({"second": rows[1]} if len(rows) > 1 else {})})
        return
    names = " and ".join(f"{row['number']} {row['title']}" for row in rows)
    say(f"{what.capitalize()}: {names}.")


def _row(book: Book, object_id: str) -> dict[str, Any]:
    for chapter in book.value.chapters:
        if chapter.id == object_id:
            return {"id": object_id, "number": str(chapter.number), "title": chapter.title}
    section = book.section(object_id)
    return {"id": object_id, "number": section.number, "title": section.title}
