"""Prices and limits: what is told of known models, dear ones, unknown ones, and ones that a user prices."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ghostkit.errors import InputError
from ghostkit.providers import ModelInfo, Usage
from ghostkit.providers import prices as prices_module
from ghostkit.providers.model_limits import UNKNOWN_MAX_OUTPUT, UNKNOWN_WINDOW
from ghostkit.providers.prices import model_facts, with_set_prices
from ghostkit.settings import get_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _needs_prices(require: object) -> None:
    require("genai-prices", importlib.util.find_spec("genai_prices"), "no genai-prices")  # type: ignore[operator]


def info(provider: str, model: str) -> ModelInfo:
    return model_facts(provider, model).as_info()


# Costs by hand, from the vendors' published prices in USD per million tokens.


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        # 10,000 x 2.50 + 2,000 x 10 = 25,000 + 20,000
        (("openai", "gpt-4o"), {"input_tokens": 10_000, "output_tokens": 2_000}, 0.045),
        # (10,000 - 8,000) x 1.25 + 8,000 x 0.125 + 3,000 x 10 = 2,500 + 1,000 + 30,000; thought is part of what came
        (
            ("openai-responses", "gpt-5"),
            {"input_tokens": 10_000, "cached_tokens": 8_000, "output_tokens": 3_000, "reasoning_tokens": 2_500},
            0.0335,
        ),
        # 272,000 x 2.50 + 1,000 x 15: the last call at the plain price
        (("openai", "gpt-5.4"), {"input_tokens": 272_000, "output_tokens": 1_000}, 0.695),
        # 272,001 x 5 + 1,000 x 22.50: one token more, and every token is dearer
        (("openai", "gpt-5.4"), {"input_tokens": 272_001, "output_tokens": 1_000}, 1.382505),
        # 1,000 x 3 + 7,000 x 0.30 + 2,000 x 3.75 + 500 x 15 = 3,000 + 2,100 + 7,500 + 7,500
        (
            ("anthropic", "claude-sonnet-4-5-20250929"),
            {"input_tokens": 10_000, "cached_tokens": 7_000, "cache_write_tokens": 2_000, "output_tokens": 500},
            0.0201,
        ),
        # above 200,000: 100,000 x 6 + 150,000 x 0.60 + 1,000 x 22.50 = 600,000 + 90,000 + 22,500
        (
            ("anthropic", "claude-sonnet-4-5"),
            {"input_tokens": 250_000, "cached_tokens": 150_000, "output_tokens": 1_000},
            0.7125,
        ),
        # 50,000 x 1.25 + 4,000 x 10
        (("gemini", "gemini-2.5-pro"), {"input_tokens": 50_000, "output_tokens": 4_000}, 0.1025),
        # 300,000 x 2.50 + 4,000 x 15
        (("gemini", "models/gemini-2.5-pro"), {"input_tokens": 300_000, "output_tokens": 4_000}, 0.81),
        # 1,000 x 2.50 + 1,000 x 10
        (("cohere", "command-a-03-2025"), {"input_tokens": 1_000, "output_tokens": 1_000}, 0.0125),
        (("ollama", "llama3.3"), {"input_tokens": 1_000_000, "output_tokens": 1_000_000}, 0.0),
        (("openrouter", "somebody/some-model:free"), {"input_tokens": 1_000_000, "output_tokens": 1}, 0.0),
    ],
)
def test_a_cost_is_what_the_price_list_makes_it(model: tuple[str, str], usage: dict[str, Any], dollars: float) -> None:
    assert info(*model).prices_known
    assert info(*model).cost_usd(Usage(**usage)) == pytest.approx(dollars, abs=1e-9)


def test_what_the_vendor_says_goes_before_any_price_list() -> None:
    usage = Usage(input_tokens=10_000, output_tokens=2_000, cost_usd=0.0123)
    assert info("openrouter", "openai/gpt-4o").cost_usd(usage) == 0.0123
    assert info("openrouter", "nobody/knows-this").cost_usd(usage) == 0.0123


def test_costs_agree_with_genai_prices_own_sums() -> None:
    """The library's arithmetic, which is not ours, over models and sizes on both sides of their tiers."""
    from genai_prices import Usage as TheirUsage
    from genai_prices import calc_price

    theirs = {"gemini": "google"}
    for provider, model in [
        ("openai", "gpt-4.1-mini"), ("openai", "gpt-5.5"), ("openai", "o3"), ("openai", "gpt-6-luna"),
        ("anthropic", "claude-opus-4-1"), ("anthropic", "claude-haiku-4-5"), ("anthropic", "claude-haiku-5-5"),
        ("gemini", "gemini-2.5-flash"), ("gemini", "gemini-3.1-pro-preview"), ("cohere", "command-r-08-2024"),
    ]:  # fmt: skip
        for sent in (1, 99_999, 200_001, 272_001, 900_000):
            facts = model_facts(provider, model)
            cached = sent // 2 if facts.cached_usd_per_million is not None else 0
            written = sent // 4 if facts.cache_write_usd_per_million is not None else 0
            ours = facts.as_info().cost_usd(
                Usage(input_tokens=sent, cached_tokens=cached, cache_write_tokens=written, output_tokens=777)
            )
            calculated = calc_price(
                TheirUsage(
                    input_tokens=sent,
                    output_tokens=777,
                    **({"cache_read_tokens": cached} if cached else {}),
                    **({"cache_write_tokens": written} if written else {}),
                ),
                model,
                provider_id=theirs.get(provider, provider),
            )
            assert ours == pytest.approx(float(calculated.total_price), rel=1e-9), (provider, model, sent)


def test_a_price_that_changes_on_a_day_is_the_new_one_from_that_day() -> None:
    def output_price(moment: datetime) -> float | None:
        facts = prices_module._facts("gemini", "gemini-3.8-flash", int(moment.timestamp() // 3600))
        return facts.output_usd_per_million

    assert output_price(datetime(2026, 12, 31, 22, tzinfo=UTC)) == 3.75
    assert output_price(datetime(2027, 1, 2, tzinfo=UTC)) == 7.5


# What is not known


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "my-own-model"), ("anthropic", "gpt-4o"), ("openrouter", "a/b"), ("elsewhere", "gpt-4o")],
)
def test_a_model_nobody_knows_has_no_price_and_careful_limits(provider: str, model: str) -> None:
    facts = model_facts(provider, model)
    assert not facts.known
    assert not facts.as_info().prices_known
    assert (facts.context_window, facts.max_output) == (UNKNOWN_WINDOW, UNKNOWN_MAX_OUTPUT)


def test_a_model_that_only_embeds_has_no_price_for_writing() -> None:
    assert not model_facts("gemini", "gemini-embedding-001").known


@pytest.mark.parametrize(
    ("provider", "model", "window", "most"),
    [
        ("openai", "gpt-4o-2024-08-06", 128_000, 16_384),
        ("openai", "gpt-4o-2024-05-13", 128_000, 4_096),
        ("openai", "gpt-5-mini", 400_000, 128_000),
        ("anthropic", "claude-opus-4-1", 200_000, 32_000),
        ("anthropic", "claude-opus-4-6", 1_000_000, 128_000),
        ("gemini", "gemini-2.5-pro", 1_048_576, 65_536),
        ("cohere", "command-a-03-2025", 256_000, 8_192),
        ("openrouter", "anthropic/claude-sonnet-4.5", 1_000_000, 64_000),
    ],
)
def test_windows_and_longest_answers_are_the_vendors(provider: str, model: str, window: int, most: int) -> None:
    facts = model_facts(provider, model)
    assert facts.max_output == most
    assert facts.context_window == pytest.approx(window, rel=0.05)


# Prices a user sets


def test_a_set_price_is_used_for_an_unknown_model_and_instead_of_a_known_one() -> None:
    get_settings().prices = "openai:my-own-*=0.5,1.5; openai:gpt-5.4 = 1,2,0.1,1.2"
    # 1,000,000 x 0.5 + 100,000 x 1.5
    usage = Usage(input_tokens=1_000_000, output_tokens=100_000)
    assert info("openai", "my-own-model").cost_usd(usage) == pytest.approx(0.65)
    # 300,000 x 1 + 500,000 x 0.1 + 200,000 x 1.2 + 100,000 x 2, without the list's tiers
    usage = Usage(input_tokens=1_000_000, cached_tokens=500_000, cache_write_tokens=200_000, output_tokens=100_000)
    assert info("openai", "gpt-5.4").cost_usd(usage) == pytest.approx(0.3 + 0.05 + 0.24 + 0.2)
    assert model_facts("openai", "gpt-4o").input_usd_per_million == 2.5
    get_settings().prices = ""
    assert not model_facts("openai", "my-own-model").known


def test_a_set_price_is_used_for_a_provider_of_someone_elses_too() -> None:
    theirs = ModelInfo(provider="mine", model="m", context_window=1, max_output=1, native_streaming=False)
    assert not with_set_prices(theirs).prices_known
    get_settings().prices = "mine:m=1,2"
    assert with_set_prices(theirs).cost_usd(Usage(input_tokens=1_000_000, output_tokens=1_000_000)) == 3.0


@pytest.mark.parametrize("wrong", ["gpt-5=1,2", "openai:gpt-5", "openai:gpt-5=1", "openai:gpt-5=1,-2", "a:b=1,2,3,4,5"])
def test_a_price_that_is_none_is_refused_where_it_is_set(wrong: str) -> None:
    with pytest.raises(InputError, match="prices"):
        get_settings().prices = wrong
    assert get_settings().prices == ""


# Imports


def test_the_price_list_is_imported_only_when_a_vendors_model_is_asked_about() -> None:
    code = (
        "import sys, ghostkit\n"
        "from ghostkit.providers import registry\n"
        "from ghostkit.providers.prices import model_facts\n"
        "registry.create_provider('rehearsal').info('novelist')\n"
        "model_facts('ollama', 'llama3')\n"
        "assert not any(name.startswith('genai_prices') for name in sys.modules)\n"
        "assert model_facts('openai', 'gpt-4o').known\n"
        "assert 'genai_prices' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_without_the_price_list_everything_works_and_prices_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    prices_module._facts.cache_clear()
    for name in [name for name in sys.modules if name.startswith("genai_prices")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", None)
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    facts = model_facts("openai", "gpt-4o")
    prices_module._facts.cache_clear()
    assert (facts.known, facts.context_window, facts.max_output) == (False, 128_000, 16_384)
