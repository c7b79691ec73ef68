"""`ghostkit edit`, `lock` and `unlock`: a person's words, and which of them nobody else may change."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import note, say, say_json
from ghostkit.cli.wording import counted
from ghostkit.errors import GhostkitError, InputError, storage_errors

if TYPE_CHECKING:
    from ghostkit.workbench import Book
    from ghostkit.workbench.editing import Edited

EDITORS = ("nano", "vim", "vi", "notepad")


@click.command(short_help="Edit a section in your editor.")
@path_argument
@click.argument("section")
@click.option("--file", "given", type=click.Path(path_type=Path), help="Take the new text from a file; - is stdin.")
@json_option
def edit(path: Path, section: str, given: Path | None, as_json: bool) -> None:
    """Edit SECTION (such as 2.3) in $VISUAL or $EDITOR; what you save is taken in as your text.

    A first line `## Title` renames the section. If the section changes while you edit it, your text becomes a
    proposal. You can as well edit the section's file in the book's folder, at any time.

    \b
    Examples:
      ghostkit edit projects/salt-road 2.3
      ghostkit edit projects/salt-road 2.3 --file new.md
      ghostkit edit projects/salt-road 2.3 --file - --json < new.md
    """
    from ghostkit.book.rendering import render_section

    book = open_book(path)
    handle = book.section(section)
    head = book.ledger.head(handle.id, "section")
    before = {text.object_id for text in book.stale().sections}
    if given is not None:
        edited = handle.edit(_read(given))
    else:
        text = render_section(handle.value)
        edited = _in_editor(book, handle.id, handle.number, text, head.id if head else None)
    stale = [text for text in book.stale().sections if text.object_id not in before and text.object_id != handle.id]
    if as_json:
        say_json({**edited_row(edited), "stale": [text.as_dict() for text in stale]})
        return
    say(_told(edited))
    for span in edited.unlocked:
        note(f"A locked passage is gone, and its lock with it: {span}")
    if stale:
        numbers = ", ".join(text.number for text in stale)
        say(f"Out of date now: {numbers}. Why: ghostkit stale {path}")


def edited_row(edited: Edited) -> dict[str, Any]:
    return {
        "section": edited.section, "number": edited.number, "changed": edited.changed, "words": edited.words,
        "words_in": edited.words_in, "words_out": edited.words_out, "proposal": edited.proposal,
        "later": edited.later, "unlocked": list(edited.unlocked),
    }  # fmt: skip


def _told(edited: Edited) -> str:
    if not edited.changed:
        return f"{edited.number}: nothing was changed."
    what = f"{counted(edited.words_in, 'word')} in, {edited.words_out:,} out"
    if edited.proposal is not None:
        return f"{edited.number} has changed meanwhile: your text ({what}) waits as proposal {edited.proposal}."
    if edited.later:
        return f"{edited.number} is being written: your text ({what}) is in its file, and the run takes it in."
    return f"{edited.number}: {what}; {counted(edited.words, 'word')} now."


def _read(given: Path) -> str:
    with storage_errors(given, "read"):
        try:
            data = sys.stdin.buffer.read() if str(given) == "-" else given.read_bytes()
            text = data.decode("utf-8-sig")
        except FileNotFoundError:
            raise InputError(f"There is no file {given}.", fix="Give a file, or - for stdin.") from None
        except UnicodeDecodeError:
            raise InputError(f"{given} is not UTF-8 text.", fix="Save it as UTF-8, then try again.") from None
    if "\0" in text:
        raise InputError(f"{given} holds NUL characters; it is not text.", fix="Give a text file.")
    if not text.strip():
        raise InputError(f"{given} is empty.", fix="`ghostkit delete` takes a section out of the book.")
    return text


def _in_editor(book: Book, section_id: str, number: str, text: str, base_id: int | None) -> Edited:
    """The edit made in an editor; whatever goes wrong, the copy that it worked on is kept if it was changed."""
    folder = Path(tempfile.mkdtemp(prefix="ghostkit-"))
    copy = folder / f"{number}.md"
    with storage_errors(copy, "write"):
        copy.write_text(text, "utf-8")
    kept = False
    try:
        _run_editor(copy)
        changed = _read(copy)
        return book.edit(section_id, changed, base_id=base_id)
    except GhostkitError as error:
        kept = copy.exists() and copy.read_bytes() not in (text.encode(), b"")
        if kept:
            error.fix = f"{error.fix} Your text is kept in {copy}.".strip()
        raise
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _run_editor(copy: Path) -> None:
    wanted = os.environ.get("VISUAL") or os.environ.get("EDITOR") or next(filter(shutil.which, EDITORS), "")
    try:
        command = shlex.split(wanted, posix=os.name != "nt")
    except ValueError:
        command = [wanted]
    if not command:
        raise InputError("No editor was found.", fix="Set EDITOR to one, or give the text with --file.")
    try:
        code = subprocess.run([*command, str(copy)], check=False).returncode
    except OSError as error:
        raise InputError(
            f"The editor {command[0]!r} could not be started ({error.strerror or error}).",
            fix="Set EDITOR to another one, or give the text with --file.",
        ) from None
    if code:
        raise InputError(
            f"The editor {command[0]!r} ended with code {code}, so nothing was taken in.", fix="Try again."
        )


@click.command(short_help="Keep a section, or words of it, as they are.")
@path_argument
@click.argument("section")
@click.option("--span", metavar="WORDS", help="Only these words of it, as they stand there.")
@json_option
def lock(path: Path, section: str, span: str | None, as_json: bool) -> None:
    """Keep every model away from SECTION; with --span only from those words, around which it may be written anew.

    \b
    Examples:
      ghostkit lock projects/salt-road 2.3
      ghostkit lock projects/salt-road 2.3 --span "She counted the gulls twice."
    """
    book = open_book(path)
    book.section(section).lock(_words(span))
    _say_locks(book, section, as_json)


@click.command(short_help="Let a section, or words of it, be written anew.")
@path_argument
@click.argument("section")
@click.option("--span", metavar="WORDS", help="Only the passages that say these words.")
@json_option
def unlock(path: Path, section: str, span: str | None, as_json: bool) -> None:
    """Let models write SECTION anew, all of it; with --span only the passages that say those words.

    \b
    Examples:
      ghostkit unlock projects/salt-road 2.3
      ghostkit unlock projects/salt-road 2.3 --span "the gulls"
    """
    book = open_book(path)
    book.section(section).unlock(_words(span))
    _say_locks(book, section, as_json)


def _words(span: str | None) -> str:
    if span is not None and not span.strip():
        raise InputError("--span has no words.", fix="Give words of the section, or leave --span out.")
    return span or ""


def _say_locks(book: Book, place: str, as_json: bool) -> None:
    section = book.section(place)
    if as_json:
        say_json({"section": section.id, "number": section.number, "locked": section.value.locked,
                  "locked_spans": list(section.locks)})  # fmt: skip
        return
    if section.value.locked:
        say(f"{section.number} is locked.")
    for words in section.locks:
        say(f"{section.number} keeps word for word: {' '.join(words.split())}")
    if not section.value.locked and not section.locks:
        say(f"{section.number} is not locked.")
