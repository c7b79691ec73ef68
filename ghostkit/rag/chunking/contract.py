"""What a chunker is: a function from a text to spans of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from ghostkit.rag.document import TextSpan

Counter = Callable[[str], float]
"""How many tokens a text has."""
SentenceFinder = Callable[[str, int, int, str], Iterable[tuple[int, int]]]
"""(text, start, end, language) → (start, end) of each sentence of that range, in order, without blanks around."""


class Chunker(Protocol):
    """Spans in order; each begins and ends with what is no blank, and all together hold every other character."""

    def __call__(self, text: str, language: str = "") -> Sequence[TextSpan]: ...
