"""The one place where errors become words and exit codes: 0 ok, 1 error, 2 usage, 3 incomplete, 4 held, 130 stopped."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from ghostkit.cli.terminal import is_terminal, note, note_json, printable
from ghostkit.errors import GhostkitError, storage_errors

INTERRUPTED = 130


class Interrupted(GhostkitError):
    """Somebody stopped the program; what was written is kept."""

    code = "interrupted"
    exit_code = INTERRUPTED


class Ended(GhostkitError):
    """Already told; only the exit code is left to give."""

    def __init__(self, exit_code: int) -> None:
        super().__init__("")
        self.status = exit_code


def exit_code_for(error: BaseException, arguments: Sequence[str]) -> int:
    """Tell of `error` on stderr and say which code the program ends with."""
    if isinstance(error, Ended):
        return error.status
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return pacify_pipes()
    if isinstance(error, click.exceptions.Exit):
        return int(error.exit_code)
    told = _as_ghostkit_error(error, arguments)
    _tell(told, as_json=_wants_json(arguments))
    return 2 if isinstance(error, click.UsageError) else told.exit_code


def _as_ghostkit_error(error: BaseException, arguments: Sequence[str]) -> GhostkitError:
    if isinstance(error, GhostkitError):
        return error
    if isinstance(error, click.ClickException):
        return _Usage(_sentence(error.format_message()), fix=_usage_fix(error))
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Interrupted("Stopped.")
    if isinstance(error, OSError):
        try:
            with storage_errors(error.filename or "a file", "use"):
                raise error
        except GhostkitError as translated:
            return translated
    return _unexpected(error, arguments)


class _Usage(GhostkitError):
    code = "usage"
    exit_code = 2


class _Unexpected(GhostkitError):
    code = "unexpected"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "?", "!")) else text + "."


def _usage_fix(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows how it is used." if context is not None else ""


def _unexpected(error: BaseException, arguments: Sequence[str]) -> GhostkitError:
    """A defect: the screen gets a sentence, a file gets the redacted traceback."""
    from ghostkit.events import format_error, redact

    what = " ".join(str(redact(f"{type(error).__name__}: {error}")).split())
    path = _write_traceback(format_error(error), arguments)
    where = f"The details are in {path}" if path else "No file would take the details"
    return _Unexpected(
        f"Something went wrong that ghostkit did not expect ({what[:300]}).",
        fix=f"{where}; what was written before is kept.",
    )


def _write_traceback(text: str, arguments: Sequence[str]) -> Path | None:
    import tempfile
    import time

    project = next((Path(a) for a in arguments if "\0" not in a and (Path(a) / "book.json").is_file()), None)
    name = time.strftime("crash-%Y%m%d-%H%M%S-") + f"{os.getpid()}.txt"
    folders = [project / "logs"] if project else []
    for folder in (*folders, Path(tempfile.gettempdir())):
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
            path = folder / name
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return path
    return None


def _wants_json(arguments: Sequence[str]) -> bool:
    before_operands = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in before_operands


def _tell(error: GhostkitError, *, as_json: bool) -> None:
    from ghostkit.events.redaction import redact_text

    # A mistyped command or option is quoted, and may be a key pasted in the wrong place.
    told = {name: redact_text(text) for name, text in error.as_dict().items()}
    with suppress(OSError, ValueError):  # nobody is left to tell
        if as_json:
            note_json({"error": told})
            return
        label = "Stopped" if isinstance(error, Interrupted) else "Error"
        coloured = is_terminal(sys.stderr) and not os.environ.get("NO_COLOR")
        head = f"\x1b[31m{label}:\x1b[0m " if coloured and label == "Error" else f"{label}: "
        if isinstance(error, Interrupted):
            head = ""
        sys.stderr.write(head + printable(told["message"]) + "\n")
        if told["fix"]:
            note(told["fix"])


def pacify_pipes() -> int:
    """The reader of our output has left (`ghostkit status | head -1`): say nothing, also at exit."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
            continue
        with suppress(OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
    return 0
