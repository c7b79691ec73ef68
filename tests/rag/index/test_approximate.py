"""Approximate indexes: recall is measured on their own data, and one that finds too little is not used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ghostkit.rag.index import LIMITS, IndexLimits
from ghostkit.rag.index.approximate import build, kind_for
from ghostkit.rag.index.exact import exact_scores
from ghostkit.rag.index.flat import ranked
from ghostkit.rag.index.part import Part, Visible
from ghostkit.rag.index.recall import recall_of, true_neighbours
from ghostkit.settings import reset_settings

from .world import World, vector_of

pytest.importorskip("faiss")
SMALL = replace(LIMITS, approximate_from=500, exact_scope=50, merge_least=100)


@pytest.fixture(scope="module")
def base() -> Part:
    """3,000 vectors in clusters, as those of texts are."""
    random = np.random.default_rng(11)
    centres = random.standard_normal((60, 32))
    made = centres[random.integers(0, 60, 3000)] + 0.7 * random.standard_normal((3000, 32))
    return Part((made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32), np.arange(3000) * 3)


def brute_recall(index: object, base: Part, questions: np.ndarray) -> float:
    """Counted by hand: which of the ten nearest others are among the candidates."""
    hit = 0
    for at in questions:
        scores = base.vectors.astype(np.float64) @ base.vectors[at].astype(np.float64)
        nearest = set(base.rows[[one for one in np.argsort(-scores) if one != at][:10]].tolist())
        [found] = index.candidates(Visible(base), base.vectors[at : at + 1], 10)  # type: ignore[attr-defined]
        hit += len(nearest & set(np.concatenate([rows for _, rows in found]).tolist()))
    return hit / (10 * len(questions))


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
def test_the_recall_that_is_told_is_the_recall_there_is(base: Part, kind: str) -> None:
    made, why = build(kind, base, SMALL)  # type: ignore[arg-type]
    assert made is not None
    assert why == ""
    assert 0.95 <= made.recall <= 1.0
    assert brute_recall(made, base, np.arange(0, 3000, 15)) == pytest.approx(made.recall, abs=0.03)
    truth = true_neighbours(base, seed=3)
    assert recall_of(made, truth) == made.recall


def test_a_search_too_narrow_is_widened_until_the_recall_holds(base: Part) -> None:
    easy, _ = build("ivf", base, replace(SMALL, aimed_recall=0.3, least_recall=0.3))
    hard, _ = build("ivf", base, replace(SMALL, aimed_recall=0.995, least_recall=0.99))
    assert easy is not None
    assert hard is not None
    assert easy.parameters["nprobe"] < hard.parameters["nprobe"]
    assert hard.recall >= 0.99


def test_where_no_width_suffices_all_is_scanned_and_a_note_says_so(tmp_path: Path) -> None:
    world = World(tmp_path, limits=replace(SMALL, kind="hnsw", least_recall=1.0, aimed_recall=2.0))
    world.fill(60)
    status = world.index.status()
    assert (status.kind, status.recall) == ("flat", 1.0)
    assert "finds too few of the nearest" in status.notes[0]
    again = world.opened()
    again.catch_up()
    assert again.status().notes == status.notes, "remembered, not tried again at every opening"
    world.close()


def test_answers_are_ranked_by_exact_scores_whatever_else_is_asked(base: Part) -> None:
    made, _ = build("ivf", base, SMALL)
    assert made is not None
    queries = np.random.default_rng(5).standard_normal((6, 32)).astype(np.float32)
    together = made.candidates(Visible(base), queries, 10)
    for query, many in zip(queries, together, strict=True):
        [alone] = made.candidates(Visible(base), query[None, :], 10)
        found = ranked(alone, query, 10, lambda rows: [f"{row:05}" for row in rows.tolist()])
        assert found == ranked(many, query, 10, lambda rows: [f"{row:05}" for row in rows.tolist()])
        at = [int(name) // 3 for name, _ in found]
        assert [score for _, score in found] == exact_scores(base.vectors[at], query).tolist()


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_a_scope_is_searched_wider_and_sees_nothing_else(base: Part, kind: str, share: float) -> None:
    made, _ = build(kind, base, SMALL)  # type: ignore[arg-type]
    assert made is not None
    random = np.random.default_rng(6)
    seen = Visible(base, np.sort(random.choice(3000, int(3000 * share), replace=False)))
    assert seen.at is not None
    visible, hit = base.rows[seen.at], 0
    for query in base.vectors[::100]:
        [found] = made.candidates(seen, query[None, :], 10)
        rows = np.concatenate([rows for _, rows in found])
        assert np.isin(rows, visible).all()
        nearest = visible[np.argsort(-(base.vectors[seen.at] @ query))[:10]]
        hit += np.isin(nearest, rows).sum()
    assert hit / 300 >= 0.93


def test_fewer_than_asked_for_are_never_brought(base: Part) -> None:
    made, _ = build("ivf", base, replace(SMALL, aimed_recall=0.1, least_recall=0.1))
    assert made is not None
    [found] = made.candidates(Visible(base), base.vectors[:1], 2500)
    assert sum(len(rows) for _, rows in found) >= 2500


def test_the_kind_follows_the_size() -> None:
    limits = IndexLimits(approximate_from=1000)
    assert kind_for(999, limits) == ("flat", "")
    assert kind_for(1000, limits) == ("ivf", "")
    assert kind_for(10**6, replace(limits, kind="flat")) == ("flat", "")
    assert kind_for(5, replace(limits, kind="hnsw")) == ("hnsw", "")


def test_an_index_over_a_changing_book_sees_the_delta_and_not_the_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GHOSTKIT_STATE_DIR", str(tmp_path / "state"))
    reset_settings()
    world = World(tmp_path / "book", limits=SMALL)
    world.fill(60)
    assert world.index.status().kind == "ivf"
    world.put("new", ["quite new"])
    world.store.apply([], gone=["d007"])
    with world.store.view() as view:
        found = world.index.search(view, vector_of("quite new"), 5)
        assert found[0][1] == pytest.approx(1.0, abs=1e-6)
        everything = world.index.search(view, vector_of("w7x1 no"), 1000)
        assert {one for one, _ in everything} == set(view.ids_of(view.rows))
    world.close()
    reset_settings()
