"""Read a text file that somebody names: an ordinary one of bounded size, in whatever encoding."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from ghostkit.book.sources_encoding import decode
from ghostkit.errors import InputError, storage_errors

MAX_BYTES: Final = 50_000_000


def read_source(path: Path, encoding: str | None = None) -> tuple[str, str]:
    """(text, encoding found) of a text file; line ends are LF.

    Raises:
        InputError: missing, a folder, a link, empty, over 50 MB, or not text.
        StorageError: the disk or folder refuses.
    """
    name = str(path)
    data = _bytes_of(path, name)
    try:
        text, found = decode(data, encoding)
    except InputError as error:
        raise InputError(f"{name} {error.message}", fix=error.fix) from None
    if not text.strip():
        raise InputError(f"{name} is empty.", fix="Give a file with text in it.")
    return text, found


def _bytes_of(path: Path, name: str) -> bytes:
    with storage_errors(name, "read"):
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(f"There is no file {name}.", fix="Check its name and folder.") from None
        except ValueError:
            raise InputError(f"{name!r} is no file's name.", fix="Check its name and folder.") from None
        if stat.S_ISLNK(found.st_mode):
            raise InputError(f"{name} is a link.", fix="Give the file that it leads to.")
        if stat.S_ISDIR(found.st_mode):
            raise InputError(f"{name} is a folder.", fix="Give the files in it, such as notes/*.md.")
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{name} is no ordinary file.", fix="Give a .txt or .md file.")
        if found.st_size > MAX_BYTES:
            raise InputError(
                f"{name} is too large: {found.st_size / 1e6:.1f} MB, and at most {MAX_BYTES / 1e6:.0f} MB fit.",
                fix="Split it into several files.",
            )
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            return file.read(MAX_BYTES + 1)
