"""The vocabulary: every type documented, every event JSON."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import ghostkit.events as events
from ghostkit.events import EVENT_CONTEXT, EVENT_DATA, Event, EventType
from ghostkit.events.event import EventLike

ARCHITECTURE = [
    "BOOK_STARTED", "BOOK_COMPLETED", "BOOK_FAILED", "BOOK_EXPORTED", "CHAPTER_STARTED", "CHAPTER_COMPLETED",
    "CHAPTER_FAILED", "SECTION_STARTED", "SECTION_COMPLETED", "GENERATION_STARTED", "GENERATION_COMPLETED",
    "GENERATION_RETRY", "CACHE_HIT", "CACHE_MISS", "RAG_INDEXING_STARTED", "RAG_INDEXING_COMPLETED",
    "RAG_RETRIEVAL_STARTED", "RAG_RETRIEVAL_COMPLETED", "CHECKPOINT_SAVED", "CHECKPOINT_LOADED", "ERROR_OCCURRED",
]  # fmt: skip


def test_the_first_21_types_are_the_architectures() -> None:
    assert [type.name for type in EventType][:21] == ARCHITECTURE


@pytest.mark.parametrize("type", EventType)
def test_every_type_has_documented_data(type: EventType) -> None:
    documented = EVENT_DATA[type]
    assert documented
    for key, meaning in documented.items():
        assert key.isidentifier(), key
        assert meaning.strip(), key


def test_nothing_is_documented_that_does_not_exist() -> None:
    assert set(EVENT_DATA) == set(EventType)
    assert set(EVENT_CONTEXT) == {"book", "chapter", "section"}


def test_a_types_value_is_its_name_in_lower_case() -> None:
    assert all(type.value == type.name.lower() for type in EventType)


def test_an_event_is_stamped_in_utc_and_told_as_json() -> None:
    event = Event(type=EventType.CACHE_HIT, data={"kind": "memory", "key": "chapter:1:aa"}, source="cache", run_id="r")
    assert event.timestamp.tzinfo is UTC
    told = json.loads(json.dumps(event.as_dict()))
    assert list(told) == ["type", "timestamp", "source", "run_id", "data"]
    assert told["type"] == "cache_hit"
    assert told["data"] == {"kind": "memory", "key": "chapter:1:aa"}


def test_an_event_comes_back_from_its_json() -> None:
    at = datetime(2026, 11, 20, 12, 0, 0, 345_000, tzinfo=timezone(timedelta(hours=3)))
    event = Event(type=EventType.CACHE_MISS, data={"kind": "file"}, timestamp=at, source="cache", run_id="r")
    back = Event.from_dict(json.loads(json.dumps(event.as_dict())))
    assert back == event
    with pytest.raises(ValueError, match="not_yet_invented"):
        Event.from_dict({"type": "not_yet_invented", "timestamp": at.isoformat()})


def test_events_can_not_be_changed() -> None:
    event = Event(type=EventType.CACHE_HIT)
    with pytest.raises(AttributeError):
        event.source = "elsewhere"  # type: ignore[misc]


def test_an_event_is_what_observers_read() -> None:
    event: EventLike = Event(type=EventType.CACHE_HIT)
    assert (event.type, event.run_id, event.source) == ("cache_hit", "", "")


@pytest.mark.parametrize("name", events.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(events, name) is not None
    module = importlib.import_module(f"ghostkit.events.{events._LATER.get(name, 'event')}")
    assert hasattr(module, name) or hasattr(events.manager, name)


def test_all_is_sorted_as_ruff_does_and_an_unknown_name_is_told() -> None:
    assert len(set(events.__all__)) == len(events.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'EventBus'"):
        _ = events.EventBus  # type: ignore[attr-defined]


def test_importing_events_brings_no_handler_and_nothing_heavy() -> None:
    code = (
        "import sys, ghostkit.events\n"
        "heavy = {'structlog', 'pydantic', 'anyio', 'asyncio', 'concurrent.futures', 'ghostkit.events.redaction'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from ghostkit.events import LoggingHandler\n"
        "assert LoggingHandler.__module__ == 'ghostkit.events.json_log'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
