"""The words that `hashing` looks at: stemmed by script, so that a question and its answer are cut alike.

Which language a short question is in can't be known for sure, and a question stemmed otherwise than the text would
find nothing: Latin letters are always stemmed as English, Cyrillic as Russian; the n-grams carry other languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

_LONGEST_WORD: Final = 40
_WIDE: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003ffff"
_WORD: Final = re.compile(rf"[{_WIDE}]{{1,{_LONGEST_WORD}}}|[^\W_{_WIDE}]{{1,{_LONGEST_WORD}}}")
_SLICE: Final = 1_000_000
"""Characters looked at in one go: a text of 50 MB must not become a list of eight million words."""
_STOP_WORDS: Final = """a about after all also am an and any are as at be because been before being but by can could did do does done
    for from had has have he her here hers him his how i if in into is it its just me more most my no nor not of off
    on once only or other our out over own s same she so some such t than that the their them then there these they
    this those through to too under until up very was we were what when where which while who whom why will with
    would you your
    а без бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его ее если есть еще
    же за здесь и из или им их к как ко когда которые который кто ли либо мне может мы на надо наш не него нее нет ни
    них но ну о об однако он она они оно от очень по под при с со так также такой там те тем то того тоже той только
    том ты у уже хотя чего чей чем что чтобы чье чья эта эти это этого этой этот я"""
_STOP: Final = frozenset(_STOP_WORDS.split())


def words_of(text: str) -> Iterator[str]:
    """Casefolded words and runs of wide characters, without stop words, stems not yet taken."""
    for piece in _slices(text):
        for word in _WORD.findall(_folded(piece)):
            if word not in _STOP:
                yield word


def is_wide(word: str) -> bool:
    """Chinese, Japanese or Korean: a run without blanks, taken apart into pairs."""
    return "\u3040" <= word[0] <= "\ud7af" or word[0] >= "\U00020000" or "\uf900" <= word[0] <= "\ufaff"


def stem_of(word: str) -> str:
    first = word[0]
    if "\u0400" <= first <= "\u04ff":
        return _stemmer("russian")(word)
    return _stemmer("english")(word) if first < "\u0250" else word


@lru_cache(maxsize=2)
def _stemmer(language: str) -> Callable[[str], str]:
    import Stemmer

    # One object must not be used by two threads at once: PyStemmer keeps a buffer in it.
    return lambda word: str(Stemmer.Stemmer(language, 0).stemWord(word))


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")


def _slices(text: str) -> Iterator[str]:
    """Pieces of about a million characters, cut at a blank where there is one."""
    start = 0
    while start < len(text):
        end = start + _SLICE
        if end < len(text):
            blank = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
            end = blank if blank > start else end
        yield text[start:end]
        start = end
