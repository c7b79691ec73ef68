"""Metrics: live and replayed alike, and an exposition that Prometheus' own parser reads."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ghostkit.events import Event, EventManager, EventType, MetricsCollector
from ghostkit.events.metrics import COUNTERS, GAUGES, TIMERS

T0 = datetime(2026, 11, 20, 9, 0, 0, 999_900, tzinfo=UTC)


def book(sections: int = 6) -> list[Event]:
    """The events of a small book, with times that don't fall on whole milliseconds."""
    random_ = random.Random(7)
    now, events = T0, []

    def tell(type: EventType, **data: Any) -> None:
        nonlocal now
        now += timedelta(microseconds=random_.randrange(1, 9_000_000))
        events.append(Event(type=type, data=data, timestamp=now, source="t", run_id="r1"))

    tell(EventType.RUN_STARTED, goal="book", model="rehearsal:novelist")
    tell(EventType.CHAPTER_STARTED, chapter="c-1", number="1")
    for n in range(sections):
        tell(EventType.SECTION_STARTED, section=f"s-{n}")
        tell(EventType.CACHE_MISS, kind="generation", key="x")
        tell(EventType.GENERATION_STARTED, slot=f"s-{n}/section/0", attempt=f"a{n}", model="rehearsal:novelist")
        if n % 3 == 1:
            tell(EventType.GENERATION_FAILED, slot=f"s-{n}/section/0", attempt=f"a{n}", kind="rate", reason="slow")
            tell(EventType.GENERATION_RETRY, slot=f"s-{n}/section/0", attempt=2, reason="rate", delay_s=0.5)
        cost = random_.random() / 7
        tell(
            EventType.GENERATION_COMPLETED, slot=f"s-{n}/section/0", attempt=f"b{n}", model='odd:"na\\me"\n',
            input_tokens=1000 + n, output_tokens=400 + n, ms=random_.randrange(90, 70_000), cost_usd=cost,
        )  # fmt: skip
        tell(EventType.SECTION_COMPLETED, section=f"s-{n}", words=300 + n, attempt=f"b{n}")
    tell(EventType.GENERATION_STOPPED, slot="x", attempt="a9", ending="length", kept_characters=7)
    tell(EventType.GENERATION_IN_DOUBT, slot="x", attempt="a8", most_usd=0.125)
    tell(EventType.CACHE_HIT, kind="generation", key="x")
    tell(EventType.RAG_RETRIEVAL_COMPLETED, hits=3, scores=[1.0], ms=12)
    tell(EventType.RAG_INDEXING_COMPLETED, chunks=41, seconds=1.5)
    tell(
        EventType.EMBEDDING_COMPLETED, embedding="e-1", model="openai:e", texts=41, tokens=9_000, cost_usd=0.00018,
        cost_known=True, ms=412,
    )  # fmt: skip
    tell(EventType.EMBEDDING_FAILED, embedding="e-2", model="openai:e", kind="server", reason="no", cost_usd=None)
    tell(EventType.CHAPTER_COMPLETED, chapter="c-1", number="1", words=1800)
    tell(EventType.CHECKPOINT_SAVED, path="checkpoints/x", reason="chapter")
    tell(EventType.BOOK_EXPORTED, format="epub", path="exports/x.epub", bytes=52_000, sha256="0" * 64)
    tell(EventType.HUMAN_EDIT, object="s-1", kind="section", path="p", revision=3)
    tell(EventType.ERROR_OCCURRED, where="files", error="StorageError", reason="full")
    for before, state in (("closed", "open"), ("open", "half-open"), ("half-open", "open")):
        tell(EventType.PROVIDER_STATE, model="openai:m", before=before, state=state, failures=5, retry_after_s=30)
    tell(EventType.RUN_ENDED, state="done", reason="")
    return events


def collected(events: Iterable[Any]) -> MetricsCollector:
    collector = MetricsCollector()
    for event in events:
        collector.collect(event)
    return collector


def test_counters_and_timers_follow_from_the_events() -> None:
    events = book()
    told = collected(events).export_metrics()
    counters, timers = told["counters"], told["timers"]
    odd = 'odd:\\"na\\\\me\\"\\n'
    assert counters["sections"] == 6
    assert counters["chapters"] == 1
    assert counters["words"] == sum(range(300, 306))
    assert counters[f'output_tokens{{model="{odd}"}}'] == sum(range(400, 406))
    assert counters['retries{reason="rate"}'] == 2
    assert counters['errors{kind="rate"}'] == 2
    assert counters['errors{kind="StorageError"}'] == 1
    assert counters['generations{ending="length",model=""}'] == 1
    assert counters['generations{ending="error",model="rehearsal:novelist"}'] == 2
    assert counters['cache_misses{kind="generation"}'] == 6
    assert counters['export_bytes{format="epub"}'] == 52_000
    assert counters["in_doubt_usd"] == 0.125
    assert counters["chunks_indexed"] == 41
    assert counters['circuits_opened{model="openai:m"}'] == 2
    assert told["gauges"] == {'circuit_state{model="openai:m"}': 2}
    spent = sum(event.data["cost_usd"] for event in events if event.type == EventType.GENERATION_COMPLETED)
    assert counters[f'cost_usd{{model="{odd}"}}'] == pytest.approx(spent, abs=1e-8)
    assert sum(n for name, n in counters.items() if name.startswith("events{")) == len(events)
    run = timers["run_seconds"]
    assert run["count"] == 1
    assert run["sum_s"] == pytest.approx((events[-1].timestamp - events[0].timestamp).total_seconds(), abs=0.002)
    sections = timers["section_seconds"]
    assert (sections["count"], sections["mean_s"]) == (6, pytest.approx(sections["sum_s"] / 6))
    assert sections["min_s"] <= sections["mean_s"] <= sections["max_s"]


def test_a_gauge_says_the_newest_state_in_whatever_order_it_is_told() -> None:
    told = [event for event in book() if event.type == EventType.PROVIDER_STATE]
    assert [event.data["state"] for event in told] == ["open", "half-open", "open"]
    for events in (told[:2], told[1::-1]):
        assert collected(events).export_metrics()["gauges"] == {'circuit_state{model="openai:m"}': 1}
    answered = Event(type=EventType.GENERATION_COMPLETED, data={"model": "openai:m"}, timestamp=T0 + timedelta(days=1))
    assert collected([*told, answered]).export_metrics()["gauges"] == {'circuit_state{model="openai:m"}': 0}
    assert collected([answered]).export_metrics()["gauges"] == {}
    assert collected([Row("provider_state", {"model": "m", "state": "ajar"}, T0)]).export_metrics()["gauges"] == {}


def test_every_counter_timer_and_gauge_is_fed_by_something() -> None:
    metrics = collected(book()).metrics
    assert {name for name, _ in metrics.counters} == set(COUNTERS)
    assert {name for name, _ in metrics.timers} == set(TIMERS)
    assert {name for name, _ in metrics.gauges} == set(GAUGES)


@dataclass
class Row:
    """A row of an event log: the type is plain text, the time went through a float."""

    type: str
    data: dict[str, Any]
    timestamp: datetime
    source: str = ""
    run_id: str = ""


def through_json(event: Event) -> Event:
    return Event.from_dict(json.loads(json.dumps(event.as_dict())))


def through_log(event: Event) -> Row:
    at = datetime.fromtimestamp(event.timestamp.timestamp(), UTC)
    return Row(str(event.type), json.loads(json.dumps(dict(event.data))), at, event.source, event.run_id)


@pytest.mark.parametrize("told", [through_json, through_log])
def test_replayed_events_give_the_numbers_of_the_live_ones(told: Any) -> None:
    events, live = book(40), MetricsCollector()
    manager = EventManager()
    manager.subscribe_all(live)
    for event in events:
        manager.emit(event)
    replayed = collected(told(event) for event in events)
    assert replayed.export_metrics() == live.export_metrics()
    assert replayed.export_metrics("prometheus") == live.export_metrics("prometheus")
    assert manager.failures == 0


def test_sums_do_not_depend_on_the_order() -> None:
    done = [event for event in book(40) if event.type == EventType.GENERATION_COMPLETED]
    assert collected(done).export_metrics() == collected(reversed(done)).export_metrics()


def test_an_event_with_a_key_counts_once_as_in_the_ledger() -> None:
    event = Event(type=EventType.GENERATION_IN_DOUBT, data={"attempt": "a", "most_usd": 0.5}, key="in_doubt:a")
    assert collected([event, event]).export_metrics()["counters"]["in_doubt_usd"] == 0.5


def test_an_event_type_from_a_newer_version_is_counted_and_left_alone() -> None:
    told = collected([Row("teleported", {"words": 3}, T0)]).export_metrics()
    assert told == {"counters": {'events{type="teleported"}': 1}, "timers": {}, "gauges": {}}


def test_a_section_that_failed_takes_no_time() -> None:
    begun = Event(type=EventType.SECTION_STARTED, data={"section": "s"}, timestamp=T0)
    failed = Event(type=EventType.SECTION_FAILED, data={"section": "s", "reason": "x"}, timestamp=T0)
    assert collected([begun, failed]).export_metrics()["timers"] == {}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -5, "ten", None, []])
def test_odd_numbers_in_an_event_count_as_none(bad: Any) -> None:
    data = {"attempt": "a", "model": "m", "input_tokens": bad, "output_tokens": bad, "ms": bad, "cost_usd": bad}
    events = [
        Event(type=EventType.GENERATION_COMPLETED, data=data),
        Event(type=EventType.RAG_INDEXING_COMPLETED, data={"chunks": bad, "seconds": bad}),
    ]
    counters = collected(events).export_metrics()["counters"]
    assert counters['cost_usd{model="m"}'] == 0
    assert counters["chunks_indexed"] == 0


def test_only_the_two_formats_exist() -> None:
    with pytest.raises(ValueError, match="'dict' or 'prometheus', not 'xml'"):
        MetricsCollector().export_metrics("xml")  # type: ignore[arg-type]


# A parser of the text exposition, from its description

SAMPLE = re.compile(
    r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$'
)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')


def parse(text: str) -> tuple[dict[str, str], dict[tuple[str, tuple[tuple[str, str], ...]], float]]:
    types: dict[str, str] = {}
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} is declared twice"
            types[name] = kind
        elif not line.startswith("# HELP "):
            found = SAMPLE.match(line)
            assert found, line
            labels = tuple(
                (name, re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value))
                for name, value in LABEL.findall(found[2] or "")
            )
            assert (found[1], labels) not in samples, line
            samples[found[1], labels] = float(found[3])
    return types, samples


def test_the_text_exposition_parses_and_says_the_same_numbers() -> None:
    collector = collected(book())
    types, samples = parse(collector.export_metrics("prometheus"))
    assert set(types.values()) == {"counter", "histogram", "gauge"}
    assert samples["ghostkit_circuit_state", (("model", "openai:m"),)] == 2
    metrics = collector.metrics
    for (name, labels), value in metrics.counters.items():
        shown = samples[f"ghostkit_{name}_total", labels]
        assert shown == pytest.approx(value / 1e9 if name.endswith("_usd") else value)
        assert types[f"ghostkit_{name}_total"] == "counter"
    for (name, labels), timer in metrics.timers.items():
        full = f"ghostkit_{name}"
        assert samples[f"{full}_count", labels] == timer.count
        assert samples[f"{full}_sum", labels] == pytest.approx(timer.sum_ms / 1000)
        assert samples[f"{full}_bucket", (*labels, ("le", "+Inf"))] == timer.count
        bounds = sorted(
            (float(dict(found)["le"]), value)
            for (metric, found), value in samples.items()
            if metric == f"{full}_bucket" and found[:-1] == labels
        )
        assert [value for _, value in bounds] == sorted(value for _, value in bounds)


def test_prometheus_own_parser_reads_it() -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    collector = collected(book())
    families = {
        family.name: family for family in parser.text_string_to_metric_families(collector.export_metrics("prometheus"))
    }
    assert families["ghostkit_generation_seconds"].type == "histogram"
    (words,) = families["ghostkit_words"].samples
    assert words.value == collector.export_metrics()["counters"]["words"]
    models = {sample.labels.get("model") for sample in families["ghostkit_output_tokens"].samples}
    assert models == {'odd:"na\\me"\n'}


def test_nothing_collected_is_an_empty_exposition() -> None:
    assert MetricsCollector().export_metrics("prometheus") == ""
