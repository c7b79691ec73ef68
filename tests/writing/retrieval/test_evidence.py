"""What is on record of a retrieval is complete where it matters, and no longer than that."""

from __future__ import annotations

from ghostkit.rag.retrieval.result import Dropped, Retrieval
from ghostkit.writing.retrieval.evidence import MOST_BEYOND, evidence_of


def test_of_candidates_that_were_only_not_the_best_the_best_are_kept_and_all_are_counted() -> None:
    beyond = [Dropped(f"b{n}", n / 1000, "beyond top_k" if n % 2 else "threshold") for n in range(300)]
    telling = [Dropped(f"m{n}", 0.0, "merged") for n in range(60)]
    found = Retrieval(query="the bell", hits=(), config_id="c", dropped=(*beyond, *telling))
    data = evidence_of(found, slot="", retrieval_id="r", settings={}, as_of=None)
    named = [one["chunk"] for one in data["dropped"]]
    assert named == [f"m{n}" for n in range(60)] + [f"b{n}" for n in range(299, 299 - MOST_BEYOND, -1)]
    assert data["dropped_in_all"] == 360
