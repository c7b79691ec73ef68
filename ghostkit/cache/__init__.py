"""Answers kept for a while, so that equal requests are paid for once: in memory, in a folder, one interface.

A cache is a convenience and never a truth: what it loses is asked for again, and no failure of it stops a book.
"""

from ghostkit.cache.backends import create_backend, list_backends, register_backend
from ghostkit.cache.contract import KINDS, Cache, Holding, Kind
from ghostkit.cache.file import FileCache
from ghostkit.cache.keys import cache_key, digest, escape, matches
from ghostkit.cache.manager import CacheManager
from ghostkit.cache.memory import MemoryCache
from ghostkit.cache.process import cache_for, initialize_cache, managers, process_stats, reset_caches

__all__ = [
    "KINDS",
    "Cache",
    "CacheManager",
    "FileCache",
    "Holding",
    "Kind",
    "MemoryCache",
    "cache_for",
    "cache_key",
    "create_backend",
    "digest",
    "escape",
    "initialize_cache",
    "list_backends",
    "managers",
    "matches",
    "process_stats",
    "register_backend",
    "reset_caches",
]
