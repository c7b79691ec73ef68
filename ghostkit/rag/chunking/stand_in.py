"""A function of the user's as chunker: what it returns is turned into spans, and what it forgets is found out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ghostkit.errors import ConfigError
from ghostkit.rag.document import TextSpan


class StandIn:
    """Calls `function(text)`, which returns texts, (start, end) pairs or `TextSpan`s, in order.

    A text is looked for from where the one before began, so overlaps are found. Blanks at the ends are left out, and
    pieces of nothing but blanks too. Raises `ConfigError` where a piece isn't in the text; what it leaves out of the
    text is left out: that is its choice.
    """

    def __init__(self, function: Callable[[str], Any]) -> None:
        self._function = function
        self._name = getattr(function, "__name__", type(function).__name__)

    def __call__(self, text: str, language: str = "") -> Sequence[TextSpan]:
        pieces = self._function(text)
        if isinstance(pieces, str) or not isinstance(pieces, Iterable):
            raise self._wrong(f"returned a {type(pieces).__name__}")
        spans: list[TextSpan] = []
        at = 0
        for piece in pieces:
            span = self._span(text, piece, at)
            at = span.start
            bare = text[span.start : span.end]
            start = span.start + len(bare) - len(bare.lstrip())
            end = span.start + len(bare.rstrip())
            if start < end:
                spans.append(TextSpan(start=start, end=end, importance=span.importance))
        return spans

    def _span(self, text: str, piece: Any, at: int) -> TextSpan:
        if isinstance(piece, str):
            return self._found(text, piece, at)
        if isinstance(piece, TextSpan):
            span = piece
        else:
            try:
                start, end = piece
                span = TextSpan(start=int(start), end=int(end))
            except (TypeError, ValueError):
                raise self._wrong(f"returned a {type(piece).__name__} among its pieces") from None
        if not 0 <= span.start <= span.end <= len(text) or span.start < at:
            raise self._wrong(f"returned the span {span.start} to {span.end}, which is not in order within the text")
        return span

    def _found(self, text: str, piece: str, at: int) -> TextSpan:
        bare = piece.strip()
        start = text.find(bare, at)
        if start < 0:
            raise self._wrong(f"returned {bare[:40]!r}, which is not in the text where it should be")
        return TextSpan(start=start, end=start + len(bare))

    def _wrong(self, what: str) -> ConfigError:
        return ConfigError(
            f"The chunker {self._name} {what}.",
            fix="Return a list, in order, of pieces of the text as they stand in it, or of (start, end).",
        )
