"""A view tells rows, ids, digests and documents of what may be seen, and nothing of the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ghostkit.errors import InputError
from ghostkit.rag.document import Document, text_digest
from ghostkit.rag.scope import Scope
from ghostkit.rag.store import ChunkStore
from tests.rag.store.making import chunked, filled

EARLY = Document(
    id="early", text="the lamp is lit " * 9, chapter=1, section=2, title="Lamp", heading="One", language="en",
    tags=("a", "b"), metadata={"author": "Ann", "rating": 4.5}, revision=7,
)  # fmt: skip
LATE = Document(id="late", text="the murderer is Tomas " * 9, chapter=9, section=1, language="en")


def test_what_went_in_comes_out_in_every_field() -> None:
    with filled([EARLY]) as store, store.view() as view:
        (given,) = [chunked(EARLY)]
        assert view.count == len(given.chunks) == 3
        for row, chunk, digest in zip(view.rows, given.chunks, given.digests, strict=True):
            assert view.id_of(int(row)) == chunk.id
            assert view.row_of(chunk.id) == row
            assert view.digests_of(np.array([row])) == [digest]
            assert view.document_of(int(row)).text_digest == text_digest(EARLY.text)
            (found,) = view.chunks([chunk.id])
            assert (found.content, found.importance_score) == (chunk.content, chunk.importance_score)
            assert (found.chapter_num, found.section_num, found.place) == (1, 2, "1.2")
            where = found.metadata
            assert EARLY.text[where.start : where.end] == found.content
            assert where.position == chunk.metadata.position
            assert (where.title, where.heading, where.language, where.revision) == ("Lamp", "One", "en", 7)
            assert (where.tags, dict(where.metadata)) == (("a", "b"), {"author": "Ann", "rating": 4.5})
        assert view.chunks([]) == []
        assert store.known()["early"].stands_as(EARLY)
        assert not store.known()["early"].stands_as(replace(EARLY, title="Other"))


def test_what_is_out_of_sight_can_not_be_asked_for_by_id_or_row() -> None:
    with filled([EARLY, LATE]) as store:
        everything, view = store.view(), store.view(Scope(before=(5, 1)))
        hidden = everything.keyword("murderer", 1)[0][0]
        row = everything.row_of(hidden)
        assert row not in view.rows
        assert [one.id for one in view.documents] == ["early"]
        assert all("murderer" not in chunk.content for chunk in view.every_chunk())
        for ask in (
            lambda: view.chunks([hidden]),
            lambda: view.row_of(hidden),
            lambda: view.id_of(row),
            lambda: view.document_of(row),
            lambda: view.digests_of(np.array([row])),
            lambda: view.id_of(10**6),
            lambda: view.row_of("nothing"),
        ):
            with pytest.raises(InputError):
                ask()


def test_a_chunk_embedded_otherwise_gets_another_row() -> None:
    """Its text is the same and its header is not: an index must not keep the old vector for it."""
    with ChunkStore.open(None) as store:
        one = chunked(EARLY)
        version = store.apply([one])
        before = store.view().rows
        store.apply([replace(one, digests=["f" * 64, *one.digests[1:]])])
        view, changes = store.view(), store.changes_since(version)
        assert changes is not None
        assert changes.removed.tolist() == before[:1].tolist()
        assert view.digests_of(changes.added) == ["f" * 64]
        assert view.count == len(before)


def test_a_document_stands_once_in_a_change() -> None:
    with ChunkStore.open(None) as store:
        with pytest.raises(InputError, match="stands twice"):
            store.apply([chunked(EARLY), chunked(EARLY)])
        store.apply([chunked(EARLY)])
        with pytest.raises(InputError, match="stands twice"):
            store.apply([chunked(EARLY)], placed=[EARLY])
        store.apply([chunked(replace(EARLY, text="another lamp"))], gone=["early"])
        assert store.view().count == 1


def test_another_language_of_the_same_text_is_stemmed_anew() -> None:
    with ChunkStore.open(None) as store:
        document = Document(id="a", text="Die Häuser am Hafen", language="en")
        version = store.apply([chunked(document)])
        assert store.view().keyword("Haus", 1) == []
        store.apply([], placed=[replace(document, language="de")])
        assert store.view().keyword("Haus", 1) != []
        changes = store.changes_since(version)
        assert changes is not None
        assert len(changes.added) == 0, "no vector changes with it"
