"""Events and the handlers that ship with ghostkit."""

from ghostkit.events.event import EVENT_DATA, Event, EventType
from ghostkit.events.manager import EventHandler, EventManager, Handler

__all__ = ["EVENT_DATA", "Event", "EventHandler", "EventManager", "EventType", "Handler"]
