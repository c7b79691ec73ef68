"""A key of this user's, kept outside all projects: what carries its seal was written by this user's ghostkit.

FAISS parses its files in C++ without checking them, and a hash beside a file proves nothing where both come from a
stranger's project. So a FAISS file is read only under a seal; without one it is built again from the vectors.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

FILE_NAME = "index.key"
_BYTES = 32


def seal_key(*, create: bool = False) -> bytes | None:
    """The key, made when first needed; None where it isn't there, or can't be kept."""
    from ghostkit.generation.spending import state_folder
    from ghostkit.settings import get_settings

    path = state_folder(get_settings().state_dir) / FILE_NAME
    with suppress(OSError):
        if create and not path.exists():
            _make(path)
        key = path.read_bytes()
        return key if len(key) == _BYTES else None
    return None


def _make(path: Path) -> None:
    """Whole, or not there; of two processes at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink()
