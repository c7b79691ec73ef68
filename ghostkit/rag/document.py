"""What is indexed: a text with its place, and the chunks it is cut into."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

MANUSCRIPT = "manuscript"
REFERENCE = "reference"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Document:
    """One text to index: a section of the book as it stands, or a source beside it.

    `id` never changes (a section's object id; a source's name). `chapter` and `section` are the numbers as displayed
    now; a document without a chapter stands outside the book's order and may be read by every chapter, from
    `since_chapter` on if that is given. A move changes the numbers, and neither chunks nor vectors.
    """

    id: str
    text: str
    kind: str = MANUSCRIPT
    chapter: int | None = None
    section: int | None = None
    since_chapter: int | None = None
    title: str = ""
    """What stands over it; a contextual chunk header is made of it and of `heading`."""
    heading: str = ""
    """What stands over that: a chapter's title."""
    language: str = ""
    """ISO 639-1; empty: found out from the text."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str | int | float] = field(default_factory=lambda: _NOTHING)
    """Author, rating …: can be filtered by."""
    revision: int | None = None
    """Of a section: the revision of the ledger that the text is."""


@dataclass(frozen=True, kw_only=True)
class TextSpan:
    """A piece of a text: `text[start:end]`, offsets in characters."""

    start: int
    end: int
    importance: float = 0.5
    """0 to 1, computed; 0.5 where nobody did."""


@dataclass(frozen=True, kw_only=True)
class ChunkMetadata:
    """Where a chunk is from. `content == document text[start:end]`; `position` counts from 0 in its document."""

    document: str
    kind: str = MANUSCRIPT
    position: int = 0
    start: int = 0
    end: int = 0
    revision: int | None = None
    title: str = ""
    heading: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str | int | float] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """What is found. `embedding` is filled only where it is asked for: float32 (d,), L2-normalised."""

    id: str
    content: str
    metadata: ChunkMetadata
    chapter_num: int | None = None
    section_num: int | None = None
    importance_score: float = 0.5
    embedding: Any = field(default=None, compare=False, repr=False)

    @property
    def place(self) -> str:
        """As people say it: `5.2`, or the source's name."""
        if self.chapter_num is None:
            return self.metadata.document
        return f"{self.chapter_num}.{self.section_num}" if self.section_num is not None else str(self.chapter_num)


def chunk_ids(document_id: str, contents: Sequence[str]) -> list[str]:
    """A stable id for each chunk of a document: of its text, its document and how often that text came before in it.

    Where it stands plays no part, so a move, or an edit elsewhere, leaves it as it is. 24 hex digits of SHA-256.
    """
    seen: dict[str, int] = {}
    ids = []
    for content in contents:
        count = seen[content] = seen.get(content, -1) + 1
        ids.append(
            hashlib.sha256(f"{document_id}\n{count}\n{content}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
        )
    return ids


def text_digest(text: str) -> str:
    """What a vector is kept under: SHA-256 (hex) of the text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
