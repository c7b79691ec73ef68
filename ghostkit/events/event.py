"""What happened, as a value: `Event` and the vocabulary of `EventType`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol, Self


class EventType(StrEnum):
    """The named moments of a book. The first 21 are the architecture's; the rest fill its gaps."""

    BOOK_STARTED = "book_started"
    BOOK_COMPLETED = "book_completed"
    BOOK_FAILED = "book_failed"
    BOOK_EXPORTED = "book_exported"
    CHAPTER_STARTED = "chapter_started"
    CHAPTER_COMPLETED = "chapter_completed"
    CHAPTER_FAILED = "chapter_failed"
    SECTION_STARTED = "section_started"
    SECTION_COMPLETED = "section_completed"
    GENERATION_STARTED = "generation_started"
    GENERATION_COMPLETED = "generation_completed"
    GENERATION_RETRY = "generation_retry"
    CACHE_HIT = "cache_hit"
    CACHE_MISS = "cache_miss"
    RAG_INDEXING_STARTED = "rag_indexing_started"
    RAG_INDEXING_COMPLETED = "rag_indexing_completed"
    RAG_RETRIEVAL_STARTED = "rag_retrieval_started"
    RAG_RETRIEVAL_COMPLETED = "rag_retrieval_completed"
    CHECKPOINT_SAVED = "checkpoint_saved"
    CHECKPOINT_LOADED = "checkpoint_loaded"
    ERROR_OCCURRED = "error_occurred"
    # ghostkit's own
    RUN_STARTED = "run_started"
    RUN_ENDED = "run_ended"
    SECTION_FAILED = "section_failed"
    GENERATION_FAILED = "generation_failed"
    GENERATION_STOPPED = "generation_stopped"
    GENERATION_IN_DOUBT = "generation_in_doubt"
    HUMAN_EDIT = "human_edit"
    OUTLINE_ADOPTED = "outline_adopted"
    STRUCTURE_CHANGED = "structure_changed"
    FILE_SET_ASIDE = "file_set_aside"
    REVISION_PROPOSED = "revision_proposed"
    PROPOSAL_ACCEPTED = "proposal_accepted"
    PROPOSAL_REJECTED = "proposal_rejected"
    REVISION_RESTORED = "revision_restored"
    STALENESS_ACCEPTED = "staleness_accepted"
    TEXT_PURGED = "text_purged"
    CONTEXT_SHORTENED = "context_shortened"
    PROVIDER_STATE = "provider_state"
    EMBEDDING_STARTED = "embedding_started"
    EMBEDDING_COMPLETED = "embedding_completed"
    EMBEDDING_FAILED = "embedding_failed"


EVENT_DATA: Mapping[EventType, Mapping[str, str]] = {
    EventType.BOOK_STARTED: {"book": "book id", "title": "its title", "chapters": "how many are planned"},
    EventType.BOOK_COMPLETED: {"book": "book id", "words": "in all sections", "cost_usd": "of all attempts"},
    EventType.BOOK_FAILED: {"book": "book id", "reason": "one sentence"},
    EventType.BOOK_EXPORTED: {
        "book": "book id",
        "format": "name",
        "path": "file",
        "bytes": "size",
        "sha256": "of the file",
    },
    EventType.CHAPTER_STARTED: {"chapter": "chapter id", "number": "as displayed", "title": "its title"},
    EventType.CHAPTER_COMPLETED: {"chapter": "chapter id", "number": "as displayed", "words": "in its sections"},
    EventType.CHAPTER_FAILED: {"chapter": "chapter id", "number": "as displayed", "reason": "one sentence"},
    EventType.SECTION_STARTED: {
        "section": "section id",
        "chapter": "chapter id",
        "number": "e.g. 2.3",
        "title": "its title",
    },
    EventType.SECTION_COMPLETED: {
        "section": "section id",
        "chapter": "chapter id",
        "number": "e.g. 2.3",
        "words": "written",
        "attempt": "id",
        "measures": "scores by name",
        "retrieval": "id of what was looked up for it, if anything was",
        "overlap": "by passage: overlaps, score, how: what of it is in the prose",
    },
    EventType.SECTION_FAILED: {
        "section": "section id",
        "chapter": "chapter id",
        "number": "e.g. 2.3",
        "reason": "one sentence",
    },
    EventType.GENERATION_STARTED: {"slot": "object/kind/variant", "attempt": "id", "model": "provider:model"},
    EventType.GENERATION_COMPLETED: {
        "slot": "object/kind/variant",
        "attempt": "id",
        "model": "provider:model",
        "input_tokens": "count",
        "output_tokens": "count",
        "ms": "whole call",
        "cost_usd": "of this attempt",
    },
    EventType.GENERATION_RETRY: {
        "slot": "object/kind/variant",
        "attempt": "number",
        "reason": "kind",
        "delay_s": "wait",
    },
    EventType.GENERATION_FAILED: {
        "slot": "object/kind/variant",
        "attempt": "id",
        "kind": "error kind",
        "reason": "one sentence",
        "sent": "whether the request may have left this machine",
    },
    EventType.GENERATION_STOPPED: {
        "slot": "object/kind/variant",
        "attempt": "id",
        "ending": "length, truncated, refused or cancelled",
        "kept_characters": "of partial text",
    },
    EventType.GENERATION_IN_DOUBT: {"slot": "object/kind/variant", "attempt": "id", "most_usd": "it can have cost"},
    EventType.CACHE_HIT: {"kind": "cache", "key": "entry", "slot": "object/kind/variant", "attempt": "id"},
    EventType.CACHE_MISS: {"kind": "cache", "key": "entry", "slot": "object/kind/variant"},
    EventType.RAG_INDEXING_STARTED: {"source": "what is indexed"},
    EventType.RAG_INDEXING_COMPLETED: {
        "chunks": "in the index now",
        "documents": "sections and sources",
        "changed": "texts cut anew",
        "embedded": "texts whose vectors were missing",
        "embedder": "its key, empty for words alone",
        "seconds": "elapsed",
        "notes": "what a person should know",
    },
    EventType.RAG_RETRIEVAL_STARTED: {"query": "text"},
    EventType.RAG_RETRIEVAL_COMPLETED: {
        "retrieval": "id",
        "slot": "of the text it was for, empty for a search",
        "query": "what was looked for",
        "config": "id of the settings",
        "settings": "those that are not the defaults",
        "embedder": "its key, empty for words alone",
        "as_of": "chapter and section whose view it was, or null",
        "hits": "each with chunk, document, chapter, section, start, end, rank, score, parts, kept, why, tokens",
        "dropped": "candidates that were no hits, the 40 best beside all that were merged: chunk, score, why",
        "dropped_in_all": "how many there were",
        "shares": "tokens of core, retrieved and summaries, and the budget",
        "cache_hit": "whether the query's vector was known",
        "ms": "elapsed",
        "times": "milliseconds by stage",
        "notes": "what a person should know",
    },
    EventType.CHECKPOINT_SAVED: {"path": "inside the project", "reason": "what it followed"},
    EventType.CHECKPOINT_LOADED: {"path": "inside the project", "steps_done": "count"},
    EventType.ERROR_OCCURRED: {"where": "part", "error": "class", "reason": "one sentence"},
    EventType.RUN_STARTED: {"goal": "what the run writes", "model": "provider:model"},
    EventType.RUN_ENDED: {"state": "of the run", "reason": "one sentence or empty"},
    EventType.HUMAN_EDIT: {"object": "id", "kind": "text kind", "path": "file", "revision": "new revision's id"},
    EventType.OUTLINE_ADOPTED: {"object": "book or chapter id", "children": "ids in order"},
    EventType.STRUCTURE_CHANGED: {
        "object": "chapter or section id",
        "what": "add, move, split, merge, delete or bring back",
        "number": "as displayed before, empty if it is new",
        "to": "as displayed afterwards, empty if it is gone",
        "others": "ids of what it made or took in",
    },
    EventType.FILE_SET_ASIDE: {"path": "as it was found", "kept": "where it is now", "reason": "one sentence"},
    EventType.REVISION_PROPOSED: {
        "object": "id",
        "kind": "text kind",
        "revision": "id, the proposal's too",
        "base": "revision id it was made for",
        "source": "rewrite, variant, editor, conflict …",
    },
    EventType.PROPOSAL_ACCEPTED: {
        "object": "id",
        "kind": "text kind",
        "revision": "id, the head now",
        "base": "revision id it was made for",
        "note": "what was said",
    },
    EventType.PROPOSAL_REJECTED: {
        "object": "id",
        "kind": "text kind",
        "revision": "id",
        "base": "revision id it was made for",
        "note": "what was said",
    },
    EventType.REVISION_RESTORED: {
        "object": "id",
        "kind": "text kind",
        "revision": "id, the head now",
        "before": "revision id that was the head",
    },
    EventType.STALENESS_ACCEPTED: {
        "object": "id",
        "kind": "text kind",
        "revision": "id that is fine as it is",
        "note": "what was said",
    },
    EventType.TEXT_PURGED: {"digest": "SHA-256 of the text", "reason": "one sentence"},
    EventType.CONTEXT_SHORTENED: {"slot": "object/kind/variant", "notes": "what a prompt had to leave out, and why"},
    EventType.PROVIDER_STATE: {
        "model": "provider:model",
        "before": "closed, open or half-open",
        "state": "of its circuit breaker now: closed, open or half-open",
        "failures": "in a row",
        "retry_after_s": "for how long nothing is sent",
    },
    EventType.EMBEDDING_STARTED: {
        "embedding": "id",
        "model": "provider:model",
        "role": "query or passage",
        "texts": "count",
        "characters": "in all of them",
        "cut": "how many were too long",
        "most_usd": "it can cost, null if nobody knows",
        "purpose": "index, search …",
        "slot": "object/kind/variant of the text it is for, or empty",
        "attempt": "number",
        "base_url": "where it goes",
        "local": "whether that is this machine",
    },
    EventType.EMBEDDING_COMPLETED: {
        "embedding": "id",
        "model": "provider:model",
        "texts": "count",
        "tokens": "count",
        "tokens_from": "reported or estimated",
        "cost_usd": "of this call, null if nobody knows",
        "cost_known": "whether anybody does",
        "ms": "whole call",
        "request_id": "the vendor's",
    },
    EventType.EMBEDDING_FAILED: {
        "embedding": "id",
        "model": "provider:model",
        "kind": "error kind, or cancelled",
        "reason": "one sentence",
        "sent": "whether the request may have left this machine",
        "tokens": "that it may be billed for",
        "tokens_from": "reported or estimated",
        "cost_usd": "that they would cost, null if nobody knows",
        "cost_known": "whether anybody does",
        "ms": "whole call",
        "request_id": "the vendor's",
    },
}
"""The documented data keys of every event that exists so far."""

EVENT_CONTEXT: Mapping[str, str] = {
    "book": "book id",
    "chapter": "chapter id",
    "section": "section id",
}
"""Keys that any event may carry beside its own, to say where it belongs."""


class EventLike(Protocol):
    """What an observer reads: an `Event`, or a row of a ledger's event log."""

    @property
    def type(self) -> str: ...
    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def timestamp(self) -> datetime: ...
    @property
    def source(self) -> str: ...
    @property
    def run_id(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened.

    `timestamp` is timezone-aware UTC; `data` is JSON-serialisable with the keys of `EVENT_DATA`.
    `key`, when given, makes the event unique in the ledger: recording it twice keeps the first.
    """

    type: EventType
    data: Mapping[str, Any] = field(default_factory=dict)
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    source: str = ""
    run_id: str = ""
    key: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, in a stable order."""
        return {
            "type": str(self.type),
            "timestamp": self.timestamp.isoformat(timespec="milliseconds"),
            "source": self.source,
            "run_id": self.run_id,
            "data": dict(self.data),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The event that `as_dict` told of; raises ValueError for a type that this version does not have."""
        return cls(
            type=EventType(values["type"]),
            data=dict(values.get("data") or {}),
            timestamp=datetime.fromisoformat(values["timestamp"]),
            source=values.get("source", ""),
            run_id=values.get("run_id", ""),
        )
