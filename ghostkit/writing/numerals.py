"""Numbers as people write them in a text: digits, and number words of English and Russian."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_RUSSIAN = (
    "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать "
    "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать"
)
_TENS = {
    20: "twenty двадцать двадцати", 30: "thirty тридцать тридцати", 40: "forty сорок сорока",
    50: "fifty пятьдесят пятидесяти", 60: "sixty шестьдесят шестидесяти", 70: "seventy семьдесят семидесяти",
    80: "eighty восемьдесят восьмидесяти", 90: "ninety девяносто девяноста", 100: "сто ста", 200: "двести двухсот",
    300: "триста трёхсот трехсот", 400: "четыреста четырёхсот четырехсот", 500: "пятьсот пятисот",
    600: "шестьсот шестисот", 700: "семьсот семисот", 800: "восемьсот восьмисот", 900: "девятьсот девятисот",
}  # fmt: skip
_FORMS = {
    1: "одна одно одного одной одну", 2: "две двух двум двумя", 3: "трёх трех трём трем тремя",
    4: "четырёх четырех четырём четырьмя", 5: "пяти", 6: "шести", 7: "семи", 8: "восьми", 9: "девяти", 10: "десяти",
}  # fmt: skip
_VALUES = {
    **{word: value for words in (_ENGLISH, _RUSSIAN) for value, word in enumerate(words.split())},
    **{word: value for forms in (_TENS, _FORMS) for value, words in forms.items() for word in words.split()},
}
_SCALES = {
    "hundred": 100, "thousand": 1000, "тысяча": 1000, "тысячи": 1000, "тысяч": 1000, "million": 1_000_000,
    "миллион": 1_000_000, "миллиона": 1_000_000, "миллионов": 1_000_000,
}  # fmt: skip
LONE_ONE = frozenset(("one", "один", "одна", "одно", "одного", "одной", "одну"))
"""By itself it is a pronoun as often as a number."""
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")


def number_at(words: Sequence[str], at: int) -> tuple[int, str]:
    """Where the number that begins at `at` ends, and its digits; `at` itself where none begins."""
    if words[at][0].isdigit():
        return at + 1, _THOUSANDS.sub("", unicodedata.normalize("NFKC", words[at]))
    total, current, end = 0, 0, at
    while end < len(words):
        word = words[end]
        if word in _VALUES and _may_follow(current, _VALUES[word]):
            current += _VALUES[word]
        elif word in _SCALES and (end == at or 0 < current < 1000) and not (_SCALES[word] == 100 <= current):
            current = max(current, 1) * _SCALES[word]
            if _SCALES[word] > 100:
                total, current = total + current, 0
        elif not (word == "and" and current % 100 == 0 and end > at and _goes_on(words, end + 1)):
            break
        end += 1
    return (end, str(total + current)) if end > at else (at, "")


def _may_follow(current: int, value: int) -> bool:
    """Twenty-five and a hundred and five, but not twenty-thirty or ten-five."""
    return current == 0 or (current % 10 ** len(str(value)) == 0 and current % 100 != 10 and value > 0)


def _goes_on(words: Sequence[str], at: int) -> bool:
    """ "A hundred *and* five" is one number."""
    return words[at - 2] in ("hundred", "thousand") and at < len(words) and 0 < _VALUES.get(words[at], 0) < 100
