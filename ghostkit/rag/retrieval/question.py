"""A query made fit to be searched with: checked, and cut where it is endless."""

from __future__ import annotations

from dataclasses import dataclass

from ghostkit.errors import InputError

CHARACTERS = 8_000
"""Of a query, an embedder reads these at most: beyond any local model's window, and within every vendor's."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One query: as it was asked, and as an embedder or a re-ranker gets it. The search by words cuts for itself."""

    asked: str
    for_meaning: str
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
    notes: tuple[str, ...] = ()
    if len(for_meaning) < len(text):
        notes = (f"The query has {len(text):,} characters; its meaning was taken from the first {CHARACTERS:,}.",)
    return Question(asked=asked, for_meaning=for_meaning, notes=notes)
