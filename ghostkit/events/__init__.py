"""Events and the handlers that ship with ghostkit.

The handlers are imported when they are first named: an event alone costs nothing of theirs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ghostkit.events.event import EVENT_CONTEXT, EVENT_DATA, Event, EventLike, EventType
from ghostkit.events.manager import EventHandler, EventManager, Handler

if TYPE_CHECKING:
    from ghostkit.events.error_log import ErrorHandler
    from ghostkit.events.json_log import LoggingHandler
    from ghostkit.events.metrics import MetricsCollector
    from ghostkit.events.progress import ProgressStats, ProgressTracker
    from ghostkit.events.redaction import format_error, protect, redact

__all__ = [
    "EVENT_CONTEXT",
    "EVENT_DATA",
    "ErrorHandler",
    "Event",
    "EventHandler",
    "EventLike",
    "EventManager",
    "EventType",
    "Handler",
    "LoggingHandler",
    "MetricsCollector",
    "ProgressStats",
    "ProgressTracker",
    "format_error",
    "protect",
    "redact",
]

_LATER = {
    "ErrorHandler": "error_log",
    "LoggingHandler": "json_log",
    "MetricsCollector": "metrics",
    "ProgressStats": "progress",
    "ProgressTracker": "progress",
    "format_error": "redaction",
    "protect": "redaction",
    "redact": "redaction",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"ghostkit.events.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
