"""A query made fit to be searched with: checked, and cut where it is endless."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ghostkit.errors import InputError

CHARACTERS = 8_000
"""Of a query, an embedder reads these at most: beyond any local model's window, and within every vendor's."""
WORDS = 256
"""Different words that are looked up; what comes after them is not."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One query: as it was asked, and as each of the two searches gets it."""

    asked: str
    for_meaning: str
    for_words: str
    notes: tuple[str, ...] = ()


def question_of(query: str) -> Question:
    """Raises `InputError` for what is no text, or holds nothing to search for."""
    if not isinstance(query, str):
        raise InputError(f"A query must be text, not {type(query).__name__}.", fix="Give a question or a few words.")
    asked = query
    if not query.isascii():  # half of a surrogate pair would fail in SQLite and in every tokenizer
        asked = query.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = asked.strip()
    if not text:
        raise InputError("The query is empty.", fix="Give a question or a few words.")
    for_meaning = text[:CHARACTERS]
    for_words = _first_words(for_meaning)
    notes = []
    if len(for_meaning) < len(text):
        notes.append(f"The query has {len(text):,} characters; the first {CHARACTERS:,} were searched with.")
    if len(for_words) < len(for_meaning):
        notes.append(f"The query has more than {WORDS} different words; the first {WORDS} were looked up.")
    return Question(asked=asked, for_meaning=for_meaning, for_words=for_words, notes=tuple(notes))


def _first_words(text: str) -> str:
    seen: set[str] = set()
    for match in _WORD.finditer(text):
        seen.add(match[0].casefold())
        if len(seen) > WORDS:
            return text[: match.start()]
    return text
