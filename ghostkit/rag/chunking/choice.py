"""The chunker that a configuration asks for."""

from __future__ import annotations

from ghostkit.rag.chunking.contract import Chunker, Counter
from ghostkit.rag.chunking.measure import estimated_tokens
from ghostkit.rag.chunking.recursive_chunker import RecursiveChunker
from ghostkit.rag.chunking.sentence_chunker import SentenceChunker
from ghostkit.rag.chunking.spacy_sentences import SpacySentences
from ghostkit.rag.chunking.stand_in import StandIn
from ghostkit.rag.config import RAGConfig


def chunker_for(config: RAGConfig, *, count: Counter | None = None) -> Chunker:
    """The user's own, or ours by strategy and unit. `count` counts tokens; without it they are estimated.

    Raises `ConfigError` where the strategy `spacy` is asked for and spaCy isn't there.
    """
    if config.chunker is not None:
        return StandIn(config.chunker)
    counter = (count or estimated_tokens) if config.chunk_unit == "tokens" else None
    size, overlap = config.chunk_size, config.chunk_overlap
    if config.chunk_strategy == "recursive":
        return RecursiveChunker(size=size, overlap=overlap, count=counter)
    if config.chunk_strategy == "spacy":
        return SentenceChunker(size=size, overlap=overlap, count=counter, finder=SpacySentences())
    return SentenceChunker(size=size, overlap=overlap, count=counter)
