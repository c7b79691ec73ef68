"""Texts cut into chunks at whole sentences, at places that stay where they are when the text elsewhere changes."""

from ghostkit.rag.chunking.choice import chunker_for
from ghostkit.rag.chunking.contract import Chunker
from ghostkit.rag.chunking.documents import chunk_many, chunks_of
from ghostkit.rag.chunking.language import language_of
from ghostkit.rag.chunking.recursive_chunker import RecursiveChunker
from ghostkit.rag.chunking.sentence_chunker import SentenceChunker
from ghostkit.rag.chunking.spacy_sentences import SpacySentences

__all__ = [
    "Chunker",
    "RecursiveChunker",
    "SentenceChunker",
    "SpacySentences",
    "chunk_many",
    "chunker_for",
    "chunks_of",
    "language_of",
]
