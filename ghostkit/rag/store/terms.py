"""A text's terms: what keyword search, the `hashing` embedder and the use measure compare texts by.

NFKC, casefolded, runs of letters and digits (with apostrophes inside), ё as е, soft hyphens and stress marks gone; then
the snowball stem of the language, chosen by the token's script, so that an English name in a Russian book is stemmed
as English. After stemming Latin letters lose their accents: Zoë is found as Zoe. Scripts that are written without
spaces (Chinese, Japanese, Thai …) give pairs of neighbouring characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from ghostkit.rag.store.stop_words import stop_words

TERMS_VERSION: Final = 1
"""Rises when the same text gives other terms; a store made by others is made anew."""
LONGEST_TERM: Final = 64
"""What is longer (a data URL, a line of hyphens glued together) is cut off there."""
STOP: Final = "·"
"""Stands before a stop word among postings, where a stop word is never stemmed."""
_KEPT_WORDS: Final = 200_000

_STEMMERS: Final = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_SCRIPTS: Final = (
    ("latin", 0x0041, 0x02AF), ("greek", 0x0370, 0x03FF), ("cyrillic", 0x0400, 0x052F), ("armenian", 0x0530, 0x058F),
    ("hebrew", 0x0590, 0x05FF), ("arabic", 0x0600, 0x06FF), ("devanagari", 0x0900, 0x097F), ("tamil", 0x0B80, 0x0BFF),
    ("latin", 0x1E00, 0x1EFF), ("greek", 0x1F00, 0x1FFF),
)  # fmt: skip
_WRITTEN_IN: Final = {
    "el": "greek", "ru": "cyrillic", "uk": "cyrillic", "be": "cyrillic", "bg": "cyrillic", "mk": "cyrillic",
    "sr": "cyrillic", "hy": "armenian", "yi": "hebrew", "ar": "arabic", "fa": "arabic", "hi": "devanagari",
    "ne": "devanagari", "ta": "tamil",
}  # fmt: skip
_COMMON: Final = {
    "latin": "en", "greek": "el", "cyrillic": "ru", "armenian": "hy", "arabic": "ar", "devanagari": "hi", "tamil": "ta",
}  # fmt: skip
"""What a token is taken for where the text's language is written in another script, or unknown."""
_ELISIONS: Final = {
    "fr": {"l", "d", "j", "m", "n", "s", "t", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"},
    "it": {"l", "un", "d", "c", "s", "t", "v", "dell", "all", "dall", "nell", "sull", "quell", "quest", "bell"},
    "ca": {"l", "d", "n", "s", "m", "t"},
}

# Marks of scripts whose vowels are marks; `\w` leaves them out, and a word would fall apart at them.
_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u0900-\u0963\u0966-\u0dff"
)
_UNSPACED_CLASS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED: Final = re.compile(f"[{_UNSPACED_CLASS}]+")
_PLAIN_TOKEN: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_MARKED_TOKEN: Final = re.compile(rf"(?:[^\W_]|[{_MARKS}])+(?:'(?:[^\W_]|[{_MARKS}])+)*")
_ANY_MARK: Final = re.compile(f"[{_MARKS}]")
_DROPPED: Final = re.compile("[\u00ad\u0300\u0301\u0307\u200b-\u200d\u2060\ufeff]")
_APOSTROPHES: Final = re.compile("[\u2018\u2019\u02bc\uff07\u02b9]")


def terms_of(text: str, language: str = "", *, stop: bool = False) -> list[str]:
    """The terms in reading order, repeats included; stop words left out, or with `stop` as `·the`.

    `language` is ISO 639-1; empty: each token's script decides.
    """
    kept = _kept(language)
    found = [kept[token] for token in tokens_of(text)]
    if stop:
        return [term for term in found if term]
    return [term for term in found if term and term[0] != STOP]


def tokens_of(text: str) -> list[str]:
    """The words as they stand, normalised and not stemmed; unspaced scripts as pairs of characters."""
    text = _normalised(text)
    if text.isascii():
        return _PLAIN_TOKEN.findall(text)
    pattern = _MARKED_TOKEN if _ANY_MARK.search(text) else _PLAIN_TOKEN
    if not _UNSPACED.search(text):
        return pattern.findall(text)
    tokens: list[str] = []
    for token in pattern.findall(text):
        tokens.extend(_pairs(token))
    return tokens


def _normalised(text: str) -> str:
    if text.isascii():
        return text.casefold()
    text = _APOSTROPHES.sub("'", unicodedata.normalize("NFKC", text).casefold())
    return _DROPPED.sub("", text).replace("ё", "е")


def _pairs(token: str) -> list[str]:
    """`我爱你` gives 我爱, 爱你; one character by itself stays; what is written with spaces stays whole."""
    tokens: list[str] = []
    end = 0
    for run in _UNSPACED.finditer(token):
        tokens.extend(part for part in (token[end : run.start()].strip("'"),) if part)
        piece, end = run.group(), run.end()
        tokens.extend([piece[at : at + 2] for at in range(len(piece) - 1)] or [piece])
    tokens.extend(part for part in (token[end:].strip("'"),) if part)
    return tokens


class _Kept(dict[str, str]):
    """Token to term, worked out once a word: a novel has few words many times."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, token: str) -> str:
        term = _term(token, self._language)
        if len(self) < _KEPT_WORDS:
            self[token] = term
        return term


_kept: Callable[[str], _Kept] = cache(_Kept)


def _term(token: str, language: str) -> str:
    script = _script(token)
    language = language.lower()[:2]
    spoken = language if _WRITTEN_IN.get(language, "latin") == script or _serbian(language, script) else ""
    spoken = spoken or _COMMON.get(script, "")
    token = token[:LONGEST_TERM]
    if token in stop_words(spoken):
        return STOP + token
    token = _without_elision(token, spoken)
    if token in stop_words(spoken):
        return STOP + token
    stem = _stemmer(spoken)(token)
    return _unaccented(stem) if script == "latin" else stem


def _serbian(language: str, script: str) -> bool:
    return language == "sr" and script == "latin"


def _script(token: str) -> str:
    """Of its first letter; digits and unspaced scripts have none."""
    for character in token:
        if character.isalpha():
            at = ord(character)
            return next((name for name, first, last in _SCRIPTS if first <= at <= last), "")
    return ""


def _without_elision(token: str, language: str) -> str:
    """`l'amour` is found as `amour`."""
    head, apostrophe, rest = token.partition("'")
    return rest if apostrophe and rest and head in _ELISIONS.get(language, ()) else token


def _unaccented(stem: str) -> str:
    if stem.isascii():
        return stem
    return "".join(one for one in unicodedata.normalize("NFD", stem) if not unicodedata.combining(one))


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    import Stemmer  # PyStemmer; about 5 ms, and only a search needs it

    name = _STEMMERS.get(language, "")
    if name not in Stemmer.algorithms():
        return str
    stemmer: Any = Stemmer.Stemmer(name, 0)  # its own cache off: `_Kept` is one
    return lambda token: str(stemmer.stemWord(token))


def terms_signature() -> str:
    """Says by which rules terms are made here: a store whose postings were made by others is made anew."""
    import Stemmer

    return f"{TERMS_VERSION}/{Stemmer.version()}/{unicodedata.unidata_version}"
