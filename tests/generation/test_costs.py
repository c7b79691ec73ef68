"""What a call really cost: reported, rejected, broken off, thought aloud; by hand from published prices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ghostkit.errors import AuthError, ServerError, StreamTruncated
from ghostkit.generation import GenerationOptions, GenerationService, Prompt, StepSpec
from ghostkit.ledger import Attempt, Slot, SqliteLedger, Who
from ghostkit.providers import (
    Completion,
    Ending,
    Finished,
    Message,
    ModelInfo,
    ProviderRegistry,
    ReasoningDelta,
    Request,
    ResponseStarted,
    TextDelta,
    Usage,
    UsageUpdate,
)
from ghostkit.providers.estimating import calibration, estimate_count, estimate_tokens
from ghostkit.providers.prices import model_facts
from ghostkit.testing import ScriptedProvider

pytestmark = pytest.mark.anyio
SLOT = Slot(object_id="s-1", kind="section")
ASKED = (Message(role="user", parts=("Tell what salt is. " * 30,)),)


@pytest.fixture(autouse=True)
def _needs_prices(require: Any) -> None:
    import importlib.util

    require("genai-prices", importlib.util.find_spec("genai_prices"), "no genai-prices")


class Vendor(ScriptedProvider):
    """Plays the events of a vendor's answer, at the prices of its model."""

    def __init__(self, name: str, events: list[Any]) -> None:
        super().__init__()
        self.name, self.events = name, events

    def info(self, model: str) -> ModelInfo:
        return model_facts(self.name, model).as_info()

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Any]:
        self.requests.append(request)

        async def play() -> AsyncIterator[Any]:
            for event in self.events:
                if isinstance(event, Exception):
                    raise event
                yield event

        playing = play()
        try:
            yield playing
        finally:
            await playing.aclose()  # type: ignore[attr-defined]

    async def generate(self, request: Request) -> Completion:
        self.requests.append(request)
        finished = self.events[-1]
        return Completion(text="Salt.", ending=finished.ending, usage=finished.usage, request_id="req-9")


async def attempt_of(model: str, *events: Any, **options: Any) -> tuple[Attempt, SqliteLedger]:
    vendor = Vendor(model.partition(":")[0], list(events))
    registry = ProviderRegistry()
    registry.register_provider(vendor.name, lambda: vendor)
    ledger = SqliteLedger(None)
    ledger.acquire_lease({})
    service = GenerationService(
        ledger=ledger,
        who=Who(),
        providers=registry,
        options=lambda: GenerationOptions(max_retries=0, **options),
    )
    spec = StepSpec(slot=SLOT, model=model, prompt=Prompt(template="t@1", messages=ASKED), max_tokens=500)
    await service.run_step(spec)
    (attempt,) = ledger.attempts(SLOT)
    return attempt, ledger


def done(**usage: Any) -> Finished:
    return Finished(ending=Ending.COMPLETE, usage=Usage(source="reported", **usage))


async def test_cached_written_and_thought_tokens_are_kept_and_priced() -> None:
    usage = {
        "input_tokens": 2_000, "cached_tokens": 1_000, "cache_write_tokens": 600, "output_tokens": 300,
        "reasoning_tokens": 200,
    }  # fmt: skip
    attempt, ledger = await attempt_of(
        "anthropic:claude-sonnet-4-5", ResponseStarted(request_id="req-1"), TextDelta("Salt."), done(**usage)
    )
    # 400 x 3 + 1,000 x 0.30 + 600 x 3.75 + 300 x 15 = 1,200 + 300 + 2,250 + 4,500
    assert attempt.cost_usd == pytest.approx(0.00825)
    assert attempt.cost_known
    assert (attempt.cached_tokens, attempt.cache_write_tokens, attempt.reasoning_tokens) == (1_000, 600, 200)
    assert (attempt.usage_source, attempt.request_id) == ("reported", "req-1")
    assert ledger.totals().cost_usd == pytest.approx(0.00825)


async def test_a_plain_answer_costs_the_same_as_a_streamed_one() -> None:
    usage = {"input_tokens": 1_000, "output_tokens": 100}
    attempt, _ = await attempt_of("openai:gpt-4o", done(**usage), streaming=False)
    assert attempt.cost_usd == pytest.approx((1_000 * 2.5 + 100 * 10) / 1e6)
    assert attempt.request_id == "req-9"


async def test_the_vendors_own_cost_is_the_cost() -> None:
    """1,000 tokens of an OpenRouter model that no list has: only the vendor can say."""
    usage = {"input_tokens": 1_000, "output_tokens": 100, "cost_usd": 0.0042}
    attempt, ledger = await attempt_of("openrouter:no/body", TextDelta("Salt."), done(**usage))
    assert (attempt.cost_usd, attempt.cost_known) == (0.0042, True)
    assert ledger.totals().unpriced == 0


async def test_a_model_on_this_machine_costs_nothing_and_that_is_known() -> None:
    attempt, _ = await attempt_of("ollama:llama3", TextDelta("Salt."), done(input_tokens=9, output_tokens=2))
    assert (attempt.cost_usd, attempt.cost_known) == (0.0, True)


async def test_a_rejected_call_costs_nothing() -> None:
    attempt, ledger = await attempt_of("openai:gpt-4o", AuthError("The key is wrong.", rejected=True))
    assert (attempt.cost_usd, attempt.input_tokens, attempt.output_tokens) == (0.0, 0, 0)
    assert attempt.cost_ceiling_usd > 0
    assert attempt.cost_known
    assert ledger.totals().unpriced == 0


@pytest.mark.parametrize("error", [ServerError("It broke.", retryable=False), StreamTruncated("Cut off.")])
async def test_a_call_that_broke_is_estimated_at_its_input_and_what_came(error: Exception) -> None:
    model = "openai:gpt-4o"
    came = "Salt is white. " * 20
    attempt, _ = await attempt_of(model, ReasoningDelta("Let me think. " * 10), TextDelta(came), error)
    request = Request(model="gpt-4o", messages=ASKED, max_tokens=500)
    sent, wrote = estimate_count(request, "openai").tokens, estimate_tokens(came, model)
    thought = estimate_tokens("Let me think. " * 10, model)
    assert attempt.usage_source == "estimated"
    assert (attempt.input_tokens, attempt.output_tokens) == (sent, wrote + thought)
    assert attempt.reasoning_tokens == thought > 0
    assert attempt.cost_usd == pytest.approx((sent * 2.5 + (wrote + thought) * 10) / 1e6)
    assert attempt.cost_usd < attempt.cost_ceiling_usd


async def test_what_was_reported_before_it_broke_is_kept_where_it_says_more() -> None:
    """Anthropic tells the input at the beginning, and of the output one token: the text says more."""
    early = UsageUpdate(usage=Usage(input_tokens=900, cached_tokens=800, output_tokens=1, source="reported"))
    came = "Salt is white. " * 20
    model = "anthropic:claude-sonnet-4-5"
    attempt, _ = await attempt_of(model, early, TextDelta(came), StreamTruncated("Cut off."))
    wrote = estimate_tokens(came, model)
    assert (attempt.input_tokens, attempt.cached_tokens, attempt.output_tokens) == (900, 800, wrote)
    # 100 x 3 + 800 x 0.30 + what came x 15
    assert attempt.cost_usd == pytest.approx((300 + 240 + wrote * 15) / 1e6)
    assert attempt.usage_source == "estimated"


async def test_an_answer_without_usage_is_estimated_and_says_so() -> None:
    attempt, ledger = await attempt_of("openai:gpt-4o", TextDelta("Salt is white."), Finished(ending=Ending.COMPLETE))
    assert attempt.usage_source == "estimated"
    assert attempt.output_tokens == estimate_tokens("Salt is white.", "openai:gpt-4o")
    assert ledger.reported_usage() == []
    assert not calibration.knows("openai:gpt-4o")


async def test_a_call_that_stopped_before_it_was_sent_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.errors import LeaseLost
    from ghostkit.generation import attempt as attempt_module

    from .lab import lab

    async def lost(*_: Any) -> None:
        raise LeaseLost("Another runner has this book.")

    with lab("Salt.", usd=1_000_000.0) as it:
        monkeypatch.setattr(it.service, "_emit_new", lost)
        with pytest.raises(LeaseLost):
            await it.service.run_step(it.spec())
        (attempt,) = it.ledger.attempts(SLOT)
        assert (attempt.cost_usd, it.service.budget.spent_usd, it.calls) == (0.0, 0.0, 0)
    with lab("Salt.", usd=1_000_000.0) as it:
        monkeypatch.setattr(attempt_module, "_open", lost)
        with pytest.raises(LeaseLost):
            await it.service.run_step(it.spec())
        assert (it.service.budget.spent_usd, it.service.budget._reserved) == (0.0, 0.0)


# What a call teaches


async def test_reported_usage_teaches_this_process_and_the_ledger_teaches_the_next() -> None:
    request = Request(model="gpt-4o", messages=ASKED, max_tokens=500)
    before = estimate_count(request, "openai").tokens
    ledgers: list[SqliteLedger] = []
    for _ in range(12):
        _, ledger = await attempt_of(
            "openai:gpt-4o", TextDelta("Salt."), done(input_tokens=2 * before, output_tokens=1)
        )
        ledgers.append(ledger)
    assert estimate_count(request, "openai").tokens == pytest.approx(2 * before, rel=0.05)
    (seen,) = ledgers[-1].reported_usage()
    assert seen[0] == "openai:gpt-4o"
    assert seen[1]["latin"] == 30 * len("Tellwhatsaltis")
    assert seen[2] == 2 * before
    calibration.forget()
    assert estimate_count(request, "openai").tokens == before
    await _a_new_process_opens(ledgers[-1])
    assert estimate_count(request, "openai").tokens > 1.3 * before


async def _a_new_process_opens(ledger: SqliteLedger) -> None:
    vendor = Vendor("openai", [AuthError("No key.", rejected=True)])
    registry = ProviderRegistry()
    registry.register_provider("openai", lambda: vendor)
    service = GenerationService(
        ledger=ledger, who=Who(), providers=registry, options=lambda: GenerationOptions(max_retries=0)
    )
    slot = Slot(object_id="s-2", kind="section")
    spec = StepSpec(slot=slot, model="openai:gpt-4o", prompt=Prompt(template="t@1", messages=ASKED), max_tokens=9)
    await service.run_step(spec)


@pytest.mark.parametrize("sent", [lambda: "", lambda: "水" * 4_000, lambda: "🙂\ud800" * 50])
async def test_odd_texts_are_priced_too(sent: Callable[[], str]) -> None:
    request = Request(model="m", messages=(Message(role="user", parts=(sent(),)),), max_tokens=1)
    assert estimate_count(request, "openai").tokens >= 3
