"""A small changing book: documents of short chunks, vectors made of their words, and the index over both.

Vectors are made to be awkward: many are equal, many are nearly so, some are all zeros.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ghostkit.rag.document import Chunk, ChunkMetadata, Document, chunk_ids, text_digest
from ghostkit.rag.embedding.contract import EmbedderInfo
from ghostkit.rag.embedding.vector_store import VectorStore
from ghostkit.rag.index import LIMITS, IndexLimits, VectorIndex
from ghostkit.rag.store import ChunkedDocument, ChunkStore, StoreView

DIMENSION = 24
INFO = EmbedderInfo(name="words", dimension=DIMENSION)
QUICK = replace(LIMITS, merge_least=12)
"""Merges after a dozen chunks, so that small books have bases, deltas and tombstones."""

Vector = NDArray[np.float32]


def vector_of(text: str) -> Vector:
    """The first word gives the direction, the second a nudge, often far too small for float32 sums to tell; a text
    of dots has none. float32 (DIMENSION,)."""
    words = text.split()
    if not words or words[0] == "...":
        return np.zeros(DIMENSION, np.float32)
    made = _direction(words[0])
    if len(words) > 1:
        made = made + 10.0 ** -(len(words[1]) % 8) * _direction(words[1])
    return (made / np.sqrt((made * made).sum())).astype(np.float32)


def _direction(word: str) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(DIMENSION)


def chunked(document_id: str, texts: Sequence[str], chapter: int | None = None) -> ChunkedDocument:
    """A document of one chunk a text."""
    document = Document(
        id=document_id, text="\n".join(texts), chapter=chapter, section=1 if chapter else None, language="en"
    )
    chunks, at = [], 0
    for position, (chunk_id, text) in enumerate(zip(chunk_ids(document_id, texts), texts, strict=True)):
        where = ChunkMetadata(document=document_id, position=position, start=at, end=at + len(text), language="en")
        chunks.append(Chunk(id=chunk_id, content=text, metadata=where, chapter_num=chapter))
        at += len(text) + 1
    return ChunkedDocument(document=document, chunks=chunks, digests=[text_digest(text) for text in texts])


def keep_vectors(vectors: VectorStore, texts: Sequence[str], info: EmbedderInfo = INFO) -> None:
    if texts:
        digests = [text_digest(text) for text in texts]
        vectors.put_many(info.key, "passage", digests, np.array([vector_of(text) for text in texts]))


class World:
    """A store, its vectors and an index in `folder`; None: in memory."""

    def __init__(self, folder: Path | None = None, *, limits: IndexLimits = QUICK, info: EmbedderInfo = INFO) -> None:
        self.folder, self.limits, self.info = folder, limits, info
        self.store = ChunkStore.open(folder / "chunks.sqlite" if folder else None)
        self.vectors = VectorStore(folder / "vectors.sqlite" if folder else None)
        self.index = self.opened()

    @property
    def home(self) -> Path:
        assert self.folder is not None
        return self.folder / "vectors"

    def opened(self, info: EmbedderInfo | None = None) -> VectorIndex:
        home = self.home if self.folder else None
        return VectorIndex.open(home, self.store, self.vectors, info or self.info, self.limits)

    def put(self, document_id: str, texts: Sequence[str], chapter: int | None = None, *, embedded: bool = True) -> None:
        """As an indexer does: chunks first, their vectors, then the index catches up."""
        self.store.apply([chunked(document_id, texts, chapter)])
        if embedded:
            keep_vectors(self.vectors, texts, self.info)
        self.index.catch_up()

    def fill(self, documents: int, chunks: int = 10) -> None:
        many = [
            chunked(f"d{d:03}", [f"w{d}x{c % 7} n{'o' * (c % 5)}" for c in range(chunks)], d + 1)
            for d in range(documents)
        ]
        self.store.apply(many)
        keep_vectors(self.vectors, [chunk.content for one in many for chunk in one.chunks], self.info)
        self.index.catch_up()

    def close(self) -> None:
        self.index.close()
        self.vectors.close()
        self.store.close()


def oracle(view: StoreView, question: Vector, limit: int) -> list[tuple[str, float]]:
    """What should be found, by Python's own exactly rounded sums over every visible chunk."""
    wanted = [float(number) for number in question]
    found = []
    for chunk_id in view.ids_of(view.rows):
        vector = vector_of(view.chunks([chunk_id])[0].content)
        found.append((chunk_id, math.fsum(float(a) * b for a, b in zip(vector, wanted, strict=True))))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]


def close_to(found: list[tuple[str, float]], wanted: list[tuple[str, float]]) -> bool:
    """Equal scores within float64's rounding, place by place; what is tied may stand in another order."""
    return len(found) == len(wanted) and all(
        abs(mine - theirs) < 1e-13 for (_, mine), (_, theirs) in zip(found, wanted, strict=True)
    )
