from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Chunk, ChunkMetadata
from ghostkit.rag.retrieval.weighting import recency_of, standing_of, weighs, weighted


def chunk(chapter: int | None, importance: float = 0.5) -> Chunk:
    return Chunk(
        id="c", content="…", metadata=ChunkMetadata(document="d"), chapter_num=chapter, importance_score=importance
    )


@pytest.mark.parametrize(
    ("chapter", "before", "expected"),
    [
        (11, (11, 2), 1.0),  # an earlier section of the chapter that asks
        (10, (11, 1), 0.9),
        (6, (11, 1), 0.5),
        (1, (11, 1), 0.0),
        (1, (2, 1), 0.0),
        (1, (1, 3), 1.0),
        (None, (11, 1), 1.0),  # a source is never old
        (30, (11, 1), 0.0),  # seen only where spoilers are allowed
    ],
)
def test_recency_falls_in_even_steps_from_the_asking_chapter_to_the_first(chapter, before, expected):
    assert recency_of(chunk(chapter), before) == pytest.approx(expected)


def test_without_an_asking_place_nothing_is_old():
    assert recency_of(chunk(3), None) is None
    assert standing_of(chunk(3, 0.7), None) == {"importance": 0.7}
    assert standing_of(chunk(3, 0.7), (3, 1)) == {"importance": 0.7, "recency": 1.0}


@given(st.floats(-5, 5), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_weight_only_ever_costs(relevance, importance, recency, by_importance, by_recency):
    config = RAGConfig(importance_weight=by_importance, recency_weight=by_recency)
    assert weighted(relevance, importance, recency, config) <= relevance + 1e-12
    assert weighted(relevance, 1.0, 1.0, config) == relevance
    assert weighted(relevance, importance, recency, RAGConfig()) == relevance


def test_the_product_is_relevance_times_both_factors():
    config = RAGConfig(importance_weight=0.5, recency_weight=0.4)
    assert weighted(0.8, 0.6, 0.25, config) == pytest.approx(0.8 * (1 - 0.5 * 0.4) * (1 - 0.4 * 0.75))
    assert weighted(-0.8, 0.0, None, config) == pytest.approx(-1.2)
    assert weighs(config)
    assert not weighs(RAGConfig())
