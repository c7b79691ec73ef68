"""Scores depend on their own row alone, and a float32 scan is never further from them than ε."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.rag.index.exact import BLOCK_ROWS, FLOAT32_UNIT, TF32_UNIT, epsilon, exact_scores, norms

SHAPES = st.tuples(st.integers(1, 70), st.integers(1, 400), st.integers(0, 2**32 - 1))


def matrix(count: int, dimension: int, seed: int) -> np.ndarray:
    made = np.random.default_rng(seed).standard_normal((count, dimension))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(SHAPES)
def test_a_score_is_the_sum_of_exact_products_up_to_float64s_rounding(shape: tuple[int, int, int]) -> None:
    vectors, query = matrix(*shape), matrix(1, *shape[1:])[0]
    for row, score in zip(vectors, exact_scores(vectors, query), strict=True):
        assert math.isclose(score, math.fsum(map(lambda a, b: float(a) * float(b), row, query)), abs_tol=1e-14)


@settings(max_examples=25, deadline=None)
@given(SHAPES)
def test_a_score_has_the_same_bits_whatever_rows_stand_beside_it(shape: tuple[int, int, int]) -> None:
    vectors, query = matrix(*shape), matrix(1, *shape[1:])[0]
    together = exact_scores(vectors, query)
    alone = np.concatenate([exact_scores(row[None, :], query) for row in vectors])
    backwards = exact_scores(np.asfortranarray(vectors[::-1]), query)[::-1]
    assert together.tobytes() == alone.tobytes() == backwards.tobytes()


def test_more_rows_than_are_scored_at_once_keep_their_bits() -> None:
    vectors, query = matrix(BLOCK_ROWS + 3, 8, 1), matrix(1, 8, 2)[0]
    assert exact_scores(vectors, query)[-3:].tobytes() == exact_scores(vectors[-3:], query).tobytes()


def test_a_zero_is_never_a_negative_zero() -> None:
    score = exact_scores(np.zeros((1, 5), np.float32), -np.ones(5, np.float32))[0]
    assert math.copysign(1, score) == 1


@settings(max_examples=30, deadline=None)
@given(SHAPES)
def test_products_in_float32_stay_within_epsilon_by_any_kernel(shape: tuple[int, int, int]) -> None:
    vectors, queries = matrix(*shape), matrix(3, *shape[1:])
    bound = epsilon(shape[1], 1.0 + 1e-6)
    batch = queries @ vectors.T
    for number, query in enumerate(queries):
        exact = exact_scores(vectors, query)
        slowly = np.zeros(len(vectors), np.float32)
        for at in range(shape[1]):  # the worst order there is: one after the other
            slowly += vectors[:, at] * query[at]
        for found in (vectors @ query, batch[number], slowly):
            assert np.abs(found - exact).max() <= bound


def test_epsilon_holds_where_all_errors_add_up_and_is_not_vastly_too_wide() -> None:
    """Numbers chosen so that every addition in a row rounds the same way."""
    dimension = 1000
    x = np.full(dimension, np.float32(1.0 + 2.0**-23) / np.sqrt(np.float32(dimension)), np.float32)
    total = np.float32(0)
    for number in x * x:
        total += number
    error = abs(float(total) - exact_scores(x[None, :], x)[0])
    length = float(norms(x[None, :])[0]) ** 2
    assert error <= epsilon(dimension, length) < 1000 * max(error, 1e-9)


def test_a_device_that_rounds_its_inputs_is_given_a_wider_epsilon() -> None:
    vectors, query = matrix(200, 64, 5), matrix(1, 64, 6)[0]

    def rounded(values: np.ndarray) -> np.ndarray:
        """To 10 bits of mantissa, as TF32 has."""
        return ((values.view(np.uint32) + 0x1000) & 0xFFFFE000).view(np.float32)

    error = np.abs(rounded(vectors) @ rounded(query) - exact_scores(vectors, query)).max()
    assert epsilon(64) < error <= epsilon(64, unit=TF32_UNIT)
    assert epsilon(64, unit=FLOAT32_UNIT) == epsilon(64)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_lengths_of_rows_that_are_no_vectors_are_not_one(bad: float) -> None:
    row = np.zeros((1, 4), np.float32)
    row[0, 2] = bad
    assert not abs(norms(row)[0] - 1) < 1e-3
