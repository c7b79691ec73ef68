"""What `ghostkit people` and `ghostkit bible` share: acts with their words, facts, a file of fields."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ghostkit.cli.terminal import note
from ghostkit.errors import InputError, storage_errors

fact_option = click.option(
    "--fact", "facts", multiple=True, metavar="NAME=VALUE",
    help="A fact of your own, such as age=34; repeat it for more. An empty value takes it away.",
)  # fmt: skip
file_option = click.option(
    "--file", type=click.Path(path_type=Path), metavar="FILE", help="Fields and facts as JSON, instead or besides."
)


def split_words(what: Sequence[str], acts: Mapping[str, tuple[int, int]]) -> tuple[str, list[str]]:
    """The act, `list` if none is named, and its words; `acts` says how many words each takes."""
    act, words = (what[0], list(what[1:])) if what else ("list", [])
    context = click.get_current_context()
    if act not in acts:
        near = difflib.get_close_matches(act, acts, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" There is: {', '.join(acts)}."
        raise click.UsageError(f"There is nothing called {act!r} to do.{hint}", context)
    least, most = acts[act]
    if len(words) > most:
        raise click.UsageError(f"{words[most]!r} is one word too many.", context)
    if len(words) < least:
        wanted = "who is what to whom: A KIND B" if act == "relate" else f"what to {act}"
        raise click.UsageError(f"Say {wanted}.", context)
    return act, words


def fields_of(options: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The fields that were given as options, and the facts; of a fact, JSON where it is some, else text."""
    given = {name: options[name] for name in names if options.get(name) not in (None, ())}
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    for fact in options["facts"]:
        name, equals, value = fact.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--fact {fact!r} is not of the form NAME=VALUE.", click.get_current_context())
        if name.strip() in names:
            raise click.UsageError(f"{name.strip()} is no fact: it has an option.", click.get_current_context())
        fields[name.strip()] = _fact(value.strip())
    return fields


def _fact(value: str) -> Any:
    if not value:
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, bool | int | float | list | dict) else value


def read_fields(path: Path | None, what: str) -> dict[str, Any]:
    """The fields in a JSON file; none without one."""
    if path is None:
        return {}
    try:
        with storage_errors(path, "read"):
            found = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"{path} is not JSON{where}.", fix=f"Give one JSON object with the {what}'s fields.") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} is not one JSON object.", fix=f"Give the {what}'s fields, such as name.")
    return found


def tell_near_miss(kind: str) -> None:
    """Say beside the answer that a kind of relationship looks like a known one."""
    from ghostkit.book.kinds import near_miss

    near = near_miss(kind)
    if near is not None:
        note(f"{kind!r} is kept as it is; if you meant {near!r}, say so: only known kinds have another side.")
