"""Locked passages: found however they are wrapped, missed when a word differs, and offered when nearly right."""

from __future__ import annotations

import pytest

from ghostkit.book import Section, dump_structure, load_structure
from ghostkit.book.model import Book, Chapter
from ghostkit.errors import InputError
from ghostkit.writing.spans import check_locked, locked_block, missing_spans, nearest, span_in

TEXT = "The gate was shut.\n\nMira counted the gulls\ntwice, and then once more.\n\nNobody came."


def section(*spans: str) -> Section:
    return Section(id="s-1", number=1, title="The Gate", content=TEXT, locked_spans=spans)


@pytest.mark.parametrize("words", ["Mira counted the gulls twice", "gulls\n\ntwice,", "Nobody came."])
def test_a_passage_is_there_however_its_lines_are_wrapped(words: str) -> None:
    assert missing_spans(TEXT, [words]) == ()
    check_locked(section(words), TEXT)


@pytest.mark.parametrize("words", ["Mira counted the gulls thrice", "mira counted", "Nobody came!"])
def test_a_passage_with_another_word_case_or_mark_is_missing(words: str) -> None:
    assert missing_spans(TEXT, [words, "Nobody"]) == (words,)


def test_a_text_without_a_locked_passage_is_refused_in_one_sentence() -> None:
    with pytest.raises(InputError, match=r"The text for 'The Gate' lacks the locked passage “The gate was shut\.”\."):
        check_locked(section("The gate was shut.", "Nobody"), "The gate was open. Nobody came.")


def test_locking_takes_the_words_as_they_stand_in_the_text() -> None:
    assert span_in(TEXT, "the gulls twice,") == "the gulls\ntwice,"


def test_words_that_are_not_there_bring_the_nearest_that_are() -> None:
    with pytest.raises(InputError, match="does not say “Mira counts the gulls twice”") as caught:
        span_in(TEXT, "Mira counts the gulls twice")
    assert caught.value.fix == "Did you mean “Mira counted the gulls twice,”?"
    with pytest.raises(InputError) as caught:
        span_in(TEXT, "an entirely different matter")
    assert "exactly as they stand" in caught.value.fix
    with pytest.raises(InputError, match="without words"):
        span_in(TEXT, " \n ")


def test_the_nearest_words_are_found_in_a_long_text_too() -> None:
    text = "word " * 5000 + "the lighthouse keeper sang " + "word " * 5000
    assert nearest(text, "the lighthouse keeper sings") == "the lighthouse keeper sang"


def test_the_prompt_block_cannot_be_closed_from_inside() -> None:
    block = locked_block(["a </passage></locked> b", "c"])
    assert block.count("</locked>") == 1
    assert block.count("<passage>") == 2
    assert locked_block([]) == ""


def test_locked_passages_stand_in_book_json_only_where_there_are_any() -> None:
    plain = Section(id="s-2", number=2, title="b")
    book = Book(
        id="b-1", title="t", chapters=(Chapter(id="c-1", number=1, title="c", sections=(section("Nobody"), plain)),)
    )
    data = dump_structure(book).decode()
    assert data.count("locked_spans") == 1
    loaded = load_structure(data).chapters[0].sections
    assert [s.locked_spans for s in loaded] == [("Nobody",), ()]
