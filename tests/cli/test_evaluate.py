"""`ghostkit evaluate`."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rag.evaluation.conftest import write_folder

from .conftest import Command

pytest.importorskip("ir_measures", reason="evaluate: ir-measures isn't installed")
KEYS = ["retriever", "ndcg@10", "recall@10", "recall@100", "mrr", "ms_per_query"]


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "tiny")


def test_json_is_exactly_what_was_promised(ghostkit: Command, collection: Path):
    ran = ghostkit("evaluate", collection, "--embedder", "hashing", "--json")
    assert ran.code == 0
    assert list(ran.json) == ["collection", "queries", "results"]
    assert (ran.json["collection"], ran.json["queries"]) == ("tiny", 3)
    assert [one["retriever"] for one in ran.json["results"]] == ["keyword", "semantic", "hybrid"]
    for one in ran.json["results"]:
        assert list(one) == KEYS
        # Words don't find the second document that is relevant for one query; `hashing` ranks all there are.
        assert (one["mrr"], one["recall@10"]) == (1.0, 0.8333 if one["retriever"] == "keyword" else 1.0)
        assert one["ms_per_query"] > 0


def test_a_table_names_the_collection_and_the_embedder(ghostkit: Command, collection: Path):
    ran = ghostkit("evaluate", collection, "--embedder", "hashing")
    lines = ran.out.splitlines()
    assert lines[0] == "tiny: 5 documents, 3 judged queries, embedder hashing"
    assert lines[1].split() == ["retriever", "nDCG@10", "recall@10", "recall@100", "MRR", "ms", "per", "query"]
    assert [line.split()[0] for line in lines[2:]] == ["keyword", "semantic", "hybrid"]
    assert "embedding: 4" in ran.err


def test_retrievers_queries_and_depth_can_be_chosen(ghostkit: Command, collection: Path):
    ran = ghostkit("evaluate", collection, "--retriever", "keyword", "--limit", 2, "--top-k", 1, "--json")
    assert ran.json["queries"] == 2
    (only,) = ran.json["results"]
    assert only["retriever"] == "keyword"
    assert only["recall@100"] == 0.75  # query b has two relevant documents, and one was asked for
    assert "embedding" not in ran.err


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_each_querys_scores_are_kept(ghostkit: Command, collection: Path, tmp_path: Path, suffix):
    path = tmp_path / f"scores.{suffix}"
    ran = ghostkit("evaluate", collection, "--embedder", "hashing", "--per-query", path, "--json")
    assert ran.code == 0
    rows: list[dict[str, Any]]
    if suffix == "jsonl":
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    else:
        import polars

        rows = polars.read_parquet(path).to_dicts()
    assert len(rows) == 9
    assert list(rows[0]) == ["retriever", "query", "ndcg@10", "recall@10", "recall@100", "mrr", "ms"]
    for result in ran.json["results"]:
        own = [row["ndcg@10"] for row in rows if row["retriever"] == result["retriever"]]
        assert sum(own) / 3 == pytest.approx(result["ndcg@10"], abs=1e-4)


def test_a_kept_index_is_used_again(ghostkit: Command, collection: Path, tmp_path: Path):
    kept = tmp_path / "index"
    first = ghostkit("evaluate", collection, "--embedder", "hashing", "--keep", kept, "--json")
    again = ghostkit("evaluate", collection, "--embedder", "hashing", "--keep", kept, "--json")
    assert "embedding" in first.err
    assert "embedding" not in again.err

    def scores(ran: Any) -> list[dict[str, Any]]:
        return [{name: one[name] for name in KEYS[:-1]} for one in ran.json["results"]]

    assert scores(first) == scores(again)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--embedder", "nothing"], "no embedder 'nothing'"),
        (["--per-query", "scores.csv"], "neither .jsonl nor .parquet"),
        (["--per-query", "nowhere/scores.jsonl"], "no folder"),
        (["--limit", "0"], "0"),
        (["--retriever", "magic"], "magic"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(ghostkit: Command, collection: Path, arguments, said):
    ran = ghostkit("evaluate", collection, *arguments)
    assert ran.code != 0
    assert said in ran.sentence


def test_a_malformed_line_is_named(ghostkit: Command, collection: Path):
    with open(collection / "corpus.jsonl", "a") as file:
        file.write("{\n")
    ran = ghostkit("evaluate", collection, "--json")
    assert ran.code == 2
    assert "corpus.jsonl, line 6 is no JSON" in ran.error["message"]


def test_without_ir_measures_it_says_how_to_get_it(
    ghostkit: Command, collection: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    ran = ghostkit("evaluate", collection, "--json")
    assert (ran.code, ran.error["fix"]) == (2, "pip install 'ghostkit[evaluate]'")


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or sys.platform == "win32", reason="signals: not on Windows")
def test_ctrl_c_ends_it_in_a_word_and_leaves_nothing(start: Callable[..., Any], collection: Path, tmp_path: Path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with open(collection / "corpus.jsonl", "a") as file:
        file.writelines(json.dumps({"_id": f"x{n}", "text": f"word{n} " * 50}) + "\n" for n in range(4_000))
    process = start("evaluate", collection, "--embedder", "hashing", TMPDIR=str(scratch))
    process.read_err_until("indexing")
    process.popen.send_signal(signal.SIGINT)
    ran = process.wait()
    assert ran.code == 130
    assert ran.err.strip().endswith("Stopped.")
    assert "Traceback" not in ran.err
    assert list(scratch.iterdir()) == []
