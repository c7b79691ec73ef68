"""Documents made for tests, and a second BM25 that shares nothing with the first but the terms."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping

from ghostkit.rag.document import Chunk, ChunkMetadata, Document, chunk_ids, text_digest
from ghostkit.rag.scope import EVERYTHING, Placed, Scope
from ghostkit.rag.store import ChunkedDocument, ChunkStore, terms_of

_SAID = (
    "whale harbour lamp letter courier Mira Tomas running runs sea storm rope sails the and of was it ropes lamps "
    "кит фонарь письмо море буря бежала бегут и в не château été die Straße läuft 我爱你 naïve Zoë o'brien"
)
WORDS = _SAID.split()


def chunked(document: Document, *, words: int = 12) -> ChunkedDocument:
    """Cut at every so many words, offsets and all."""
    pieces: list[tuple[int, int]] = []
    text, start, seen = document.text, 0, 0
    for at, character in enumerate(text):
        seen += character == " "
        if seen == words:
            pieces.append((start, at + 1))
            start, seen = at + 1, 0
    if text[start:].strip():
        pieces.append((start, len(text)))
    contents = [text[a:b] for a, b in pieces]
    chunks = [
        Chunk(
            id=one,
            content=content,
            importance_score=len(content) % 10 / 10,
            metadata=ChunkMetadata(document=document.id, position=at, start=a, end=b),
        )
        for at, (one, content, (a, b)) in enumerate(
            zip(chunk_ids(document.id, contents), contents, pieces, strict=True)
        )
    ]
    return ChunkedDocument(document=document, chunks=chunks, digests=[text_digest(one) for one in contents])


def text_of(chance: random.Random, most: int = 60) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(0, most)))


def filled(documents: Iterable[Document]) -> ChunkStore:
    """A store that never held anything else."""
    store = ChunkStore.open(None)
    store.apply([chunked(one) for one in documents])
    return store


def placed(document: Document) -> Placed:
    return Placed(
        id=document.id, kind=document.kind, chapter=document.chapter, section=document.section,
        since_chapter=document.since_chapter, tags=document.tags, metadata=document.metadata,
    )  # fmt: skip


def brute_force(
    documents: Iterable[Document], query: str, scope: Scope = EVERYTHING, *, k1: float = 1.5, b: float = 0.75
) -> dict[str, float]:
    """Chunk id to BM25, by the textbook: plain dictionaries, every chunk looked at for every term."""
    seen = [chunked(one) for one in documents if scope.sees(placed(one))]
    bags: dict[str, Counter[str]] = {}
    lengths: dict[str, int] = {}
    for one in seen:
        for chunk in one.chunks:
            bags[chunk.id] = Counter(terms_of(chunk.content, one.document.language, stop=True))
            lengths[chunk.id] = len(terms_of(chunk.content, one.document.language))
    wanted: dict[str, int] = {}
    for language in {one.document.language for one in seen}:
        for term, count in Counter(terms_of(query, language, stop=True)).items():
            wanted[term] = max(count, wanted.get(term, 0))
    words = {term: count for term, count in wanted.items() if not term.startswith("·")} or wanted
    return _scores(words, bags, lengths, k1, b)


def _scores(
    words: Mapping[str, int], bags: Mapping[str, Counter[str]], lengths: Mapping[str, int], k1: float, b: float
) -> dict[str, float]:
    average = (sum(lengths.values()) / len(lengths) if lengths else 0.0) or 1.0
    scores: dict[str, float] = {}
    for term in sorted(words):
        holding = [chunk for chunk, bag in bags.items() if bag[term]]
        idf = math.log(1 + (len(bags) - len(holding) + 0.5) / (len(holding) + 0.5))
        for chunk in holding:
            times = bags[chunk][term]
            share = times * (k1 + 1) / (times + k1 * (1 - b + b * lengths[chunk] / average))
            scores[chunk] = scores.get(chunk, 0.0) + words[term] * idf * share
    return scores
