"""Every character is counted once, in the class of its script."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.providers.tokens.scripts import count_scripts


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("", {}),
        ("Salt, 12.\n", {"latin": 4, "mark": 2, "space": 1, "digit": 2, "line": 1}),
        ("Çelik ağaç", {"latin": 6, "accented": 3, "space": 1}),
        ("Ёлка — «да»", {"cyrillic": 6, "space": 2, "mark": 3}),
        ("Ελλάδα", {"greek": 6}),
        ("水と山。", {"han": 2, "kana": 1, "wide_mark": 1}),
        ("한국어", {"hangul": 3}),
        ("سلام ١٢", {"arabic": 4, "space": 1, "digit": 2}),
        ("שלום", {"hebrew": 4}),
        ("नमस्ते", {"indic": 6}),
        ("สวัสดี", {"south_east_asian": 6}),
        ("🙂🙂", {"other": 2}),
        ("a" * 25, {"latin": 25, "dense": 25}),
        ("a" * 24, {"latin": 24}),
        ("\u00a0x", {"space": 1, "latin": 1}),
    ],
)
def test_characters_are_counted_by_class(text: str, counts: dict[str, int]) -> None:
    assert count_scripts(text) == counts


@given(st.text(st.characters(codec=None), max_size=200))
def test_whatever_the_text_every_character_is_in_one_class(text: str) -> None:
    counts = count_scripts(text)
    counts.pop("dense", None)
    assert sum(counts.values()) == len(text)


def test_counting_a_long_prompt_takes_no_time_to_speak_of() -> None:
    text = "".join(f"Word {number} и слово; " for number in range(8_000))  # 150,000 characters
    began = time.perf_counter()
    count_scripts(text)
    first = time.perf_counter() - began
    began = time.perf_counter()
    count_scripts(text)
    assert time.perf_counter() - began < 0.002  # parts of prompts come back
    assert first < 0.2
