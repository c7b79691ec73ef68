"""The drill's words index: brought up to the book's sections one change a section, and held against one made anew."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghostkit.rag.store import ChunkedDocument, ChunkStore

ASKED = ("courier letter", "Mira Vale", "the sea and the lamp", "gulls")


def index(folder: Path) -> None:
    """Take in what the sections say now; ends the run if a search finds otherwise than in an index made anew."""
    from ghostkit.rag.store import ChunkStore

    sections = [_cut(path, folder) for path in sorted(folder.glob("chapters/*/sections/*.md"))]
    with ChunkStore.open(folder.parent / "words" / "chunks.sqlite") as store:
        if store.healed:
            raise SystemExit(f"LOST: {store.healed}")
        known = store.known()
        for section in sections:
            there = known.pop(section.document.id, None)
            if there is None or there.text_digest != _digest(section):
                store.apply([section])
        if known:
            store.apply([], gone=known)
        found = _answers(store)
    with (
        tempfile.TemporaryDirectory(dir=folder.parent) as fresh,
        ChunkStore.open(Path(fresh) / "chunks.sqlite") as anew,
    ):
        _take_in_unseen(anew, sections)
        if found != _answers(anew):
            raise SystemExit("LOST: the words index answers otherwise than one made anew")


def _take_in_unseen(store: ChunkStore, sections: list[ChunkedDocument]) -> None:
    """Without passing a fault point: the index made anew is the measure, and no part of the drill."""
    from ghostkit import faults

    passed = faults.point
    faults.point = lambda name: None
    try:
        store.apply(sections)
    finally:
        faults.point = passed


def _cut(path: Path, folder: Path) -> ChunkedDocument:
    from ghostkit.rag.document import Chunk, ChunkMetadata, Document, chunk_ids, text_digest
    from ghostkit.rag.store import ChunkedDocument

    text = path.read_text("utf-8")
    name = path.relative_to(folder).as_posix()
    pieces = [piece for piece in text.split("\n\n") if piece.strip()]
    chunks = [
        Chunk(id=one, content=piece, metadata=ChunkMetadata(document=name, position=at))
        for at, (one, piece) in enumerate(zip(chunk_ids(name, pieces), pieces, strict=True))
    ]
    document = Document(id=name, text=text, language="en")
    return ChunkedDocument(document=document, chunks=chunks, digests=[text_digest(piece) for piece in pieces])


def _digest(section: ChunkedDocument) -> str:
    from ghostkit.rag.document import text_digest

    return text_digest(section.document.text)


def _answers(store: ChunkStore) -> list[list[tuple[str, float]]]:
    with store.view() as view:
        return [view.keyword(query, 10) for query in ASKED]
