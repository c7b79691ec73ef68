"""What a brief says about the book's shape is found; what it doesn't say plainly is not guessed."""

import time

import pytest

from ghostkit.book.shape import shape_from_brief

SAID = [
    (
        "Eight chapters of four sections each for a first draft, about 600 words a section; each section one scene.",
        {"chapters": 8, "sections": 4, "words": 600},
    ),
    ("Eight chapters, four sections each, about 600 words a section.", {"chapters": 8, "sections": 4, "words": 600}),
    ("Twelve chapters of three scenes, each scene about 1,200 words.", {"chapters": 12, "sections": 3, "words": 1200}),
    ("A novel in **twenty-four** short chapters.", {"chapters": 24}),
    ("A forty-chapter saga.", {"chapters": 40}),
    ("thirty two chapters", {"chapters": 32}),
    ("Each chapter has five sections of roughly 450 words each.", {"sections": 5, "words": 450}),
    ("8 chapters x 4 sections x 600 words", {"chapters": 8, "sections": 4, "words": 600}),
    ("8 chapters × 4 sections × 600 words", {"chapters": 8, "sections": 4, "words": 600}),
    (
        "- Chapters: 9\n- Sections per chapter: 3\n- Words per section: 700",
        {"chapters": 9, "sections": 3, "words": 700},
    ),
    ("Chapters: 9\nSections per chapter: 3\n", {"chapters": 9, "sections": 3}),
    (
        "Split into ten chapters, each with\nthree sections. Each section runs to 900 words.",
        {"chapters": 10, "sections": 3, "words": 900},
    ),
    ("Six chapters, 3 sections per chapter, 500 words in each section", {"chapters": 6, "sections": 3, "words": 500}),
]

SAID_RU = [
    (
        "Шесть глав по три сцены, примерно по 500 слов; в каждой главе одна запись из журнала погоды.",
        {"chapters": 6, "sections": 3, "words": 500},
    ),
    ("Повесть в двенадцати главах.", {"chapters": 12}),
    ("Роман из двадцати двух глав, в каждой главе четыре раздела.", {"chapters": 22, "sections": 4}),
    ("Восемь глав. По четыре сцены в каждой главе, 600 слов на сцену.", {"chapters": 8, "sections": 4, "words": 600}),
    ("Сорок глав по трём сценам", {"chapters": 40, "sections": 3}),
    ("Глав: 7\nСцен в главе: 2\nСлов в сцене: 1 500", {"chapters": 7, "sections": 2, "words": 1500}),
    ("10 глав по 2 раздела по 800 слов", {"chapters": 10, "sections": 2, "words": 800}),
]

NOT_SAID = [
    "A courier crosses a dying sea.",
    "A novel of about 90,000 words; one point of view per chapter.",
    "Arden dies in chapter six. The reader learns it in chapter seven, from someone who wrote it.",
    "The first three chapters are set in Ansel.",
    "Two chapters later she returns.",
    "Eight to ten chapters.",
    "8-10 chapters, 500–700 words a section.",
    "At least eight chapters, up to 600 words a section.",
    "Part one has three chapters. Part two has four chapters.",
    "Part one has three chapters.",
    "Every two chapters the narrator changes.",
    "Eight chapters for the sea. Then nine chapters for the land.",
    "Told in under 300 words, with two exercises.",
    "It has 12 sections in all and 4.5 chapters.",
    "900 chapters",
    "Its database is 3.8 GB by chapter four and 41 GB by chapter eight.",
]

NOT_SAID_RU = [
    "Повесть примерно на 30 000 слов, на русском языке.",
    "Появляется в последней главе. Первые три главы на острове.",
    "От шести до восьми глав.",
    "Через две главы он вернётся.",
    "Не более десяти глав.",
    "Три главы по 500 слов.",
]


@pytest.mark.parametrize(("text", "shape"), SAID)
def test_numbers_said_plainly_in_english_are_found(text: str, shape: dict[str, int]) -> None:
    assert shape_from_brief(text, "en") == shape


@pytest.mark.parametrize(("text", "shape"), SAID_RU)
def test_numbers_said_plainly_in_russian_are_found(text: str, shape: dict[str, int]) -> None:
    assert shape_from_brief(text, "ru") == shape


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_english_leaves_open_is_not_guessed(text: str) -> None:
    assert shape_from_brief(text, "en") == {}


@pytest.mark.parametrize("text", NOT_SAID_RU[:-1])
def test_what_russian_leaves_open_is_not_guessed(text: str) -> None:
    assert shape_from_brief(text, "ru") == {}


def test_words_of_a_chapter_are_not_taken_for_words_of_a_section() -> None:
    assert shape_from_brief(NOT_SAID_RU[-1], "ru") == {"chapters": 3}
    assert shape_from_brief("Three chapters of 500 words each.", "en") == {"chapters": 3}


def test_a_brief_made_to_be_slow_is_read_in_time() -> None:
    started = time.perf_counter()
    assert shape_from_brief("8 chapters sections words " * 12_000) == {"chapters": 8}
    assert time.perf_counter() - started < 10  # 0.2 s as it is; minutes where a look-around goes over the whole text


@pytest.mark.parametrize("number", range(1, 41))
def test_every_number_word_up_to_forty_is_known_in_english(number: int) -> None:
    units = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    units += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
    tens = {2: "twenty", 3: "thirty", 4: "forty"}
    word = units[number - 1] if number < 20 else tens[number // 10]
    if number > 20 and number % 10:
        word += f"-{units[number % 10 - 1]}"
    assert shape_from_brief(f"A book of {word} chapters.") == {"chapters": number}
