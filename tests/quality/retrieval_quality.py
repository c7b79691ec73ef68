"""The three retrievers on SciFact, by ir-measures; and on whole novels, how often a known passage is found.

The embedder is that of GHOSTKIT_QUALITY_EMBEDDER (default: `hashing`, which is everywhere), such as
`sentence-transformers:PATH`. With GHOSTKIT_QUALITY_OUT its vectors are kept there, so that they are paid for once.
Settings were chosen on chunking-eval (see docs/retrieval.md), and never on what is measured here.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import anyio

from ghostkit.rag.chunking import chunker_for
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document
from ghostkit.rag.embedding import Embedder, KeptEmbedder, VectorStore, create_embedder
from ghostkit.rag.evaluation import RETRIEVERS, Collection, Trial, measure, read_collection
from ghostkit.rag.evaluation.measures import in_order
from ghostkit.rag.index import VectorIndex
from ghostkit.rag.indexer import Indexer
from ghostkit.rag.retrieval import Retriever
from ghostkit.rag.store import ChunkStore
from tests.bench.keyword import decoded
from tests.quality.chunking_data import data_folder
from tests.quality.keyword_quality import holds, passages, worded

LEAST = {"keyword": 0.68, "semantic": 0.64}
"""SciFact, nDCG@10; the second with MiniLM. The hybrid must be above both where the embedder knows meanings."""
FUSION = {"keyword": "keyword", "semantic": "semantic", "hybrid": "convex", "rrf": "rrf"}
QUESTIONS = 60


def run(quick: bool = False) -> int:
    """0 unless SciFact is there and a score is below what it should be."""
    return anyio.run(_run, quick)


async def _run(quick: bool) -> int:
    embedder = create_embedder(os.environ.get("GHOSTKIT_QUALITY_EMBEDDER", "hashing"))
    bad = 0
    try:
        scifact = data_folder("scifact")
        if scifact is None:
            print("retrieval: scifact isn't there; set GHOSTKIT_DATA to a folder that holds it.", file=sys.stderr)
        else:
            bad = await _collection(read_collection(scifact, limit=100 if quick else None), embedder)
        for language in ("en", "ru"):
            folder = data_folder(f"novels-{language}")
            if folder is None:
                print(f"retrieval: novels-{language} isn't there; set GHOSTKIT_DATA.", file=sys.stderr)
                continue
            for path in sorted(folder.iterdir())[: 1 if quick else None]:
                await _novel(path, language, embedder, QUESTIONS // 3 if quick else QUESTIONS)
    finally:
        await embedder.aclose()
    return bad


# ── a judged collection ───────────────────────────────────────────────────────────────────────────────────────


async def _collection(collection: Collection, embedder: Embedder) -> int:
    info = await embedder.info()
    trial = Trial(collection, embedder, folder=_out(collection.name))
    means: dict[str, float] = {}
    try:
        await trial.prepare()
        for name in (*RETRIEVERS, "rrf"):
            settings = RAGConfig(fusion="rrf") if name == "rrf" else None
            ranked = await trial.run("hybrid" if name == "rrf" else name, settings=settings)
            found = measure({query: in_order(ids) for query, ids in ranked.rankings.items()}, collection.qrels)
            means[name] = found.means["ndcg@10"]
            row = {"collection": collection.name, "retriever": name, "embedder": info.name, **_rounded(found.means)}
            _tell({**row, "ms_per_query": round(ranked.ms_per_query, 2)})
            _keep(collection.name, name, found.by_query)
    finally:
        await trial.aclose()
    bad = means["keyword"] < LEAST["keyword"]
    if not info.lexical:
        bad |= means["semantic"] < LEAST["semantic"]
        bad |= means["hybrid"] <= max(means["keyword"], means["semantic"])
    return int(bad)


# ── novels ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _novel(path: Path, language: str, embedder: Embedder, many: int) -> None:
    """Questions are eight words of a sentence in a row, or four of its telling words in another order."""
    text = decoded(path)
    info = await embedder.info()
    folder = _out("novels")
    vectors = VectorStore(folder / "vectors.sqlite" if folder else None)
    kept = KeptEmbedder(embedder, vectors)
    gold = passages(text, language, many, random.Random(path.stem))
    with ChunkStore.open(None) as store:
        index = VectorIndex.open(None, store, vectors, info)
        indexer = Indexer(store, chunker_for(RAGConfig()), index=index, embedder=kept)
        await indexer.update([Document(id=path.stem, text=text, language=language)])
        for kind in ("phrase", "shuffled"):
            asked = [worded(text[start:end], kind, language, random.Random(start)) for start, end in gold]
            for name, fusion in FUSION.items():
                retriever = Retriever(store, index, embedder, RAGConfig(fusion=fusion, merge_overlaps=False))
                ranks = []
                for found, (start, end) in zip(await retriever.search_many(asked), gold, strict=True):
                    ranks.append(next((hit.rank for hit in found.hits if holds(hit.chunk, start, end)), 0))
                row = {"collection": path.stem, "language": language, "retriever": name, "embedder": info.name}
                found_in_ten = sum(map(bool, ranks)) / len(ranks)
                mrr = sum(1 / rank for rank in ranks if rank) / len(ranks)
                _tell(
                    {
                        **row,
                        "question": kind,
                        "queries": len(ranks),
                        **_rounded({"recall@10": found_in_ten, "mrr@10": mrr}),
                    }
                )
        index.close()
    vectors.close()


# ── what is told ──────────────────────────────────────────────────────────────────────────────────────────────


def _out(name: str) -> Path | None:
    folder = os.environ.get("GHOSTKIT_QUALITY_OUT")
    if not folder:
        return None
    made = Path(folder) / f"index-{name}"
    made.mkdir(parents=True, exist_ok=True)
    return made


def _keep(collection: str, retriever: str, by_query: Any) -> None:
    folder = os.environ.get("GHOSTKIT_QUALITY_OUT")
    if folder:
        lines = [json.dumps({"query": query, **scores}) for query, scores in by_query.items()]
        (Path(folder) / f"retrieval-{collection}-{retriever}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _rounded(values: Any) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _tell(row: dict[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False), flush=True)
