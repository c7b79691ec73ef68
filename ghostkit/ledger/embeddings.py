"""Calls for embeddings, put together from their events: an intent without an end is money in doubt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from ghostkit.events.event import EventLike, EventType
from ghostkit.ledger import journal
from ghostkit.ledger.looking import reading

TYPES: Final = (EventType.EMBEDDING_STARTED, EventType.EMBEDDING_COMPLETED, EventType.EMBEDDING_FAILED)
_WORDS_OF_A_VENDOR: Final = frozenset({"auth", "rate", "overloaded", "content", "quota", "bad_request"})
"""Kinds of failure that only an answer can bring."""


@dataclass(frozen=True, kw_only=True)
class EmbeddingCall:
    """One request. `ended` is empty while nobody knows how it ended: it is under way, or its process died."""

    id: str
    model: str
    role: str
    purpose: str
    slot: str
    base_url: str
    local: bool
    started_at: datetime
    texts: int
    characters: int
    most_usd: float | None
    run_id: str = ""
    ended: Literal["", "complete", "error", "cancelled"] = ""
    kind: str = ""
    sent: bool = True
    tokens: int = 0
    cost_usd: float | None = None
    """None where nobody knows."""
    seconds: float = 0.0

    @property
    def turned_away(self) -> bool:
        """It failed by the vendor's own word, so it did arrive."""
        return self.ended == "error" and self.kind in _WORDS_OF_A_VENDOR


@dataclass(frozen=True, kw_only=True)
class EmbeddingTotals:
    """Sums over the calls that ended; `in_doubt_usd` over the others. `calls` are those that were sent."""

    calls: int = 0
    failed: int = 0
    texts: int = 0
    """That have a vector."""
    characters: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    in_doubt: int = 0
    in_doubt_usd: float = 0.0
    seconds: float = 0.0


def embedding_calls(events: Iterable[EventLike]) -> list[EmbeddingCall]:
    """In the order in which they began."""
    calls: dict[str, EmbeddingCall] = {}
    for event in events:
        id = str(event.data.get("embedding", ""))
        if event.type == EventType.EMBEDDING_STARTED:
            calls[id] = _begun(id, event)
        elif event.type in TYPES and id in calls:
            calls[id] = _ended(calls[id], event)
    return list(calls.values())


def embedding_totals(events: Iterable[EventLike]) -> EmbeddingTotals:
    """Of all calls that the events tell of."""
    calls = embedding_calls(events)
    ended = [call for call in calls if call.ended]
    sent = [call for call in ended if call.sent]
    whole = [call for call in ended if call.ended == "complete"]
    doubtful = [call for call in calls if not call.ended]
    return EmbeddingTotals(
        calls=len(sent) + len(doubtful),
        failed=len(ended) - len(whole),
        texts=sum(call.texts for call in whole),
        characters=sum(call.characters for call in sent),
        tokens=sum(call.tokens for call in ended),
        cost_usd=sum(call.cost_usd or 0.0 for call in ended),
        unpriced=sum(call.cost_usd is None for call in sent) + sum(call.most_usd is None for call in doubtful),
        in_doubt=len(doubtful),
        in_doubt_usd=sum(call.most_usd or 0.0 for call in doubtful),
        seconds=sum(call.seconds for call in ended),
    )


def embeddings_asked(path: Path) -> list[EmbeddingCall]:
    """Every call in the ledger at `path`, which is neither opened nor locked; none where there is no file.

    Raises `LedgerDamaged`, `LedgerTooNew`, or `LedgerError` for a ledger of an earlier ghostkit.
    """
    if not path.exists():
        return []
    with reading(path) as sql:
        return embedding_calls(journal.select(sql, types=TYPES))


def _begun(id: str, event: EventLike) -> EmbeddingCall:
    data = event.data
    most = data.get("most_usd")
    return EmbeddingCall(
        id=id,
        model=str(data.get("model", "")),
        role=str(data.get("role", "")),
        purpose=str(data.get("purpose", "")),
        slot=str(data.get("slot", "")),
        base_url=str(data.get("base_url", "")),
        local=bool(data.get("local")),
        started_at=event.timestamp,
        texts=int(data.get("texts", 0)),
        characters=int(data.get("characters", 0)),
        most_usd=float(most) if most is not None else None,
        run_id=event.run_id,
    )


def _ended(call: EmbeddingCall, event: EventLike) -> EmbeddingCall:
    data, cost = event.data, event.data.get("cost_usd")
    kind = str(data.get("kind", ""))
    ended: Literal["complete", "error", "cancelled"] = "complete"
    if event.type == EventType.EMBEDDING_FAILED:
        ended = "cancelled" if kind == "cancelled" else "error"
    return replace(
        call,
        ended=ended,
        kind=kind,
        sent=data.get("sent", True) is not False,
        tokens=int(data.get("tokens") or 0),
        cost_usd=float(cost) if cost is not None else None,
        seconds=float(data.get("ms") or 0) / 1000,
    )
