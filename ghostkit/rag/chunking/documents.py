"""From documents to chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ghostkit.rag.chunking.contract import Chunker
from ghostkit.rag.chunking.importance import importances
from ghostkit.rag.chunking.language import language_of
from ghostkit.rag.chunking.parallel import cut_by_workers
from ghostkit.rag.document import Chunk, ChunkMetadata, Document, TextSpan, chunk_ids

_NOT_COMPUTED = TextSpan(start=0, end=0).importance


def chunks_of(document: Document, chunker: Chunker) -> list[Chunk]:
    """The document's chunks in order, with stable ids, exact places and a computed importance.

    A chunker that gives importances of its own keeps them; where all are as a `TextSpan` has it untold, ours are taken.
    """
    return _chunks(document, *weighed(document.text, document.language, chunker))


def chunk_many(documents: Sequence[Document], chunker: Chunker) -> list[list[Chunk]]:
    """The chunks of each document, in the order given; large amounts are cut by several processes."""
    cuts = cut_by_workers(documents, chunker)
    return [
        _chunks(document, *cuts[at]) if at in cuts else chunks_of(document, chunker)
        for at, document in enumerate(documents)
    ]


def weighed(text: str, language: str, chunker: Chunker) -> tuple[str, list[TextSpan]]:
    """The language, found out if it is empty, and the spans with their importance."""
    language = language or language_of(text)
    spans = list(chunker(text, language))
    if any(span.importance != _NOT_COMPUTED for span in spans):
        return language, spans
    weights = importances([text[span.start : span.end] for span in spans])
    return language, [replace(span, importance=weight) for span, weight in zip(spans, weights, strict=True)]


def _chunks(document: Document, language: str, spans: Sequence[TextSpan]) -> list[Chunk]:
    contents = [document.text[span.start : span.end] for span in spans]
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
            importance_score=span.importance,
        )
        for position, (chunk_id, content, span) in enumerate(
            zip(chunk_ids(document.id, contents), contents, spans, strict=True)
        )
    ]  # fmt: skip
