"""Counters and timers of a book, from its events alone; live or replayed from a ledger they are the same numbers."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from ghostkit.events.event import EventLike, EventType

Labels = tuple[tuple[str, str], ...]

COUNTERS: Final[Mapping[str, str]] = {
    "events": "events, by type",
    "sections": "sections finished",
    "chapters": "chapters finished",
    "words": "words in finished sections",
    "generations": "calls that ended, by model and how",
    "retries": "calls tried again, by the reason",
    "input_tokens": "tokens sent in completed calls, by model",
    "output_tokens": "tokens received in completed calls, by model",
    "cost_usd": "US dollars of completed calls, by model",
    "embeddings": "calls for embeddings that ended, by model and how",
    "texts_embedded": "texts that got a vector, by model",
    "embedding_tokens": "tokens embedded, by model",
    "in_doubt_usd": "most that calls in doubt can have cost, in US dollars",
    "cache_hits": "texts served from a cache, by its kind",
    "cache_misses": "texts a cache did not have, by its kind",
    "retrievals": "retrievals",
    "chunks_indexed": "chunks indexed",
    "exports": "files exported, by format",
    "export_bytes": "bytes exported, by format",
    "checkpoints": "checkpoints saved",
    "human_edits": "hand edits taken in",
    "errors": "failures, by what failed",
    "circuits_opened": "times that a circuit breaker opened, by model",
}
GAUGES: Final[Mapping[str, str]] = {
    "circuit_state": "the circuit breaker: 0 closed, 1 half-open, 2 open, by model",
}
TIMERS: Final[Mapping[str, str]] = {
    "generation_seconds": "one completed call, by model",
    "embedding_seconds": "one completed call for embeddings, by model",
    "section_seconds": "a section from its start to its end",
    "chapter_seconds": "a chapter from its start to its end",
    "run_seconds": "a run from its start to its end",
    "retrieval_seconds": "one retrieval",
    "indexing_seconds": "one indexing",
}
BUCKETS_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_NANO: Final = 1_000_000_000
_CIRCUIT: Final = {"closed": 0, "half-open": 1, "open": 2}


@dataclass(kw_only=True)
class Timer:
    """Durations: how many, their sum, bounds and buckets. Kept in whole milliseconds, so order changes no sum."""

    count: int = 0
    sum_ms: int = 0
    min_ms: int = 0
    max_ms: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * len(BUCKETS_S))

    def add(self, ms: int) -> None:
        self.min_ms = ms if not self.count else min(self.min_ms, ms)
        self.max_ms = max(self.max_ms, ms)
        self.count += 1
        self.sum_ms += ms
        for place, bound in enumerate(BUCKETS_S):
            if ms <= bound * 1000:
                self.buckets[place] += 1

    def as_dict(self) -> dict[str, float]:
        return {
            "count": self.count,
            "sum_s": self.sum_ms / 1000,
            "min_s": self.min_ms / 1000,
            "max_s": self.max_ms / 1000,
            "mean_s": self.sum_ms / self.count / 1000 if self.count else 0.0,
        }


@dataclass(kw_only=True)
class Metrics:
    """`counters`, `timers` and `gauges` by name and labels; amounts of money are whole nano-dollars.

    A gauge is (when, value): the newest word holds, in whatever order the events come.
    """

    counters: dict[tuple[str, Labels], int] = field(default_factory=dict)
    timers: dict[tuple[str, Labels], Timer] = field(default_factory=dict)
    gauges: dict[tuple[str, Labels], tuple[int, int]] = field(default_factory=dict)

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        where = (name, _labels(labels))
        self.counters[where] = self.counters.get(where, 0) + by

    def time(self, name: str, ms: int, **labels: str) -> None:
        self.timers.setdefault((name, _labels(labels)), Timer()).add(max(0, ms))

    def set(self, name: str, value: int, at_ms: int, **labels: str) -> None:
        where = (name, _labels(labels))
        if where not in self.gauges or self.gauges[where][0] <= at_ms:
            self.gauges[where] = (at_ms, value)


class MetricsCollector:
    """`collect` events (or rows of a ledger's event log), read `metrics`, `export_metrics`.

    Subscribe it to all events. An event with a `key` counts once however often it is delivered, as in the ledger;
    event types that this version does not know are counted and otherwise left alone.
    """

    def __init__(self) -> None:
        self.metrics = Metrics()
        self._begun: dict[tuple[str, str], int] = {}
        self._keys: set[str] = set()
        self._models: dict[str, str] = {}
        self._lock = threading.Lock()

    def handle(self, event: EventLike) -> None:
        """The same as `collect`, under the name an event manager calls."""
        self.collect(event)

    def collect(self, event: EventLike) -> None:
        """Take one event in."""
        key = getattr(event, "key", None)
        with self._lock:
            if key is not None:
                if key in self._keys:
                    return
                self._keys.add(key)
            self.metrics.count("events", type=str(event.type))
            if event.type in _COLLECTED:
                _COLLECTED[EventType(event.type)](self, event)

    def export_metrics(self, format: Literal["dict", "prometheus"] = "dict") -> Any:
        """As a dict of `counters`, `timers` and `gauges`, or as Prometheus' text exposition."""
        with self._lock:
            if format == "prometheus":
                return _prometheus(self.metrics)
            if format != "dict":
                raise ValueError(f"metrics are exported as 'dict' or 'prometheus', not {format!r}")
            return _as_dict(self.metrics)

    # What each event adds

    def _start(self, event: EventLike) -> None:
        self._begun[_subject(event)] = _ms(event.timestamp)

    def _finish(self, event: EventLike) -> None:
        what, name = _subject(event)
        begun = self._begun.pop((what, name), None)
        if begun is not None:
            self.metrics.time(f"{what}_seconds", _ms(event.timestamp) - begun)
        if event.type == EventType.SECTION_COMPLETED:
            self.metrics.count("sections")
            self.metrics.count("words", _whole(event.data.get("words")))
        elif event.type == EventType.CHAPTER_COMPLETED:
            self.metrics.count("chapters")

    def _generation_started(self, event: EventLike) -> None:
        self._models[str(event.data.get("attempt", ""))] = str(event.data.get("model", ""))

    def _generation_ended(self, event: EventLike) -> None:
        data = event.data
        model = self._models.pop(str(data.get("attempt", "")), "")
        model = str(data.get("model") or model)
        how = {
            EventType.GENERATION_COMPLETED: "complete",
            EventType.GENERATION_IN_DOUBT: "in_doubt",
            EventType.GENERATION_FAILED: "error",
        }.get(EventType(event.type), str(data.get("ending", "stopped")))
        self.metrics.count("generations", model=model, ending=how)
        if how == "complete":
            self.metrics.count("input_tokens", _whole(data.get("input_tokens")), model=model)
            self.metrics.count("output_tokens", _whole(data.get("output_tokens")), model=model)
            self.metrics.count("cost_usd", _nano(data.get("cost_usd")), model=model)
            self.metrics.time("generation_seconds", _whole(data.get("ms")), model=model)
            if ("circuit_state", _labels({"model": model})) in self.metrics.gauges:
                # One that was open when its process ended is closed for the next, which tells of no change.
                self.metrics.set("circuit_state", 0, _ms(event.timestamp), model=model)
        elif how == "in_doubt":
            self.metrics.count("in_doubt_usd", _nano(data.get("most_usd")))
        elif how == "error":
            self._failed(event)

    def _embedding_ended(self, event: EventLike) -> None:
        data, model = event.data, str(event.data.get("model", ""))
        done = event.type == EventType.EMBEDDING_COMPLETED
        stopped = data.get("kind") == "cancelled"
        self.metrics.count(
            "embeddings", model=model, ending="complete" if done else "cancelled" if stopped else "error"
        )
        if done:
            self.metrics.count("cost_usd", _nano(data.get("cost_usd")), model=model)
            self.metrics.count("texts_embedded", _whole(data.get("texts")), model=model)
            self.metrics.count("embedding_tokens", _whole(data.get("tokens")), model=model)
            self.metrics.time("embedding_seconds", _whole(data.get("ms")), model=model)
            if ("circuit_state", _labels({"model": model})) in self.metrics.gauges:
                self.metrics.set("circuit_state", 0, _ms(event.timestamp), model=model)
        elif not stopped:
            self._failed(event)

    def _failed(self, event: EventLike) -> None:
        self._begun.pop(_subject(event), None)
        self.metrics.count("errors", kind=str(event.data.get("error") or event.data.get("kind") or event.type))

    def _retry(self, event: EventLike) -> None:
        self.metrics.count("retries", reason=str(event.data.get("reason", "")))

    def _cache(self, event: EventLike) -> None:
        name = "cache_hits" if event.type == EventType.CACHE_HIT else "cache_misses"
        self.metrics.count(name, kind=str(event.data.get("kind", "")))

    def _retrieved(self, event: EventLike) -> None:
        self.metrics.count("retrievals")
        self.metrics.time("retrieval_seconds", _whole(event.data.get("ms")))

    def _indexed(self, event: EventLike) -> None:
        self.metrics.count("chunks_indexed", _whole(event.data.get("chunks")))
        self.metrics.time("indexing_seconds", _scaled(event.data.get("seconds"), 1000))

    def _exported(self, event: EventLike) -> None:
        name = str(event.data.get("format", ""))
        self.metrics.count("exports", format=name)
        self.metrics.count("export_bytes", _whole(event.data.get("bytes")), format=name)

    def _circuit(self, event: EventLike) -> None:
        model, state = str(event.data.get("model", "")), str(event.data.get("state", ""))
        if state == "open":
            self.metrics.count("circuits_opened", model=model)
        if state in _CIRCUIT:
            self.metrics.set("circuit_state", _CIRCUIT[state], _ms(event.timestamp), model=model)

    def _one(self, event: EventLike) -> None:
        self.metrics.count("checkpoints" if event.type == EventType.CHECKPOINT_SAVED else "human_edits")


_COLLECTED: Mapping[EventType, Callable[[MetricsCollector, EventLike], None]] = {
    EventType.RUN_STARTED: MetricsCollector._start,
    EventType.CHAPTER_STARTED: MetricsCollector._start,
    EventType.SECTION_STARTED: MetricsCollector._start,
    EventType.RUN_ENDED: MetricsCollector._finish,
    EventType.CHAPTER_COMPLETED: MetricsCollector._finish,
    EventType.SECTION_COMPLETED: MetricsCollector._finish,
    EventType.GENERATION_STARTED: MetricsCollector._generation_started,
    EventType.GENERATION_COMPLETED: MetricsCollector._generation_ended,
    EventType.GENERATION_FAILED: MetricsCollector._generation_ended,
    EventType.GENERATION_STOPPED: MetricsCollector._generation_ended,
    EventType.GENERATION_IN_DOUBT: MetricsCollector._generation_ended,
    EventType.EMBEDDING_COMPLETED: MetricsCollector._embedding_ended,
    EventType.EMBEDDING_FAILED: MetricsCollector._embedding_ended,
    EventType.GENERATION_RETRY: MetricsCollector._retry,
    EventType.BOOK_FAILED: MetricsCollector._failed,
    EventType.CHAPTER_FAILED: MetricsCollector._failed,
    EventType.SECTION_FAILED: MetricsCollector._failed,
    EventType.ERROR_OCCURRED: MetricsCollector._failed,
    EventType.CACHE_HIT: MetricsCollector._cache,
    EventType.CACHE_MISS: MetricsCollector._cache,
    EventType.RAG_RETRIEVAL_COMPLETED: MetricsCollector._retrieved,
    EventType.RAG_INDEXING_COMPLETED: MetricsCollector._indexed,
    EventType.BOOK_EXPORTED: MetricsCollector._exported,
    EventType.CHECKPOINT_SAVED: MetricsCollector._one,
    EventType.HUMAN_EDIT: MetricsCollector._one,
    EventType.PROVIDER_STATE: MetricsCollector._circuit,
}


def _subject(event: EventLike) -> tuple[str, str]:
    """What an event is about: ("section", its id), ("chapter", its id) or ("run", its id)."""
    what = str(event.type).partition("_")[0]
    return (what, event.run_id if what == "run" else str(event.data.get(what, "")))


def _ms(at: datetime) -> int:
    """Whole milliseconds: an event told as JSON keeps no more, and live must equal replayed."""
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def _whole(value: Any) -> int:
    return round(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else 0


def _scaled(value: Any, by: int) -> int:
    return _whole(value * by) if isinstance(value, int | float) else 0


def _nano(value: Any) -> int:
    return _scaled(value, _NANO)


def _labels(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _amount(name: str, value: int) -> float | int:
    return value / _NANO if name.endswith("_usd") else value


def _as_dict(metrics: Metrics) -> dict[str, Any]:
    """`{"counters": {name: number}, "timers": {name: {...}}, "gauges": {name: number}}`.

    Labelled ones are `name{label="value"}`.
    """
    counters = {f"{name}{_braces(labels)}": _amount(name, n) for (name, labels), n in metrics.counters.items()}
    timers = {f"{name}{_braces(labels)}": timer.as_dict() for (name, labels), timer in metrics.timers.items()}
    gauges = {f"{name}{_braces(labels)}": value for (name, labels), (_, value) in metrics.gauges.items()}
    return {
        "counters": dict(sorted(counters.items())),
        "timers": dict(sorted(timers.items())),
        "gauges": dict(sorted(gauges.items())),
    }


def _prometheus(metrics: Metrics) -> str:
    """Text exposition format 0.0.4: counters as `ghostkit_…_total`, timers as histograms in seconds, gauges.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    lines: list[str] = []
    for name, about in COUNTERS.items():
        rows = sorted((labels, value) for (one, labels), value in metrics.counters.items() if one == name)
        if rows:
            lines += [f"# HELP ghostkit_{name}_total {about}", f"# TYPE ghostkit_{name}_total counter"]
            lines += [f"ghostkit_{name}_total{_braces(labels)} {_amount(name, value)}" for labels, value in rows]
    for name, about in TIMERS.items():
        timed = sorted((labels, timer) for (one, labels), timer in metrics.timers.items() if one == name)
        if timed:
            lines += [f"# HELP ghostkit_{name} {about}", f"# TYPE ghostkit_{name} histogram"]
            for labels, timer in timed:
                lines += _histogram(f"ghostkit_{name}", labels, timer)
    for name, about in GAUGES.items():
        told = sorted((labels, value) for (one, labels), (_, value) in metrics.gauges.items() if one == name)
        if told:
            lines += [f"# HELP ghostkit_{name} {about}", f"# TYPE ghostkit_{name} gauge"]
            lines += [f"ghostkit_{name}{_braces(labels)} {value}" for labels, value in told]
    return "".join(f"{line}\n" for line in lines)


def _histogram(name: str, labels: Labels, timer: Timer) -> list[str]:
    bounds = [*zip((str(bound) for bound in BUCKETS_S), timer.buckets, strict=True), ("+Inf", timer.count)]
    lines = [f"{name}_bucket{_braces((*labels, ('le', bound)))} {count}" for bound, count in bounds]
    return [
        *lines,
        f"{name}_sum{_braces(labels)} {timer.sum_ms / 1000}",
        f"{name}_count{_braces(labels)} {timer.count}",
    ]


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
