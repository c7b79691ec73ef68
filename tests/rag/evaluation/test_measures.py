"""Scores against sums done by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ghostkit.rag.evaluation.measures import MEASURES, in_order, measure

pytest.importorskip("ir_measures", reason="evaluate: ir-measures isn't installed")


def test_the_scores_are_those_done_by_hand():
    run = {
        "q1": in_order(["d1", "d2", "d3"]),  # relevant: d1 (1) at 1, d3 (2) at 3; d9 (1) isn't found
        "q2": in_order([f"x{number}" for number in range(50)] + ["d4"]),  # the relevant one at 51
    }
    qrels = {"q1": {"d1": 1, "d3": 2, "d9": 1, "d2": 0}, "q2": {"d4": 1}, "q3": {"d5": 1}}
    found = measure(run, qrels)
    ideal = 2 + 1 / math.log2(3) + 1 / math.log2(4)
    first = {"ndcg@10": (1 + 2 / math.log2(4)) / ideal, "recall@10": 2 / 3, "recall@100": 2 / 3, "mrr": 1.0}
    second = {"ndcg@10": 0.0, "recall@10": 0.0, "recall@100": 1.0, "mrr": 1 / 51}
    assert found.by_query["q1"] == pytest.approx(first)
    assert found.by_query["q2"] == pytest.approx(second)
    assert found.by_query["q3"] == dict.fromkeys(MEASURES, 0.0)  # nothing was found, and that counts
    assert found.means == pytest.approx({name: (first[name] + second[name]) / 3 for name in MEASURES})


def test_a_perfect_run_scores_one_and_an_empty_one_nothing():
    qrels = {"q": {"a": 2, "b": 1}}
    assert measure({"q": in_order(["a", "b"])}, qrels).means == pytest.approx(dict.fromkeys(MEASURES, 1.0))
    assert measure({}, qrels).means == dict.fromkeys(MEASURES, 0.0)
    assert measure({"other": in_order(["a"])}, qrels).means == dict.fromkeys(MEASURES, 0.0)


def test_a_long_ranking_keeps_its_order():
    ids = [f"{(number * 7919) % 1000:03d}" for number in range(1000)]
    scores: dict[str, Any] = in_order(ids)
    assert sorted(scores, key=scores.__getitem__, reverse=True) == ids
    assert measure({"q": scores}, {"q": {ids[9]: 1}}).means["mrr"] == pytest.approx(0.1)
