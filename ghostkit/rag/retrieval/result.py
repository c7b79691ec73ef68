"""What a retrieval found, and everything about how: complete enough to be judged later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from textwrap import shorten
from typing import Any, Final, NamedTuple

from ghostkit.rag.document import Chunk

SHOWN_QUERY: Final = 80
SHOWN_TEXT: Final = 300
"""Characters of a query and of a passage that a notebook's cell shows."""


@dataclass(frozen=True, kw_only=True, repr=False)
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

    @property
    def where(self) -> str:
        """`3.3 After the wind [0–831]`, for people."""
        told = self.chunk.metadata
        place = (self.chunk.place if self.chunk.chapter_num else "", told.title)
        return f"{' '.join(filter(None, place)) or self.chunk.place} [{told.start}–{told.end}]"

    def __repr__(self) -> str:
        return f"<Hit {self.rank}: {self.where}, score {self.score:.3f}>"

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


@dataclass(frozen=True, kw_only=True, repr=False)
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

    def __repr__(self) -> str:
        found = f"{len(self.hits)} hits" if len(self.hits) != 1 else "1 hit"
        best = f", best {self.hits[0].where}" if self.hits else ""
        query = self.query if len(self.query) <= SHOWN_QUERY else f"{self.query[:SHOWN_QUERY]}…"
        return f"<Retrieval {query!r}: {found}{best}; {len(self.dropped)} dropped>"

    def _repr_html_(self) -> str:
        """Safe: texts and titles are of unknown origin."""
        rows = "".join(
            f"<tr><td>{hit.rank}</td><td>{hit.score:.3f}</td><td>{escape(hit.where)}</td>"
            f'<td style="text-align:left">{escape(shorten(hit.chunk.content, SHOWN_TEXT, placeholder=" …"))}</td></tr>'
            for hit in self.hits
        )
        head = "<tr><th></th><th>Score</th><th>Where</th><th>Text</th></tr>"
        notes = "".join(f"<br><small>{escape(note)}</small>" for note in self.notes)
        table = f"<table>{head}{rows}</table>" if rows else "<br>Nothing was found."
        return f"<div><b>{escape(self.query[:SHOWN_QUERY])}</b>{notes}{table}</div>"
