from __future__ import annotations

import pytest

from ghostkit.errors import InputError
from ghostkit.rag.retrieval.question import CHARACTERS, question_of


@pytest.mark.parametrize("query", ["", "   ", "\n\t"])
def test_an_empty_query_is_refused_in_a_sentence(query):
    with pytest.raises(InputError, match=r"The query is empty\. Give a question"):
        question_of(query)


@pytest.mark.parametrize("query", [None, 3, b"mira"])
def test_what_is_no_text_is_refused(query):
    with pytest.raises(InputError, match="must be text"):
        question_of(query)


def test_an_endless_query_is_cut_for_the_embedder_and_says_so():
    made = question_of("word " * 20_000)
    assert len(made.for_meaning) == CHARACTERS
    assert made.asked == "word " * 20_000
    assert made.notes == ("The query has 99,999 characters; its meaning was taken from the first 8,000.",)


def test_half_a_surrogate_pair_is_replaced_and_everything_else_is_kept():
    assert question_of("Mira \ud83d waits").asked == "Mira \ufffd waits"
    assert question_of("Мира 🜨 \u0301").asked == "Мира 🜨 \u0301"
