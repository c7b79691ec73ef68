"""Words become terms: stems by language and script, stop words apart, nothing lost and nothing slow."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.rag.store.stop_words import stop_words
from ghostkit.rag.store.terms import LONGEST_TERM, STOP, terms_of, tokens_of


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "The running dogs’ owners", "owner run dog"),
        ("en", "Zoë’s naïve café", "zoe naive cafe"),
        ("en", "ﬁne ＡＢＣ", "fine abc"),
        ("ru", "Ёлки зелёные", "елки зеленые"),
        ("ru", "бе́гали собаки", "бегать собака"),
        ("de", "Häuser in der STRASSE", "haus straße"),
        ("fr", "l’amour qu’il cherchait", "amour chercher"),
        ("it", "dell'anima", "anima"),
        ("es", "los libros", "libro"),
        ("pt", "as cidades", "cidade"),
        ("nl", "de huizen", "huizen"),
        ("sv", "båtarna", "båten"),
        ("pl", "i domy", "domy"),
        ("en", "soft\u00adhyphen", "softhyphen"),
    ],
)
def test_forms_of_a_word_are_one_term(language: str, one: str, other: str) -> None:
    assert sorted(terms_of(one, language)) == sorted(terms_of(other, language))
    assert terms_of(one, language)


def test_different_words_stay_different() -> None:
    assert len(set(terms_of("whale wall wale bone-oil кит кот", "en"))) == 7


def test_each_token_is_stemmed_by_its_script_whatever_the_text_s_language() -> None:
    russian = terms_of("Письма Mr. Smith's running", "ru")
    assert russian == ["письм", "mr", "smith", "run"]
    assert terms_of("running письма", "en") == terms_of("running письма", "") == ["run", "письм"]
    assert terms_of("running", "uk") == ["run"]
    assert terms_of("книжками", "uk") == ["книжками"], "no stems rather than another language's"


def test_unspaced_scripts_give_pairs_and_keep_what_stands_between() -> None:
    assert terms_of("我爱你", "zh") == ["我爱", "爱你"]
    assert terms_of("猫", "zh") == ["猫"]
    assert terms_of("東京タワーtower3猫", "ja") == ["東京", "京タ", "タワ", "ワー", "tower3", "猫"]


def test_vowel_signs_don_t_tear_words_apart() -> None:
    assert len(tokens_of("नमस्ते दुनिया")) == 2
    assert len(tokens_of("cafe\u0301 nai\u0308ve")) == 2


@pytest.mark.parametrize(
    "language", ["en", "ru", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "uk"]
)
def test_stop_words_are_left_out_or_marked(language: str) -> None:
    words = sorted(stop_words(language))
    assert len(words) > 40
    assert terms_of(" ".join(words), language) == []
    marked = terms_of(" ".join(words), language, stop=True)
    assert len(marked) >= len(words) * 0.9
    assert all(term.startswith(STOP) for term in marked)


def test_stop_words_are_kept_in_the_form_that_tokens_have() -> None:
    for language in ("en", "ru", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "uk", "tr"):
        for word in stop_words(language):
            assert tokens_of(word) == [word], (language, word)


def test_a_marked_stop_word_is_no_other_word_s_term() -> None:
    assert terms_of("does", "en", stop=True) == [f"{STOP}does"]
    assert terms_of("doe", "en") == ["doe"]
    assert tokens_of(f"{STOP}does") == ["does"], "nobody can ask for the mark"


def test_a_line_of_letters_without_end_is_cut() -> None:
    assert [len(term) for term in terms_of("x" * 100_000)] == [LONGEST_TERM]


@given(st.text(max_size=200), st.sampled_from(["", "en", "ru", "de", "zh", "fr", "xx"]))
def test_any_text_gives_sound_terms(text: str, language: str) -> None:
    terms = terms_of(text, language, stop=True)
    assert terms == terms_of(text, language, stop=True)
    assert terms == terms_of(unicodedata.normalize("NFC", text), language, stop=True)
    for term in terms:
        assert term
        assert not re.search(r"\s", term)
        assert len(term) <= LONGEST_TERM * 4
    assert [term for term in terms if term[0] != STOP] == terms_of(text, language)


@given(st.lists(st.sampled_from(["whale", "sea", "I've", "кит", "我爱你", "Zoë", "3.14"]), max_size=20))
def test_texts_one_after_the_other_give_their_terms_one_after_the_other(pieces: list[str]) -> None:
    assert terms_of(" ".join(pieces), "en") == [term for piece in pieces for term in terms_of(piece, "en")]


def test_a_megabyte_takes_less_than_a_second() -> None:
    text = "The courier carried a letter over the dying sea, and nobody opened it. " * 15_000
    began = time.process_time()
    assert len(terms_of(text, "en")) > 90_000
    assert time.process_time() - began < 1.0
