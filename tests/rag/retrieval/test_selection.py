"""Choosing hits: what is kept, merged and dropped, over documents and chunks that hypothesis makes up."""

from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.rag.document import Chunk, ChunkMetadata
from ghostkit.rag.retrieval.fusion import Candidate
from ghostkit.rag.retrieval.overlap import GROWTH
from ghostkit.rag.retrieval.selection import Selection, select

WORDS = ["salt", "road", "mira", "ferry", "ledger", "tide", "lantern", "bell", "anchor", "reed"]


def text_of(seed: int, words: int) -> str:
    draw = random.Random(seed)
    return " ".join(f"{draw.choice(WORDS)}{draw.randrange(1000)}" for _ in range(words))


def cut(document: str, text: str, spans: list[tuple[int, int]]) -> list[Chunk]:
    return [
        Chunk(
            id=f"{document}-{number:02d}",
            content=text[start:end],
            metadata=ChunkMetadata(document=document, position=number, start=start, end=end),
        )
        for number, (start, end) in enumerate(spans)
    ]


def chosen(chunks: list[Chunk], top_k: int, *, dedupe: bool = True, merge: bool = True) -> Selection:
    by_id = {chunk.id: chunk for chunk in chunks}
    candidates = [Candidate(chunk.id, 1.0 - number / 1000) for number, chunk in enumerate(chunks)]
    return select(candidates, lambda ids: {one: by_id[one] for one in ids}, top_k, dedupe=dedupe, merge=merge)


@st.composite
def ranked_chunks(draw: st.DrawFn) -> tuple[dict[str, str], list[Chunk]]:
    texts, chunks = {}, []
    for number in range(draw(st.integers(1, 3))):
        name = f"doc{number}"
        texts[name] = text_of(number, 120)
        size = draw(st.integers(30, 120))
        step = draw(st.integers(20, 130))
        length = len(texts[name])
        chunks += cut(name, texts[name], [(at, min(at + size, length)) for at in range(0, length - 10, step)])
    return texts, draw(st.permutations(chunks))


@settings(max_examples=60)
@given(ranked_chunks(), st.integers(1, 12))
def test_hits_are_exact_never_overlap_and_lose_no_word(made, top_k):
    texts, chunks = made
    selection = chosen(chunks, top_k)
    hits = selection.hits(None)
    assert len(hits) <= top_k
    for hit in hits:
        where = hit.chunk.metadata
        assert hit.chunk.content == texts[where.document][where.start : where.end] != ""
        assert where.end - where.start <= GROWTH * 120
    spans = sorted((hit.chunk.metadata.document, hit.chunk.metadata.start, hit.chunk.metadata.end) for hit in hits)
    for one, other in itertools.pairwise(spans):
        assert one[0] != other[0] or one[2] <= other[1]
    shown = {(name, at) for name, start, end in spans for at in range(start, end)}
    for chunk in chunks:
        if chunk.id in {one for hit in hits for one in (hit.chunk.id, *hit.merged)}:
            where = chunk.metadata
            assert {(where.document, at) for at in range(where.start, where.end)} <= shown


@settings(max_examples=40)
@given(ranked_chunks(), st.integers(1, 12), st.booleans(), st.booleans())
def test_every_candidate_is_a_hit_or_dropped_with_a_reason(made, top_k, dedupe, merge):
    _, chunks = made
    selection = chosen(chunks, top_k, dedupe=dedupe, merge=merge)
    hits = selection.hits(None)
    named = [hit.chunk.id for hit in hits] + [one.chunk_id for one in selection.dropped]
    assert sorted(named) == sorted(chunk.id for chunk in chunks)
    assert {one.why for one in selection.dropped} <= {"merged", "duplicate", "beyond top_k"}
    merged = {one for hit in hits for one in hit.merged}
    assert merged <= {one.chunk_id for one in selection.dropped if one.why == "merged"}
    if len(hits) < top_k:
        assert "beyond top_k" not in {one.why for one in selection.dropped}


@settings(max_examples=40)
@given(ranked_chunks(), st.integers(1, 12))
def test_with_neither_merging_nor_deduping_hits_are_the_ranking(made, top_k):
    _, chunks = made
    hits = chosen(chunks, top_k, dedupe=False, merge=False).hits(None)
    assert [hit.chunk for hit in hits] == chunks[:top_k]
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_a_neighbour_joins_the_better_hit_and_the_next_candidate_moves_up():
    text = text_of(7, 60)
    first, second, other = cut("a", text, [(0, 100), (80, 180), (200, 300)])
    selection = chosen([second, first, other], 2)
    hits = selection.hits(None)
    assert [(hit.chunk.id, hit.chunk.metadata.start, hit.chunk.metadata.end) for hit in hits] == [
        (second.id, 0, 180),
        (other.id, 200, 300),
    ]
    assert hits[0].merged == (first.id,)
    assert hits[0].score == 1.0


def test_a_bridge_between_two_hits_makes_one_of_them():
    text = text_of(8, 60)
    left, bridge, right, rest = cut("a", text, [(0, 100), (90, 190), (180, 280), (300, 380)])
    hits = chosen([right, left, bridge, rest], 3).hits(None)
    assert [(hit.chunk.id, hit.chunk.metadata.start, hit.chunk.metadata.end) for hit in hits] == [
        (right.id, 0, 280),
        (rest.id, 300, 380),
    ]
    assert set(hits[0].merged) == {left.id, bridge.id}


def test_touching_passages_stay_two_hits():
    hits = chosen(cut("a", text_of(9, 60), [(0, 100), (100, 200)]), 5).hits(None)
    assert [hit.merged for hit in hits] == [(), ()]


def test_a_chain_of_overlaps_ends_where_a_hit_has_grown_enough():
    text = text_of(10, 400)
    chunks = cut("a", text, [(at, at + 100) for at in range(0, 900, 80)])
    hits = chosen(chunks, 4).hits(None)
    assert [(hit.chunk.metadata.start, hit.chunk.metadata.end) for hit in hits] == [
        (0, 260),
        (260, 500),
        (500, 740),
        (740, 820),  # there are enough: what comes next is beyond top_k
    ]


def test_a_text_that_says_the_same_again_is_dropped_wherever_it_stands():
    text = text_of(11, 80)
    changed = text[:200] + "CHANGED" + text[200:]
    one, twin = cut("a", text, [(0, len(text))])[0], cut("b", changed, [(0, len(changed))])[0]
    other = cut("c", text_of(12, 80), [(0, 300)])[0]
    selection = chosen([one, twin, other], 5)
    assert [hit.chunk.id for hit in selection.hits(None)] == [one.id, other.id]
    assert [(found.chunk_id, found.why) for found in selection.dropped] == [(twin.id, "duplicate")]
    assert len(chosen([one, twin, other], 5, dedupe=False).hits(None)) == 3
