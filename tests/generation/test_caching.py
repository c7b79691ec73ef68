"""Ledger, then cache, then provider: in that order, by the events; what is kept, what never is, and trouble."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from ghostkit import faults
from ghostkit.cache import CacheManager, FileCache, MemoryCache
from ghostkit.errors import BadRequest, BudgetExceeded, ContentRefused, ContextTooLong, LedgerError, RateLimited
from ghostkit.events import EVENT_DATA, Event, EventType, MetricsCollector
from ghostkit.generation import GenerationService, Prompt
from ghostkit.generation import service as service_module
from ghostkit.ledger import Slot, SqliteLedger
from ghostkit.providers import Ending, Message

from .lab import SLOT, STALL, Lab, lab

pytestmark = pytest.mark.anyio

TEXT = "Ada went on. Bo watched her do it."


class Shared:
    """One cache, and services with ledgers of their own: other books, or the same one written again."""

    def __init__(self, cache: CacheManager | None = None) -> None:
        self.cache = cache or CacheManager("memory")

    def into(self, it: Lab) -> Lab:
        """Let the lab use this cache."""
        old = it.service
        it.service = GenerationService(
            ledger=it.ledger, who=old.who, events=old.events, providers=old._providers, budget=old.budget,
            options=old.options, cache=self.cache, file_under=lambda slot: ("generations", f"chapter:1:{slot.kind}"),
        )  # fmt: skip
        return it

    def counts(self) -> tuple[int, int]:
        found = self.cache.stats()
        return found["hits"], found["misses"]


def done(attempt: str, text: str) -> list[Event]:
    return [Event(type=EventType.SECTION_COMPLETED, data={"section": "s-1", "attempt": attempt})]


STARTED = Event(type=EventType.SECTION_STARTED, data={"section": "s-1"}, key="section_started:s-1")


# ── the order ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_order_is_ledger_then_cache_then_provider_by_the_events() -> None:
    shared = Shared()
    with lab(TEXT) as it:
        shared.into(it)
        spec = it.spec(started_events=[STARTED], done_events=done)
        first = await it.service.run_step(spec)
        assert first.served_by == "provider"
        miss = ["section_started", "cache_miss", "generation_started", "generation_completed", "section_completed"]
        assert it.types() == it.recorded() == miss
        again = await it.service.run_step(spec)
        assert (again.served_by, again.text) == ("ledger", TEXT)
        assert it.types() == it.recorded() == miss
        assert it.calls == 1
    with lab("never asked") as it:
        shared.into(it)
        hit = await it.service.run_step(it.spec(started_events=[STARTED], done_events=done))
        assert it.types() == it.recorded() == ["section_started", "cache_hit", "section_completed"]
        assert (hit.served_by, hit.text, hit.attempts, hit.cost_usd) == ("cache", TEXT, 0, 0.0)
        assert it.calls == 0
        assert shared.counts() == (1, 1)
        it.settled()


async def test_a_hit_is_recorded_as_durably_as_an_answer_and_costs_nothing() -> None:
    shared = Shared()
    with lab(TEXT, usd=5.0) as it:
        await shared.into(it).service.run_step(it.spec())
        assert it.ledger.totals().cost_usd > 0
    with lab(TEXT, usd=5.0) as it:
        shared.into(it)
        result = await it.service.run_step(it.spec(inputs={"brief": "ab" * 32}, done_events=done))
        (attempt,) = it.ledger.attempts(SLOT)
        assert (attempt.id, attempt.state, attempt.cost_usd, attempt.cost_ceiling_usd) == (
            result.attempt_id, "complete", 0.0, 0.0,
        )  # fmt: skip
        assert (attempt.input_tokens, attempt.output_tokens, attempt.error) == (0, 0, "")
        assert it.ledger.finished_text(SLOT) == TEXT
        assert dict(it.ledger.request(attempt.id)["inputs"]) == {"brief": "ab" * 32}
        head = it.ledger.head(SLOT.object_id, SLOT.kind)
        assert head is not None
        assert (head.text, head.attempt_id, head.model) == (TEXT, attempt.id, "scripted:x")
        hit = next(event for event in it.seen if event.type is EventType.CACHE_HIT)
        assert set(hit.data) == set(EVENT_DATA[EventType.CACHE_HIT])
        assert (hit.data["attempt"], hit.data["slot"]) == (attempt.id, str(SLOT))
        assert it.service.budget.spent_usd == 0
        assert (await it.service.run_step(it.spec())).served_by == "ledger"


async def test_events_metrics_and_statistics_agree_to_the_one() -> None:
    shared, metrics = Shared(), MetricsCollector()
    seen: Counter[str] = Counter()
    for answers in ([TEXT], [TEXT], [["half ", Ending.LENGTH], TEXT], [RateLimited("later", retry_after_s=0.0), TEXT]):
        with lab(*answers) as it:
            shared.into(it)
            it.service.events.subscribe_all(metrics)
            for number in range(3):
                messages = (Message(role="user", parts=(f"{len(answers)} {number} {answers[0]}",)),)
                slot = Slot(object_id=f"s-{number}", kind="section")
                await it.service.run_step(it.spec(slot, prompt=Prompt(template="t@1", messages=messages)))
            seen.update(event.type for event in it.ledger.events(types=["cache_hit", "cache_miss"]))
    counters = metrics.export_metrics()["counters"]
    assert shared.counts() == (seen["cache_hit"], seen["cache_miss"]) == (3, 9)
    assert counters['cache_hits{kind="generations"}'] == 3
    assert counters['cache_misses{kind="generations"}'] == 9


# ── the key ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    [
        {"model": "scripted:y"}, {"max_tokens": 101}, {"parameters": {"temperature": 0.1}},
        {"prompt": Prompt(template="t@1", messages=(Message(role="user", parts=("Another.",)),))},
        {"slot": Slot(object_id="s-1", kind="section", variant=1)}, {"cache_prefix": "elsewhere"},
    ],
)  # fmt: skip
async def test_another_request_or_variant_is_another_entry(change: dict[str, Any]) -> None:
    shared = Shared()
    with lab(TEXT) as it:
        await shared.into(it).service.run_step(it.spec())
    with lab("other text") as it:
        result = await shared.into(it).service.run_step(it.spec(**change))
        assert (result.served_by, result.text) == ("provider", "other text")


async def test_neither_place_nor_inputs_nor_template_label_are_in_the_key() -> None:
    shared = Shared()
    with lab(TEXT) as it:
        await shared.into(it).service.run_step(it.spec())
        (key,) = shared.cache.keys("generations")
        assert key.startswith("chapter:1:section:")
    with lab("no") as it:
        spec = it.spec(Slot(object_id="s-77", kind="section"), inputs={"a": "cd" * 32})
        spec = it.spec(spec.slot, prompt=Prompt(template="t@2", messages=spec.prompt.messages))
        assert (await shared.into(it).service.run_step(spec)).text == TEXT


async def test_a_step_says_where_it_is_filed_and_for_how_long() -> None:
    now = 1000.0
    shared = Shared(CacheManager("memory", clock=lambda: now))
    with lab(TEXT) as it:
        shared.into(it)
        await it.service.run_step(it.spec(cache_prefix="title", cache_kind="summaries", cache_expire_s=5))
    assert [len(shared.cache.keys("summaries", glob)) for glob in ("title:*", "chapter:*")] == [1, 0]
    now += 5
    assert shared.cache.keys("summaries") == []


async def test_a_service_without_a_cache_or_a_step_without_a_place_has_none_of_this() -> None:
    cache = CacheManager("memory")
    with lab(TEXT) as it:
        await it.service.run_step(it.spec(cache_prefix="x"))
        assert it.types() == ["generation_started", "generation_completed"]
    with lab(TEXT) as it:
        old = it.service
        it.service = GenerationService(ledger=it.ledger, who=old.who, providers=old._providers, cache=cache)
        assert (await it.service.run_step(it.spec())).text == TEXT
        assert cache.stats()["entries"] == cache.stats()["misses"] == 0


# ── never kept ────────────────────────────────────────────────────────────────────────────────────────────────


def refuses(text: str) -> None:
    if text != TEXT:
        raise BadRequest("it is not what was asked for")


@pytest.mark.parametrize(
    "answer",
    [
        ["half ", Ending.LENGTH], ["half ", Ending.TRUNCATED], ["half ", Ending.REFUSED], ["half ", Ending.CANCELLED],
        ["half ", Ending.ERROR], ["half "], ["half ", ConnectionResetError()], ContentRefused("no"), "", " \n",
        "not what was asked for",
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_never_kept(answer: Any) -> None:
    shared = Shared()
    with lab(answer, max_retries=0) as it:
        result = await shared.into(it).service.run_step(it.spec(check=refuses))
        assert result.ending is not Ending.COMPLETE
        assert shared.cache.stats()["entries"] == 0
        assert shared.counts() == (0, 1)


async def test_a_cancelled_stream_is_never_kept() -> None:
    shared = Shared()
    with lab(["half ", STALL]) as it:
        shared.into(it)
        with anyio.fail_after(5), anyio.CancelScope() as scope:
            await it.service.run_step(it.spec(), lambda piece: scope.cancel())
        assert it.states == ["cancelled"]
        assert shared.cache.stats()["entries"] == 0
        it.settled()


async def test_an_answer_gone_on_with_is_not_kept_as_one_to_the_whole_request() -> None:
    shared = Shared()
    with lab(["Ada went ", Ending.LENGTH], "home.", resume="continue") as it:
        shared.into(it)
        await it.service.run_step(it.spec())
        assert (await it.service.run_step(it.spec())).text == "Ada went home."
        assert shared.cache.stats()["entries"] == 0


async def test_a_kept_answer_that_a_step_can_not_use_is_a_miss_and_is_replaced() -> None:
    shared = Shared()
    with lab("outline") as it:
        await shared.into(it).service.run_step(it.spec())
    with lab(TEXT) as it:
        assert (await shared.into(it).service.run_step(it.spec(check=refuses))).text == TEXT
        assert shared.counts() == (0, 2)
    with lab("no") as it:
        assert (await shared.into(it).service.run_step(it.spec(check=refuses))).text == TEXT


@pytest.mark.parametrize(("options", "error"), [({"budget": 0.0, "usd": 5.0}, BudgetExceeded), ({}, ContextTooLong)])
async def test_a_look_up_before_a_refused_call_is_counted_and_recorded_too(
    options: dict[str, Any], error: type[Exception]
) -> None:
    shared = Shared()
    tight = {} if options else {"max_context_tokens": 10}
    with lab(TEXT, **options, **tight) as it:
        with pytest.raises(error):
            await shared.into(it).service.run_step(it.spec())
        assert it.types() == it.recorded() == ["cache_miss"]
        assert shared.counts() == (0, 1)
        assert it.calls == 0


async def test_a_hit_needs_no_budget() -> None:
    shared = Shared()
    with lab(TEXT, usd=5.0) as it:
        await shared.into(it).service.run_step(it.spec())
    with lab(TEXT, usd=5.0, budget=0.0) as it:
        assert (await shared.into(it).service.run_step(it.spec())).served_by == "cache"


async def test_a_hit_is_handed_to_a_listener_and_has_a_stream_with_a_status() -> None:
    shared, heard = Shared(), list[str]()
    with lab(TEXT) as it:
        await shared.into(it).service.run_step(it.spec())
    with lab() as it:
        await shared.into(it).service.run_step(it.spec(stream_id="mine"), heard.append)
        assert "".join(heard) == TEXT
        status = it.service.streams.get_stream_status("mine")
        assert (status["state"], status["characters"], status["chunks_sent"]) == ("complete", len(TEXT), 1)


async def test_a_ledger_that_refuses_leaves_no_stream_open(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared()
    with lab(TEXT) as it:
        await shared.into(it).service.run_step(it.spec())
    with lab(TEXT) as it:
        shared.into(it)

        def lost(*args: Any) -> None:
            raise LedgerError("gone")

        monkeypatch.setattr(it.ledger, "add_answer", lost)
        with pytest.raises(LedgerError):
            await it.service.run_step(it.spec())
        assert it.service.streams.active() == []
        assert shared.counts() == (0, 1)


# ── trouble ───────────────────────────────────────────────────────────────────────────────────────────────────


class Broken(MemoryCache):
    def get(self, kind: Any, key: str) -> bytes | None:
        raise RuntimeError("the cache server hung up")

    put = get  # type: ignore[assignment]


def trouble(it: Lab) -> list[Event]:
    return [event for event in it.seen if event.type is EventType.ERROR_OCCURRED]


async def write_three(it: Lab) -> list[str]:
    texts = []
    for number in range(3):
        messages = (Message(role="user", parts=(f"Write {number}.",)),)
        spec = it.spec(Slot(object_id=f"s-{number}", kind="section"), prompt=Prompt(template="", messages=messages))
        texts.append((await it.service.run_step(spec)).text)
    return texts


async def test_a_cache_that_fails_is_told_once_and_the_texts_come_all_the_same() -> None:
    with lab(TEXT) as it:
        Shared(CacheManager(Broken())).into(it)
        assert await write_three(it) == [TEXT] * 3
        (told,) = trouble(it)
        assert (told.data["where"], told.data["error"]) == ("cache", "RuntimeError")
        assert "the cache server hung up. Writing goes on without it." in told.data["reason"]
        assert it.types() == it.recorded()
        assert it.types().count("cache_miss") == 3


def not_writable(folder: Path) -> None:
    folder.write_text("a file where the folder should be")


def rubbish(folder: Path) -> None:
    for kind in ("generations", "summaries"):
        (folder / kind).mkdir(parents=True)
        for number in range(40):
            (folder / kind / f"{number:040x}.entry").write_bytes(os.urandom(number * 7))
            (folder / kind / f"notes-{number}").write_bytes(b"x")
    (folder / "generations" / "deep").mkdir()


def full(folder: Path) -> None:
    faults.load({"GHOSTKIT_FAULT": "cache.written:1:enospc,cache.written:2:enospc,cache.written:3:eio"})


@pytest.mark.parametrize(("spoil", "tellings"), [(not_writable, 1), (rubbish, 0), (full, 1)])
async def test_a_folder_of_rubbish_an_unwritable_one_or_a_full_disk_never_stops_a_text(
    tmp_path: Path, spoil: Callable[[Path], None], tellings: int
) -> None:
    spoil(tmp_path / "cache")
    with lab(TEXT) as it:
        Shared(CacheManager(FileCache(tmp_path / "cache"))).into(it)
        assert await write_three(it) == [TEXT] * 3
        assert len(trouble(it)) == tellings
        if tellings:
            assert "Could not write the cache entry" in trouble(it)[0].data["reason"]


async def test_a_file_cache_is_looked_at_beside_the_event_loop(tmp_path: Path) -> None:
    import threading

    loops: list[bool] = []
    here = threading.get_ident()

    class Watched(FileCache):
        def get(self, kind: Any, key: str) -> bytes | None:
            loops.append(threading.get_ident() == here)
            return super().get(kind, key)

        def put(self, kind: Any, key: str, value: bytes, expire_s: float | None = None) -> None:
            loops.append(threading.get_ident() == here)
            super().put(kind, key, value, expire_s)

    with lab(TEXT) as it:
        Shared(CacheManager(Watched(tmp_path))).into(it)
        await it.service.run_step(it.spec())
    assert loops == [False, False]


@pytest.mark.parametrize("moment", range(0, 24, 2))
async def test_cancelled_at_any_moment_a_hit_leaves_nothing_open(moment: int) -> None:
    shared = Shared()
    with lab(TEXT) as it:
        await shared.into(it).service.run_step(it.spec())
    with lab(TEXT) as it:
        shared.into(it)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.service.run_step, it.spec())
            for _ in range(moment):
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert set(it.states) <= {"complete"}
        assert it.service.streams.active() == []
        assert (await it.service.run_step(it.spec())).text == TEXT
        assert it.calls == 0


async def test_the_intent_of_a_retry_does_not_tell_the_look_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared()

    async def sleep(delay: float) -> None:
        await anyio.lowlevel.checkpoint()

    monkeypatch.setattr(service_module.anyio, "sleep", sleep)
    with lab(RateLimited("later"), TEXT) as it:
        await shared.into(it).service.run_step(it.spec())
        assert it.types().count("cache_miss") == it.recorded().count("cache_miss") == 1
        assert shared.counts() == (0, 1)


async def test_the_receipt_knows_a_hit_after_a_restart(tmp_path: Path) -> None:
    shared = Shared()
    with lab(TEXT) as it:
        await shared.into(it).service.run_step(it.spec())
    path = tmp_path / "ledger.sqlite"
    with lab(TEXT) as it:
        it.ledger.release_lease()
        it.ledger.close()
        it.ledger = SqliteLedger(path)
        it.ledger.acquire_lease({})
        it.service.ledger = it.ledger
        Shared(shared.cache).into(it)
        result = await it.service.run_step(it.spec())
    again = SqliteLedger(path)
    try:
        (hit,) = again.events(types=["cache_hit"])
        assert (hit.data["attempt"], again.finished_text(SLOT)) == (result.attempt_id, TEXT)
    finally:
        again.close()
