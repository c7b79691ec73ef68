"""How a call for embeddings is written down: an intent before it leaves, and what became of it. Never a text."""

from __future__ import annotations

from dataclasses import dataclass

from ghostkit.errors import GhostkitError, ProviderError
from ghostkit.events import Event, EventType
from ghostkit.generation.embedding.batches import Batch
from ghostkit.generation.embedding.purpose import Purpose
from ghostkit.providers.embeddings import EmbeddingModel, Role

_SOURCE = "embedding"


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What a call used. `cost_usd` means nothing where it is not `cost_known`."""

    tokens: int = 0
    source: str = "estimated"
    cost_usd: float = 0.0
    cost_known: bool = True

    def as_data(self) -> dict[str, object]:
        return {
            "tokens": self.tokens,
            "tokens_from": self.source,
            "cost_usd": self.cost_usd if self.cost_known else None,
            "cost_known": self.cost_known,
        }


def started_event(
    id: str, known: EmbeddingModel, role: Role, batch: Batch, purpose: Purpose, attempt: int, most_usd: float | None
) -> Event:
    """The intent: durable before the request leaves. `most_usd` None: nobody knows what it can cost."""
    info = known.as_info()
    data = {
        "embedding": id,
        "model": known.name,
        "role": role,
        "texts": len(batch.texts),
        "characters": batch.characters,
        "cut": batch.cut,
        "most_usd": most_usd,
        "purpose": purpose.what,
        "slot": purpose.slot,
        "attempt": attempt,
        "base_url": info.base_url,
        "local": known.local,
    }
    return Event(type=EventType.EMBEDDING_STARTED, data=data, source=_SOURCE)


def completed_event(id: str, known: EmbeddingModel, batch: Batch, bill: Bill, ms: int, request_id: str) -> Event:
    data = {
        "embedding": id,
        "model": known.name,
        "texts": len(batch.texts),
        **bill.as_data(),
        "ms": ms,
        "request_id": request_id,
    }
    return Event(type=EventType.EMBEDDING_COMPLETED, data=data, source=_SOURCE)


def failed_event(id: str, known: EmbeddingModel, bill: Bill, ms: int, stop: BaseException, *, sent: bool) -> Event:
    """`stop` is what ended it: an error of ours, or a cancellation."""
    kind, reason = "cancelled", "Somebody stopped it."
    if isinstance(stop, ProviderError):
        kind, reason = stop.kind, stop.message
    elif isinstance(stop, GhostkitError):
        kind, reason = stop.code, stop.message
    data = {
        "embedding": id,
        "model": known.name,
        "kind": kind,
        "reason": reason,
        "sent": sent,
        **bill.as_data(),
        "ms": ms,
        "request_id": stop.request_id if isinstance(stop, ProviderError) else "",
    }
    return Event(type=EventType.EMBEDDING_FAILED, data=data, source=_SOURCE)
