"""Checkpoints follow chapters: CHAPTER_COMPLETED saves one, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ghostkit import faults
from ghostkit.book.checkpoints import CheckpointManager
from ghostkit.book.structure import dump_structure
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
        saved = await in_thread(self.save_checkpoint, event.data, event.timestamp)
        for fresh in saved:
            await self._events.emit_async(fresh)

    def save_checkpoint(self, completed: Mapping[str, Any], when: datetime) -> list[Event]:
        """Write the checkpoint that belongs to a completed chapter; returns the event if it is new."""
        faults.point("checkpoint.before")
        with self._manuscript.lock:
            name = self._manager.save(self._snapshot(completed), when)
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
        """Save the checkpoint that a crash kept from following its chapter."""
        ledger = self._manuscript.ledger
        completed = ledger.events(types=[EventType.CHAPTER_COMPLETED], limit=1, newest=True)
        if not completed:
            return []
        last = completed[0]
        wanted = (last.data["chapter"], last.data.get("digest", ""))
        saved = ledger.events(types=[EventType.CHECKPOINT_SAVED])
        if any((event.data.get("chapter"), event.data.get("digest", "")) == wanted for event in saved):
            return []
        return self.save_checkpoint(last.data, last.timestamp)

    def _snapshot(self, completed: Mapping[str, Any]) -> dict[str, Any]:
        import json

        book = self._manuscript.book
        heads = {
            f"{head.object_id}/{head.kind}": {"revision": head.id, "sha256": head.text_hash}
            for head in self._manuscript.heads()
        }
        return {
            "checkpoint": 1,
            "after": {"chapter": completed["chapter"], "number": completed["number"]},
            "words": book.word_count,
            "steps_done": self._manuscript.ledger.totals().steps.get("done", 0),
            "heads": dict(sorted(heads.items())),
            "book": json.loads(dump_structure(book)),
        }
