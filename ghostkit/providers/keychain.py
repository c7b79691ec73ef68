"""The system's keyring (macOS Keychain, Windows Credential Locker, Secret Service …), where there is one.

Reading is quiet: no package, no backend or a broken one means no key. Writing and removing say what is wrong.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from ghostkit.errors import KeyringError

SERVICE = "ghostkit"
REMEMBERED_S = 60.0
"""A key found is not asked for again for this long: a keyring takes milliseconds, and may be asked at every call."""

_lock = threading.Lock()
_found: dict[str, tuple[float, str]] = {}


def read_keychain(name: str) -> str | None:
    """The key kept under `name`; None where there is none, or no keyring."""
    with _lock:
        remembered = _found.get(name)
    if remembered is not None and time.monotonic() - remembered[0] < REMEMBERED_S:
        return remembered[1]
    try:
        import keyring

        key = keyring.get_password(SERVICE, name)
    except Exception:  # whatever a backend raises, reading goes on without it; `keys set` tells
        return None
    with _lock:
        if key:
            _found[name] = (time.monotonic(), key)
        else:
            _found.pop(name, None)
    return key or None


def forget_keychain() -> None:
    """Ask the keyring anew at the next look."""
    with _lock:
        _found.clear()


def check_keychain() -> None:
    """Raises `KeyringError` where no key could be kept."""
    _keyring()


def write_keychain(name: str, key: str) -> str:
    """Keep `key` under `name` and return the keyring's own name; raises `KeyringError`, never with the key."""
    keyring = _keyring()
    problem = ""
    try:
        keyring.set_password(SERVICE, name, key)
        if keyring.get_password(SERVICE, name) != key:  # the null backend keeps nothing and says nothing
            problem = "it kept nothing"
    except Exception as error:
        problem = _reason(error, key)
    forget_keychain()
    if problem:
        # Raised out here: the backend's error, whose frames hold the key, must not hang on as the context.
        raise KeyringError(f"The system's keyring did not take the key ({problem}).", fix=_OTHERWISE)
    return keychain_name()


def remove_keychain(name: str) -> bool:
    """Whether a key was there, and is gone now."""
    keyring = _keyring()
    problem, gone = "", False
    try:
        if keyring.get_password(SERVICE, name) is not None:
            keyring.delete_password(SERVICE, name)
            gone = True
    except Exception as error:
        problem = _reason(error)
    forget_keychain()
    if problem:
        raise KeyringError(f"The system's keyring can't be used ({problem}).", fix=_OTHERWISE)
    return gone


def keychain_name() -> str:
    """The backend's own name, for the user."""
    try:
        import keyring

        return str(keyring.get_keyring().name)
    except Exception:
        return "none"


def has_keychain() -> bool:
    """Whether a key could be kept here."""
    try:
        import keyring
        from keyring.backends import fail, null

        backend = keyring.get_keyring()
        return not isinstance(backend, fail.Keyring | null.Keyring)
    except Exception:
        return False


_OTHERWISE = "Put the key into .env or the environment instead; docs/keys-and-privacy.md says how."


def _keyring() -> Any:
    try:
        import keyring
    except ImportError:
        missing = True
    else:
        missing = False
    if missing:
        raise KeyringError(
            "The package for the system's keyring is not installed.",
            fix="pip install 'ghostkit[keyring]', or put the key into .env or the environment.",
        )
    if not has_keychain():
        raise KeyringError("This machine has no keyring that can keep a key.", fix=_OTHERWISE)
    return keyring


def _reason(error: Exception, key: str = "") -> str:
    said = " ".join(str(error).split())[:200] or type(error).__name__
    return said.replace(key, "[redacted]") if key else said
