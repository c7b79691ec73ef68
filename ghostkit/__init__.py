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
    from ghostkit import sync
    from ghostkit.book import Shelf
    from ghostkit.errors import GhostkitError
    from ghostkit.events import Event, EventManager, EventType
    from ghostkit.providers import registry
    from ghostkit.settings import get_settings
    from ghostkit.workbench import Book, Run, Services, background, generate_book

__version__ = "0.1.0"
__all__ = [
    "Book",
    "Event",
    "EventManager",
    "EventType",
    "GhostkitError",
    "Run",
    "Services",
    "Shelf",
    "__version__",
    "background",
    "generate_book",
    "get_settings",
    "registry",
    "sync",
]

_FOUND_IN = {
    "Book": "ghostkit.workbench",
    "Event": "ghostkit.events",
    "EventManager": "ghostkit.events",
    "EventType": "ghostkit.events",
    "GhostkitError": "ghostkit.errors",
    "Run": "ghostkit.workbench",
    "Services": "ghostkit.workbench",
    "Shelf": "ghostkit.book",
    "background": "ghostkit.workbench",
    "generate_book": "ghostkit.workbench",
    "get_settings": "ghostkit.settings",
    "registry": "ghostkit.providers",
}


def __getattr__(name: str) -> Any:
    if name == "sync":
        return import_module("ghostkit.sync")
    if name not in _FOUND_IN:
        raise AttributeError(f"module 'ghostkit' has no attribute {name!r}")
    if _FOUND_IN[name] == "ghostkit.workbench":
        import_module("ghostkit.hosts.asyncio_bridge").use()
        import_module("ghostkit.hosts.jupyter").use()
    return getattr(import_module(_FOUND_IN[name]), name)


def __dir__() -> list[str]:
    return __all__
