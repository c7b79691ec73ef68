"""Estimates against tokenizers that are not ours: the rehearsal's, and byte-pair vocabularies trained here."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import chain
from typing import Any

import pytest

from ghostkit.providers import Message, Request
from ghostkit.providers.estimating import (
    MESSAGE_TOKENS,
    REQUEST_TOKENS,
    calibration,
    characters_sent,
    estimate_count,
    estimate_range,
    estimate_tokens,
    observe,
    teach,
)
from ghostkit.providers.rehearsal.tokens import count_tokens
from ghostkit.providers.tokens import Calibration, count_scripts

from . import prose

Count = Callable[[str], int]
LANGUAGES: dict[str, Callable[[], list[str]]] = {"en": prose.english, "ru": prose.russian, "zh": prose.chinese}
TAUGHT = 20


@pytest.fixture(autouse=True)
def _data(require: Any) -> None:
    require("shared-data", prose.DATA.is_dir(), "the novels of ../shared/data are not here")


@lru_cache
def trained(size: int) -> Count:
    """A byte-level BPE of `size` tokens, trained on other pages than those that are counted with it."""
    tokenizers: Any = pytest.importorskip("tokenizers")
    made = tokenizers.ByteLevelBPETokenizer()
    pages = chain(prose.english()[60:], prose.russian()[60:], [prose.chinese_sentences()])
    made.train_from_iterator(pages, vocab_size=size, min_frequency=2, show_progress=False)
    return lambda text: len(made.encode(text).ids)


TOKENIZERS: dict[str, Callable[[], Count]] = {
    "rehearsal": lambda: count_tokens,
    "bpe-4k": lambda: trained(4_000),
    "bpe-24k": lambda: trained(24_000),
}


def errors(estimate: Callable[[str], float], count: Count, pieces: list[str]) -> list[float]:
    return [abs(estimate(piece) / count(piece) - 1) for piece in pieces]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_after_twenty_calls_the_mean_error_is_below_five_percent(tokenizer: str, language: str) -> None:
    count, pieces, model = TOKENIZERS[tokenizer](), LANGUAGES[language](), "mine:model"
    unseen = pieces[TAUGHT : TAUGHT + 30]
    before = errors(lambda text: estimate_tokens(text, model), count, unseen)
    for piece in pieces[:TAUGHT]:
        calibration.observe(model, count_scripts(piece), count(piece))
    after = errors(lambda text: estimate_tokens(text, model), count, unseen)
    assert mean(after) < 0.05, (mean(before), mean(after))
    assert mean(after) < max(mean(before), 0.03)
    # What the estimate says of its own error is honest: hardly a text lies beyond its margin.
    found = calibration.estimate(model, count_scripts(unseen[0]))
    assert sum(error > 2.5 * found.error for error in after) <= 1


def test_a_book_in_russian_with_english_instructions_teaches_both_scripts() -> None:
    count, model = trained(4_000), "mine:model"
    for number, (one, other) in enumerate(zip(prose.russian()[:TAUGHT], prose.english(), strict=False)):
        mixed = one[: 500 + 100 * number] + other[: 2_500 - 100 * number]
        calibration.observe(model, count_scripts(mixed), count(mixed))
    for pieces in (prose.russian()[30:50], prose.english()[30:50]):
        assert mean(errors(lambda text: estimate_tokens(text, model), count, pieces)) < 0.06


def test_what_is_learnt_of_one_model_or_script_says_nothing_of_another() -> None:
    latin, han = count_scripts("Plain words of a plain book. " * 40), count_scripts("河水涨了起来。" * 40)
    learned = Calibration()
    before = learned.estimate("a:x", han).tokens, learned.estimate("b:x", latin).tokens
    for _ in range(TAUGHT):
        learned.observe("a:x", latin, 1_000)
    assert (learned.estimate("a:x", han).tokens, learned.estimate("b:x", latin).tokens) == pytest.approx(before)
    assert learned.estimate("a:x", latin).tokens == pytest.approx(1_000, rel=0.05)
    assert learned.estimate("a:x", han).error > learned.estimate("a:x", latin).error


@pytest.mark.parametrize("wrong", [0, 1, 10_000_000])
def test_a_count_that_can_not_be_true_teaches_nothing(wrong: int) -> None:
    characters = count_scripts("Plain words of a plain book. " * 40)
    learned = Calibration()
    learned.observe("a:x", characters, wrong)
    assert not learned.knows("a:x")


def test_a_book_that_changes_its_language_is_followed() -> None:
    """English at 4 characters a token, then words of the same script that take twice as many tokens."""
    characters = count_scripts("Plain words of a plain book. " * 40)
    learned = Calibration()
    for _ in range(60):
        learned.observe("a:x", characters, 300)
    for _ in range(60):
        learned.observe("a:x", characters, 600)
    assert learned.estimate("a:x", characters).tokens == pytest.approx(600, rel=0.12)


@pytest.fixture
def request_() -> Request:
    parts = tuple(prose.russian()[:3])
    return Request(model="m", messages=(Message(role="user", parts=parts),), max_tokens=10)


def test_a_requests_estimate_is_never_called_exact_and_lies_in_its_range(request_: Request) -> None:
    counted = estimate_count(request_, "mine")
    least, likely, most = estimate_range(request_, "mine")
    assert not counted.exact
    assert least < likely == counted.tokens < most
    # A sensible width: before anything is known half as much again, afterwards a tenth or so.
    assert most / likely < 1.9
    for _ in range(10):
        observe(request_, "mine", counted.tokens)
    least, likely, most = estimate_range(request_, "mine")
    assert most / likely < 1.35


def test_a_schema_counts_since_it_is_sent() -> None:
    ask = Request(model="m", messages=(Message(role="user", parts=("x",)),), max_tokens=10)
    schema = {"json_schema": {"type": "object", "properties": {f"name{n}": {"type": "string"} for n in range(30)}}}
    more = Request(model="m", messages=ask.messages, max_tokens=10, parameters=schema)
    assert estimate_count(more, "mine").tokens > estimate_count(ask, "mine").tokens + 100


def test_the_ledgers_memory_teaches_a_process_that_begins_and_not_one_that_knows_more(request_: Request) -> None:
    sent = characters_sent(request_)
    plain = estimate_count(request_, "mine").tokens
    framing = REQUEST_TOKENS + 2 * MESSAGE_TOKENS
    teach([("mine:m", sent, 2 * plain + framing)] * TAUGHT)
    taught = estimate_count(request_, "mine").tokens
    assert taught == pytest.approx(2 * plain, rel=0.05)
    teach([("mine:m", sent, plain)] * TAUGHT)
    assert estimate_count(request_, "mine").tokens == taught


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [4_000, 24_000])
def test_the_most_that_is_expected_is_more_than_there_is(language: str, size: int) -> None:
    """With calls seen; and before, unless the tokenizer is worse than any vendor's (4,000 tokens for Chinese are)."""
    count, pieces = trained(size), LANGUAGES[language]()
    if size > 4_000 or language != "zh":
        assert all(count(piece) <= _most(piece) for piece in pieces[TAUGHT : TAUGHT + 30])
    for piece in pieces[:TAUGHT]:
        calibration.observe("mine:m", count_scripts(piece), count(piece))
    for piece in pieces[TAUGHT : TAUGHT + 30]:
        assert count(piece) <= _most(piece) < 1.5 * count(piece)


def _most(text: str) -> int:
    ask = Request(model="m", messages=(Message(role="user", parts=(text,)),), max_tokens=10)
    return estimate_range(ask, "mine")[2]


@pytest.mark.parametrize(
    "text",
    [
        "QmFzZTY0IGlzIG5vdCBwcm9zZSwgYnV0IGl0IGlzIHNlbnQ" * 20,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b" * 20,
        "🙂" * 300,
    ],
)
def test_what_is_no_prose_is_not_underestimated_by_much(text: str) -> None:
    count = trained(24_000)
    assert _most(text) >= 0.8 * count(text)
