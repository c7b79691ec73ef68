"""Settings by their names in the environment, readable and assignable at run time.

    from ghostkit import config
    config.CACHE_BACKEND = "file"
    config.MAX_CONTEXT_TOKENS = 64_000

A value assigned here goes before the environment and `.env`, and takes effect at the next call; `del` takes it back.
It is `ghostkit.settings.get_settings()` under other names: there is one set of settings in a process.
"""

from __future__ import annotations

import difflib
import sys
from types import ModuleType
from typing import Any

from ghostkit.errors import UnknownName


class UnknownSetting(UnknownName, AttributeError):
    """No setting has this name. It is an `AttributeError` too, so that `hasattr` answers."""


class _Config(ModuleType):
    """The module itself, so that assigning to one of its names sets the setting."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module 'ghostkit.config' has no attribute {name!r}")
        from ghostkit.settings import get_settings

        return getattr(get_settings(), _field(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__"):
            super().__setattr__(name, value)
            return
        from ghostkit.settings import get_settings

        setattr(get_settings(), _field(name), value)

    def __delattr__(self, name: str) -> None:
        from ghostkit.settings import get_settings

        get_settings().take_back(_field(name))

    def __dir__(self) -> list[str]:
        return sorted(_fields())


def _fields() -> dict[str, str]:
    from ghostkit.settings.model import variables_by_field

    return {variable: field for field, variables in variables_by_field().items() for variable in variables}


def _field(name: str) -> str:
    fields = _fields()
    if name not in fields:
        near = difflib.get_close_matches(name.upper(), fields, n=1)
        fix = f"Did you mean {near[0]}?" if near else "`ghostkit settings` lists them."
        raise UnknownSetting(f"There is no setting called {name!r}.", fix=fix)
    return fields[name]


sys.modules[__name__].__class__ = _Config
