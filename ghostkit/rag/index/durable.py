"""Files that are whole and on disk before anything names them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ghostkit.book.files import sync_folder

_BLOCK = 1 << 20


def write_new(path: Path, blocks: Iterable[Any]) -> tuple[int, str]:
    """Write buffers to `path`, synced; gives size in bytes and SHA-256 (hex). A file left by a crash is replaced."""
    digest, size = hashlib.sha256(), 0
    try:
        with open(path, "wb") as file:
            for block in blocks:
                view = memoryview(block)
                if not view.nbytes:
                    continue
                view = view.cast("B")
                file.write(view)
                digest.update(view)
                size += len(view)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
    return size, digest.hexdigest()


def replace_file(path: Path, data: bytes) -> None:
    """Old or new, never torn."""
    aside = path.with_name(path.name + ".new")
    write_new(aside, [data])
    os.replace(aside, path)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def blocks_of(path: Path, size: int = _BLOCK) -> Iterator[bytes]:
    """The bytes of a file. Read, not mapped: what is only hashed need not count as this process's memory."""
    with open(path, "rb") as file:
        while block := file.read(size):
            yield block


def hash_file(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for block in blocks_of(path):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()
