"""What goes to the screen: answers to stdout, everything else to stderr, and never a control character of others'."""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPED_WIDTH = 200
"""Columns of a listing that no terminal shows, so that nothing in it is folded or cut."""


def say(text: str = "") -> None:
    """A line of the answer."""
    sys.stdout.write(printable(text) + "\n")


def say_folded(text: str, hang: int = 0) -> None:
    """A line that a terminal shows folded at blanks, its further lines set in by `hang`; whole where none looks."""
    import shutil
    import textwrap

    if is_terminal(sys.stdout) and text.strip():
        width = max(40, shutil.get_terminal_size().columns)
        text = textwrap.fill(text, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False)
    say(text)


def note(text: str) -> None:
    """A line beside the answer: progress, a warning, an error."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def say_json(value: Any, *, indent: int | None = 1) -> None:
    """The answer as JSON, alone on stdout; `indent` None puts it on one line."""
    sys.stdout.write(json_text(value, indent=indent, plain=not _is_unicode(sys.stdout)) + "\n")
    sys.stdout.flush()


def note_json(value: Any) -> None:
    """One line of JSON on stderr."""
    sys.stderr.write(json_text(value, indent=None, plain=not _is_unicode(sys.stderr)) + "\n")
    sys.stderr.flush()


def json_text(value: Any, *, indent: int | None, plain: bool) -> str:
    """JSON in which half of a surrogate pair can do no harm; `plain` keeps it to ASCII."""
    text = json.dumps(value, ensure_ascii=plain, indent=indent, default=str)
    return text.encode("utf-8", "backslashreplace").decode()


def _is_unicode(stream: Any) -> bool:
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf16", "utf32")


def printable(text: str) -> str:
    """Text that only prints: a title or a model's answer must not move the cursor or rename the window."""
    if text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def console(*, stderr: bool = False) -> Console:
    """A rich console for a listing; piped ones are wide."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    if not made.is_terminal:
        made = Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=PIPED_WIDTH)
    return made


def listing(table: RenderableType) -> None:
    """Print a table, without the blanks that fill its lines up."""
    made = console()
    with made.capture() as caught:
        made.print(table)
    sys.stdout.write("\n".join(line.rstrip() for line in caught.get().splitlines()) + "\n")


def is_terminal(stream: Any) -> bool:
    """Is somebody looking at it? False for a closed stream."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False
