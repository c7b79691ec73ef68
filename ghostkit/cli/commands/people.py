"""`ghostkit people`: who is in the book; list, read, add, edit, relate, and let a model complete and develop them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ghostkit.cli.lore import fact_option, fields_of, file_option, read_fields, split_words, tell_near_miss
from ghostkit.cli.options import json_option, model_option, open_book, path_argument
from ghostkit.cli.terminal import listing, note, say, say_folded, say_json

if TYPE_CHECKING:
    from ghostkit.book import Character
    from ghostkit.workbench import Book

_T = TypeVar("_T")
ACTS = {
    "list": (0, 0), "show": (1, 1), "add": (0, 1), "edit": (1, 1), "create": (0, 1), "develop": (1, 1),
    "relate": (3, 3), "unrelate": (2, 2), "mutual": (0, 0), "remove": (1, 1),
}  # fmt: skip
"""What can be done, and how many words it takes."""


@click.command(short_help="List, add, edit, relate and develop the book's people.")
@path_argument
@click.argument(
    "what", nargs=-1,
    metavar="[list|show NAME|add [NAME]|edit NAME|create [NAME]|develop NAME|relate A KIND B|remove NAME]",
)  # fmt: skip
@click.option("--as-of", type=int, metavar="N", help="With list and show: as known as of chapter N.")
@click.option("--name", help="With edit: another name; with add and create: the name.")
@click.option("--role", help="protagonist, antagonist, supporting, mentor, minor or narrator.")
@click.option("--description", help="Who they are; with relate: what lies between the two.")
@click.option("--trait", "traits", multiple=True, help="A trait; repeat it for more. Replaces those there.")
@click.option("--alias", "aliases", multiple=True, help="What else they are called; repeat it for more.")
@click.option("--voice", help="How they speak.")
@click.option("--backstory", help="What was before the book.")
@click.option("--arc", help="How they change over the book.")
@click.option("--since", "since_chapter", type=int, metavar="N", help="The chapter in which it becomes known.")
@fact_option
@click.option("--from", "from_chapter", type=int, metavar="N", help="With edit: it is so from chapter N on.")
@file_option
@click.option("--chapter", type=int, metavar="N", help="With develop: as they are by chapter N. Default: the next one.")
@click.option("--context", default="", help="With develop: what else to consider.")
@click.option("--again", is_flag=True, help="With develop: ask anew for a chapter that was asked for already.")
@click.option("--yes", is_flag=True, help="With remove: take out what others are to them, too.")
@model_option
@click.option("--budget", type=float, metavar="USD", help="Stop before a call that could spend more than this.")
@json_option
def people(path: Path, what: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """List the people of the book in PATH, or read, add, edit, relate, complete, develop or remove one.

    `add` takes somebody as you give them; `create` lets a model fill in what you leave open and changes nothing you
    gave. `develop` asks a model how what is written has changed somebody. "relate A mentor B" says that A is B's
    mentor, and so B A's student. What is written already may be out of date then: `ghostkit stale` shows it.

    \b
    Examples:
      ghostkit people projects/salt-road
      ghostkit people projects/salt-road show Mira --as-of 3
      ghostkit people projects/salt-road add Tomas --role mentor --fact age=61
      ghostkit people projects/salt-road create "Ines" --trait stubborn
      ghostkit people projects/salt-road edit Mira --from 4 --fact age=36
      ghostkit people projects/salt-road relate Tomas mentor Mira
      ghostkit people projects/salt-road develop Mira --chapter 4
    """
    act, words = split_words(what, ACTS)
    book = open_book(path)
    if act == "list":
        _list(book, options["as_of"], as_json)
    elif act == "show":
        _show(book, words[0], options["as_of"], as_json)
    elif act in ("relate", "unrelate"):
        _relate(book, act, words, options, as_json)
    elif act == "remove":
        book.people.remove(words[0], force=options["yes"])
        say_json({"removed": words[0]}) if as_json else say(f"{words[0]} is no longer in the book.")
    elif act == "mutual":
        book.people.update_relationships()
        _list(book, None, as_json)
    else:
        person = _changed(book, act, words, options, as_json)
        say_json(person_row(person)) if as_json else _print(person)


def _changed(book: Book, act: str, words: list[str], options: dict[str, Any], as_json: bool) -> Character:
    names = ("name", "role", "description", "traits", "aliases", "voice", "backstory", "arc", "since_chapter")
    given = {**read_fields(options["file"], "person"), **fields_of(options, names)}
    if act == "edit":
        if not given:
            raise click.UsageError("Say what to change, such as --description.", click.get_current_context())
        return book.people.edit(words[0], from_chapter=options["from_chapter"], **given)
    if act == "develop":
        return _asked(book, options, as_json, lambda: book.people.develop(
            words[0], options["chapter"], context=options["context"], again=options["again"],
            model=options["model"], budget_usd=options["budget"],
        ))  # fmt: skip
    if words:
        given["name"] = words[0]
    if act == "add":
        return book.people.add(given)
    return _asked(book, options, as_json, lambda: book.people.create(
        given, model=options["model"], budget_usd=options["budget"]
    ))  # fmt: skip


def _asked(book: Book, options: dict[str, Any], as_json: bool, ask: Callable[[], Awaitable[_T]]) -> _T:
    """What a model is asked for; says on stderr which, since it may take a while."""
    import anyio

    if not as_json:
        note(f"Asking {book.choose_model(options['model'])} …")
    return anyio.run(ask)


def _relate(book: Book, act: str, words: list[str], options: dict[str, Any], as_json: bool) -> None:
    if act == "unrelate":
        gone = book.people.unrelate(*words)
        say_json({"removed": gone}) if as_json else say(f"Taken out: {gone}.")
        return
    one, kind, other = words
    book.people.relate(
        one, kind, other, description=options["description"] or "", since_chapter=options["since_chapter"] or 1
    )
    tell_near_miss(kind)
    pair = [book.people.get(name) for name in (one, other)]
    names = {person.name for person in pair}
    bonds = [(person.name, bond) for person in pair for bond in person.relationships if {person.name, bond.to} == names]
    if as_json:
        from ghostkit.book.rendering import relationship_fields

        say_json([relationship_fields(name, bond) for name, bond in bonds])
        return
    for name, bond in bonds:
        say_folded(f"{name} is {bond.to}'s {bond.kind}." + (f" {bond.description}" if bond.description else ""))


def _list(book: Book, as_of: int | None, as_json: bool) -> None:
    everybody = book.people.list(as_of)
    if as_json:
        say_json([person_row(person) for person in everybody])
        return
    if not everybody:
        say("Nobody yet. `ghostkit outline` finds the people of the brief; `people … add` adds one.")
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for person in everybody:
        table.add_row(person.name, str(person.role), person.description)
    listing(table)


def person_row(person: Character) -> dict[str, Any]:
    """Somebody with their relationships, for programs."""
    from ghostkit.book.rendering import profile_fields, relationship_fields

    bonds = [relationship_fields(person.name, bond) for bond in person.relationships]
    return {**profile_fields(person), "relationships": bonds}


def _show(book: Book, name: str, as_of: int | None, as_json: bool) -> None:
    person = book.people.get(name, as_of)
    if as_json:
        say_json(person_row(person))
    elif as_of is not None:
        for line in book.people.context(name, as_of).splitlines():
            say_folded(line, hang=2)
    else:
        _print(person)


def _print(person: Character) -> None:
    also = f", also {', '.join(person.aliases)}" if person.aliases else ""
    since = f", from chapter {person.since_chapter} on" if person.since_chapter > 1 else ""
    say_folded(f"{person.name} ({person.role}{also}{since})")
    told = {
        "description": person.description, "traits": ", ".join(person.traits), "voice": person.voice,
        "backstory": person.backstory, "arc": person.arc, **person.extra,
    }  # fmt: skip
    for field, value in told.items():
        if value not in ("", None):
            say_folded(f"  {field}: {value}", hang=4)
    for bond in person.relationships:
        since = f" (from chapter {bond.since_chapter} on)" if bond.since_chapter > 1 else ""
        say_folded(f"  {bond.to}'s {bond.kind}{since}" + (f": {bond.description}" if bond.description else ""), hang=4)
    for stage in person.stages:
        new = {"description": stage.description, "traits": ", ".join(stage.traits), "arc": stage.arc, **stage.extra}
        changed = "; ".join(f"{field}: {value}" for field, value in new.items() if value not in ("",))
        say_folded(f"  from chapter {stage.since_chapter} on: {changed}", hang=4)
