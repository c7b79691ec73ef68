"""Keyword search ranks as BM25 says, over what may be seen and nothing else."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.rag.document import REFERENCE, Document
from ghostkit.rag.scope import EVERYTHING, Scope
from ghostkit.rag.store import ChunkStore
from ghostkit.rag.store.view import MOST_TERMS
from tests.rag.store.making import WORDS, brute_force, chunked, filled, placed, text_of

LANGUAGES = ("en", "ru", "de", "", "zh")


def book(chance: random.Random, sections: int = 12) -> list[Document]:
    """Sections in order, and some sources beside them."""
    written = [
        Document(id=f"s{at}", text=text_of(chance), chapter=at // 3 + 1, section=at % 3 + 1, language="en")
        for at in range(sections)
    ]
    beside = [
        Document(
            id=f"r{at}", text=text_of(chance), kind=REFERENCE, since_chapter=chance.choice([None, 2, 3]),
            language=chance.choice(LANGUAGES), tags=("map",) if at % 2 else (),
        )
        for at in range(4)
    ]  # fmt: skip
    return written + beside


def question(chance: random.Random) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(0, 6)))


@pytest.mark.parametrize("seed", range(8))
def test_scores_and_order_are_those_of_a_bm25_by_the_textbook(seed: int) -> None:
    chance = random.Random(seed)
    documents = book(chance)
    with filled(documents) as store:
        for scope in (EVERYTHING, Scope(before=(3, 2)), Scope(kinds=frozenset({REFERENCE}))):
            for _ in range(10):
                query = question(chance)
                expected = brute_force(documents, query, scope)
                found = store.view(scope).keyword(query, 1000)
                assert dict(found) == pytest.approx(expected, rel=1e-12)
                assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), before=st.tuples(st.integers(1, 6), st.integers(0, 4)))
def test_a_search_as_of_a_chapter_equals_a_search_of_a_book_that_ends_before_it(
    seed: int, before: tuple[int, int]
) -> None:
    chance = random.Random(seed)
    documents = book(chance)
    scope = Scope(before=before)
    queries = [question(chance) for _ in range(5)]
    with filled(documents) as whole, filled([one for one in documents if scope.sees(placed(one))]) as ending:
        seen, all_there_is = whole.view(scope), ending.view()
        assert seen.count == all_there_is.count
        for query in queries:
            assert seen.answer(query, 10) == all_there_is.answer(query, 10)  # bit for bit


def test_a_secret_of_a_later_chapter_changes_no_earlier_score() -> None:
    before = [Document(id="1", text="Mira keeps the lamp by the harbour", chapter=1, section=1, language="en")]
    secret = Document(id="9", text="lamp lamp lamp Mira is the murderer", chapter=9, section=1, language="en")
    french = Document(id="10", text="la lampe de Mira", chapter=10, section=1, language="fr")
    with filled(before) as short, filled([*before, secret, french]) as long:
        scope = Scope(before=(2, 1))
        for query in ("lamp", "murderer", "the lamp of Mira", "la lampe"):
            assert long.view(scope).answer(query, 10) == short.view(scope).answer(query, 10)
        assert long.view(scope).keyword("murderer", 10) == []
        assert long.view(Scope(before=(10, 0))).keyword("murderer", 10) != []


def test_a_limit_takes_the_best_and_ties_go_by_id() -> None:
    documents = [Document(id=f"d{at}", text="the same words in each", language="en") for at in range(50)]
    with filled(documents) as store:
        view = store.view()
        everything = view.keyword("same words", 1000)
        assert len({score for _, score in everything}) == 1
        assert [one for one, _ in everything] == sorted(one for one, _ in everything)
        for limit in (0, 1, 7, 50, 51):
            assert view.keyword("same words", limit) == everything[:limit]


def test_a_name_in_most_chunks_still_weighs_something() -> None:
    documents = [Document(id=f"d{at}", text="Ishmael sails" if at % 8 else "rope", language="en") for at in range(40)]
    with filled(documents) as store:
        found = store.view().keyword("Ishmael", 100)
        assert len(found) == 35
        assert all(score > 0 for _, score in found)


def test_stop_words_are_looked_for_only_where_there_is_nothing_else() -> None:
    documents = [
        Document(id="a", text="to be or not to be", language="en"),
        Document(id="b", text="the whale", language="en"),
    ]
    with filled(documents) as store:
        view = store.view()
        assert view.answer("to be", 5).terms == ("·be", "·to")
        assert [view.chunks([one])[0].content for one, _ in view.keyword("to be", 5)] == ["to be or not to be"]
        assert view.answer("to be a whale", 5).terms == ("whale",)


@pytest.mark.parametrize("query", ["", "   ", "...", "\0", "nowhere", "·", "🐳"])
def test_a_question_of_nothing_finds_nothing(query: str) -> None:
    with filled([Document(id="a", text="the whale", language="en")]) as store:
        assert store.view().keyword(query, 5) == []


def test_an_empty_store_and_an_empty_view_find_nothing() -> None:
    with ChunkStore.open(None) as store:
        assert (store.version(), store.view().count, store.view().keyword("whale", 5)) == (0, 0, [])
    with filled([Document(id="a", text="the whale", chapter=5, section=1, language="en")]) as store:
        view = store.view(Scope(before=(1, 1)))
        assert (view.count, view.keyword("whale", 5), view.rows.tolist()) == (0, [], [])


def test_a_question_of_100_000_characters_is_bounded_and_says_so() -> None:
    chance = random.Random(1)
    question = "whale " + " ".join(f"word{chance.randrange(10**9)}" for _ in range(8_000))
    assert len(question) > 100_000
    with filled([Document(id="a", text="a whale", language="en")]) as store:
        answer = store.view().answer(question, 5)
        assert len(answer.hits) == 1
        assert len(answer.terms) == MOST_TERMS
        assert str(MOST_TERMS) in answer.note
        assert store.view().answer("a whale", 5).note == ""


def test_a_question_is_stemmed_in_every_language_that_is_seen() -> None:
    german = Document(id="de", text="Die Häuser am Hafen", language="de")
    english = Document(id="en", text="The houses at the harbour", language="en")
    with filled([german, english]) as store:
        view = store.view()
        assert {one.metadata.document for one in view.chunks([hit for hit, _ in view.keyword("Haus", 5)])} == {"de"}
        assert {one.metadata.document for one in view.chunks([hit for hit, _ in view.keyword("house", 5)])} == {"en"}


def test_a_repeated_word_of_the_question_counts_as_often_as_it_is_asked() -> None:
    with filled(
        [Document(id="a", text="whale harbour", language="en"), Document(id="b", text="sea", language="en")]
    ) as store:
        view = store.view()
        once, twice = view.keyword("whale", 1)[0][1], view.keyword("whale whales", 1)[0][1]
        assert twice == pytest.approx(2 * once)


def test_a_very_frequent_word_in_one_chunk_is_counted() -> None:
    document = Document(id="a", text="whale " * 70_000, language="en")
    with ChunkStore.open(None) as store:
        store.apply([chunked(document, words=10**9)])
        assert store.view().keyword("whale", 1)[0][1] > 0
        store.apply([chunked(replace(document, text="rope"))])
        assert store.view().keyword("whale", 1) == []
