"""What goes into a store and what it says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ghostkit.rag.document import Chunk, Document
from ghostkit.rag.scope import Placed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class ChunkedDocument:
    """A document, what it was cut into, and for each chunk the `text_digest` of what is embedded for it."""

    document: Document
    chunks: Sequence[Chunk]
    digests: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class KnownDocument:
    """A document as the store has it, its text by digest."""

    num: int
    """The store's own number for it."""
    id: str
    text_digest: str
    kind: str
    chapter: int | None = None
    section: int | None = None
    since_chapter: int | None = None
    title: str = ""
    heading: str = ""
    language: str = ""
    """What it is stemmed as: as given, or as found out."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str | int | float] = field(default_factory=dict)
    revision: int | None = None

    @property
    def placed(self) -> Placed:
        return Placed(
            id=self.id, kind=self.kind, chapter=self.chapter, section=self.section,
            since_chapter=self.since_chapter, tags=self.tags, metadata=self.metadata,
        )  # fmt: skip

    def stands_as(self, document: Document) -> bool:
        """Whether all but the text is as `document` says; a language it doesn't give is no difference."""
        return _standing(self) == _standing(document) and document.language in ("", self.language)


def _standing(of: KnownDocument | Document) -> tuple[object, ...]:
    return (
        of.kind, of.chapter, of.section, of.since_chapter, of.title, of.heading, tuple(of.tags),
        json.dumps(dict(of.metadata), sort_keys=True) if of.metadata else "{}", of.revision,
    )  # fmt: skip


class Changes(NamedTuple):
    """Row numbers between two versions, ascending int64; what came and went in between is in neither."""

    added: NDArray[np.int64]
    removed: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class KeywordAnswer:
    """`hits` are (chunk id, BM25), best first, ties by chunk id."""

    hits: list[tuple[str, float]]
    terms: tuple[str, ...] = ()
    """What was looked for; stop words, with a dot before them, only where there was nothing else."""
    note: str = ""
    """What a person should know: that the question was cut."""
