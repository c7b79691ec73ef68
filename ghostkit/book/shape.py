"""What a brief says about the book's shape, in English or Russian: chapters, sections a chapter, words a section.

Only what is said plainly counts. "Eight chapters of four sections each, about 600 words a section" is plain; "the
first three chapters", "eight to ten chapters", "90,000 words" and two different numbers for one thing are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from ghostkit.book.structure import RANGES

_EN_UNITS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_EN_TEENS: Final = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_EN_TENS: Final = {"twenty": 20, "thirty": 30, "forty": 40}
# Each number in the cases that a phrase about a book's shape puts it in.
_RU_UNITS: Final = (
    ("одна", "одну", "одной", "один", "одного", "одному"),
    ("две", "два", "двух", "двум", "двумя"),
    ("три", "трех", "трем", "тремя"),
    ("четыре", "четырех", "четырем", "четырьмя"),
    ("пять", "пяти", "пятью"),
    ("шесть", "шести", "шестью"),
    ("семь", "семи", "семью"),
    ("восемь", "восьми", "восемью"),
    ("девять", "девяти", "девятью"),
)
_RU_TEENS: Final = (
    *("десять", "одиннадцать", "двенадцать", "тринадцать", "четырнадцать"),
    *("пятнадцать", "шестнадцать", "семнадцать", "восемнадцать", "девятнадцать"),
)
_RU_TENS: Final = {"двадцать": 20, "двадцати": 20, "тридцать": 30, "тридцати": 30, "сорок": 40, "сорока": 40}


def _english_numbers() -> dict[str, int]:
    units = {word: value for value, word in enumerate(_EN_UNITS, 1)}
    teens = {word: value for value, word in enumerate(_EN_TEENS, 10)}
    joined = {
        f"{ten}{gap}{unit}": tens + value
        for ten, tens in _EN_TENS.items()
        for unit, value in units.items()
        for gap in ("-", " ")
        if tens < 40
    }
    return units | teens | _EN_TENS | joined


def _russian_numbers() -> dict[str, int]:
    units = {form: value for value, forms in enumerate(_RU_UNITS, 1) for form in forms}
    teens = {form: value for value, word in enumerate(_RU_TEENS, 10) for form in (word, f"{word[:-1]}и")}
    joined = {
        f"{ten} {unit}": tens + value for ten, tens in _RU_TENS.items() for unit, value in units.items() if tens < 40
    }
    return units | teens | _RU_TENS | joined


_NUMBERS: Final = _english_numbers() | _russian_numbers()


def _number(words: Mapping[str, int]) -> str:
    """A pattern for a number in digits (thousands may be parted) or in one of `words`, longest first."""
    spelled = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return rf"(?<![\w.,–—-])(?P<n>\d{{1,3}}(?:[, \u00a0\u202f]\d{{3}})+|\d+|{spelled})(?![\w]|[.,]\d)"


_EN: Final = {
    "N": _number(_english_numbers()),
    "about": r"(?:(?:about|around|roughly|approximately|some|~) ?)?",
    "scenes": r"(?:sections|scenes|section|scene)",
    "has": r"(?:of|with|has|have|having|is|are|in|x|×|at|gets|contains|holds|split into|divided into|made of"
    r"|consists of|(?:should|must|will) (?:have|be|run to)|runs? to|with)",
    "a": r"(?:a|per|to a|to each|in each|for each|in every|to every|for every|each|every)",
}
_RU: Final = {
    "N": _number(_russian_numbers()),
    "about": r"(?:(?:примерно|около|приблизительно|где-то|~) ?)?",
    "scenes": r"(?:сцен|раздел|секци|эпизод|подглав)\w{0,3}",
    "each": r"(?:(?:каждой|каждом|каждую|каждый|одной|одну|один) )?",
}
_PATTERNS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "en": {
        "chapters": (
            r"{N}[ -](?:(?:short|long|numbered|equal|main) )?chapters?\b",
            r"^chapters ?[:=] ?{about}{N}",
        ),
        "sections": (
            r"{N} {scenes} (?:each|apiece|{a} chapter)\b",
            r"\bchapters?,? (?:each )?{has} {about}{N} {scenes}\b",
            r"^{scenes}(?: {a} chapter)? ?[:=] ?{about}{N}",
        ),
        "words": (
            r"{N} words(?: long)? {a} {scenes}\b",
            r"\b{scenes}(?: each)?,? (?:each )?{has} {about}{N} words\b",
            r"\b{scenes}\b(?:(?!chapter)[^.]){{0,40}}?{N} words (?:each|apiece)\b",
            r"\beach {scenes},? {about}{N} words\b",
            r"^words {a} {scenes} ?[:=] ?{about}{N}",
        ),
    },
    "ru": {
        "chapters": (
            r"{N} (?:(?:коротких|длинных|больших|небольших) )?глав(?:а|ы|у|е|ах|ам)?\b",
            r"^(?:глав|главы) ?[:=] ?{about}{N}",
        ),
        "sections": (
            r"\bглав\w{{0,2}},? (?:{about}по|из|x|×|х) {about}{N} {scenes}\b",
            r"\bпо {about}{N} {scenes} (?:в|на) {each}глав",
            r"\b{N} {scenes} (?:в|на) {each}глав[уе]\b",
            r"\bкажд\w+ глав[аеу],?(?: состоит)?(?: содержит)?(?: из| по| —| -|:)? {about}{N} {scenes}\b",
            r"^{scenes}(?: (?:в|на) глав[уе])? ?[:=] ?{about}{N}",
        ),
        "words": (
            r"\b{scenes}\b(?:(?!глав)[^.]){{0,40}}?\bпо {about}{N} слов\b(?! (?:в|на) {each}глав)",
            r"\b{N} слов (?:в|на) {each}{scenes}\b",
            r"\b{scenes}(?: по| в| из| —| -|:) {about}{N} слов\b",
            r"^слов (?:в|на) {each}{scenes} ?[:=] ?{about}{N}",
        ),
    },
}
# A bound or one end of a range is no plain number.
_BOUND_BEFORE: Final = re.compile(
    r"(?:\b(?:(?<!runs )(?<!run )to|or|than|at least|at most|under|over|between \S+ and|от|до|или|менее|более|больше"
    r"|меньше)|\d ?[-–—]|\w[–—]) ?(?:about |примерно )?$"
)
# These name some of the chapters, or a stretch of the story, and not how many there are.
_SOME_BEFORE: Final = re.compile(
    r"\b(?:first|last|next|other|another|every|these|those|the|only|after|before|within|chapters?|sections?|parts?"
    r"|первы[ех]|последни[ех]|следующи[ех]|други[ех]|эти|этих|кажды[ех]|через|после|глав[аеуы]?|част[ьи]) $"
)
_SOME_AFTER: Final = re.compile(
    r"^(?: (?:later|ago|earlier|before|after|from|into|or|in$|in[,.]|или|спустя|назад|до|после|подряд|от)\b)"
)
_PARTS: Final = re.compile(r"\b(?:parts?|част(?:ь|и|ей|ях))\b")
_BLOCK: Final = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*+•]|\d+[.)]|#+)[ \t])|\n(?=[^\n:]{1,40}[:=] )")


def shape_from_brief(text: str, language: str = "en") -> dict[str, int]:
    """The numbers that the brief plainly says: any of `chapters`, `sections` (a chapter), `words` (a section)."""
    patterns = _compiled("ru" if language.lower().startswith("ru") else "en")
    said: dict[str, set[int]] = {kind: set() for kind in patterns}
    for sentence in _sentences(text):
        for kind, expressions in patterns.items():
            for expression in expressions:
                said[kind].update(_plain(kind, expression, sentence))
    return {kind: values.pop() for kind, values in said.items() if len(values) == 1}


@cache
def _compiled(language: str) -> Mapping[str, tuple[re.Pattern[str], ...]]:
    pieces = _EN if language == "en" else _RU
    return {
        kind: tuple(re.compile(expression.format(**pieces)) for expression in expressions)
        for kind, expressions in _PATTERNS[language].items()
    }


def _sentences(text: str) -> Iterator[str]:
    """Sentences in lower case, without emphasis and list marks, on one line each."""
    plain = re.sub(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}", "", text.lower().replace("ё", "е").replace("\u2011", "-"))
    for block in _BLOCK.split(plain):
        line = re.sub(r"[ \t\n]+", " ", block).strip()
        line = re.sub(r"^(?:[-*+•]|\d+[.)]|#+) ", "", line)
        yield from re.split(r"(?<=[.!?;]) ", line)


def _plain(kind: str, expression: re.Pattern[str], sentence: str) -> Iterator[int]:
    least, most = RANGES[kind]
    if kind == "chapters" and _PARTS.search(sentence):
        return
    for match in expression.finditer(sentence):
        start, end = match.start("n"), match.end()
        before, after = sentence[max(0, start - 40) : start], sentence[end : end + 20]
        if _BOUND_BEFORE.search(before):
            continue
        if kind == "chapters" and (_SOME_BEFORE.search(before) or _SOME_AFTER.search(after)):
            continue
        value = _value(match["n"])
        if least <= value <= most:
            yield value


def _value(number: str) -> int:
    return _NUMBERS.get(number) or int(re.sub(r"[^\d]", "", number))
