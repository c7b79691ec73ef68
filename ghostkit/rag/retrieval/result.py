"""What a retrieval found, and everything about how: complete enough to be judged later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ghostkit.rag.document import Chunk


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One chunk found. `parts` are the scores it came from, by name, as far as they apply: `semantic` (cosine),
    `keyword` (BM25), `semantic_normalised`, `keyword_normalised`, `fused`, `importance`, `recency`, `rerank`, `mmr`,
    `retriever` (a user's)."""

    rank: int
    score: float
    chunk: Chunk
    parts: Mapping[str, float] = field(default_factory=dict)
    merged: tuple[str, ...] = ()
    """Ids of chunks whose text this one took in, because it overlapped."""

    def as_dict(self) -> dict[str, Any]:
        """As `ghostkit search --json` prints it."""
        where = self.chunk.metadata
        return {
            "rank": self.rank,
            "score": self.score,
            "id": self.chunk.id,
            "document": where.document,
            "kind": where.kind,
            "chapter": self.chunk.chapter_num,
            "section": self.chunk.section_num,
            "start": where.start,
            "end": where.end,
            "text": self.chunk.content,
            "parts": dict(self.parts),
            "merged": list(self.merged),
        }


class Dropped(NamedTuple):
    """A candidate that was not kept, and why: `threshold`, `duplicate`, `merged`, `beyond top_k`,
    `beyond rerank_depth`, `not visible` (a user's retriever gave it), `no room` (in the context)."""

    chunk_id: str
    score: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """One question and its answer."""

    query: str
    hits: tuple[Hit, ...]
    config_id: str
    embedder: str = ""
    """The key of the embedder that was used; empty where none was."""
    index_version: str = ""
    dropped: tuple[Dropped, ...] = ()
    cache_hit: bool = False
    """Whether the query's vector was known already."""
    ms: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds by stage: `embed`, `semantic`, `keyword`, `fuse`, `rerank`, `mmr`, `select`, `total`."""
    notes: tuple[str, ...] = ()
    """What a person should know: no embedder, so words only; a query that was cut."""
