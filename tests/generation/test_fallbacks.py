"""What a fallback's answer is taken for, and whom a chain of fallbacks passes over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from ghostkit.cache import CacheManager
from ghostkit.errors import ContextTooLong, ModelNotFound, Overloaded, ServerError
from ghostkit.generation import GenerationService
from ghostkit.generation.fanout import fan_out
from ghostkit.ledger import Slot
from ghostkit.providers import Ending, ModelInfo
from ghostkit.providers.resilience import GatePolicy
from ghostkit.testing import ScriptedProvider

from .lab import SLOT, Lab, lab

pytestmark = pytest.mark.anyio
TEXT = "Ada went on. Bo watched her do it."


class Other(ScriptedProvider):
    """Another provider, with a window of its own."""

    def __init__(self, name: str, text: str, window: int = 128_000) -> None:
        super().__init__(lambda kind, request: text)
        self.name = name
        self.window = window

    def info(self, model: str) -> ModelInfo:
        return replace(super().info(model), context_window=self.window)


class Broken(ScriptedProvider):
    name = "broken"

    def __init__(self) -> None:
        super().__init__(lambda kind, request: ServerError("down"))


def with_others(it: Lab, *others: Other, unknown: tuple[str, ...] = ()) -> None:
    for other in others:
        it.service._providers.register_provider(other.name, lambda other=other: other)
    it.options["fallback_models"] = (*unknown, *(f"{other.name}:y" for other in others))


def cached(it: Lab, cache: CacheManager) -> None:
    """Let the lab use this cache."""
    old = it.service
    it.service = GenerationService(
        ledger=it.ledger, who=old.who, events=old.events, providers=old._providers, options=old.options, cache=cache,
        file_under=lambda slot: ("generations", "text"), gates=old.gates,
    )  # fmt: skip


async def test_what_a_fallback_answered_is_kept_as_its_own_and_not_as_the_first_models() -> None:
    cache = CacheManager("memory")
    with lab(ServerError("down"), TEXT, max_retries=0) as it:
        with_others(it, Other("second", "The second's words."))
        cached(it, cache)
        first = await it.service.run_step(it.spec())
        assert (first.text, first.model) == ("The second's words.", "second:y")
        again = await it.service.run_step(it.spec(Slot(object_id="s-2", kind="section")))
        assert (again.text, again.served_by, again.model) == (TEXT, "provider", "scripted:x")
        of_the_second = it.spec(Slot(object_id="s-3", kind="section"), model="second:y")
        assert (await it.service.run_step(of_the_second)).served_by == "cache"


@pytest.mark.parametrize("of_the_first", [ServerError("down"), None])
async def test_a_fallback_that_does_not_exist_does_not_keep_the_next_from_being_asked(
    of_the_first: ServerError | None,
) -> None:
    """Also where the first was never asked, since its breaker is open."""
    policy = GatePolicy(breaker_failures=1, breaker_cool_down_s=300.0)
    with lab(ServerError("down"), max_retries=0, gate=policy) as it:
        if of_the_first is None:
            await it.service.run_step(it.spec(Slot(object_id="s-0", kind="section")))
        with_others(it, Other("second", TEXT), unknown=("nobody:z",))
        result = await it.service.run_step(it.spec())
        assert (result.text, result.model) == (TEXT, "second:y")


async def test_a_fallback_whose_window_is_too_small_is_passed_over() -> None:
    with lab(ServerError("down"), max_retries=0) as it:
        small = Other("small", "never", window=60)
        with_others(it, small, Other("large", TEXT))
        result = await it.service.run_step(it.spec())
        assert (result.text, result.model, small.requests) == (TEXT, "large:y", [])
        it.settled()


async def test_where_no_fallback_has_room_the_first_models_failure_is_told() -> None:
    with lab(Overloaded("down"), max_retries=0) as it:
        with_others(it, Other("small", "never", window=60))
        result = await it.service.run_step(it.spec())
        assert isinstance(result.error, Overloaded)
        assert (result.ending, result.attempts) == (Ending.ERROR, 1)


async def test_a_prompt_too_long_for_the_model_asked_for_is_told_and_not_sent_to_another() -> None:
    with lab(TEXT) as it:
        second = Other("second", TEXT)
        with_others(it, second)
        it.options["max_context_tokens"] = 60
        with pytest.raises(ContextTooLong):
            await it.service.run_step(it.spec())
        assert (it.calls, second.requests) == (0, [])


async def test_a_fallback_is_asked_to_go_on_from_what_is_left_over() -> None:
    """What an earlier attempt left is no new text: showing it replaces nothing."""
    with lab(["Ada ", 3600.0], ServerError("down"), max_retries=0, resume="continue") as it:
        with anyio.move_on_after(0.1):
            await it.service.run_step(it.spec())
        assert it.kept == "Ada "
        with_others(it, Other("second", "went on."))
        result = await it.service.run_step(it.spec())
        assert (result.text, result.model) == ("Ada went on.", "second:y")


async def test_the_last_failure_is_the_one_told() -> None:
    with lab(ServerError("down"), max_retries=0) as it:
        it.options["fallback_models"] = ("nobody:z", "noone:z")
        result: Any = await it.service.run_step(it.spec())
        assert isinstance(result.error, ModelNotFound)
        assert "noone" in result.error.message
        assert len(it.ledger.attempts(SLOT)) == 1


async def test_a_replays_answers_are_never_kept_since_the_recording_may_be_made_again() -> None:
    cache = CacheManager("memory")
    with lab(TEXT) as it:
        with_others(it, Other("replay", "As recorded."))
        cached(it, cache)
        result = await it.service.run_step(it.spec(model="replay:a-book"))
        assert (result.text, cache.keys("generations")) == ("As recorded.", [])


async def test_a_result_costs_what_all_its_attempts_did() -> None:
    """The tries that failed, and the models before the fallback, are paid as well."""
    with lab(ServerError("down"), ServerError("down"), max_retries=1, first_wait_s=0.0, usd=1000.0) as it:
        with_others(it, Other("second", TEXT))
        result = await it.service.run_step(it.spec())
        costs = [one.cost_usd for one in it.ledger.attempts(SLOT)]
        assert (len(costs), result.model) == (3, "second:y")
        assert costs[0] > 0
        assert result.cost_usd == pytest.approx(sum(costs))
        assert it.service.budget.spent_usd == pytest.approx(sum(costs))


async def test_a_result_that_the_breaker_turned_away_in_the_end_still_says_what_was_paid() -> None:
    policy = GatePolicy(breaker_failures=1, breaker_cool_down_s=300.0)
    with lab(ServerError("down"), max_retries=3, first_wait_s=0.0, usd=1000.0, gate=policy) as it:
        result = await it.service.run_step(it.spec())
        assert result.attempts == 1
        assert result.cost_usd == pytest.approx(it.ledger.attempts(SLOT)[0].cost_usd)
        assert result.cost_usd > 0


@pytest.mark.parametrize("mode", ["first", "all"])
async def test_of_several_models_none_stands_in_for_another(mode: Any) -> None:
    with lab(ServerError("down"), max_retries=0) as it:
        with_others(it, Other("second", TEXT), Other("third", TEXT))
        fanned = await fan_out(it.service, "Go on.", ["scripted:x", "second:y"], mode=mode)
        assert [(one.model, one.text, one.attempts) for one in fanned.results if not one.is_complete] == [
            ("scripted:x", "", 1)
        ]


async def test_a_judge_is_the_one_that_was_named() -> None:
    with lab(TEXT) as it:
        with_others(it, Other("third", '{"best": 1, "reason": "it is"}'), Other("second", TEXT))
        it.service._providers.register_provider("broken", lambda: Broken())
        it.options["max_retries"] = 0
        fanned = await fan_out(it.service, "Go on.", ["scripted:x", "second:y"], mode="best", judge="broken:z")
        assert fanned.judgement is not None
        assert (fanned.winner, fanned.judgement.best) == (None, None)
