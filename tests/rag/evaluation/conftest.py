"""A tiny BEIR folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CORPUS = {
    "1": ("The ferry", "The ferry left the quay before the bell."),
    "2": ("The compass", "Mira kept a silver compass in her coat."),
    "3": ("Salt", "The price of salt rose twice that winter."),
    "4": ("The weir", "At the north weir the water stood still."),
    "5": ("", ""),
}
QUERIES = {"a": "When did the ferry leave?", "b": "silver compass", "c": "price of salt", "unjudged": "what else"}
QRELS = [("a", "1", 1), ("b", "2", 2), ("b", "4", 1), ("c", "3", 1)]


def write_folder(folder: Path, **replaced: str) -> Path:
    """`corpus`, `queries` or `qrels` as given, else the tiny ones."""

    def lines(rows: list[dict[str, Any]]) -> str:
        return "".join(json.dumps(row) + "\n" for row in rows)

    (folder / "qrels").mkdir(parents=True)
    texts = {
        "corpus.jsonl": replaced.get("corpus")
        or lines([{"_id": name, "title": title, "text": text} for name, (title, text) in CORPUS.items()]),
        "queries.jsonl": replaced.get("queries")
        or lines([{"_id": name, "text": text} for name, text in QUERIES.items()]),
        "qrels/test.tsv": replaced.get("qrels")
        or "query-id\tcorpus-id\tscore\n" + "".join(f"{q}\t{d}\t{grade}\n" for q, d, grade in QRELS),
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def beir(tmp_path: Path) -> Callable[..., Path]:
    return lambda **replaced: write_folder(tmp_path / "tiny", **replaced)
