"""The pictures ghostkit shows in notebooks: one anywidget class and one ES module a view.

Nothing is built and nothing is fetched; a view talks to Python by small typed messages, and Python owns the data.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ghostkit_widgets.run_feed import RunFeed
    from ghostkit_widgets.run_view import RunView

__all__ = ["RunFeed", "RunView"]

_FOUND_IN = {"RunFeed": "run_feed", "RunView": "run_view"}


def __getattr__(name: str) -> Any:
    if name not in _FOUND_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"ghostkit_widgets.{_FOUND_IN[name]}"), name)
