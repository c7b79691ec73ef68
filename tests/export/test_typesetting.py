from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.export.typesetting import ELLIPSIS, clusters, fit, text_width

SIZES = (200, 150, 100, 60)


def lines(text: str, *, width: float = 1300, height: float = 760, spaced: bool = True) -> tuple[str, ...]:
    return fit(text, width=width, height=height, sizes=SIZES, leading=1.2, spaced=spaced).lines


def test_a_short_title_takes_the_largest_size_on_one_line() -> None:
    setting = fit("Salt", width=1300, height=760, sizes=SIZES, leading=1.2)
    assert (setting.lines, setting.size) == (("Salt",), 200)


def test_lines_are_balanced_rather_than_filled() -> None:
    assert lines("A Short History of the Sea", width=2000, height=500) == ("A Short History", "of the Sea")


def test_a_size_that_keeps_words_whole_is_preferred() -> None:
    setting = fit("Unterbeamtengesellschaft", width=1300, height=760, sizes=SIZES, leading=1.2)
    assert (setting.lines, setting.size) == (("Unterbeamtengesellschaft",), 60)


def test_a_word_longer_than_any_line_is_broken_at_the_largest_size_that_holds_it() -> None:
    setting = fit("w" * 40, width=1300, height=760, sizes=SIZES, leading=1.2)
    assert "".join(setting.lines) == "w" * 40
    assert setting.size > 60


def test_han_breaks_between_signs_but_not_before_a_stop() -> None:
    broken = lines("海は年ごとに退いた。塩だけが残った。道は、白い。", spaced=False)
    assert len(broken) > 1
    assert not any(line[0] in "。、」" for line in broken)


def test_hangul_keeps_its_words() -> None:
    broken = lines("한국어 제목 바다로 가는 길")
    assert len(broken) > 1
    assert " ".join(broken) == "한국어 제목 바다로 가는 길"


def test_too_long_a_title_ends_in_an_ellipsis() -> None:
    cut = lines("word " * 500)
    assert cut[-1].endswith(ELLIPSIS)
    assert len(cut) == 10


def test_clusters_keep_marks_families_and_flags_whole() -> None:
    assert clusters("e\u0301a") == ["e\u0301", "a"]
    assert clusters("👩\u200d🚀x👍🏽") == ["👩\u200d🚀", "x", "👍🏽"]
    assert clusters("🇪🇺🇺🇦") == ["🇪🇺", "🇺🇦"]


@settings(max_examples=80, deadline=None)
@given(st.text(min_size=1, max_size=80).filter(str.strip), st.booleans())
def test_no_sign_is_lost_and_no_line_is_too_wide(text: str, spaced: bool) -> None:
    setting = fit(text, width=1300, height=100_000, sizes=SIZES, leading=1.2, spaced=spaced)
    assert "".join("".join(setting.lines).split()) == "".join(text.split())
    assert all(text_width(line) * setting.size <= 1300 + 1e-6 for line in setting.lines)


@pytest.mark.parametrize("text", ["x" * 1_000_000, "漢" * 100_000, "a " * 200_000, "\u0301" * 50_000])
def test_a_monstrous_title_is_set_without_delay(text: str) -> None:
    assert len(lines(text)) <= 12
