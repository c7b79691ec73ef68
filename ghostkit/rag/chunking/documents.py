"""From documents to chunks."""

from __future__ import annotations

from collections.abc import Sequence

from ghostkit.rag.chunking.contract import Chunker
from ghostkit.rag.chunking.importance import importances
from ghostkit.rag.chunking.language import language_of
from ghostkit.rag.document import Chunk, ChunkMetadata, Document, TextSpan, chunk_ids

_NOT_COMPUTED = TextSpan(start=0, end=0).importance


def chunks_of(document: Document, chunker: Chunker) -> list[Chunk]:
    """The document's chunks in order, with stable ids, exact places and a computed importance.

    A chunker that gives importances of its own keeps them; where all are as a `TextSpan` has it untold, ours are taken.
    """
    text = document.text
    language = document.language or language_of(text)
    spans = chunker(text, language)
    contents = [text[span.start : span.end] for span in spans]
    if all(span.importance == _NOT_COMPUTED for span in spans):
        weights = importances(contents)
    else:
        weights = [span.importance for span in spans]
    return [
        Chunk(
            id=chunk_id,
            content=content,
            metadata=ChunkMetadata(
                document=document.id, kind=document.kind, position=position, start=span.start, end=span.end,
                revision=document.revision, title=document.title, heading=document.heading, language=language,
                tags=document.tags, metadata=document.metadata,
            ),
            chapter_num=document.chapter,
            section_num=document.section,
            importance_score=weight,
        )
        for position, (chunk_id, content, span, weight) in enumerate(
            zip(chunk_ids(document.id, contents), contents, spans, weights, strict=True)
        )
    ]  # fmt: skip


def chunk_many(documents: Sequence[Document], chunker: Chunker) -> list[list[Chunk]]:
    """The chunks of each document, in the order given."""
    return [chunks_of(document, chunker) for document in documents]
