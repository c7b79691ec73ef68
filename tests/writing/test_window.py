"""The window covers everything before a chapter exactly once, and costs the same late in a book as early."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.writing.window import MOVES_EVERY, Span, cover, spans_ending_at, window_before

NUMBERS, SIZES, LAGS = st.integers(1, 500), st.integers(0, 12), st.integers(1, 12)


@given(NUMBERS, SIZES, LAGS)
def test_every_chapter_before_is_read_exactly_once_in_one_way(number: int, size: int, lag: int) -> None:
    window = window_before(number, size=size, lag=lag)
    summed = [n for span in window.summed_up for n in range(span.first, span.last + 1)]
    assert [*summed, *window.in_full, *window.planned] == list(range(1, number))


@given(NUMBERS, SIZES, LAGS)
def test_at_least_the_window_is_in_full_and_never_more_than_it_may_grow_to(number: int, size: int, lag: int) -> None:
    window = window_before(number, size=size, lag=lag)
    readable = max(number - lag, 0)
    assert min(size, readable) <= len(window.in_full) <= (size * (1 + MOVES_EVERY) - 1 if size else 0)
    if size and readable:
        assert window.in_full[-1] == readable


@given(st.integers(1, 480), st.integers(1, 12))
def test_between_two_moves_the_window_only_grows(number: int, size: int) -> None:
    now, then = window_before(number, size=size), window_before(number + 1, size=size)
    grew = then.in_full[: len(now.in_full)] == now.in_full and then.summed_up == now.summed_up
    assert grew or number % (size * MOVES_EVERY) == size


@given(st.integers(0, 500))
def test_a_long_book_is_covered_by_few_summaries(chapters: int) -> None:
    spans = list(cover(chapters))
    assert sum(span.chapters for span in spans) == chapters
    assert len(spans) <= chapters // 64 + 7 + 7


@pytest.mark.parametrize("span", [Span(first=1, last=64), Span(first=9, last=16), Span(first=5, last=5)])
def test_a_summary_says_what_its_parts_say(span: Span) -> None:
    parts = list(span.parts())
    told = [n for part in parts for n in range(part.first, part.last + 1)]
    assert told == ([] if span.chapters == 1 else list(range(span.first, span.last + 1)))


def test_spans_are_complete_when_their_last_chapter_is() -> None:
    assert list(spans_ending_at(8)) == [Span(first=1, last=8)]
    assert list(spans_ending_at(128)) == [Span(first=121, last=128), Span(first=65, last=128)]
    assert list(spans_ending_at(63)) == []
