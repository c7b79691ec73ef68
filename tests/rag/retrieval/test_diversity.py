"""MMR against the definition, with sums and maxima written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.rag.retrieval.diversity import cosines, mmr_order, shared_shingles


def naive_mmr(relevance: list[float], vectors: np.ndarray, share: float) -> list[int]:
    low, high = min(relevance), max(relevance)
    wanted = [(one - low) / (high - low) if high > low else 1.0 for one in relevance]
    chosen: list[int] = []
    while len(chosen) < len(relevance):
        values = {}
        for i in range(len(relevance)):
            if i not in chosen:
                nearest = max(
                    (sum(float(a) * float(b) for a, b in zip(vectors[i], vectors[j], strict=True)) for j in chosen),
                    default=0.0,
                )
                values[i] = share * wanted[i] - (1 - share) * nearest
        best = max(values.values())
        chosen.append(min(i for i, value in values.items() if math.isclose(value, best, abs_tol=1e-9)))
    return chosen


@given(st.integers(1, 9), st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]), st.integers(0, 10_000))
def test_the_order_is_that_of_the_definition(count, share, seed):
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(count, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    relevance = sorted(draw.random(count).tolist(), reverse=True)
    assert [at for at, _ in mmr_order(relevance, cosines(vectors), share)] == naive_mmr(relevance, vectors, share)


def test_relevance_alone_changes_no_order_and_variety_alone_sends_twins_to_the_end():
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    order = lambda share: [at for at, _ in mmr_order([0.9, 0.8, 0.1], cosines(vectors), share)]  # noqa: E731
    assert order(1.0) == [0, 1, 2]
    assert order(0.0) == [0, 2, 1]


def test_texts_without_vectors_are_compared_by_what_they_share():
    found = shared_shingles([frozenset("abcd"), frozenset("cdef"), frozenset("xy"), frozenset()])
    assert found[0, 1] == pytest.approx(2 / math.sqrt(16))
    assert found[0, 2] == 0
    assert np.array_equal(found, found.T)
    assert (np.diag(found) == 1).all()
