"""A window is shared out: nobody gets more than asked, nothing is left while somebody wants, and ratios hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ghostkit.rag.config import RAGConfig
from ghostkit.rag.context.allocator import IN_ORDER, Shares, allocate, ratios_of
from ghostkit.rag.context.passages import fitting, in_reading_order
from ghostkit.rag.document import Chunk, ChunkMetadata
from ghostkit.rag.retrieval.result import Hit

RATIOS = ratios_of(RAGConfig())
TOKENS = st.integers(0, 5000)


@given(TOKENS, TOKENS, TOKENS, TOKENS)
def test_the_invariants_of_a_share(budget: int, core: int, retrieved: int, summaries: int) -> None:
    needs = Shares(core=core, retrieved=retrieved, summaries=summaries)
    given_ = allocate(budget, needs, RATIOS)
    assert given_.total == min(budget, needs.total)
    for name in IN_ORDER:
        wanted, got = getattr(needs, name), getattr(given_, name)
        assert got <= wanted
        assert got >= min(wanted, int(budget * RATIOS[name]))  # what others want never takes one's share


def test_by_hand() -> None:
    assert allocate(1000, Shares(core=2000, retrieved=100, summaries=900), RATIOS) == Shares(
        core=600, retrieved=100, summaries=300
    )
    assert allocate(1000, Shares(core=100, retrieved=900, summaries=900), RATIOS) == Shares(
        core=100, retrieved=600, summaries=300
    )
    assert allocate(-5, Shares(core=10), RATIOS) == Shares()


def hit(rank: int, chapter: int | None, content: str) -> Hit:
    data = ChunkMetadata(document=f"d{chapter}", start=rank)
    return Hit(
        rank=rank, score=1 / rank, chunk=Chunk(id=str(rank), content=content, metadata=data, chapter_num=chapter)
    )


def test_whole_passages_best_first_and_a_long_one_keeps_no_short_one_out() -> None:
    hits = [hit(1, 3, "a" * 40), hit(2, 1, "b" * 100), hit(3, None, "c" * 10), hit(4, 2, "d" * 30)]
    kept, left = fitting(hits, 85, lambda chunk: chunk.content, len)
    assert [one.hit.rank for one in kept] == [1, 3, 4]
    assert [one.rank for one in left] == [2]
    assert [one.hit.chunk.chapter_num for one in in_reading_order(kept)] == [2, 3, None]
    assert sum(one.tokens for one in kept) <= 85
