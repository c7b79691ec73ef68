from __future__ import annotations

import pytest

from ghostkit.rag.chunking.sentences import sentences
from tests.rag.chunking.passages import PASSAGES

CASES = {
    "an attribution goes with the question": ("“Where?” he said. “Here.”", ["“Where?” he said.", "“Here.”"]),
    "a Russian attribution too": ("— Да? — спросил он. — Нет.", ["— Да? — спросил он.", "— Нет."]),
    "i. t. d. may end a sentence": ("Взял книги и т. д. Потом ушёл.", ["Взял книги и т. д.", "Потом ушёл."]),
    "a year before a name doesn't": ("В 1812 г. Наполеон вошёл в Москву.", ["В 1812 г. Наполеон вошёл в Москву."]),
    "etc. before a usual first word": ("Cats, dogs, etc. The rest ran.", ["Cats, dogs, etc.", "The rest ran."]),
    "decimals": ("It is 3.14 or so. Pi.", ["It is 3.14 or so.", "Pi."]),
    "ellipsis in the middle": ("I saw… nothing. He… He left.", ["I saw… nothing.", "He…", "He left."]),
    "spaced ellipsis": ("It was . . . nothing. So.", ["It was . . . nothing.", "So."]),
    "marks on end": ("What?! No!!! Yes.", ["What?!", "No!!!", "Yes."]),
    "no. with a number, and No. without": ("No. 5 is alive. No. He is.", ["No. 5 is alive.", "No.", "He is."]),
    "the pronoun I": ("It was I. He knew.", ["It was I.", "He knew."]),
    "notes": ("It rains.[12] It pours.", ["It rains.[12]", "It pours."]),
    "no capitals at all": ("the cat sat. a dog, e.g. rex, ran.", ["the cat sat.", "a dog, e.g. rex, ran."]),
    "emphasis": ("_Never._ He said *so.* Then silence.", ["_Never._", "He said *so.*", "Then silence."]),
    "Devanagari": ("वह आया। क्या? हाँ।", ["वह आया।", "क्या?", "हाँ।"]),
    "Spanish": ("¿Dónde está? ¡Aquí! El Sr. García llegó.", ["¿Dónde está?", "¡Aquí!", "El Sr. García llegó."]),
    "a wrapped line": ("He went\nhome. She\nstayed.", ["He went\nhome.", "She\nstayed."]),
    "a version": ("Use v1.2.3 of it. Now.", ["Use v1.2.3 of it.", "Now."]),
    "an address": ("See example.com. It works.", ["See example.com.", "It works."]),
    "nothing to end it": ("no end in sight", ["no end in sight"]),
}  # fmt: skip


def cut(text: str, language: str = "") -> list[str]:
    return [text[start:end] for start, end in sentences(text, 0, len(text), language)]


@pytest.mark.parametrize("name", CASES)
def test_sentences_end_where_a_reader_ends_them(name: str) -> None:
    text, expected = CASES[name]
    assert cut(text) == expected


@pytest.mark.parametrize("language", PASSAGES)
def test_any_two_sentences_are_told_apart_and_neither_is_cut(language: str) -> None:
    space = "" if language in ("zh", "ja") else " "
    for first in PASSAGES[language]:
        for second in PASSAGES[language]:
            assert cut(first + space + second, language) == [first, second]


@pytest.mark.parametrize("text", ["." * 60_000, "a. " * 20_000, "“" * 60_000, ' ."' * 20_000, "。」" * 20_000])
def test_hostile_marks_take_linear_time(text: str) -> None:
    text = text.strip()
    assert sum(end - start for start, end in sentences(text, 0, len(text))) <= len(text)
