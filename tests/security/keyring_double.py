"""A keyring in a file, so that processes of one test share it; for tests only."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend

VARIABLE = "TEST_KEYCHAIN_FILE"


class Keyring(KeyringBackend):
    """`PYTHON_KEYRING_BACKEND=tests.security.keyring_double.Keyring`; the file's path is in TEST_KEYCHAIN_FILE."""

    priority = 1.0  # type: ignore[assignment]
    name = "a file of the test's"

    def get_password(self, service: str, username: str) -> str | None:
        kept = self._kept().get(f"{service}/{username}")
        return None if kept is None else str(kept)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._keep(self._kept() | {f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        self._keep({name: key for name, key in self._kept().items() if name != f"{service}/{username}"})

    @property
    def _path(self) -> Path:
        return Path(os.environ[VARIABLE])

    def _kept(self) -> dict[str, str]:
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}

    def _keep(self, keys: dict[str, str]) -> None:
        self._path.write_text(json.dumps(keys))
