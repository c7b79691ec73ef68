"""The rows that follow from events. Event data is whatever was recorded, by whatever version: a value that is not of
its kind reads as empty."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ghostkit.analytics.history import History, Made
from ghostkit.analytics.values import as_flag, as_mapping, as_real, as_text, as_whole, compact, split_slot

Row = Sequence[Any]
Data = Mapping[str, Any]
Places = Mapping[str, tuple[int | None, int | None]]
VectorEvent = tuple[str, float, str, Data]
"""Type, when, run and data of an event about a request for vectors."""
NOWHERE: Final = (None, None)
VECTORS: Final = ("embedding_started", "embedding_completed", "embedding_failed")


class FromEvents:
    """Takes events of one book in order and collects rows by table in `rows`; `use` is what concerns earlier rows."""

    def __init__(self, book: str, places: Places, history: History) -> None:
        self._book, self._places, self._history = book, places, history
        self.rows: dict[str, list[Row]] = {}
        self.use: list[Row] = []
        """(retrieval, chunk, overlaps, score, how, attempt) for hits that are in the database already."""
        self.vectors: dict[str, list[VectorEvent]] = {}
        """Events about requests for vectors, by request."""
        self._hits: dict[str, list[list[Any]]] = {}
        self._retrievals: dict[str, list[Any]] = {}

    def take(self, event: Row) -> None:
        """One event, as `EVENT_COLUMNS`."""
        seq, type, text, at, source, actor, run_id, version = event
        self._add("events", seq, type, at, source, run_id, actor, version, text)
        reader = _READERS.get(type)
        if reader is not None:
            data = as_mapping(json.loads(text))
            reader(self, seq, type, at, run_id, data)

    def _add(self, table: str, *values: Any) -> None:
        self.rows.setdefault(table, []).append((self._book, *values))

    def _lookup(self, seq: int, type: str, at: float, run_id: str, data: Data) -> None:
        object, kind = split_slot(as_text(data, "slot"))
        hit, attempt = type == "cache_hit", as_text(data, "attempt")
        if hit and attempt:
            self._history.cached.add(attempt)
        place = self._places.get(object, NOWHERE)
        cache, key = as_text(data, "kind"), as_text(data, "key")
        self._add("cache_lookups", seq, at, cache, hit, key, object, kind, *place, attempt, run_id)

    def _retry(self, seq: int, type: str, at: float, run_id: str, data: Data) -> None:
        slot = as_text(data, "slot")
        object, kind = split_slot(slot)
        number = as_whole(data, "attempt")
        self._history.retries.setdefault((slot, run_id), []).append((at, number or 0))
        place = self._places.get(object, NOWHERE)
        reason, delay = as_text(data, "reason"), as_real(data, "delay_s")
        model = as_text(data, "model")
        self._add("retries", seq, at, slot, object, kind, *place, number, reason, delay, model, run_id)

    def _vector(self, seq: int, type: str, at: float, run_id: str, data: Data) -> None:
        self.vectors.setdefault(request_id(data), []).append((type, at, run_id, data))

    # ── retrieval ─────────────────────────────────────────────────────────────────────────────────────────

    def _retrieval(self, seq: int, type: str, at: float, run_id: str, data: Data) -> None:
        slot, id = as_text(data, "slot"), as_text(data, "retrieval") or f"event-{seq}"
        object, kind = split_slot(slot)
        place = self._places.get(object, NOWHERE)
        config, embedder = as_text(data, "config"), as_text(data, "embedder")
        found = data.get("hits")
        hits = [self._hit(id, number, as_mapping(hit)) for number, hit in enumerate(_items(found), 1)]
        ms, shares, as_of = data.get("ms"), as_mapping(data.get("shares")), _items(data.get("as_of"))
        until = {"chapter": as_of[0] if as_of else None, "section": as_of[1] if len(as_of) > 1 else None}
        total = as_real(as_mapping(ms), "total") if isinstance(ms, Mapping) else as_real(data, "ms")
        cache_hit = as_flag(data, "cache_hit")
        row = [
            self._book, seq, at, id, slot, object, kind, *place, as_text(data, "query"), config,
            compact(data.get("settings")), embedder, as_whole(until, "chapter"), as_whole(until, "section"),
            len(hits) if isinstance(found, list) else as_whole(data, "hits") or 0, sum(hit[_KEPT] for hit in hits),
            None, total, compact(ms), bool(cache_hit), *(as_whole(shares, name) for name in _SHARES), "", run_id,
        ]  # fmt: skip
        self._retrievals[id], self._hits[id] = row, hits
        self.rows.setdefault("retrievals", []).append(row)
        self.rows.setdefault("retrieval_hits", []).extend(hits)
        if embedder and cache_hit is not None:
            self._add("cache_lookups", seq, at, "query_vectors", cache_hit, "", object, kind, *place, "", run_id)
        self._history.retrieved(Made(seq=seq, at=at, id=id, config=config, slot=slot, run_id=run_id), object, kind)

    def _hit(self, retrieval: str, number: int, hit: Data) -> list[Any]:
        rank = as_whole(hit, "rank")
        return [
            self._book, retrieval, number if rank is None else rank, as_text(hit, "chunk"), as_text(hit, "document"),
            as_whole(hit, "chapter"), as_whole(hit, "section"), as_whole(hit, "start"), as_whole(hit, "end"),
            as_real(hit, "score"), compact(hit.get("parts")), as_whole(hit, "tokens"), bool(as_flag(hit, "kept")),
            as_text(hit, "why"), None, None, "",
        ]  # fmt: skip

    def _completed(self, seq: int, type: str, at: float, run_id: str, data: Data) -> None:
        section, attempt = as_text(data, "section"), as_text(data, "attempt")
        place = self._places.get(section, NOWHERE)
        measures = as_mapping(data.get("measures"))
        for name in measures:
            self._add("metrics", seq, at, section, *place, attempt, str(name), as_real(measures, name), run_id)
        measured = as_mapping(data.get("overlap"))
        named = as_text(data, "retrieval") or self._history.before(section, "section", seq)
        retrieval = named if measured else None
        if retrieval is None:
            return
        for chunk, of in measured.items():
            one = as_mapping(of)
            found = (chunk, as_flag(one, "overlaps"), as_real(one, "score"), as_text(one, "how"))
            if retrieval in self._retrievals:
                self._note_overlap(retrieval, *found)
            else:
                self.use.append((retrieval, *found, attempt))
        if retrieval in self._retrievals:
            row = self._retrievals[retrieval]
            row[_OVERLAPPING] = sum(bool(hit[_KEPT] and hit[_OVERLAPS]) for hit in self._hits[retrieval])
            row[-2] = attempt

    def _note_overlap(self, retrieval: str, chunk: str, overlaps: bool | None, score: float | None, how: str) -> None:
        for hit in self._hits[retrieval]:
            if hit[3] == chunk:
                hit[_OVERLAPS:] = overlaps, score, how


def request_id(data: Data) -> str:
    """Of an event about a request for vectors."""
    return as_text(data, "embedding") or as_text(data, "id")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def retries_before(history: History, slot: str, run_id: str, started_at: float, before: float | None) -> int:
    """How many failures of the same asking came before the attempt that was started then: what the last
    `generation_retry` said that is younger than the attempt `before` it."""
    told = history.retries.get((slot, run_id), [])
    at = bisect_right(told, started_at, key=lambda retry: retry[0])
    if not at or (before is not None and told[at - 1][0] < before):
        return 0
    return max(0, told[at - 1][1] - 1)


_SHARES: Final = ("core", "retrieved", "summaries", "budget")
_OVERLAPPING: Final = 17
_KEPT: Final = 12
_OVERLAPS: Final = 14
_Reader = Callable[[FromEvents, int, str, float, str, Data], None]
_READERS: Final[Mapping[str, _Reader]] = {
    "cache_hit": FromEvents._lookup,
    "cache_miss": FromEvents._lookup,
    "generation_retry": FromEvents._retry,
    "rag_retrieval_completed": FromEvents._retrieval,
    "section_completed": FromEvents._completed,
    **{type: FromEvents._vector for type in VECTORS},
}
