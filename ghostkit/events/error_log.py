"""Every failure with its context and traceback, counted."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

from ghostkit.events.event import Event
from ghostkit.events.json_log import FAILURES, LineHandler


class ErrorHandler(LineHandler):
    """Write ERROR_OCCURRED and every …_FAILED event to `path` (in a project: `logs/errors.jsonl`) and count them.

    `counts` is by event type, `kinds` by what failed (an error class or a provider's kind of error). A traceback
    is taken from the event's data (`traceback`, or an exception under `exception`), else from the error being
    handled where the event is emitted. Other events pass; so it may be subscribed to all.
    """

    def __init__(self, path: Path | str, *, max_bytes: int = 2_000_000, keep: int = 3, book: str = "") -> None:
        super().__init__(path, max_bytes=max_bytes, keep=keep, book=book)
        self.counts: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self._counting = threading.Lock()

    def handle(self, event: Event) -> None:
        """Never raises for the file's sake."""
        if event.type not in FAILURES:
            self._places.learn(event)
            return
        record = self._record(event)
        kind = str(event.data.get("error") or event.data.get("kind") or event.type)
        with self._counting:
            self.counts[str(event.type)] += 1
            self.kinds[kind] += 1
        if isinstance(event.data.get("exception"), BaseException):
            record["traceback"] = record["data"].pop("exception")
        self._submit(record)

    def handler_failed(self, event: Event, handler: Any, error: Exception) -> None:
        """For `EventManager(on_error=…)`: record that `handler` raised `error` on `event`."""
        name = getattr(handler, "__qualname__", type(handler).__qualname__)
        with self._counting:
            self.counts["handler_failed"] += 1
            self.kinds[type(error).__name__] += 1
        record = self._record(event) | {"level": "error", "event": "handler_failed"}
        record["data"] = {"handler": name, "while": str(event.type), "reason": str(error)}
        record["traceback"] = error
        self._submit(record)
