"""Steps: served from the ledger, retried where that is safe, ended as they ended, and nothing left open."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from ghostkit.errors import (
    AuthError,
    BadRequest,
    BudgetExceeded,
    ContentRefused,
    GhostkitError,
    InputError,
    LeaseLost,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamTruncated,
    UnknownName,
)
from ghostkit.events import EVENT_DATA, Event, EventType
from ghostkit.generation import asking as asking_module
from ghostkit.generation import receiver as receiver_module
from ghostkit.ledger import Slot
from ghostkit.providers import Ending
from ghostkit.providers.resilience import RetryPolicy

from . import lab as lab_module
from .lab import SLOT, STALL, Lab, lab

pytestmark = pytest.mark.anyio

TEXT = "Ada went on. Bo watched her do it."


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was to be slept, without sleeping."""
    delays: list[float] = []

    async def sleep(delay: float) -> None:
        delays.append(delay)
        lab_module.skipped[0] += delay
        await anyio.lowlevel.checkpoint()

    names = {name: getattr(anyio, name) for name in ("CancelScope", "move_on_after")}
    monkeypatch.setattr(asking_module, "anyio", SimpleNamespace(sleep=sleep, **names))
    monkeypatch.setattr(asking_module, "RetryPolicy", functools.partial(RetryPolicy, random=lambda: 1.0))
    return delays


# ── served, sent, recorded ────────────────────────────────────────────────────────────────────────────────────


async def test_a_done_slot_is_served_from_the_ledger_without_a_call() -> None:
    with lab(TEXT) as it:
        first = await it.service.run_step(it.spec())
        again = await it.service.run_step(it.spec(model="scripted:other", max_tokens=5))
        assert (first.text, first.served_by, first.attempts) == (TEXT, "provider", 1)
        assert (again.text, again.served_by, again.attempts, again.cost_usd) == (TEXT, "ledger", 0, 0.0)
        assert it.calls == 1
        it.settled()


async def test_the_intent_is_recorded_before_the_request_leaves_and_the_result_before_anyone_is_told() -> None:
    seen: list[Any] = []
    with lab() as it:

        def answer(request: Any) -> str:
            seen.append((it.states, it.recorded(), request.attempt_id, request.slot))
            return TEXT

        it.given = iter([answer])
        it.service.events.subscribe(
            EventType.GENERATION_COMPLETED, lambda e: seen.append((it.states, it.ledger.finished_text(SLOT)))
        )
        result = await it.service.run_step(it.spec())
        assert seen == [
            (["open"], ["generation_started"], result.attempt_id, "s-1/section/0"),
            (["complete"], TEXT),
        ]
        assert it.types() == ["generation_started", "generation_completed"]
        it.settled()


async def test_a_completed_call_is_told_with_the_documented_facts() -> None:
    with lab(TEXT, usd=2.0) as it:
        result = await it.service.run_step(it.spec(model="scripted"))
        started, completed = it.seen
        assert set(started.data) == set(EVENT_DATA[EventType.GENERATION_STARTED])
        assert set(completed.data) == set(EVENT_DATA[EventType.GENERATION_COMPLETED])
        assert started.data["model"] == completed.data["model"] == "scripted:default"
        attempt = it.ledger.attempts(SLOT)[0]
        tokens = (attempt.input_tokens, attempt.output_tokens)
        assert tokens == (result.usage.input_tokens, result.usage.output_tokens)
        assert (completed.data["input_tokens"], completed.data["output_tokens"]) == tokens
        assert attempt.cost_usd == pytest.approx(sum(tokens) * 2 / 1e6)
        assert completed.data["cost_usd"] == attempt.cost_usd == result.cost_usd
        assert attempt.usage_source == "reported"
        assert 0 <= (attempt.first_token_s or 0) <= (attempt.total_s or 0)


async def test_usage_nobody_reported_is_estimated_and_says_so() -> None:
    with lab([TEXT, ProviderError("gone")]) as it:
        result = await it.service.run_step(it.spec())
        assert result.usage.source == "estimated"
        assert result.usage.output_tokens == -(-len(TEXT) // 4)
        assert result.usage.input_tokens > 0


async def test_an_unknown_provider_is_an_error_before_anything_is_recorded() -> None:
    with lab(TEXT) as it:
        with pytest.raises(UnknownName, match="no provider called 'nobody'"):
            await it.service.run_step(it.spec(model="nobody:x"))
        assert it.recorded() == []
        it.settled()


async def test_closing_the_service_closes_its_providers_once() -> None:
    closed = 0

    async def aclose() -> None:
        nonlocal closed
        closed += 1

    with lab(TEXT) as it:
        it.provider.aclose = aclose  # type: ignore[method-assign]
        await it.service.run_step(it.spec())
        await it.service.aclose()
        await it.service.aclose()
    assert closed == 1


# ── retries ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("error", [RateLimited, Overloaded, ProviderTimeout, ServerError])
async def test_what_may_be_tried_again_is_after_growing_delays_each_an_attempt_of_its_own(
    error: type[ProviderError], slept: list[float]
) -> None:
    with lab(error("one"), error("two"), error("three"), TEXT) as it:
        key = Event(type=EventType.SECTION_STARTED, data={"section": "s-1"}, key="section_started:s-1")
        result = await it.service.run_step(it.spec(started_events=[key]))
        assert (result.text, result.ending, result.attempts) == (TEXT, "complete", 4)
        assert slept == [0.5, 1.0, 2.0]
        assert it.states == ["error", "error", "error", "complete"]
        assert [a.error for a in it.ledger.attempts(SLOT)] == ["one", "two", "three", ""]
        sent = [request.attempt_id for request in it.provider.requests]
        assert sent == [a.id for a in it.ledger.attempts(SLOT)]
        assert len(set(sent)) == 4
        retries = [dict(e.data) for e in it.seen if e.type is EventType.GENERATION_RETRY]
        assert retries == [
            {"slot": "s-1/section/0", "attempt": n, "reason": error.kind, "delay_s": d}
            for n, d in ((2, 0.5), (3, 1.0), (4, 2.0))
        ]
        assert it.types().count("section_started") == 1
        it.settled()


async def test_what_the_vendor_asks_to_wait_is_waited(slept: list[float]) -> None:
    with lab(RateLimited("slow down", retry_after_s=7.25), Overloaded("busy", retry_after_s=0.0), TEXT) as it:
        result = await it.service.run_step(it.spec())
        assert slept == [7.25, 1.0]  # at once is no time that anybody asks for: a wait of our own
        assert result.ending is Ending.COMPLETE


async def test_retries_end_where_the_setting_says_and_the_step_stays_resumable(slept: list[float]) -> None:
    with lab(ServerError("no"), max_retries=2) as it:
        result = await it.service.run_step(it.spec())
        assert (result.ending, result.attempts) == (Ending.ERROR, 3)
        assert isinstance(result.error, ServerError)
        assert it.states == ["error"] * 3
        assert len(slept) == 2
        it.settled()
        it.last = TEXT
        assert (await it.service.run_step(it.spec())).text == TEXT


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (AuthError, "error"), (QuotaExceeded, "error"), (BadRequest, "error"), (ProviderError, "error"),
        (ContentRefused, "refused"), (StreamTruncated, "truncated"),
    ],
)  # fmt: skip
async def test_what_would_fail_again_is_not_tried_again(
    error: type[ProviderError], state: str, slept: list[float]
) -> None:
    with lab(error("no use")) as it:
        result = await it.service.run_step(it.spec())
        assert (result.ending, it.calls, it.states, slept) == (state, 1, [state], [])
        assert isinstance(result.error, error)
        it.settled()


@pytest.mark.parametrize("error", [RateLimited, Overloaded, ProviderTimeout, ServerError, StreamTruncated])
async def test_after_the_first_text_nothing_is_replayed(error: type[ProviderError], slept: list[float]) -> None:
    with lab(["Ada ", "went ", error("cut")]) as it:
        result = await it.service.run_step(it.spec())
        assert (it.calls, slept, result.text, it.kept) == (1, [], "Ada went ", "Ada went ")
        assert result.ending == ("truncated" if error is StreamTruncated else "error")
        it.settled()


# ── endings ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", ["length", "truncated", "refused", "cancelled", "error"])
async def test_a_stream_that_says_it_ended_badly_keeps_its_text_and_is_told(ending: str) -> None:
    with lab(["Ada ", "went ", Ending(ending)], TEXT) as it:
        result = await it.service.run_step(it.spec())
        assert (result.ending, result.text, it.states, it.kept) == (ending, "Ada went ", [ending], "Ada went ")
        told = it.seen[-1]
        assert set(told.data) == set(EVENT_DATA[told.type])
        if ending != "error":
            assert (told.type, told.data["ending"], told.data["kept_characters"]) == ("generation_stopped", ending, 9)
        it.settled()
        assert (await it.service.run_step(it.spec())).text == TEXT
        assert it.states == [ending, "complete"]


async def test_a_stream_without_a_terminal_event_is_truncated_never_complete() -> None:
    with lab(["Ada ", "went "]) as it:
        result = await it.service.run_step(it.spec())
        assert (result.ending, it.states, it.kept) == (Ending.TRUNCATED, ["truncated"], "Ada went ")
        it.settled()


@pytest.mark.parametrize("answer", ["", "  \n ", [" ", Ending.COMPLETE]])
async def test_an_empty_answer_is_no_answer(answer: Any) -> None:
    with lab(answer, TEXT, max_retries=0) as it:
        result = await it.service.run_step(it.spec())
        assert result.ending is Ending.ERROR
        assert "answered with nothing" in str(result.error)
        assert it.ledger.heads() == []
        assert it.seen[-1].type == "generation_failed"
        assert (await it.service.run_step(it.spec())).text == TEXT


async def test_an_answer_that_can_not_be_used_is_kept_as_a_failed_attempt_and_asked_for_anew() -> None:
    def check(text: str) -> None:
        if text != TEXT:
            raise BadRequest("it is not what was asked for")

    with lab("not JSON", TEXT) as it:
        first = await it.service.run_step(it.spec(check=check))
        assert (first.ending, it.kept, it.ledger.heads()) == (Ending.ERROR, "not JSON", [])
        assert set(it.seen[-1].data) == set(EVENT_DATA[EventType.GENERATION_FAILED])
        assert it.seen[-1].data["kind"] == "bad_request"
        it.settled()
        assert (await it.service.run_step(it.spec(check=check))).text == TEXT
        assert it.states == ["error", "complete"]


class Foreign(Exception):
    pass


@pytest.mark.parametrize(
    "error", [Foreign("boom"), ConnectionResetError(104, "reset"), TimeoutError("slow"), KeyError("choices")]
)
@pytest.mark.parametrize("pieces", [[], ["Ada "]])
async def test_a_foreign_error_of_a_provider_is_one_of_ours_and_leaves_nothing_open(
    error: Exception, pieces: list[Any]
) -> None:
    with lab([*pieces, error], TEXT, max_retries=0) as it:
        result = await it.service.run_step(it.spec())
        assert (result.ending, it.states) == (Ending.ERROR, ["error"])
        assert isinstance(result.error, ProviderError)
        assert type(error).__name__ in result.error.message
        assert result.error.__cause__ is error
        it.settled()
        assert (await it.service.run_step(it.spec())).text == TEXT


async def test_an_error_of_ours_that_is_no_providers_goes_through_and_leaves_nothing_open() -> None:
    with lab(["Ada ", InputError("a setting is wrong")], TEXT) as it:
        with pytest.raises(InputError, match="a setting is wrong"):
            await it.service.run_step(it.spec())
        assert (it.states, it.kept) == (["error"], "Ada ")
        it.settled()
        assert (await it.service.run_step(it.spec())).text == TEXT


async def test_a_runner_that_was_replaced_in_mid_stream_stops_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with lab(["Ada ", "went ", Ending.COMPLETE], flush_interval_s=0.0) as it:

        def lost(*args: Any) -> None:
            raise LeaseLost("Another runner has taken this book over.")

        monkeypatch.setattr(it.ledger, "add_partial", lost)
        monkeypatch.setattr(it.ledger, "close_attempt", lost)
        with pytest.raises(LeaseLost):
            await it.service.run_step(it.spec())
        assert it.provider.open_streams == 0
        assert it.service.streams.active() == []
        assert it.service.budget._reserved == 0


# ── stopping ──────────────────────────────────────────────────────────────────────────────────────────────────


async def until_text(it: Lab, run: Callable[[Callable[[str], None]], Any], stop: Callable[[], None]) -> None:
    """Start `run`, and call `stop` once its stream has handed on text."""
    heard = anyio.Event()

    async def work() -> None:
        await run(lambda piece: heard.set())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        await heard.wait()
        assert it.provider.open_streams == 1
        stop()


async def test_cancelling_a_stream_by_id_keeps_its_text_and_closes_the_source() -> None:
    results: list[Any] = []
    with lab(["Ada ", "went ", STALL], usd=1.0) as it:

        async def run(on_text: Any) -> None:
            results.append(await it.service.run_step(it.spec(stream_id="mine"), on_text))

        with anyio.fail_after(5):
            await until_text(it, run, lambda: it.service.streams.cancel("mine"))
        assert (results[0].ending, it.states) == (Ending.CANCELLED, ["cancelled"])
        assert it.kept == results[0].text
        assert it.kept in ("Ada ", "Ada went ")
        assert it.ledger.totals().cost_usd > 0
        assert it.service.streams.get_stream_status("mine")["state"] == "cancelled"
        it.service.streams.cancel("mine")  # once more is harmless
        it.settled()


@pytest.mark.parametrize("answer", [["Ada ", "went ", STALL], ["Ada ", "we", "nt ", STALL]])
async def test_cancelling_the_caller_keeps_the_text_with_its_cost_and_closes_the_source(answer: list[Any]) -> None:
    with lab(answer, usd=1.0) as it:
        with anyio.fail_after(5), anyio.CancelScope() as scope:
            await until_text(it, lambda on_text: it.service.run_step(it.spec(), on_text), scope.cancel)
        assert scope.cancelled_caught
        assert it.states == ["cancelled"]
        assert it.kept.startswith("Ada ")
        assert "".join(p for p in answer if isinstance(p, str)).startswith(it.kept)
        attempt = it.ledger.attempts(SLOT)[0]
        assert attempt.cost_usd > 0
        assert it.service.budget.spent_usd == pytest.approx(attempt.cost_usd)
        assert it.types() == ["generation_started", "generation_stopped"]
        it.settled()


@pytest.mark.parametrize("moment", range(0, 40, 1))
async def test_cancelled_at_any_moment_a_step_leaves_nothing_open_and_can_be_run_again(moment: int) -> None:
    with lab(["Ada ", "went ", "home.", Ending.COMPLETE], "Ada went home.", flush_interval_s=0.0) as it:

        async def slow(event: Event) -> None:
            await anyio.lowlevel.checkpoint()

        it.service.events.subscribe_all(slow)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:

                async def stopper() -> None:
                    for _ in range(moment):
                        await anyio.lowlevel.checkpoint()
                    scope.cancel()

                tasks.start_soon(stopper)
                await it.service.run_step(it.spec())
        it.settled()
        result = await it.service.run_step(it.spec())
        assert result.text == "Ada went home."


async def test_cancelled_while_it_waits_to_try_again_nothing_is_open() -> None:
    with lab(RateLimited("wait", retry_after_s=100.0)) as it:
        with anyio.fail_after(5), anyio.CancelScope() as scope:
            it.service.events.subscribe(EventType.GENERATION_RETRY, lambda e: scope.cancel())
            await it.service.run_step(it.spec())
        assert (scope.cancelled_caught, it.states) == (True, ["error"])
        it.settled()


async def test_silence_before_the_first_text_is_a_timeout_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with lab([STALL], TEXT, timeout_s=0.02, first_wait_s=0.0) as it:
        result = await it.service.run_step(it.spec())
        assert (result.text, it.states) == (TEXT, ["error", "complete"])
        retry = next(e for e in it.seen if e.type is EventType.GENERATION_RETRY)
        assert retry.data["reason"] == "timeout"
        assert "sent nothing for 0.02 s" in it.ledger.attempts(SLOT)[0].error
        it.settled()


async def test_silence_after_some_text_is_a_timeout_that_keeps_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_module, "DEADLINE_MOVES_S", 0.0)
    with lab(["Ada ", "went ", STALL], timeout_s=0.05) as it:
        with anyio.fail_after(5):
            result = await it.service.run_step(it.spec())
        assert isinstance(result.error, ProviderTimeout)
        assert (result.ending, it.calls, it.kept) == (Ending.ERROR, 1, "Ada went ")
        it.settled()


async def test_a_slow_stream_that_goes_on_is_no_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_module, "DEADLINE_MOVES_S", 0.0)
    with lab([*(["Ada ", 0.03] * 6), Ending.COMPLETE], timeout_s=0.1) as it:
        result = await it.service.run_step(it.spec())
        assert (result.ending, result.text) == (Ending.COMPLETE, "Ada " * 6)


# ── budget ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_call_that_could_cost_more_than_is_left_is_not_sent() -> None:
    with lab(TEXT, usd=1_000_000.0, budget=50.0) as it:
        with pytest.raises(BudgetExceeded, match=r"could cost \$1\d\d\.\d+, and \$50\.0000 of the \$50\.00 budget"):
            await it.service.run_step(it.spec(max_tokens=100))
        assert (it.calls, it.states, it.recorded()) == (0, [], [])
        it.settled()
        result = await it.service.run_step(it.spec(max_tokens=30))
        assert result.ending is Ending.COMPLETE
        assert it.service.budget.spent_usd == result.cost_usd < 50


async def test_what_a_call_did_not_use_is_free_again_and_calls_at_once_share_one_budget() -> None:
    slots = [Slot(object_id=f"s-{n}", kind="section") for n in range(4)]
    refused: list[GhostkitError] = []
    with lab(TEXT, usd=1_000_000.0, budget=60.0) as it:

        async def one(slot: Slot) -> None:
            try:
                await it.service.run_step(it.spec(slot, max_tokens=30))
            except BudgetExceeded as error:
                refused.append(error)

        async with anyio.create_task_group() as tasks:
            for slot in slots:
                tasks.start_soon(one, slot)
        spent = it.ledger.totals().cost_usd
        assert 0 < spent <= 60
        assert refused
        assert it.service.budget.spent_usd == pytest.approx(spent)
        assert it.service.budget._reserved == 0
        assert it.calls == len(slots) - len(refused)


async def test_without_prices_no_budget_stops_anything() -> None:
    with lab(TEXT, budget=0.0) as it:
        assert (await it.service.run_step(it.spec())).ending is Ending.COMPLETE


# ── resuming ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_restart_sends_the_same_request_again() -> None:
    with lab(["Ada ", Ending.LENGTH], TEXT) as it:
        await it.service.run_step(it.spec())
        result = await it.service.run_step(it.spec())
        first, second = it.provider.requests
        assert first.messages == second.messages
        assert first.fingerprint("scripted") == second.fingerprint("scripted")
        assert result.text == TEXT


@pytest.mark.parametrize("how", [Ending.LENGTH, Ending.TRUNCATED, ServerError("cut"), STALL])
async def test_continue_sends_what_there_is_and_the_text_is_both_halves(how: Any) -> None:
    with lab(["Ada ", "went ", how], ["on ", Ending.LENGTH], ["home.", Ending.COMPLETE], resume="continue") as it:
        with anyio.move_on_after(0.2 if how == STALL else 5):
            await it.service.run_step(it.spec())
        second = await it.service.run_step(it.spec())
        assert (second.ending, second.text, it.kept) == (Ending.LENGTH, "Ada went on ", "Ada went on ")
        pieces: list[str] = []
        third = await it.service.run_step(it.spec(), pieces.append)
        assert third.text == "Ada went on home."
        assert it.ledger.finished_text(SLOT) == "Ada went on home."
        assert "".join(pieces) == "Ada went on home."
        sent = [[m.text for m in request.messages if m.role == "assistant"] for request in it.provider.requests]
        assert sent == [[], ["Ada went "], ["Ada went on "]]
        it.settled()


async def test_continue_tries_again_after_an_error_that_brought_no_new_text(slept: list[float]) -> None:
    with lab(["Ada ", Ending.LENGTH], ServerError("no"), ["went.", Ending.COMPLETE], resume="continue") as it:
        await it.service.run_step(it.spec())
        assert (await it.service.run_step(it.spec())).text == "Ada went."
        assert it.states == ["length", "error", "complete"]


async def test_continue_keeps_the_first_half_through_a_second_crash() -> None:
    with lab(["Ada ", Ending.LENGTH], ["went ", STALL], ["home.", Ending.COMPLETE], resume="continue") as it:
        it.options["flush_interval_s"] = 0.0
        await it.service.run_step(it.spec())
        with anyio.move_on_after(0.1):
            await it.service.run_step(it.spec())
        assert (await it.service.run_step(it.spec())).text == "Ada went home."


async def test_continue_does_not_go_on_from_an_answer_that_could_not_be_used() -> None:
    def check(text: str) -> None:
        if text != TEXT:
            raise BadRequest("unusable")

    with lab("not JSON", TEXT, resume="continue") as it:
        await it.service.run_step(it.spec(check=check))
        assert (await it.service.run_step(it.spec(check=check))).text == TEXT
        assert [len(request.messages) for request in it.provider.requests] == [2, 2]


# ── durable while it comes ────────────────────────────────────────────────────────────────────────────────────


async def test_text_is_durable_at_most_one_flush_interval_after_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece comes every 0.7 s of a clock of ours; the ledger may lag by the interval and the piece at hand."""
    now = 0.0
    lag: list[float] = []

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now

    monkeypatch.setattr(receiver_module, "time", Clock)
    with lab(flush_interval_s=2.0) as it:

        def pieces(request: Any) -> Any:
            nonlocal now
            for number in range(30):
                now += 0.7
                durable = len(it.ledger.partial_text(request.attempt_id)) // 4
                lag.append(0.7 * (number - durable))
                yield f"{number:03d} "
            yield Ending.COMPLETE

        it.given = iter([pieces])
        await it.service.run_step(it.spec())
        assert max(lag) <= 2.0 + 0.7
        assert len(lag) == 30


async def test_text_that_came_before_a_stall_is_made_durable_too() -> None:
    with lab(["Ada ", "went ", STALL]) as it:
        with anyio.fail_after(5), anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                heard = anyio.Event()
                tasks.start_soon(it.service.run_step, it.spec(), lambda piece: heard.set())
                await heard.wait()
                attempt = it.ledger.attempts(SLOT)[0]
                assert it.ledger.partial_text(attempt.id) == ""
                while it.service.streams.active()[0].deltas < 2:
                    await anyio.sleep(0.001)
                await it.service.flush_stalled()
                assert it.ledger.partial_text(attempt.id) == "Ada went "
                await it.service.flush_stalled()
                assert it.ledger.partial_text(attempt.id) == "Ada went "
                scope.cancel()
        assert it.kept == "Ada went "
        it.settled()
