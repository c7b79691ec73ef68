"""The most a call can cost, and whether a prompt fits: told before paying, and mostly without a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ghostkit.errors import BudgetExceeded, ContextTooLong, Unreachable
from ghostkit.generation import GenerationOptions
from ghostkit.generation.limits import check_window, cost_ceiling
from ghostkit.generation.parts import largest_parts
from ghostkit.providers import Message, ModelInfo, PriceTier, Request, TokenCount
from ghostkit.providers.estimating import estimate_count, estimate_range
from ghostkit.providers.rehearsal import RehearsalProvider
from ghostkit.testing import ScriptedProvider

from .lab import lab

pytestmark = pytest.mark.anyio
INFO = ModelInfo(
    provider="mine", model="m", context_window=100_000, max_output=8_000, native_streaming=True,
    input_usd_per_million=3.0, output_usd_per_million=15.0, cache_write_usd_per_million=3.75,
)  # fmt: skip


class Counting(ScriptedProvider):
    """Counts `tokens`, exactly or not, and remembers how often it was asked."""

    def __init__(self, tokens: int | Exception = 0, *, exact: bool = True) -> None:
        super().__init__()
        self.tokens, self.exact, self.asked = tokens, exact, 0

    async def count_tokens(self, request: Request) -> TokenCount:
        self.asked += 1
        if isinstance(self.tokens, Exception):
            raise self.tokens
        return TokenCount(tokens=self.tokens, exact=self.exact)


def ask(words: int = 100, *, most: int = 1_000, parts: tuple[str, ...] = ()) -> Request:
    text = "plain words of a book " * (words // 5)
    return Request(
        model="m", messages=(Message(role="user", parts=parts or (text,)),), max_tokens=most, slot="s-1/section/0"
    )


# The most a call can cost


async def test_a_ceiling_is_the_estimate_with_its_margin_at_the_dearest_price() -> None:
    request, provider = ask(), Counting()
    ceiling = await cost_ceiling(provider, INFO, request)
    assert provider.asked == 0
    # every token of the input may be written to the vendor's cache, and every token of the answer may come
    assert ceiling == pytest.approx((estimate_range(request, "mine")[2] * 3.75 + 1_000 * 15) / 1e6)
    assert ceiling is not None
    assert ceiling < 3 * (estimate_count(request, "mine").tokens * 3 + 1_000 * 15) / 1e6  # not absurd


async def test_a_ceiling_beyond_a_tier_is_at_the_tiers_prices() -> None:
    tier = PriceTier(over_tokens=50, input_usd_per_million=6.0, output_usd_per_million=30.0)
    info = replace(INFO, price_tiers=(tier,), cache_write_usd_per_million=None)
    request = ask()
    ceiling = await cost_ceiling(Counting(), info, request)
    assert ceiling == pytest.approx((estimate_range(request, "mine")[2] * 6.0 + 1_000 * 30) / 1e6)


async def test_room_to_think_is_part_of_the_ceiling_and_of_the_window() -> None:
    class Thinking(Counting):
        def longest_billed(self, request: Request) -> int:
            return request.max_tokens + 8_000

    plain, thinking = await cost_ceiling(Counting(), INFO, ask()), await cost_ceiling(Thinking(), INFO, ask())
    assert plain is not None
    assert thinking == pytest.approx(plain + 8_000 * 15 / 1e6)
    await check_window(Counting(), INFO, ask(), options(8_000))
    with pytest.raises(ContextTooLong, match="with 9,000 kept for the answer"):
        await check_window(Thinking(), INFO, ask(), options(8_000))


async def test_where_prices_are_unknown_there_is_no_ceiling_and_where_nothing_is_paid_it_is_0() -> None:
    unknown = replace(INFO, input_usd_per_million=None)
    local = replace(unknown, local=True, output_usd_per_million=None)
    assert await cost_ceiling(Counting(), unknown, ask()) is None
    assert await cost_ceiling(Counting(), local, ask()) == 0.0
    assert await cost_ceiling(Counting(), replace(INFO, input_usd_per_million=0, output_usd_per_million=0), ask()) == 0


@pytest.mark.parametrize(("share", "asked"), [(None, 0), (2.1, 0), (1.9, 1), (0.5, 1)])
async def test_the_vendor_is_asked_to_count_only_near_the_end_of_a_budget(share: float | None, asked: int) -> None:
    """`share`: how many times the estimated ceiling is left."""
    request = ask(2_000)
    provider = Counting(1_000)
    ceiling = await cost_ceiling(Counting(), INFO, request)
    assert ceiling is not None
    found = await cost_ceiling(provider, INFO, request, None if share is None else share * ceiling)
    assert provider.asked == asked
    assert found == (pytest.approx((1_018 * 3.75 + 15_000) / 1e6) if asked else ceiling)


@pytest.mark.parametrize("count", [(5, False), (Unreachable("Nobody answers."), True)])
async def test_a_count_that_is_none_changes_nothing(count: tuple[Any, bool]) -> None:
    provider = Counting(count[0], exact=count[1])
    ceiling = await cost_ceiling(Counting(), INFO, ask())
    assert await cost_ceiling(provider, INFO, ask(), 0.0) == ceiling
    assert provider.asked == 1


async def test_an_exact_count_lets_a_call_go_that_the_estimate_would_have_refused() -> None:
    """Through the service: the scripted provider counts four characters a token, far below the margin."""
    text = "Salt is white. " * 400
    with lab("Yes.", usd=1_000_000.0) as it:
        spec = it.spec(prompt=replace(it.spec().prompt, messages=(Message(role="user", parts=(text,)),)))
        exact = len(text) // 4 + 1
        least = exact * 1.01 + 8 + 100
        it.service.budget.limit_usd = least + 1
        assert (await it.service.run_step(spec)).text == "Yes."
    with lab("Yes.", usd=1_000_000.0) as it:
        it.service.budget.limit_usd = least - 30
        with pytest.raises(BudgetExceeded):
            await it.service.run_step(spec)


async def test_the_rehearsal_counts_its_own_tokens_and_no_margin_is_needed() -> None:
    provider = RehearsalProvider(price="1000000,1000000")
    request = replace(ask(), model="novelist")
    exact = (await provider.count_tokens(request)).tokens
    assert await cost_ceiling(provider, provider.info("novelist"), request) == pytest.approx(exact + 1_000)


# The window

BLOCKS = (
    '<book title="x">\n' + "The brief of it. " * 400 + "\n</book>",
    "<manuscript>\n## 1. One\n",
    "It was written so. " * 3_000,
    "\n</manuscript>\n<story_so_far>",
    "\n" + "And before that. " * 900,
    "</story_so_far>\n",
    '<task kind="section">\nWrite.\n</task>',
)


def options(window: int) -> GenerationOptions:
    return GenerationOptions(max_context_tokens=window, reserved_response_tokens=100)


@pytest.mark.parametrize(
    ("factor", "count", "asked", "fits"),
    [
        (5.0, 0, 0, True),  # fewer bytes than there is room for tokens
        (2.0, 0, 0, True),  # surely short enough
        (0.4, 0, 0, False),  # surely too long
        (1.05, 0.9, 1, True),  # in doubt, and the vendor's count says yes
        (1.05, 1.1, 1, False),
        (0.95, 0.9, 1, True),
    ],
)
async def test_the_vendor_counts_only_where_an_estimate_can_not_tell(
    factor: float, count: float, asked: int, fits: bool
) -> None:
    request = ask(parts=BLOCKS)
    likely = estimate_count(request, "mine").tokens
    room = 1_000
    window = round(likely * factor) + room
    counted = round(count * likely)
    provider = Counting(counted)
    info = replace(INFO, context_window=window)
    if fits:
        await check_window(provider, info, request, options(window))
    else:
        with pytest.raises(ContextTooLong) as told:
            await check_window(provider, info, request, options(window))
        assert vars(told.value)["exact"] == bool(asked)
        assert vars(told.value)["over"] == (counted if asked else likely) + room - window
    assert provider.asked == asked


@pytest.mark.parametrize("answer", [(Unreachable("Nobody answers."), True), (3, False)])
async def test_without_an_exact_count_the_estimate_decides(answer: tuple[Any, bool]) -> None:
    provider = Counting(answer[0], exact=answer[1])
    request = ask(parts=BLOCKS)
    likely = estimate_count(request, "mine").tokens
    await check_window(provider, INFO, request, options(likely + 1_000))
    with pytest.raises(ContextTooLong, match=r"is about 100 tokens too long"):
        await check_window(provider, INFO, request, options(likely + 900))
    assert provider.asked == 2


async def test_the_sentence_says_by_how_much_which_parts_are_largest_and_what_to_cut() -> None:
    request = ask(parts=BLOCKS)
    with pytest.raises(ContextTooLong) as told:
        await check_window(Counting(), INFO, request, options(5_000))
    facts: dict[str, Any] = vars(told.value)
    tokens, parts = facts["tokens"], facts["parts"]
    assert told.value.message == (
        f"The prompt for s-1/section/0 is about {tokens + 1_000 - 5_000:,} tokens too long: it has about {tokens:,} "
        "tokens, and with 1,000 kept for the answer that is more than the 5,000 that mine:m may use. Largest parts: "
        + ", ".join(f"{name} {number:,}" for name, number in parts.items())
        + "."
    )
    assert list(parts) == ["manuscript", "story_so_far", "brief"]
    assert told.value.fix.startswith(
        "Nothing was sent: lower SLIDING_WINDOW_SIZE, ask for fewer words, or raise MAX_CON"
    )


@pytest.mark.parametrize(
    ("own_window", "says"),
    [(5_000, "or choose a model with a larger"), (90_000, "model's own window is 90,000")],
)
async def test_the_fix_is_a_larger_setting_where_that_and_not_the_model_is_in_the_way(
    own_window: int, says: str
) -> None:
    request = replace(ask(parts=BLOCKS), slot="free-0/text/0")
    with pytest.raises(ContextTooLong, match=r"^The prompt is about") as told:
        await check_window(Counting(), replace(INFO, context_window=own_window), request, options(5_000))
    assert says in told.value.fix


async def test_nothing_is_sent_of_a_prompt_that_is_too_long() -> None:
    with lab("Yes.", max_context_tokens=40) as it:
        with pytest.raises(ContextTooLong):
            await it.service.run_step(it.spec())
        assert (it.calls, it.states) == (0, [])


# Parts


def test_the_parts_of_a_prompt_add_up_to_its_estimate() -> None:
    request = ask(parts=BLOCKS)
    whole = estimate_count(request, "mine").tokens
    assert sum(number for _, number in largest_parts(request, "mine:m")) == pytest.approx(whole, rel=0.02)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Only words, no blocks at all.", ["instructions"]),
        ("<people>\n" + "x " * 50 + "\n</people>\nnow write", ["people", "instructions"]),
        ("<people>\nnever closed " + "x " * 50, ["people"]),
        ("</plan>\nwords after a stray end", ["instructions"]),
        # what a user wrote has its < replaced, and a tag inside a line is text
        ("<book title=\"a\">\nShe said &lt;manuscript> and <plan> aloud.\n</book>", ["brief"]),
        ("<material>\n" + "y " * 40 + "<task kind=\"x\">\nstill inside\n</task>\n</material>", ["material"]),
    ],
)  # fmt: skip
def test_blocks_are_found_by_their_tags(text: str, names: list[str]) -> None:
    assert [name for name, _ in largest_parts(ask(parts=(text,)), "mine:m")] == names
