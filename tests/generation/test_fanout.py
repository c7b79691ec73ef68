"""One prompt to several models: the first, all, the best; who is stopped, and what is on record."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any

import anyio
import pytest

from ghostkit.errors import (
    AuthError,
    BudgetExceeded,
    IncompleteEnding,
    InputError,
    ServerError,
    StorageError,
)
from ghostkit.generation.fanout import FanOut, fan_out
from ghostkit.providers import Ending, Finished, Request

from .lab import SLOT, STALL, Lab, lab

PROMPT = "Describe a dead sea."
MODELS = ("scripted:a", "scripted:b", "scripted:c")


@contextmanager
def by_model(answers: dict[str, Any], **options: Any):  # type: ignore[no-untyped-def]
    """A lab whose answer depends on the model's own name."""

    def answer(request: Request) -> Any:
        found = answers[request.model]
        return list(found) if isinstance(found, list) else found

    with lab(answer, **options) as made:
        yield made


def attempts(made: Lab, fanned: FanOut) -> dict[str, list[str]]:
    return {one.model[-1]: [str(a.state) for a in made.ledger.attempts(one.slot)] for one in fanned.results}


def settled(made: Lab) -> None:
    assert made.provider.open_streams == 0
    assert made.ledger.totals().attempts.get("open", 0) == 0
    assert made.service.streams.active() == []
    assert made.service.budget._reserved == pytest.approx(0)


# ── first ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
async def test_the_first_whole_answer_wins_and_the_losers_spend_is_on_record() -> None:
    answers = {"a": ["Grey ", STALL], "b": [0.2, "Salt and silence.", Ending.COMPLETE], "c": [STALL]}
    with by_model(answers, usd=1000.0) as made:
        fanned = await fan_out(made.service, PROMPT, MODELS)
        assert fanned.winner is not None
        assert (fanned.winner.model, fanned.text) == ("scripted:b", "Salt and silence.")
        assert attempts(made, fanned) == {"a": ["cancelled"], "b": ["complete"], "c": ["cancelled"]}
        a, b, c = fanned.results
        assert (a.text, a.ending, a.usage.source) == ("Grey ", Ending.CANCELLED, "estimated")
        assert a.usage.input_tokens > 0
        assert a.usage.output_tokens > 0
        assert a.cost_usd > 0
        assert a.cost_source == "estimated"
        assert c.cost_usd > 0
        assert c.usage.output_tokens == 0
        assert b.cost_source == "reported"
        assert fanned.cost_usd == pytest.approx(made.ledger.totals().cost_usd)
        assert made.ledger.request(a.attempt_id)["model"] == "scripted:a"
        settled(made)


@pytest.mark.anyio
async def test_losers_are_closed_within_ten_milliseconds_of_the_winners_end() -> None:
    over: list[float] = []
    closed: list[float] = []
    with by_model({"a": ["x", STALL], "b": [0.05, "Salt.", Ending.COMPLETE], "c": [STALL]}) as made:
        stream = made.provider.stream

        def watched(request: Request) -> Any:
            return _Watched(stream(request), request.model, over, closed)

        made.provider.stream = watched
        took: list[float] = []
        while len(took) < 10:
            over.clear()
            closed.clear()
            await fan_out(made.service, PROMPT, MODELS)
            if len(closed) == 2:  # on a busy machine a loser may not even have begun
                took.append(max(closed) - over[0])
    assert sorted(took)[5] < 0.01, took


@pytest.mark.anyio
async def test_nobody_waits_for_the_winner_to_be_on_the_disk() -> None:
    over: list[float] = []
    closed: list[float] = []
    with by_model({"a": ["x", STALL], "b": [0.2, "Salt.", Ending.COMPLETE]}) as made:
        stream, close = made.provider.stream, made.ledger.close_attempt
        made.provider.stream = lambda request: _Watched(stream(request), request.model, over, closed)  # type: ignore[assignment,return-value]

        def slow(*arguments: Any) -> Any:
            time.sleep(0.3)
            return close(*arguments)

        made.ledger.close_attempt = slow
        await fan_out(made.service, PROMPT, MODELS[:2])
        assert closed[0] - over[0] < 0.2


@pytest.mark.anyio
async def test_answers_that_come_whole_race_as_well() -> None:
    with by_model({"a": ["x", STALL], "b": [0.1, "Salt.", Ending.COMPLETE]}, streaming=False) as made:
        fanned = await fan_out(made.service, PROMPT, MODELS[:2])
        assert fanned.text == "Salt."
        assert attempts(made, fanned) == {"a": ["cancelled"], "b": ["complete"]}
        settled(made)


class _Watched:
    """Notes when the winner's terminal event came and when the losers' streams were closed."""

    def __init__(self, inner: Any, model: str, over: list[float], closed: list[float]) -> None:
        self.inner, self.model, self.over, self.closed = inner, model, over, closed

    async def __aenter__(self) -> Any:
        self.events = await self.inner.__aenter__()
        return self

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        event = await self.events.__anext__()
        if isinstance(event, Finished):
            self.over.append(time.perf_counter())
        return event

    async def __aexit__(self, *error: Any) -> Any:
        found = await self.inner.__aexit__(*error)
        if self.model != "b":
            self.closed.append(time.perf_counter())
        return found


@pytest.mark.anyio
async def test_an_answer_that_is_not_whole_does_not_win() -> None:
    answers: dict[str, Any] = {
        "a": ["Half", Ending.LENGTH],
        "b": AuthError("No key."),
        "c": [0.02, "All.", Ending.COMPLETE],
    }
    with by_model(answers, max_retries=0) as made:
        fanned = await fan_out(made.service, PROMPT, MODELS)
        assert fanned.winner is not None
        assert fanned.winner.model == "scripted:c"
        assert [str(one.ending) for one in fanned.results] == ["length", "error", "complete"]
        assert isinstance(fanned.results[1].error, AuthError)
        settled(made)


@pytest.mark.anyio
async def test_nobody_wins_where_nobody_answers_whole() -> None:
    with by_model({"a": ["Half", Ending.LENGTH], "b": AuthError("No key.")}) as made:
        fanned = await fan_out(made.service, PROMPT, MODELS[:2])
        assert fanned.winner is None
        with pytest.raises(IncompleteEnding, match=r"None of 2 models.*a: length.*b: auth"):
            _ = fanned.text


@pytest.mark.anyio
async def test_an_empty_answer_is_none_and_the_other_goes_on() -> None:
    with by_model({"a": "  ", "b": [0.02, "Salt.", Ending.COMPLETE]}) as made:
        fanned = await fan_out(made.service, PROMPT, MODELS[:2])
        assert fanned.winner is not None
        assert fanned.winner.model == "scripted:b"


# ── hedging ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
async def test_the_next_is_only_asked_after_the_delay() -> None:
    with by_model({"a": [STALL], "b": "Salt.", "c": "Never."}) as made:
        begun = time.monotonic()
        fanned = await fan_out(made.service, PROMPT, MODELS, hedge_after_s=0.1)
        assert 0.1 <= time.monotonic() - begun < 1.0
        assert attempts(made, fanned) == {"a": ["cancelled"], "b": ["complete"], "c": []}
        never = fanned.results[2]
        assert (never.attempts, never.cost_usd, never.cost_source, never.total_ms) == (0, 0.0, "none", None)
        assert [request.model for request in made.provider.requests] == ["a", "b"]


@pytest.mark.anyio
async def test_a_quick_answer_leaves_the_others_unasked_at_once() -> None:
    with by_model({"a": "Salt.", "b": "Never."}) as made:
        begun = time.monotonic()
        fanned = await fan_out(made.service, PROMPT, MODELS[:2], hedge_after_s=30)
        assert time.monotonic() - begun < 5
        assert attempts(made, fanned) == {"a": ["complete"], "b": []}


@pytest.mark.anyio
async def test_one_that_fails_makes_room_for_the_next_at_once() -> None:
    with by_model({"a": AuthError("No key."), "b": ["x", Ending.LENGTH], "c": "Salt."}) as made:
        begun = time.monotonic()
        fanned = await fan_out(made.service, PROMPT, MODELS, hedge_after_s=30)
        assert time.monotonic() - begun < 5
        assert attempts(made, fanned) == {"a": ["error"], "b": ["length"], "c": ["complete"]}


# ── all ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
async def test_all_keeps_every_answer_and_one_failure_stops_nobody() -> None:
    with by_model({"a": AuthError("No key."), "b": [0.02, "Salt.", Ending.COMPLETE], "c": "Sand."}) as made:
        fanned = await fan_out(made.service, PROMPT, MODELS, mode="all")
        assert fanned.winner is None
        assert [one.text for one in fanned.results] == ["", "Salt.", "Sand."]
        for one in fanned.results[1:]:
            head = made.ledger.head(one.slot.object_id, one.slot.kind)
            assert head is not None
            assert head.text == one.text
        assert made.ledger.proposals() == []
        settled(made)


@pytest.mark.anyio
async def test_the_first_failure_stops_all_where_that_is_asked_for() -> None:
    with by_model({"a": AuthError("No key."), "b": ["Sa", STALL]}) as made:
        fanned = await fan_out(made.service, PROMPT, MODELS[:2], mode="all", stop_on_error=True)
        assert attempts(made, fanned)["a"] == ["error"]
        assert fanned.results[1].ending is Ending.CANCELLED
        settled(made)


@pytest.mark.anyio
async def test_a_retry_is_an_attempt_of_its_own_and_is_counted() -> None:
    failures = iter([ServerError("Down.", retry_after_s=0.0)])
    with lab(lambda request: next(failures, "Salt.") if request.model == "a" else "Sand.") as made:
        fanned = await fan_out(made.service, PROMPT, MODELS[:2], mode="all")
        assert attempts(made, fanned) == {"a": ["error", "complete"], "b": ["complete"]}
        assert [one.attempts for one in fanned.results] == [2, 1]


@pytest.mark.anyio
async def test_a_budget_that_allows_one_of_two_is_the_others_own_trouble() -> None:
    # Each takes a while, so that the second comes while the first still holds the budget.
    answers = {"a": [0.1, "Salt.", Ending.COMPLETE], "b": [0.1, "Sand.", Ending.COMPLETE]}
    with by_model(answers, usd=1000.0, budget=2.2) as made:
        fanned = await fan_out(made.service, PROMPT, MODELS[:2], mode="all", max_tokens=2000)
        endings = sorted(str(one.ending) for one in fanned.results)
        assert endings == ["complete", "error"]
        (refused,) = [one for one in fanned.results if one.error]
        assert isinstance(refused.error, BudgetExceeded)
        assert refused.attempts == 0
        settled(made)


@pytest.mark.anyio
async def test_trouble_that_is_nobodys_own_stops_everybody_and_is_raised_as_it_is() -> None:
    with by_model({"a": ["x", STALL], "b": "Salt."}) as made:
        close = made.ledger.close_attempt

        def refuse(attempt_id: str, outcome: Any, *rest: Any) -> Any:
            if outcome.text == "Salt.":
                raise StorageError("The disk is full.")
            return close(attempt_id, outcome, *rest)

        made.ledger.close_attempt = refuse
        with pytest.raises(StorageError, match="disk is full"):
            await fan_out(made.service, PROMPT, MODELS[:2], mode="all")
        assert made.provider.open_streams == 0


# ── a step of a book ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
async def test_a_steps_answers_are_variants_after_those_there_are_and_wait_as_proposals() -> None:
    with by_model({"x": "Old.", "a": "Salt.", "b": "Sand."}) as made:
        await made.service.run_step(made.spec())
        fanned = await fan_out(made.service, made.spec(), MODELS[:2], mode="all")
        assert [one.slot.variant for one in fanned.results] == [1, 2]
        again = await fan_out(made.service, made.spec(), MODELS[:2], mode="all")
        assert [one.slot.variant for one in again.results] == [3, 4]
        assert sorted(p.revision.text for p in made.ledger.proposals()) == ["Salt.", "Salt.", "Sand.", "Sand."]
        head = made.ledger.head(SLOT.object_id, SLOT.kind)
        assert head is not None
        assert head.text == "Old."


@pytest.mark.anyio
async def test_asked_again_from_the_same_variant_nothing_is_paid_twice() -> None:
    with by_model({"a": "Salt.", "b": ["x", Ending.LENGTH], "j": '{"best": 1}'}) as made:
        spec = made.spec()
        await fan_out(made.service, spec, MODELS[:2], mode="all", first_variant=5)
        calls = made.calls
        again = await fan_out(made.service, spec, MODELS[:2], mode="all", first_variant=5)
        assert made.calls == calls + 1
        assert [one.served_by for one in again.results] == ["ledger", "provider"]
        assert again.results[0].text == "Salt."


# ── stopping ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
@pytest.mark.parametrize("hedge", [None, 30.0])
async def test_stopping_stops_everybody_and_keeps_what_came(hedge: float | None) -> None:
    with by_model({"a": ["Grey ", STALL], "b": [STALL]}) as made:
        stop = anyio.Event()
        fanned = await fan_out(
            made.service,
            PROMPT,
            MODELS[:2],
            stopping=stop,
            hedge_after_s=hedge,
            on_piece=lambda model, piece: stop.set(),
        )
        assert [str(one.ending) for one in fanned.results] == ["cancelled", "cancelled"]
        assert fanned.results[0].text == "Grey "
        settled(made)


@pytest.mark.anyio
async def test_cancelling_from_outside_closes_every_attempt() -> None:
    with by_model({"a": ["Grey ", STALL], "b": [STALL]}) as made:
        with anyio.move_on_after(0.1) as scope:
            await fan_out(made.service, PROMPT, MODELS[:2])
        assert scope.cancelled_caught
        assert made.ledger.totals().attempts == {"cancelled": 2}
        settled(made)


@pytest.mark.anyio
async def test_pieces_are_told_with_their_model() -> None:
    told: dict[str, str] = {}
    with by_model({"a": "Salt and sand.", "b": "Sea."}) as made:

        def tell(model: str, piece: str) -> None:
            told[model] = told.get(model, "") + piece

        fanned = await fan_out(made.service, PROMPT, MODELS[:2], mode="all", on_piece=tell)
        assert told == {one.model: one.text for one in fanned.results}
        assert all(one.first_token_ms is not None for one in fanned.results)
        assert all((one.first_token_ms or 0) <= (one.total_ms or 0) for one in fanned.results)


# ── bad input ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("models", "options", "says"),
    [
        (["scripted:a"], {}, "two models or more"),
        ("scripted:a", {}, "two models or more"),
        (["scripted:a", "scripted:b", "scripted:a"], {}, "scripted:a is named twice"),
        (["scripted:a", "nobody:b"], {}, "no provider called 'nobody'"),
        (MODELS, {"mode": "fastest"}, "no mode 'fastest'"),
        (MODELS, {"mode": "best"}, "neither was given"),
        (MODELS, {"mode": "best", "judge": "scripted:j", "score": len}, "both were given"),
        (MODELS, {"judge": "scripted:j"}, "no part in the mode 'first'"),
        (MODELS, {"mode": "best", "judge": "nobody:j"}, "no provider called 'nobody'"),
        (MODELS, {"mode": "best", "judge": "scripted:j", "judge_template": "jury"}, "no prompt template 'jury'"),
        (MODELS, {"mode": "all", "hedge_after_s": 1}, "none can be held back"),
        (MODELS, {"hedge_after_s": -1}, "hedge_after_s is -1"),
        (MODELS, {"hedge_after_s": float("nan")}, "hedge_after_s is nan"),
        (MODELS, {"hedge_after_s": True}, "hedge_after_s is True"),
        (MODELS, {"hedge_after": 2}, "no parameter 'hedge_after'"),
        (MODELS, {"temperature": "hot"}, "temperature"),
        (MODELS, {"max_tokens": 0}, "max_tokens is 0"),
    ],
)
async def test_what_does_not_fit_together_is_told_before_anything_is_sent(
    models: Any, options: dict[str, Any], says: str
) -> None:
    with by_model({"a": "x", "b": "y", "c": "z"}) as made:
        with pytest.raises(InputError, match=says):
            await fan_out(made.service, PROMPT, models, **options)
        assert made.calls == 0


@pytest.mark.anyio
async def test_an_empty_prompt_is_told() -> None:
    with by_model({}) as made, pytest.raises(InputError, match="prompt is empty"):
        await fan_out(made.service, " ", MODELS)


# ── the table ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
async def test_the_frame_has_a_row_a_model_with_error_times_tokens_and_cost() -> None:
    with by_model({"a": AuthError("No key."), "b": "Salt and sand."}, usd=1000.0) as made:
        frame = (await fan_out(made.service, PROMPT, MODELS[:2], hedge_after_s=60.0)).frame()
    assert frame.shape == (2, 15)
    failed, won = frame.to_dicts()
    assert (failed["error"], failed["reason"], failed["won"]) == ("auth", "No key.", False)
    assert (won["ending"], won["won"], won["error"], won["tokens_source"]) == ("complete", True, None, "reported")
    assert won["cost_usd"] == pytest.approx((won["input_tokens"] + won["output_tokens"]) / 1000)


@pytest.mark.anyio
async def test_a_models_text_can_not_become_html() -> None:
    nasty = "<script>alert(1)</script>"
    with by_model({"a": nasty, "b": AuthError(nasty)}) as made:
        fanned = await fan_out(made.service, PROMPT, MODELS[:2], mode="all")
    shown = fanned._repr_html_()
    assert "<script>" not in shown
    assert shown.count("&lt;script&gt;") == 2
    assert "alert" not in repr(fanned)
