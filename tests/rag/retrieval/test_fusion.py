"""Fusion against formulas written down a second time, term by term."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.rag.retrieval.fusion import alone, convex, min_max, reciprocal_ranks

IDS = [f"{number:02d}" for number in range(12)]


@st.composite
def rankings(draw: st.DrawFn) -> list[tuple[str, float]]:
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=10))
    scores = draw(st.lists(st.integers(-50, 50), min_size=len(ids), max_size=len(ids)))
    return sorted(
        ((one, score / 8) for one, score in zip(ids, scores, strict=True)), key=lambda pair: (-pair[1], pair[0])
    )


def naive_normalised(ranking: list[tuple[str, float]], chunk_id: str) -> float:
    scores = dict(ranking)
    if chunk_id not in scores:
        return 0.0
    if max(scores.values()) == min(scores.values()):
        return 1.0
    return (scores[chunk_id] - min(scores.values())) / (max(scores.values()) - min(scores.values()))


def naive_rank(ranking: list[tuple[str, float]], chunk_id: str, k: int) -> float:
    place = [one for one, _ in ranking].index(chunk_id) + 1 if chunk_id in dict(ranking) else math.inf
    return 1 / (k + place)


@settings(max_examples=50)
@given(rankings(), rankings(), st.integers(0, 10))
def test_the_convex_combination_is_the_weighted_sum_of_both_normalised_scores(semantic, keyword, tenths):
    weight = tenths / 10
    expected = {
        one: weight * naive_normalised(semantic, one) + (1 - weight) * naive_normalised(keyword, one)
        for one in dict(semantic) | dict(keyword)
    }
    found = convex(semantic, keyword, weight)
    assert {one.chunk_id: one.score for one in found} == expected
    assert [one.chunk_id for one in found] == sorted(expected, key=lambda one: (-expected[one], one))


@settings(max_examples=50)
@given(rankings(), rankings(), st.integers(1, 100))
def test_reciprocal_ranks_add_up_over_both_rankings(semantic, keyword, k):
    expected = {
        one: naive_rank(semantic, one, k) + naive_rank(keyword, one, k) for one in dict(semantic) | dict(keyword)
    }
    found = reciprocal_ranks(semantic, keyword, k)
    assert {one.chunk_id for one in found} == set(expected)
    for one in found:
        assert math.isclose(one.score, expected[one.chunk_id], rel_tol=1e-12)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@settings(max_examples=50)
@given(rankings(), rankings())
def test_every_candidate_keeps_the_scores_it_came_from(semantic, keyword):
    for one in convex(semantic, keyword, 0.5):
        assert one.parts.get("semantic") == dict(semantic).get(one.chunk_id)
        assert one.parts.get("keyword") == dict(keyword).get(one.chunk_id)
        assert ("semantic_normalised" in one.parts) == ("semantic" in one.parts)


def test_equal_scores_all_count_in_full():
    assert min_max([("a", 2.0), ("b", 2.0)]) == {"a": 1.0, "b": 1.0}
    assert min_max([("a", -0.3)]) == {"a": 1.0}
    assert min_max([]) == {}


def test_equal_sums_are_ordered_by_id():
    found = convex([("b", 1.0), ("c", 0.0)], [("a", 1.0), ("c", 0.0)], 0.5)
    assert [(one.chunk_id, one.score) for one in found] == [("a", 0.5), ("b", 0.5), ("c", 0.0)]


def test_a_search_alone_keeps_its_own_scores():
    found = alone("semantic", [("a", 0.9), ("b", -0.2)])
    assert [(one.score, one.parts) for one in found] == [(0.9, {"semantic": 0.9}), (-0.2, {"semantic": -0.2})]
