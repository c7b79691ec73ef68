"""The scan keeps all that could be among the best: equal to brute force with ties, copies, zeros and any scope."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.rag.index import flat
from ghostkit.rag.index.exact import exact_scores
from ghostkit.rag.index.flat import ranked, scan
from ghostkit.rag.index.part import Part, Visible, joined


def part(count: int, dimension: int, seed: int, first_row: int = 0) -> Part:
    """Few directions, many copies, and neighbours that float32 sums can't tell apart."""
    random = np.random.default_rng(seed)
    directions = random.standard_normal((4, dimension))
    made = directions[random.integers(0, 4, count)] + 1e-7 * random.integers(0, 3, (count, 1)) * directions[0]
    made[random.random(count) < 0.1] = 0
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    made = np.divide(made, lengths, out=np.zeros_like(made), where=lengths > 0)
    rows = first_row + np.cumsum(random.integers(1, 4, count)) if count else np.empty(0, np.int64)
    return Part(made.astype(np.float32), rows.astype(np.int64))


def name_of(row: int) -> str:
    """Ids in no order of the rows."""
    return f"{row * 7919 % 1009:04}-{row}"


def names(rows: np.ndarray) -> list[str]:
    return [name_of(row) for row in rows.tolist()]


def brute(seen: list[Visible], query: np.ndarray, limit: int) -> list[tuple[str, float]]:
    found = []
    for one in seen:
        vectors, rows = one.take(np.arange(len(one)))
        found += list(zip(names(rows), exact_scores(vectors, query).tolist(), strict=True))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**20), limit=st.integers(1, 30), dimension=st.sampled_from([1, 3, 16, 33]))
def test_what_is_found_is_what_brute_force_finds_bit_for_bit(
    data: st.DataObject, seed: int, limit: int, dimension: int
) -> None:
    base, delta = part(data.draw(st.integers(1, 90)), dimension, seed), part(12, dimension, seed + 1, 10_000)
    positions = data.draw(st.none() | st.sets(st.integers(0, len(base) - 1)))
    at = None if positions is None else np.array(sorted(positions), np.int64)
    seen = [Visible(base, at), Visible(delta)]
    queries = np.random.default_rng(seed).standard_normal((4, dimension)).astype(np.float32)
    queries[0] = delta.vectors[0]
    together = [
        ranked(found, query, limit, names) for query, found in zip(queries, scan(seen, queries, limit), strict=True)
    ]
    for query, many in zip(queries, together, strict=True):
        [found] = scan(seen, query[None, :], limit)
        assert ranked(found, query, limit, names) == many == brute(seen, query, limit)


def test_neighbours_that_float32_puts_in_the_wrong_order_are_found_in_the_right_one() -> None:
    random = np.random.default_rng(7)
    alike = random.standard_normal(384) + 3e-8 * random.standard_normal((3000, 384))
    vectors = (alike / np.linalg.norm(alike, axis=1, keepdims=True)).astype(np.float32)
    base = Part(vectors, np.arange(len(vectors), dtype=np.int64))
    query = random.standard_normal(384).astype(np.float32)
    seen, limit = [Visible(base)], 10
    scores, wanted = np.vecdot(vectors, query), brute(seen, query, limit)
    no_worse = names(base.rows[scores >= np.sort(scores)[-limit]])
    assert {name for name, _ in wanted} - set(no_worse)  # or this test says nothing
    assert ranked(next(scan(seen, query[None], limit)), query, limit, names) == wanted


def test_of_ten_thousand_copies_those_with_the_first_ids_are_found() -> None:
    vectors = np.tile(np.float32([0.6, 0.8]), (10_000, 1))
    copies = Part(vectors, np.arange(10_000))
    query = np.float32([1, 0])
    [found] = scan([Visible(copies)], query[None, :], 5)
    assert ranked(found, query, 5, names) == [(one, float(np.float32(0.6))) for one in sorted(names(copies.rows))[:5]]


def test_the_scan_brings_little_more_than_was_asked_for() -> None:
    random = np.random.default_rng(3)
    made = random.standard_normal((5000, 64))
    many = Part((made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32), np.arange(5000))
    [found] = scan([Visible(many)], many.vectors[:1], 10)
    assert 10 <= len(found[0][1]) <= 12


def test_many_questions_are_scanned_in_blocks_that_bound_memory(monkeypatch: object) -> None:
    base = part(50, 8, 1)
    queries = np.random.default_rng(2).standard_normal((9, 8)).astype(np.float32)
    whole = [ranked(found, q, 7, names) for q, found in zip(queries, scan([Visible(base)], queries, 7), strict=True)]
    monkeypatch.setattr(flat, "_SCORES_AT_ONCE", 500)  # type: ignore[attr-defined]
    monkeypatch.setattr(flat, "_FEW", 2)  # type: ignore[attr-defined]
    monkeypatch.setattr(flat, "_ROWS_FOR_BATCHES", 1)  # type: ignore[attr-defined]
    parts = [ranked(found, q, 7, names) for q, found in zip(queries, scan([Visible(base)], queries, 7), strict=True)]
    assert whole == parts


def test_nothing_seen_is_nothing_found() -> None:
    nothing = Visible(part(5, 3, 1), np.empty(0, np.int64))
    [found] = scan([nothing], np.ones((1, 3), np.float32), 4)
    assert ranked(found, np.ones(3, np.float32), 4, names) == []


def test_parts_are_joined_by_row() -> None:
    one = Part(np.float32([[1], [3]]), np.array([1, 3]))
    other = Part(np.float32([[2], [4]]), np.array([2, 4]))
    both = joined([Visible(one), Visible(other)], 1)
    assert both.rows.tolist() == [1, 2, 3, 4]
    assert both.vectors[:, 0].tolist() == [1, 2, 3, 4]
    assert joined([], 7).vectors.shape == (0, 7)


def test_rows_are_found_by_number_and_only_those_that_are_there() -> None:
    some = Part(np.zeros((3, 1), np.float32), np.array([2, 5, 9]))
    at, here = some.find(np.array([1, 2, 9, 10]))
    assert (at.tolist(), here.tolist()) == ([0, 2], [False, True, True, False])
    assert math.isclose(len(some.only(at)), 2)
