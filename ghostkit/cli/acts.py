"""Commands of the shape `ghostkit THING [PATH] [ACT] [NAME]`, and an editor that loses nothing."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import click

from ghostkit.cli.terminal import note
from ghostkit.errors import GhostkitError, InputError


def split_arguments(arguments: Sequence[str], acts: Sequence[str]) -> tuple[Path | None, str, str]:
    """(the book's folder, the act, what it is done to); a folder whose name is an act's is written `./list`."""
    left = list(arguments)
    path = Path(left.pop(0)) if left and left[0] not in acts else None
    act = left.pop(0) if left else "list"
    if act not in acts:
        near = difflib.get_close_matches(act, acts, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise click.UsageError(f"There is nothing called {act!r} to do.{hint}", click.get_current_context())
    name = left.pop(0) if left else ""
    if left:
        raise click.UsageError(f"{left[0]!r} is one word too many.", click.get_current_context())
    if act != "list" and not name:
        raise click.UsageError(f"Say what to {act}.", click.get_current_context())
    if act not in ("list", "show") and path is None:
        raise click.UsageError(f"Say in which book: its folder goes before {act!r}.", click.get_current_context())
    return path, act, name


def edited(text: str, extension: str) -> str:
    """What a person made of `text` in $EDITOR; raises `InputError` if they left it as it was."""
    found = click.edit(text, extension=extension)
    if found is None or found == text or not found.strip():
        raise InputError("Nothing was changed.", fix="Save the file in the editor to change it.")
    return found


def keep_draft(text: str, path: Path, error: GhostkitError) -> None:
    """Keep what a person typed and what can't be taken as it is, and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    error.fix = f"{error.fix} Your text is kept in {path}; mend it there, and give it with --file."
    note(f"Kept: {path}")
