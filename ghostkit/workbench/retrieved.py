"""What was retrieved for a section's text, and how much of it is in the text: read from the ledger's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostkit.events import EventType
from ghostkit.ledger import StoredEvent

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


def retrieved_for(book: Book, section_id: str, slot: str, attempt: str) -> dict[str, Any] | None:
    """The retrieval behind an attempt: its hits with their fate, the shares of the window, the overlap with the prose.

    None where nothing was looked up.
    """
    done = _completed(book, section_id, attempt)
    events = book.ledger.events(types=[EventType.RAG_RETRIEVAL_COMPLETED])
    wanted = done.data.get("retrieval") if done is not None else None
    event = next((e for e in reversed(events) if _is_it(e, wanted, slot)), None)
    if event is None:
        return None
    overlap = (done.data.get("overlap") if done is not None else None) or {}
    return {**_told(event), "hits": [_with_overlap(hit, overlap) for hit in event.data["hits"]]}


def passages_by_slot(book: Book) -> dict[str, int]:
    """How many passages each section's last prompt held."""
    events = book.ledger.events(types=[EventType.RAG_RETRIEVAL_COMPLETED])
    return {e.data["slot"]: sum(hit["kept"] for hit in e.data["hits"]) for e in events if e.data.get("slot")}


def _completed(book: Book, section_id: str, attempt: str) -> StoredEvent | None:
    events = book.ledger.events(types=[EventType.SECTION_COMPLETED])
    return next(
        (e for e in reversed(events) if e.data.get("section") == section_id and e.data.get("attempt") == attempt), None
    )


def _is_it(event: StoredEvent, wanted: str | None, slot: str) -> bool:
    if wanted is not None:
        return bool(event.data.get("retrieval") == wanted)
    return bool(event.data.get("slot") == slot)


def _told(event: StoredEvent) -> dict[str, Any]:
    names = ("retrieval", "query", "config", "settings", "embedder", "as_of", "ms", "cache_hit", "shares", "notes")
    return {name: event.data.get(name) for name in names}


def _with_overlap(hit: dict[str, Any], overlap: dict[str, Any]) -> dict[str, Any]:
    return {**hit, "overlap": overlap.get(hit["chunk"])}
