"""Checkpoints: snapshots of a book's state under the time they were taken, and the newest under a fixed name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ghostkit.book.files import read_text_or_none, sync_folder, write_if_changed
from ghostkit.book.structure import as_utc, dump_json, parse_json
from ghostkit.errors import BookDamaged, InputError, UnknownName, storage_errors

LATEST: Final = "latest"
_NAME: Final = re.compile(r"^checkpoint_(\d{8}T\d{12}Z)\.json$")


class CheckpointManager:
    """Saves, loads, lists and prunes the checkpoints in one folder.

    A checkpoint's name is its UTC time, such as `20261105T101500000000Z`, so names sort as times do.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, snapshot: Mapping[str, Any], timestamp: datetime) -> str:
        """Write the snapshot under its time, then the newest one as `checkpoint_latest.json`; gives the name.

        The same time again is the same checkpoint. One older than the newest leaves the latest alone.

        Raises:
            StorageError: the disk or folder refuses; earlier checkpoints are as they were.
        """
        name = f"{as_utc(timestamp):%Y%m%dT%H%M%S%f}Z"
        data = dump_json(snapshot).encode()
        write_if_changed(self._path(name), data, "checkpoint")
        if name >= self.list()[-1]:
            write_if_changed(self._path(LATEST), data, "checkpoint_latest")
        return name

    def load(self, name: str = LATEST) -> dict[str, Any]:
        """The snapshot under `name`; `latest` gives the newest that can be read.

        Raises:
            UnknownName: no such checkpoint, or none at all.
            BookDamaged: it can't be read, or none of them can.
        """
        names = self.list()
        if name != LATEST:
            name = match[1] if (match := _NAME.match(name)) else name
            if name not in names:
                raise self._unknown(name, names)
            return self._read(name)
        return self._newest(names)

    def list(self) -> tuple[str, ...]:
        """The names of all checkpoints, oldest first."""
        with storage_errors(self.folder, "list"):
            try:
                found = (_NAME.match(path.name) for path in self.folder.iterdir())
                return tuple(sorted(match[1] for match in found if match))
            except FileNotFoundError:
                return ()

    def prune(self, keep: int) -> tuple[str, ...]:
        """Remove all but the newest `keep` checkpoints and say which went; the latest always stays."""
        if keep < 1:
            raise InputError(f"keep is {keep}, but must be at least 1.", fix="Keep one checkpoint or more.")
        doomed = self.list()[:-keep]
        with storage_errors(self.folder, "prune"):
            for name in doomed:
                self._path(name).unlink(missing_ok=True)
            if doomed:
                sync_folder(self.folder)
        return doomed

    def _newest(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The newest readable one; a crash may have left the latest one behind it, so that comes second."""
        trouble: BookDamaged | None = None
        for name in [*names[:-2:-1], LATEST, *names[-2::-1]]:
            try:
                return self._read(name)
            except UnknownName:
                continue
            except BookDamaged as error:
                trouble = trouble or error
        if trouble is None:
            raise self._unknown(LATEST, names)
        raise BookDamaged(
            f"None of the checkpoints in {self.folder} can be read.",
            fix="The book's own files and its ledger are still whole; go on from those.",
            path=str(self.folder),
        ) from trouble

    def _read(self, name: str) -> dict[str, Any]:
        path = self._path(name)
        text = read_text_or_none(path)
        if text is None:
            raise self._unknown(name, self.list())
        snapshot = parse_json(text, str(path))
        if not isinstance(snapshot, dict):
            raise BookDamaged(
                f"{path} can't be read: it must be one JSON object.", fix="Load another checkpoint.", path=str(path)
            )
        return snapshot

    def _path(self, name: str) -> Path:
        return self.folder / f"checkpoint_{name}.json"

    def _unknown(self, name: str, names: tuple[str, ...]) -> UnknownName:
        known = f"There are: {', '.join(names)}." if names else "There is none yet; writing the book makes them."
        return UnknownName(f"There is no checkpoint {name!r} in {self.folder}.", fix=known, name=name)
