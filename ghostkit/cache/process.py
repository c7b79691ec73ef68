"""The caches of this process: which one the settings ask for now, and all that have been asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

from ghostkit.cache.contract import KINDS
from ghostkit.cache.manager import CacheManager, rated, summed
from ghostkit.errors import InputError

REMEMBERED = 64
"""Folders whose manager is kept; the counts of those before are added up."""

_lock = threading.Lock()
_managers: OrderedDict[tuple[str, str], CacheManager] = OrderedDict()
_before = [0, 0]


def cache_for(folder: Path | None = None) -> CacheManager | None:
    """The cache to use now, by the settings as they are: None where `CACHE_BACKEND` is none.

    The memory cache is one for the process. A file cache lies in `CACHE_DIR` if that is set, else in `folder` (a
    book's own), else in `.cache`. Redis is at `REDIS_URL`, else at `REDIS_HOST` and `REDIS_PORT`. Raises `InputError`
    for a backend that isn't there.
    """
    from ghostkit.settings import get_settings

    settings = get_settings()
    name = settings.cache_backend
    if name == "none":
        return None
    place = ""
    if name == "file":
        place = str((settings.cache_dir or folder or Path(".cache")).expanduser().absolute())
    bound = settings.cache_max_size if name == "memory" else settings.cache_max_mb
    if name == "redis":
        place, bound = settings.redis_url or f"{settings.redis_host}:{settings.redis_port}", 0
    with _lock:
        known = _managers.get((name, f"{place}|{bound}"))
        if known is None:
            known = CacheManager(name, cache_dir=place or None)
            _managers[name, f"{place}|{bound}"] = known
            while len(_managers) > REMEMBERED:
                _fold(_managers.popitem(last=False)[1])
        return known


def initialize_cache(
    backend: str | None = None,
    *,
    max_size: int | None = None,
    cache_dir: Path | str | None = None,
    host: str | None = None,
    port: int | None = None,
    db: int | None = None,
) -> CacheManager | None:
    """Choose this process's cache: `memory`, `file`, `redis` or `none`. The same as assigning settings, in one call.

    `max_size` bounds the memory cache, in entries of each kind; `cache_dir` is where the file cache lies; `host`,
    `port` and `db` are Redis's, and go before REDIS_URL. Books that are being written keep the cache they began with.
    """
    from ghostkit.settings import get_settings

    settings = get_settings()
    chosen = {"cache_max_size": max_size, "cache_dir": cache_dir, "redis_host": host, "redis_port": port}
    for name, value in {**chosen, "cache_backend": backend}.items():
        if value is not None:
            setattr(settings, name, value)
    if (host, port, db) != (None, None, None):
        settings.redis_url = f"redis://{settings.redis_host}:{settings.redis_port}/{db}" if db else None
    return cache_for()


def managers() -> list[CacheManager]:
    """Every cache this process has used, and the one it would use now."""
    with suppress(InputError):  # the one it would use now isn't there; the others are
        cache_for()
    with _lock:
        return list(_managers.values())


def process_stats() -> dict[str, Any]:
    """The statistics of all of them together, under the name of the backend that would be used now."""
    from ghostkit.settings import get_settings

    each = [manager.stats() for manager in managers()]
    kinds = {kind: summed(one["kinds"][kind] for one in each) for kind in KINDS}
    total = summed(each)
    if any(_before):
        total |= rated(total["hits"] + _before[0], total["misses"] + _before[1])
    return {"backend": get_settings().cache_backend, **total, "kinds": kinds}


def reset_caches() -> None:
    """Forget this process's caches and their counts; files stay."""
    with _lock:
        for manager in _managers.values():
            manager.close()
        _managers.clear()
        _before[:] = [0, 0]


def _fold(manager: CacheManager) -> None:
    found = manager.stats()
    _before[0] += found["hits"]
    _before[1] += found["misses"]
    manager.close()
