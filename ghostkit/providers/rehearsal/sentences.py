"""Text taken apart: sentences, names, numbers; for Latin and Cyrillic letters alike."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_BREAK = re.compile(r"(?<=[.!?…])([\"”»’')\]*_]*)\s+(?=[\"“«‘'(*_—–-]*\s?[A-ZА-ЯЁÀ-ÞЀ-Я\d])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|No|vs|etc|cf|Jr|Sr|[A-Z])|\b(?:т|г|гг|им|ул|д|стр|рис|[А-ЯЁ]))\.$"
)
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_CAPITALISED = re.compile(r"(?<![\w'’])[A-ZА-ЯЁÀ-Þ][^\W\d_]*(?:[-'’][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_MARKUP = re.compile(r"\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|`")

# Capitalised because a sentence starts with them, not because they are names.
PLAIN_STARTS: Final = frozenset(
    str.split(
        """a an the this that these those it its he she they we you i his her their our your my in on at by
    to of for from with without as and but or so if when where while after before until since
    because although though what who whom whose which how why no not nobody nothing never none every
    each all both some any many few most one two three four five six seven eight nine ten there here
    then now once only even still also yet let do does did is are was were be has have had can may
    must will would should could keep make carries keeps rides owes past present dry close chapter
    chapters section sections part parts page title summary brief plan book whoever learning during
    through over under into about between calm numbers letters water mules в во на с со к ко у о об
    из за от до по при про для без над под перед после через между и а но или да не ни что кто где
    когда как почему зачем это эта этот эти то та тот те он она оно они мы вы я ты его её ее их мой
    моя все всё вся весь каждый каждая один одна два две три четыре пять шесть семь восемь девять
    десять если чтобы потом теперь тогда там тут здесь уже ещё еще только никто ничего никогда глава
    главы раздел часть"""
    )
)


def plain(text: str) -> str:
    """Without Markdown's emphasis."""
    return _MARKUP.sub("", text)


@lru_cache(maxsize=512)
def split_sentences(text: str) -> tuple[str, ...]:
    """Sentences with their end marks, line breaks as spaces."""
    flat = " ".join(text.split())
    pieces: list[str] = []
    start = 0
    for found in _BREAK.finditer(flat):
        head = flat[start : found.end(1)]
        if _ABBREVIATION.search(head):
            continue
        pieces.append(head.strip())
        start = found.end()
    pieces.append(flat[start:].strip())
    return tuple(piece for piece in pieces if piece)


def words_in(text: str) -> list[str]:
    return _WORD.findall(text)


def count_words(text: str) -> int:
    """Words as a reader counts them: whatever stands between spaces and has a letter or digit in it."""
    return sum(1 for piece in text.split() if any(map(str.isalnum, piece)))


def names_in(text: str) -> list[str]:
    """Capitalised words that aren't merely the first of their sentence, in order, each once."""
    names: dict[str, None] = {}
    for sentence in split_sentences(text):
        for found in _CAPITALISED.finditer(sentence):
            if found[0].lower() not in PLAIN_STARTS:
                names.setdefault(found[0])
    return list(names)


def numbers_in(text: str) -> list[str]:
    return list(dict.fromkeys(_NUMBER.findall(text)))


def lower_first(text: str) -> str:
    """Lower the first letter of a sentence unless the word is a name (kept when in doubt)."""
    first = re.match(r"[\"“«(*]*([^\W\d_]+)", text)
    if first and first[1].lower() in PLAIN_STARTS and first[1] != "I":
        at = first.start(1)
        return text[:at] + text[at].lower() + text[at + 1 :]
    return text


def upper_first(text: str) -> str:
    """Raise the first letter, past quotes and emphasis."""
    for at, sign in enumerate(text):
        if sign.isalpha():
            return text if sign.isupper() else text[:at] + sign.upper() + text[at + 1 :]
        if sign.isdigit():
            return text
    return text


def without_end(text: str) -> str:
    """Without its final full stop."""
    return text.rstrip().rstrip(".…;:,").rstrip()


def with_end(text: str) -> str:
    """With a final full stop, unless it ends in a mark of its own."""
    stripped = text.rstrip().rstrip(",;:")
    return stripped if stripped.endswith((".", "!", "?", "…", ".”", "?”", "!”", ".»")) else stripped + "."
