"""Every event as one line of JSON in a file, without secrets."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Mapping, MutableMapping
from concurrent.futures import TimeoutError as FutureTimeout
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ghostkit.events.event import Event, EventType
from ghostkit.events.places import Places
from ghostkit.events.redaction import redact
from ghostkit.events.rotating_file import MOST_WAITING, RotatingFile, in_writer_thread

FAILURES: Final = frozenset(
    {
        EventType.BOOK_FAILED,
        EventType.CHAPTER_FAILED,
        EventType.SECTION_FAILED,
        EventType.GENERATION_FAILED,
        EventType.ERROR_OCCURRED,
    }
)
_WARNINGS = {
    EventType.GENERATION_RETRY,
    EventType.GENERATION_STOPPED,
    EventType.GENERATION_IN_DOUBT,
    EventType.PROVIDER_STATE,
}
_DETAILS = {EventType.CACHE_HIT, EventType.CACHE_MISS, EventType.RAG_INDEXING_STARTED, EventType.RAG_RETRIEVAL_STARTED}
LONGEST_TEXT: Final = 4_000
"""Longer text in a field is cut, and the line says by how much."""
_ORDER = ("timestamp", "level", "event", "run", "book", "chapter", "section", "source")


def level_of(event_type: str) -> str:
    """The log level of an event: error, warning, info or debug."""
    if event_type in FAILURES:
        return "error"
    if event_type in _WARNINGS:
        return "warning"
    return "debug" if event_type in _DETAILS else "info"


class LineHandler:
    """What the log handlers share: a record is built where the event happens, and rendered, redacted and written in
    the writer's thread, so that a slow disk never holds the event loop up and a broken one never hurts the run.

    `written`, `failures` (the disk refused, or a field could not be rendered) and `dropped` (too many were waiting)
    are counts of lines; `last_error` is the newest refusal as text.
    """

    def __init__(self, path: Path | str, *, max_bytes: int = 5_000_000, keep: int = 3, book: str = "") -> None:
        self.file = RotatingFile(path, max_bytes=max_bytes, keep=keep)
        self.written = 0
        self.failures = 0
        self.dropped = 0
        self.last_error = ""
        self._places = Places(book=book)
        self._waiting = 0
        self._lock = threading.Lock()

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all lines so far are on their way to the disk; False if that took longer than `timeout_s`."""
        try:
            in_writer_thread(lambda: None).result(timeout_s)
        except FutureTimeout:
            return False
        return True

    def _record(self, event: Event) -> dict[str, Any]:
        record: dict[str, Any] = {"timestamp": event.timestamp.isoformat(timespec="milliseconds")}
        record |= {"level": level_of(event.type), "event": str(event.type)}
        record |= self._places.of(event)
        record |= {"source": event.source, "data": dict(event.data)}
        error = sys.exception()
        if error is not None and event.type in FAILURES and "traceback" not in event.data:
            # Made into text by the writer's thread: a traceback reads source files.
            record["traceback"] = error
        return record

    def _submit(self, record: dict[str, Any]) -> None:
        with self._lock:
            if self._waiting >= MOST_WAITING:
                self.dropped += 1
                return
            self._waiting += 1
        try:
            in_writer_thread(lambda: self._write(record))
        except RuntimeError:  # the interpreter is going down and takes no more work: write here
            self._write(record)

    def _write(self, record: dict[str, Any]) -> None:
        try:
            self.file.append(render(record).encode("utf-8", "replace"))
        except Exception as error:  # whatever goes wrong with a log line, the book goes on
            with self._lock:
                self.failures += 1
                self.last_error = redact(f"{type(error).__name__}: {error}")
        else:
            with self._lock:
                self.written += 1
        finally:
            with self._lock:
                self._waiting -= 1


class LoggingHandler(LineHandler):
    """Write every event to `path` (in a project: `logs/ghostkit.jsonl`) as one JSON line.

    Fields: `timestamp`, `level`, `event`, then `run`, `book`, `chapter`, `section` as far as known, `source`,
    `data`, and `traceback` where an error is at hand. Subscribe it with `EventManager.subscribe_all`.
    """

    def handle(self, event: Event) -> None:
        """Never raises for the file's sake."""
        self._submit(self._record(event))


def render(record: Mapping[str, Any]) -> str:
    """One line of JSON from a record (`event` and `level` required), redacted in every field."""
    fields = {name: value for name, value in record.items() if name not in ("event", "level")}
    line: str = getattr(_logger(), record["level"])(record["event"], **fields)
    return line


class _Line:
    """What structlog's logger writes to: it hands the finished line back."""

    def line(self, text: str) -> str:
        return text

    debug = info = warning = error = line


@lru_cache(maxsize=1)
def _logger() -> Any:
    """A structlog logger of our own; structlog's and logging's global configuration stay the user's."""
    import structlog  # 90 ms: not before the first line

    return structlog.wrap_logger(
        _Line(),
        processors=[
            structlog.processors.add_log_level,
            _without_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
    )


def _without_secrets(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: redacts, makes every value plain JSON, and puts the fields in their order."""
    plain = {str(name): _plain(value) for name, value in redact(fields).items()}
    return {name: plain[name] for name in _ORDER if name in plain} | plain


def _plain(value: Any) -> Any:
    """A redacted value as JSON can hold it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    text = str(value)
    cut = len(text) - LONGEST_TEXT
    return text if cut <= 0 else f"{text[:LONGEST_TEXT]}… ({cut} more characters)"
