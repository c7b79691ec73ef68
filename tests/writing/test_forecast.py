"""What is forecast comes true: the same calls, the same messages, a cost within the range; and nothing is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from ghostkit.book import style_named
from ghostkit.errors import ProviderError, UnknownName
from ghostkit.generation import GenerationOptions
from ghostkit.ledger import Slot
from ghostkit.providers import Ending, ProviderRegistry, Request, TokenCount
from ghostkit.testing import ScriptedProvider
from ghostkit.testing.scripted import Answer
from ghostkit.workbench import Book, background
from ghostkit.workbench.services import Services
from ghostkit.writing.forecast import Forecast, Preview, forecast, preview
from ghostkit.writing.plan import CHAPTER_OUTLINE, CHARACTERS, OUTLINE, SECTION, Goal

pytestmark = pytest.mark.anyio
MODEL = "scripted:x"


class Priced(ScriptedProvider):
    """Costs 10 USD a million tokens each way."""

    def __init__(self) -> None:
        super().__init__(self.choose, usd_per_million=10.0)
        self.answers: dict[str, Answer] = {}

    def choose(self, kind: str, request: Request) -> Answer | None:
        return self.answers.get(kind)


@pytest.fixture
def provider() -> Priced:
    return Priced()


@pytest.fixture
def book(tmp_path: Path, provider: Priced) -> Book:
    providers = ProviderRegistry()
    providers.register_provider("scripted", lambda: provider)
    path = tmp_path / "book"
    Book.create(path, title="Salt", brief="Ilse counts the pans.", chapters=3, sections=2, words=80).close()
    return Book.open(path, services=Services(providers=providers))


async def _forecast(book: Book, goal: Goal | None = None, **options: object) -> Forecast:
    return await forecast(
        book.manuscript,
        model=MODEL,
        goal=goal or Goal(),
        style=style_named(book.value.style),
        providers=book.services.providers,
        **options,  # type: ignore[arg-type]
    )


async def _preview(book: Book, number: str, goal: Goal | None = None, **options: object) -> Preview:
    return await preview(
        book.manuscript,
        number,
        model=MODEL,
        goal=goal or Goal(),
        style=style_named(book.value.style),
        providers=book.services.providers,
        **options,  # type: ignore[arg-type]
    )


async def _write(book: Book, until: str | None = None) -> None:
    async with background():
        await book.write(until=until, model=MODEL)


@pytest.mark.parametrize("until", [None, "1", "1.1", "2.2", "3.1"])
async def test_the_calls_of_a_new_book_are_those_that_are_made(book: Book, provider: Priced, until: str | None) -> None:
    place = None if until is None else tuple(map(int, f"{until}.0".split(".")[:2]))
    found = await _forecast(book, Goal(until=place))  # type: ignore[arg-type]
    await _write(book, until)
    assert sorted(call.slot for call in found.calls) == sorted(request.slot for request in provider.requests)
    assert not [call for call in found.calls if call.kind != OUTLINE and call.known]


async def test_at_every_point_of_a_book_the_rest_is_forecast(book: Book, provider: Priced) -> None:
    seen = []
    for until in ("1.1", "1.2", "1", "2.1", "2", "3.1", None):
        await _write(book, until)
        seen.append((await _forecast(book), len(provider.requests)))
    calls_in_all = seen[-1][1]
    assert [len(found.calls) for found, _ in seen] == [calls_in_all - made for _, made in seen]
    assert seen[-1][0].calls == ()


async def test_every_prompt_that_is_known_is_the_one_that_is_sent(book: Book, provider: Priced) -> None:
    shown: dict[str, Preview] = {}
    for until in ("1.1", "1.2", "2.1", "2.2", "3.1"):
        await _write(book, until)
        for number in ("1.1", "1.2", "2.1", "2.2", "3.1", "3.2"):
            found = await _preview(book, number)
            if found.known:
                shown[number] = found
    await _write(book)
    assert sorted(shown) == ["1.2", "2.2", "3.2"]
    for number, found in shown.items():
        receipt = book.receipt(number)
        as_dict = found.as_dict()
        assert receipt["request"]["messages"] == as_dict["messages"]
        assert receipt["request"]["parameters"] == as_dict["parameters"]
        assert receipt["fingerprint"] == found.fingerprint


async def test_known_prompts_of_every_kind_are_counted_as_they_are_sent(book: Book, provider: Priced) -> None:
    counted: dict[str, int] = {}
    kinds = set()
    for until in ("1.1", "1.2", "1", "2", None):
        for call in (await _forecast(book)).calls:
            if call.known:
                assert call.counted
                counted[call.slot] = call.input_tokens
                kinds.add(call.kind)
        await _write(book, until)
    for request in provider.requests:
        if request.slot in counted:
            assert counted[request.slot] == (await provider.count_tokens(request)).tokens
    assert kinds >= {OUTLINE, CHAPTER_OUTLINE, SECTION}


async def test_an_interrupted_answer_goes_along_with_the_policy_continue(book: Book, provider: Priced) -> None:
    await _write(book, "1.1")
    provider.answers["section"] = ["Half of it ", Ending.LENGTH]
    async with background():
        await book.write(until="1.2").wait()
    plain = await _preview(book, "1.2")
    going_on = await _preview(book, "1.2", options=lambda: GenerationOptions(resume="continue"))
    assert [message.role for message in plain.messages] == ["system", "user"]
    assert [message.role for message in going_on.messages] == ["system", "user", "assistant", "user"]
    assert going_on.messages[2].text == "Half of it "


@pytest.mark.parametrize(
    ("until", "number", "kind", "says"),
    [
        (None, "1.1", OUTLINE, "The book must be outlined first"),
        (None, "3.2", OUTLINE, "The book must be outlined first"),
        ("1.1", "2.1", SECTION, "Section 1.2 must be written first"),
        ("1.1", "2.2", SECTION, "Section 1.2 must be written first"),
        ("2.1", "1.1", "", "written already"),
    ],
)
async def test_what_must_come_first_is_named(book: Book, until: str | None, number: str, kind: str, says: str) -> None:
    if until:
        await _write(book, until)
    found = await _preview(book, number)
    assert (found.known, found.needs) == (False, kind)
    assert says in found.why


async def test_the_section_before_and_the_story_so_far_are_named(book: Book) -> None:
    async with background():
        await book.outline(model=MODEL)
    assert (await _preview(book, "1.1")).known
    assert "Section 1.1 must be written first" in (await _preview(book, "1.2")).why
    found = await _preview(book, "2.1")
    assert (found.needs, found.why) == (SECTION, "Section 1.2 must be written first, because it is part of the prompt.")


async def test_locked_and_unwanted_sections_are_no_part_of_it(book: Book) -> None:
    await _write(book, "1.1")
    book.section("1.2").lock()
    assert "1.2" not in [call.number for call in (await _forecast(book)).sections]
    assert "locked" in (await _preview(book, "1.2")).why
    assert "no part" in (await _preview(book, "3.1", Goal(until=(1, 0)))).why


async def test_an_unknown_section_or_model_is_told(book: Book) -> None:
    with pytest.raises(UnknownName, match=r"9\.9"):
        await _preview(book, "9.9")
    with pytest.raises(UnknownName, match="nobody"):
        await forecast(book.manuscript, model="nobody:x", goal=Goal(), style=style_named("plain"))


async def test_it_costs_nothing_and_records_nothing(book: Book, provider: Priced) -> None:
    await _write(book, "1.1")
    before = book.ledger.events(), book.ledger.totals(), book.ledger.lease_holder(), len(provider.requests)
    await _forecast(book)
    await _preview(book, "1.2")
    after = book.ledger.events(), book.ledger.totals(), book.ledger.lease_holder(), len(provider.requests)
    assert after == before


async def test_the_cost_range_holds_and_narrows_to_nothing(book: Book) -> None:
    found = await _forecast(book)
    assert found.low_usd is not None
    assert found.high_usd is not None
    await _write(book)
    assert 0 < found.low_usd < found.high_usd
    assert book.ledger.totals().cost_usd <= found.high_usd
    rest = await _forecast(book)
    assert (rest.low_usd, rest.high_usd, rest.input_tokens) == (0, 0, 0)


async def test_an_unknown_price_is_said_to_be_unknown(book: Book, provider: Priced) -> None:
    provider._price = None  # type: ignore[assignment]
    found = await _forecast(book)
    assert (found.low_usd, found.high_usd) == (None, None)


async def test_a_provider_that_can_not_count_now_leaves_an_estimate(
    book: Book, provider: Priced, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(request: Request) -> TokenCount:
        raise ProviderError("unreachable")

    monkeypatch.setattr(provider, "count_tokens", refuse)
    found = await _forecast(book)
    assert found.input_tokens > 0
    assert not found.counted
    assert found.as_dict()["tokens"]["input_source"] == "estimated"


async def test_a_count_that_is_an_estimate_is_told_as_one(
    book: Book, provider: Priced, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def guess(request: Request) -> TokenCount:
        return TokenCount(tokens=7, exact=False)

    monkeypatch.setattr(provider, "count_tokens", guess)
    found = await _forecast(book)
    assert not found.counted
    assert {call.input_tokens for call in found.calls if call.known} == {7}


async def test_prompts_that_can_not_be_known_yet_are_estimated_as_the_known_ones_were_counted(
    book: Book, provider: Priced, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = {call.slot: call.input_tokens for call in (await _forecast(book)).calls if not call.known}
    count = provider.count_tokens

    async def thrice(request: Request) -> TokenCount:
        return TokenCount(tokens=3 * (await count(request)).tokens, exact=True)

    monkeypatch.setattr(provider, "count_tokens", thrice)
    for call in (await _forecast(book)).calls:
        if not call.known:
            assert call.input_tokens == pytest.approx(3 * plain[call.slot], rel=0.02)


async def test_once_sections_are_written_their_rate_is_taken(book: Book) -> None:
    assert "1.35 tokens a word" in (await _forecast(book)).output_basis
    await _write(book, "1.1")
    found = await _forecast(book)
    assert "this book's own" in found.output_basis
    attempts = book.ledger.attempts(Slot(object_id=book.section("1.1").id, kind=SECTION))
    rate = attempts[-1].output_tokens / book.section("1.1").value.word_count
    assert found.sections[0].output_tokens == round(80 * rate)
    assert CHARACTERS not in [call.kind for call in found.calls]
