"""Backends by name. `register_backend` adds one; the interface it must keep is `Cache`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ghostkit.cache.contract import Cache
from ghostkit.cache.file import FileCache
from ghostkit.cache.memory import MemoryCache
from ghostkit.errors import InputError, UnknownName

Factory = Callable[..., Cache]
"""Called with the options that were given for it, by keyword."""


def _redis(**options: Any) -> Cache:
    from ghostkit.cache.redis import RedisCache

    return RedisCache(**options)


_factories: dict[str, Factory] = {
    "memory": MemoryCache,
    "file": lambda folder=".cache", **options: FileCache(folder, **options),
    "redis": _redis,
}


def register_backend(name: str, factory: Factory) -> None:
    """Add or replace the backend called `name`."""
    if not name:
        raise InputError("A cache backend needs a name.", fix="Give a short one.")
    _factories[name] = factory


def list_backends() -> list[str]:
    return sorted(_factories)


def create_backend(name: str, **options: Any) -> Cache:
    """The backend called `name`, made with `options`; those that are None are left out."""
    if name not in _factories:
        raise UnknownName(f"There is no cache backend called {name!r}.", fix=f"There is: {', '.join(list_backends())}.")
    return _factories[name](**{key: value for key, value in options.items() if value is not None})
