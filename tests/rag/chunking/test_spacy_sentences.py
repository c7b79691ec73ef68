"""spaCy is optional: its absence is said; a stand-in shows what is handed to it, and the real one runs where it is."""

from __future__ import annotations

import importlib.util
import sys
from types import SimpleNamespace

import pytest

from ghostkit.errors import ConfigError
from ghostkit.rag.chunking import SentenceChunker, SpacySentences, chunker_for
from ghostkit.rag.config import RAGConfig


class Span(SimpleNamespace):
    def __str__(self) -> str:
        return str(self.text)


class Pipeline:
    """Ends a sentence after every `|`."""

    def add_pipe(self, name: str) -> None:
        assert name == "sentencizer"

    def __call__(self, text: str) -> SimpleNamespace:
        spans, at = [], 0
        for part in text.split("|"):
            piece = text[at : at + len(part) + 1]
            spans.append(Span(start_char=at, text=piece))
            at += len(piece)
        return SimpleNamespace(sents=[span for span in spans if span.text])


def test_its_absence_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(ConfigError, match="spaCy is not installed") as refused:
        chunker_for(RAGConfig(chunk_strategy="spacy"))
    assert "pip install spacy" in refused.value.fix


def test_its_sentences_are_the_places_where_chunks_end(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def blank(language: str) -> Pipeline:
        asked.append(language)
        if language == "qq":
            raise ImportError(language)
        return Pipeline()

    monkeypatch.setitem(sys.modules, "spacy", SimpleNamespace(blank=blank))
    text = "| ".join(["some words of a kind"] * 40) + "|"
    pieces = [text[span.start : span.end] for span in chunker_for(RAGConfig(chunk_strategy="spacy"))(text, "en")]
    assert len(pieces) > 0
    assert all(piece.startswith("some") and piece.endswith("|") for piece in pieces)
    assert SentenceChunker(size=100, overlap=0, finder=SpacySentences())(text, "qq")
    assert asked == ["en", "qq", "xx"]


@pytest.mark.skipif(importlib.util.find_spec("spacy") is None, reason="spaCy is not installed")
def test_with_the_real_one_chunks_end_at_its_sentences() -> None:
    text = "The cat sat on the mat. Then it left the house! Why did it go? " * 30
    spans = SentenceChunker(size=200, overlap=0, finder=SpacySentences())(text, "en")
    assert len(spans) > 5
    assert all(text[span.end - 1] in ".!?" for span in spans)
    with pytest.raises(ConfigError, match="no pipeline"):
        SpacySentences("xx_nothing_of_that_name")
