from __future__ import annotations

import math
import random
import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ghostkit.errors import ConfigError
from ghostkit.rag.chunking import RecursiveChunker, SentenceChunker
from ghostkit.rag.chunking.measure import estimated_tokens
from tests.rag.chunking.passages import PASSAGES, paragraphs, places

CHUNKERS = (SentenceChunker, RecursiveChunker)
TEXTS = st.one_of(
    st.text(max_size=600),
    st.text(alphabet="aB я。.!?,;:\n\r\t #|`-*“”«»—\u2028\u0301\U0001f600\ud800", max_size=600),
    st.lists(
        st.sampled_from(
            [*PASSAGES["en"], *PASSAGES["ru"], *PASSAGES["zh"], "# A heading", "CHAPTER II", "- item", "| a | b |",
             "```", "* * *", "", "\r\n", "   indented", "word " * 40, "x" * 150, "1. one", "— Да."]
        ),
        max_size=40,
    ).map("\n".join),
)  # fmt: skip


def words(text: str) -> float:
    return len(text.split())


@pytest.mark.parametrize("chunker", CHUNKERS)
@pytest.mark.parametrize("count", [None, words, estimated_tokens])
@given(text=TEXTS, size=st.integers(4, 300), share=st.floats(0, 0.6))
@example(text="", size=20, share=0.0)
@example(text=" \n\t ", size=20, share=0.0)
@example(text="```\ncode\n\n\nmore", size=20, share=0.5)
@settings(max_examples=60, deadline=None)
def test_chunks_cover_the_text_in_order_and_none_is_too_large(chunker, count, text, size, share) -> None:  # type: ignore[no-untyped-def]
    spans = chunker(size=size, overlap=int(size * share), count=count)(text)
    covered, start = 0, -1
    for span in spans:
        piece = text[span.start : span.end]
        assert piece == piece.strip() != ""
        assert (count(piece) if count else len(piece)) <= size
        assert span.start > start
        assert span.end > covered
        assert not text[covered : span.start].strip()
        covered, start = span.end, span.start
    assert not text[covered:].strip()


@pytest.mark.parametrize("chunker", CHUNKERS)
@pytest.mark.parametrize("language", PASSAGES)
@given(seed=st.integers(0, 10**6), overlap=st.sampled_from([0, 40, 90]))
@settings(max_examples=15, deadline=None)
def test_no_chunk_begins_or_ends_within_a_sentence(chunker, language: str, seed: int, overlap: int) -> None:  # type: ignore[no-untyped-def]
    made, text = paragraphs(language, seed, 12)
    starts, ends = places(made, language)
    spans = chunker(size=200, overlap=overlap)(text, language)
    assert len(spans) > 1
    assert {span.start for span in spans} <= starts
    assert {span.end for span in spans} <= ends


@pytest.mark.parametrize("language", PASSAGES)
def test_overlap_is_the_last_whole_sentences_of_the_chunk_before_and_no_more(language: str) -> None:
    made, text = paragraphs(language, 7, 60)
    starts, _ = places(made, language)
    spans = SentenceChunker(size=300, overlap=80)(text, language)
    overlapping = 0
    for one, other in pairwise(spans):
        if other.start < one.end:
            overlapping += 1
            assert one.end - other.start <= 80
            assert other.start in starts
    assert overlapping > len(spans) / 3
    without = SentenceChunker(size=300, overlap=0)(text, language)
    assert all(one.end <= other.start for one, other in pairwise(without))


def test_windows_line_ends_change_nothing_but_offsets() -> None:
    _, text = paragraphs("en", 3, 40)
    plain = [text[span.start : span.end] for span in SentenceChunker(size=400, overlap=60)(text)]
    windows = text.replace("\n", "\r\n")
    cut = [windows[span.start : span.end] for span in SentenceChunker(size=400, overlap=60)(windows)]
    assert [piece.replace("\r\n", "\n") for piece in cut][:1] == plain[:1]
    assert abs(len(cut) - len(plain)) <= len(plain) // 10


def test_a_sentence_too_large_is_cut_at_clauses_then_at_words_and_its_neighbours_are_whole() -> None:
    long = "He went over the hills and far away, " * 20 + "and never came back."
    text = f"Before it was quiet. {long} Then it was quiet again."
    pieces = [text[span.start : span.end] for span in SentenceChunker(size=200, overlap=0)(text)]
    assert pieces[0] == "Before it was quiet."
    assert all(piece.endswith((",", ".")) for piece in pieces)
    assert pieces[-1].endswith("Then it was quiet again.")
    no_commas = "word " * 300
    cut = [no_commas[span.start : span.end] for span in SentenceChunker(size=100, overlap=0)(no_commas)]
    assert all(set(piece.split()) == {"word"} for piece in cut)


def test_a_letter_keeps_its_accent_and_an_emoji_its_parts() -> None:
    text = "e\u0301" * 500 + "👩\u200d🚀" * 300
    pieces = [text[span.start : span.end] for span in SentenceChunker(size=101, overlap=0)(text)]
    assert "".join(pieces) == text
    assert not any(piece[0] in "\u0301\u200d" or piece[-1] == "\u200d" for piece in pieces)


@pytest.mark.parametrize(
    "text",
    [
        "слово " * 10_000, "x" * 60_000, "a,b;" * 15_000, "\n" * 60_000 + "end", "? " * 20_000, "- a\n" * 12_000,
        "|a|b|\n" * 10_000, "# h\n" * 12_000, "```\n" * 12_000, "```a\n" * 12_000, "CHAPTER I\n\n" * 5_000,
        "漢字" * 25_000,
        "“" * 40_000, "1. " * 15_000, " \n" * 30_000 + "x", "~~~\n\n" * 10_000, "= a\nb\n" * 8_000, "- " * 20_000,
    ],
    ids=lambda text: repr(text[:6]),
)  # fmt: skip
@pytest.mark.parametrize("chunker", CHUNKERS)
def test_four_times_the_text_takes_about_four_times_as_long_whatever_it_is(chunker, text: str) -> None:  # type: ignore[no-untyped-def]
    def seconds(part: str) -> float:
        best = math.inf
        for _ in range(2):
            started = time.process_time()
            chunker()(part)
            best = min(best, time.process_time() - started)
        return best

    # Quadratic would be sixteen times.
    assert seconds(text) < 9 * seconds(text[: len(text) // 4]) + 0.1


def test_what_no_chunk_can_be_made_of_is_refused() -> None:
    for size, overlap in ((0, 0), (10, 10), (10, -1)):
        with pytest.raises(ConfigError, match="can't be made"):
            SentenceChunker(size=size, overlap=overlap)


@pytest.mark.parametrize("language", ["en", "ru", "zh"])
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_an_edited_paragraph_moves_only_boundaries_near_it(language: str, seed: int) -> None:
    _, text = paragraphs(language, 1, 400)
    chance = random.Random(seed)
    chunker = SentenceChunker(size=400, overlap=60)
    before = {text[span.start : span.end] for span in chunker(text, language)}
    parts = text.split("\n\n")
    at = chance.randrange(len(parts))
    parts[at] = chance.choice(["", "Something new.", parts[at] + parts[at - 1], parts[at][: len(parts[at]) // 2]])
    edited = "\n\n".join(parts)
    after = [edited[span.start : span.end] for span in chunker(edited, language)]
    new = sum(piece not in before for piece in after)
    assert new <= 14
