"""Score a run against judgements with ir-measures: nDCG@10, recall@10, recall@100, MRR.

Sources: K. Järvelin, J. Kekäläinen (TOIS 2002) for nDCG, as trec_eval computes it (gain = grade, discount
log2(rank + 1)); recall = relevant found / relevant; MRR = 1 / rank of the first relevant, to the depth of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ghostkit.errors import InputError

MEASURES = ("ndcg@10", "recall@10", "recall@100", "mrr")

Run = Mapping[str, Mapping[str, float]]
"""Query id → document id → score. Ties are broken as trec_eval does, unless the scores are ranks turned round."""


@dataclass(frozen=True, kw_only=True)
class MeasuredRun:
    """Means over all judged queries, and each query's own; a query without hits counts 0."""

    means: Mapping[str, float]
    by_query: Mapping[str, Mapping[str, float]]


def require() -> None:
    """Raises `InputError` where ir-measures is not installed: better before an hour's work than after it."""
    try:
        import ir_measures  # noqa: F401
    except ImportError:
        raise InputError("Scores need ir-measures.", fix="pip install 'ghostkit[evaluate]'") from None


def measure(run: Run, qrels: Mapping[str, Mapping[str, int]]) -> MeasuredRun:
    """Raises `InputError` where ir-measures is not installed."""
    require()
    import ir_measures
    from ir_measures import RR, R, nDCG

    names = {nDCG @ 10: "ndcg@10", R @ 10: "recall@10", R @ 100: "recall@100", RR: "mrr"}
    by_query = {query: dict.fromkeys(MEASURES, 0.0) for query in qrels}
    plain_qrels = {query: dict(judged) for query, judged in qrels.items()}
    plain_run = {query: dict(found) for query, found in run.items() if found and query in qrels}
    if plain_run:
        for one in ir_measures.iter_calc(list(names), plain_qrels, plain_run):
            by_query[one.query_id][names[one.measure]] = float(one.value)
    means = {name: sum(scores[name] for scores in by_query.values()) / len(by_query) for name in MEASURES}
    return MeasuredRun(means=means, by_query=by_query)


def in_order(ids: list[str]) -> dict[str, float]:
    """A ranking as scores that keep its order whatever breaks ties."""
    return {one: float(len(ids) - rank) for rank, one in enumerate(ids)}
