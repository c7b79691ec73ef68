"""Sentences by spaCy, for those who have it: `pip install spacy`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Final

from ghostkit.errors import ConfigError

_LONGEST: Final = 100_000
"""Characters handed to spaCy at once; it refuses more than a million."""


class SpacySentences:
    """Finds sentences with a spaCy pipeline: the named one, or the rule-based one of the text's language.

    `pipeline` is the name of an installed pipeline (`en_core_web_sm`) or a loaded one; nothing is ever downloaded.
    Raises `ConfigError` where spaCy or the pipeline isn't there.
    """

    def __init__(self, pipeline: Any = None) -> None:
        try:
            self._spacy: Any = importlib.import_module("spacy")
        except ImportError:
            raise ConfigError(
                "chunk_strategy is 'spacy', and spaCy is not installed.",
                fix="Run pip install spacy, or choose the strategy sentence, which needs nothing.",
            ) from None
        self._loaded: dict[str, Any] = {}
        self._given = self._named(pipeline) if isinstance(pipeline, str) else pipeline

    def __call__(self, text: str, start: int, end: int, language: str = "") -> Iterator[tuple[int, int]]:
        pipeline = self._given or self._plain(language)
        while start < end:
            stop = _piece_end(text, start, end)
            for sentence in pipeline(text[start:stop]).sents:
                part = str(sentence)
                left = len(part) - len(part.lstrip())
                if left < len(part):
                    yield start + sentence.start_char + left, start + sentence.start_char + len(part.rstrip())
            start = stop

    def _named(self, name: str) -> Any:
        try:
            return self._spacy.load(name)
        except OSError:
            raise ConfigError(
                f"spaCy has no pipeline {name!r} here.",
                fix=f"Run python -m spacy download {name}, or give none and use the rules of the language.",
            ) from None

    def _plain(self, language: str) -> Any:
        if language not in self._loaded:
            try:
                pipeline = self._spacy.blank(language or "xx")
            except (ImportError, ValueError):
                pipeline = self._spacy.blank("xx")
            pipeline.add_pipe("sentencizer")
            self._loaded[language] = pipeline
        return self._loaded[language]


def _piece_end(text: str, start: int, end: int) -> int:
    if end - start <= _LONGEST:
        return end
    blank = text.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
    return blank if blank > 0 else start + _LONGEST
