"""Chunkers on chunking-eval: the same retriever for all, five chunks a question, all five corpora in one index."""

from __future__ import annotations

import json
import sys
from statistics import fmean

from ghostkit.rag.config import RAGConfig
from tests.quality.chunk_retrievers import Rank, retrievers
from tests.quality.chunking_data import Question, corpora, data_folder, questions
from tests.quality.chunking_peers import Cut, ours, peers
from tests.quality.range_scores import RangeScores, omega, scores

SIZES = ((600, 100), (1000, 128))
"""(size, overlap) in characters at which all are compared, besides our default."""
_QUICK = 60


def run(quick: bool = False) -> int:
    folder = data_folder("chunking-eval")
    if folder is None:
        print("chunking: chunking-eval isn't there; set GHOSTKIT_DATA to a folder that holds it.", file=sys.stderr)
        return 0
    texts, asked = corpora(folder), questions(folder)
    if quick:
        asked = asked[:: max(1, len(asked) // _QUICK)]
    ranks, missing = retrievers()
    rows = []
    default = RAGConfig()
    for size, overlap in sorted({*SIZES, (default.chunk_size, default.chunk_overlap)}):
        others, absent = peers(size, overlap)
        missing += [name for name in absent if name not in missing]
        for name, cut in {**ours(size, overlap), **others}.items():
            for row in measured(cut, texts, asked, ranks):
                rows.append({"chunker": name, "size": size, "overlap": overlap, **row})
                print(json.dumps(rows[-1]), flush=True)
    _table(rows)
    for name in missing:
        print(f"not measured, as it is not installed: {name}")
    return 0


def measured(cut: Cut, texts: dict[str, str], asked: list[Question], ranks: dict[str, Rank]) -> list[dict[str, object]]:
    """A row for each retriever, in percent."""
    spans = [(name, start, end) for name, text in texts.items() for start, end in cut(text)]
    contents = [texts[name][start:end] for name, start, end in spans]
    chunks = {name: [(start, end) for whose, start, end in spans if whose == name] for name in texts}
    best = [omega(one.excerpts, chunks[one.corpus]) for one in asked]
    rows = []
    for retriever, rank in ranks.items():
        found = []
        for one, numbers in zip(asked, rank(contents, [one.text for one in asked]), strict=True):
            hits = [spans[number] for number in numbers]
            elsewhere = sum(end - start for name, start, end in hits if name != one.corpus)
            found.append(scores(one.excerpts, [hit[1:] for hit in hits if hit[0] == one.corpus], elsewhere))
        row = {"retriever": retriever, "chunks": len(spans), "mean_size": round(fmean(map(len, contents)))}
        rows.append(row | _means(found) | {f"{name}_omega": value for name, value in _means(best).items()})
    return rows


def _means(found: list[RangeScores]) -> dict[str, float]:
    return {name: round(100 * fmean(getattr(one, name) for one in found), 2) for name in ("recall", "precision", "iou")}


def _table(rows: list[dict[str, object]]) -> None:
    names = ("retriever", "size", "overlap", "chunker", "chunks", "mean_size", "recall", "precision", "iou")
    names += ("precision_omega", "iou_omega")
    print("  ".join(f"{name:>{_width(name)}}" for name in names))
    for row in sorted(rows, key=lambda row: (str(row["retriever"]), row["size"], str(row["chunker"]))):
        print("  ".join(f"{row[name]!s:>{_width(name)}}" for name in names))


def _width(name: str) -> int:
    return 26 if name == "chunker" else max(len(name), 7)
