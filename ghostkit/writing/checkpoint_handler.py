"""Checkpoints follow chapters: CHAPTER_COMPLETED saves one, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ghostkit import faults
from ghostkit.book.checkpoints import CheckpointManager
from ghostkit.book.structure import dump_structure
from ghostkit.errors import GhostkitError
from ghostkit.events import Event, EventManager, EventType
from ghostkit.ledger import Who, in_thread
from ghostkit.writing.manuscript import Manuscript


class CheckpointHandler:
    """Subscribe it to CHAPTER_COMPLETED. Delivered twice, an event still makes one checkpoint."""

    def __init__(self, manuscript: Manuscript, manager: CheckpointManager, who: Who, events: EventManager) -> None:
        self._manuscript = manuscript
        self._manager = manager
        self._who = who
        self._events = events

    async def handle(self, event: Event) -> None:
        """Save the checkpoint; one that can't be saved is told of, and made up for when the book is next written."""
        try:
            saved = await in_thread(self.save_checkpoint, event.data, event.timestamp)
        except (GhostkitError, OSError) as error:
            saved = [_not_saved(event, error)]
        for fresh in saved:
            await self._events.emit_async(fresh)

    def save_checkpoint(self, completed: Mapping[str, Any], when: datetime) -> list[Event]:
        """Write the checkpoint that belongs to a completed chapter; returns the event if it is new."""
        faults.point("checkpoint.before")
        after = {"chapter": completed["chapter"], "number": completed["number"]}
        with self._manuscript.lock:
            name = self._manager.save(snapshot_of(self._manuscript, after), when)
        event = Event(
            type=EventType.CHECKPOINT_SAVED,
            data={
                "path": f"checkpoints/checkpoint_{name}.json",
                "reason": f"chapter {completed['number']} completed",
                "chapter": completed["chapter"],
                "digest": completed.get("digest", ""),
            },
            source="checkpoints",
            key=f"checkpoint:{completed['chapter']}:{completed.get('digest', '')}",
        )
        faults.point("checkpoint.before_commit")
        fresh = self._manuscript.ledger.record([event], self._who)
        faults.point("checkpoint.after_commit")
        return fresh

    def load_checkpoint(self) -> dict[str, Any]:
        """The newest checkpoint that can be read."""
        return self._manager.load()

    def catch_up(self) -> list[Event]:
        """Save the checkpoints that a crash, or a disk full for a while, kept from following their chapters."""
        ledger = self._manuscript.ledger
        saved = {_which(event.data) for event in ledger.events(types=[EventType.CHECKPOINT_SAVED])}
        return [
            fresh
            for event in ledger.events(types=[EventType.CHAPTER_COMPLETED])
            if _which(event.data) not in saved
            for fresh in self.save_checkpoint(event.data, event.timestamp)
        ]


def snapshot_of(manuscript: Manuscript, after: Mapping[str, Any]) -> dict[str, Any]:
    """The book as it stands: which revision is the text of what, and the structure. `after` says what it followed."""
    book = manuscript.book
    heads = {
        f"{head.object_id}/{head.kind}": {"revision": head.id, "sha256": head.text_hash} for head in manuscript.heads()
    }
    return {
        "checkpoint": 1,
        "after": dict(after),
        "words": book.word_count,
        "steps_done": manuscript.ledger.totals().steps.get("done", 0),
        "heads": dict(sorted(heads.items())),
        "book": json.loads(dump_structure(book)),
    }


def _which(data: Mapping[str, Any]) -> tuple[Any, Any]:
    """Which state of which chapter an event is about."""
    return data.get("chapter"), data.get("digest", "")


def _not_saved(completed: Event, error: GhostkitError | OSError) -> Event:
    """Delivered, not recorded: where a checkpoint finds no room, an event would find none either."""
    reason = error.message if isinstance(error, GhostkitError) else f"{error.strerror or error}."
    return Event(
        type=EventType.ERROR_OCCURRED,
        data={
            "where": "checkpoints",
            "error": type(error).__name__,
            "reason": f"The checkpoint after chapter {completed.data['number']} was not saved: {reason}",
        },
        source="checkpoints",
        run_id=completed.run_id,
    )
