"""ghostkit: write whole books with language models; a book is built, not chatted.

    import ghostkit as gk
    book = gk.Book.create("projects/salt-road", title="The Salt Road", brief="A courier crosses a dying sea.")
    await book.outline()
    run = book.write()

Everything is imported when it is first named: `import ghostkit` alone costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ghostkit import config, sync
    from ghostkit.analytics import connect
    from ghostkit.book import Shelf
    from ghostkit.cache import CacheManager, initialize_cache
    from ghostkit.errors import GhostkitError
    from ghostkit.events import Event, EventManager, EventType
    from ghostkit.providers import registry
    from ghostkit.rag.config import RAGConfig
    from ghostkit.settings import get_settings
    from ghostkit.workbench import Book, Run, Services, background, generate_book
    from ghostkit.workbench.facade import (
        clear_cache,
        enhanced_ai,
        fan_out,
        generate_with_cache,
        get_stats,
        stream,
        streaming_manager,
    )
    from ghostkit.workbench.hybrid import create_hybrid_manager
    from ghostkit.writing.context import BookContextManager
    from ghostkit.writing.retrieval.service import RAGService

__version__ = "0.1.0"
__all__ = [
    "Book",
    "BookContextManager",
    "CacheManager",
    "Event",
    "EventManager",
    "EventType",
    "GhostkitError",
    "RAGConfig",
    "RAGService",
    "Run",
    "Services",
    "Shelf",
    "__version__",
    "background",
    "clear_cache",
    "config",
    "connect",
    "create_hybrid_manager",
    "enhanced_ai",
    "fan_out",
    "generate_book",
    "generate_with_cache",
    "get_settings",
    "get_stats",
    "initialize_cache",
    "registry",
    "stream",
    "streaming_manager",
    "sync",
]

_FOUND_IN = {
    "Book": "ghostkit.workbench",
    "BookContextManager": "ghostkit.writing.context",
    "CacheManager": "ghostkit.cache",
    "Event": "ghostkit.events",
    "EventManager": "ghostkit.events",
    "EventType": "ghostkit.events",
    "GhostkitError": "ghostkit.errors",
    "RAGConfig": "ghostkit.rag.config",
    "RAGService": "ghostkit.writing.retrieval.service",
    "Run": "ghostkit.workbench",
    "Services": "ghostkit.workbench",
    "Shelf": "ghostkit.book",
    "background": "ghostkit.workbench",
    "clear_cache": "ghostkit.workbench.facade",
    "connect": "ghostkit.analytics",
    "create_hybrid_manager": "ghostkit.workbench.hybrid",
    "enhanced_ai": "ghostkit.workbench.facade",
    "fan_out": "ghostkit.workbench.facade",
    "generate_book": "ghostkit.workbench",
    "generate_with_cache": "ghostkit.workbench.facade",
    "get_settings": "ghostkit.settings",
    "get_stats": "ghostkit.workbench.facade",
    "initialize_cache": "ghostkit.cache",
    "registry": "ghostkit.providers",
    "stream": "ghostkit.workbench.facade",
    "streaming_manager": "ghostkit.workbench.facade",
}


def __getattr__(name: str) -> Any:
    if name in ("config", "sync"):
        return import_module(f"ghostkit.{name}")
    if name not in _FOUND_IN:
        raise AttributeError(f"module 'ghostkit' has no attribute {name!r}")
    if _FOUND_IN[name].startswith("ghostkit.workbench"):
        import_module("ghostkit.hosts.asyncio_bridge").use()
        import_module("ghostkit.hosts.jupyter").use()
    return getattr(import_module(_FOUND_IN[name]), name)


def __dir__() -> list[str]:
    return __all__
