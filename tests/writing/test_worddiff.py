"""Word-level diffs lead from one text to the other, in any script, and read well."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.writing.worddiff import Piece, after, before, counts, marked, word_diff, words_of

WORDS = st.sampled_from(
    ["Ada", " ", "went", "home", ",", ".", "\n\n", "Ёлка", "пошла", "домой", "水", "路", "don't", "—", "  "]
)
TEXTS = st.one_of(st.lists(WORDS, max_size=30).map("".join), st.text(max_size=40))


@given(TEXTS, TEXTS)
def test_a_diff_applied_gives_the_new_text_and_undone_the_old(old: str, new: str) -> None:
    pieces = word_diff(old, new)
    assert (before(pieces), after(pieces)) == (old, new)
    assert all(piece.text for piece in pieces)
    assert "".join(words_of(old)) == old


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert word_diff(text, text) == ((Piece(op="same", text=text),) if text else ())


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("Ada went home.", "Ada ran home.", "Ada [-went-]{+ran+} home."),
        ("Ada went home.", "Ada went home, late.", "Ada went home{+, late+}."),
        ("She didn't go.", "She did go.", "She [-didn't-]{+did+} go."),
        ("Мира пошла домой.", "Мира побежала домой.", "Мира [-пошла-]{+побежала+} домой."),
        ("他走路回家。", "他跑步回家。", "他[-走路-]{+跑步+}回家。"),
        ("one two three four", "six seven three four", "[-one two-]{+six seven+} three four"),
        ("", "Ada.", "{+Ada.+}"),
        ("Ada.", "", "[-Ada.-]"),
        ("a\n\nb", "a\n\nc", "a\n\n[-b-]{+c+}"),
        ("a", "a\n\nb c", "a\n\n{+b c+}"),
    ],
)
def test_it_reads_as_a_person_would_have_marked_it(old: str, new: str, shown: str) -> None:
    assert marked(word_diff(old, new)) == shown


def test_on_a_terminal_it_is_red_and_green_and_no_colour_runs_over_a_line() -> None:
    shown = marked(word_diff("a b", "a c\n\nd"), colour=True)
    assert shown == "a \x1b[31;9mb\x1b[0m\x1b[32mc\x1b[0m\n\n\x1b[32md\x1b[0m"


def test_words_are_counted_without_punctuation() -> None:
    assert counts(word_diff("Ada went home.", "Ada ran far, far away.")) == (2, 4)
    assert counts(word_diff("same", "same")) == (0, 0)


@pytest.mark.parametrize("paragraphs", [20, 150, 3000])
def test_a_long_text_is_compared_in_good_time_and_only_where_it_changed(paragraphs: int) -> None:
    """Of 200, 1,500 and 30,000 words: each with each would be 10⁸ comparisons and more."""
    lines = [f"Paragraph {n} has words of its own, {n * 7} of them, and ends here." for n in range(paragraphs)]
    changed = [*lines]
    changed[paragraphs // 2] = changed[paragraphs // 2].replace("words", "phrases")
    old, new = "\n\n".join(lines), "\n\n".join(changed)
    started = time.process_time()
    pieces = word_diff(old, new)
    assert time.process_time() - started < 5
    assert [p for p in pieces if p.op != "same"] == [Piece(op="out", text="words"), Piece(op="in", text="phrases")]
    assert after(pieces) == new


def test_two_long_texts_with_nothing_in_common_but_common_words_are_compared_in_good_time() -> None:
    old = " ".join(f"the and old{n}" for n in range(3000))
    new = " ".join(f"the and new{n}" for n in range(3000))
    started = time.process_time()
    pieces = word_diff(old, new)
    assert time.process_time() - started < 5
    assert (before(pieces), after(pieces)) == (old, new)
