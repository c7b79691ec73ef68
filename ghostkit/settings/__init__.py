"""Settings of the process: code goes before the environment, that before `.env`, that before the default.

`from ghostkit.settings import get_settings` is light; pydantic is imported when settings are first asked for.
Ask at every use (`get_settings().enable_streaming`), keep nothing: a value assigned in a cell then takes effect
at the next call.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ghostkit.settings.model import Settings
    from ghostkit.settings.table import SettingRow

__all__ = ["SettingRow", "Settings", "get_settings", "reset_settings", "settings_table"]

_lock = threading.Lock()
_settings: Settings | None = None


def get_settings() -> Settings:
    """The process's settings, read at the first call; raises `InputError` for a value that can't be used."""
    global _settings
    with _lock:
        if _settings is None:
            from ghostkit.settings.model import Settings

            _settings = Settings()
        return _settings


def reset_settings() -> None:
    """Forget the process's settings; the next `get_settings` reads the environment and `.env` again."""
    global _settings
    with _lock:
        _settings = None


def settings_table(settings: Settings | None = None) -> list[SettingRow]:
    """One row a setting, with its source; secrets are masked. Without an argument: the process's settings."""
    from ghostkit.settings.table import rows

    return rows(settings if settings is not None else get_settings())


def __getattr__(name: str) -> Any:
    if name == "Settings":
        from ghostkit.settings.model import Settings

        return Settings
    if name == "SettingRow":
        from ghostkit.settings.table import SettingRow

        return SettingRow
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
