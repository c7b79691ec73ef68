"""Keyword search on SciFact, by ir-measures, beside bm25s where it is installed; and on novels, known passages found.

A known passage is a sentence drawn by chance; the question is eight of its words in a row (`phrase`), or four of
those that say something, in another order (`shuffled`). A chunk is right that holds at least half of it. JSON lines;
each query's own scores go to the folder that GHOSTKIT_QUALITY_OUT names.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ghostkit.rag.chunking import chunk_many, chunker_for
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Chunk, ChunkMetadata, Document, chunk_ids, text_digest
from ghostkit.rag.evaluation import Collection, measure, read_collection
from ghostkit.rag.store import ChunkedDocument, ChunkStore, terms_of
from tests.bench.keyword import decoded
from tests.quality.chunking_data import data_folder

LEAST_NDCG = 0.68
"""SciFact, nDCG@10; published: bm25s 0.687, Pyserini 0.679."""
QUESTIONS = 120
_SENTENCE = re.compile(r"[^.!?…\n]+(?:\n[^.!?…\n]+)*[.!?…]")


def run(quick: bool = False) -> int:
    """0 unless SciFact is there and scores below `LEAST_NDCG`."""
    bad = 0
    folder = data_folder("scifact")
    if folder is None:
        print("keyword: scifact isn't there; set GHOSTKIT_DATA to a folder that holds it.", file=sys.stderr)
    else:
        bad = scifact(read_collection(folder))
    for language in ("en", "ru"):
        novels = data_folder(f"novels-{language}")
        if novels is None:
            print(f"keyword: novels-{language} isn't there; set GHOSTKIT_DATA.", file=sys.stderr)
            continue
        for path in sorted(novels.iterdir()):
            novel(path, language, QUESTIONS // 4 if quick else QUESTIONS)
    return bad


# ── SciFact ───────────────────────────────────────────────────────────────────────────────────────────────


def scifact(collection: Collection) -> int:
    ours = ours_on(collection)
    means = reported("keyword", "scifact", ours, collection)
    try:
        theirs = bm25s_on(collection)
    except ImportError:
        print("not measured, as it is not installed: bm25s")
    else:
        reported("bm25s", "scifact", theirs, collection)
    return int(means["ndcg@10"] < LEAST_NDCG)


def reported(
    name: str, data: str, found: Mapping[str, Mapping[str, float]], collection: Collection
) -> Mapping[str, float]:
    scored = measure(found, collection.qrels)
    tell({"collection": data, "retriever": name, **{key: round(value, 4) for key, value in scored.means.items()}})
    keep(f"{data}-{name}", ({"query": query, **scores} for query, scores in scored.by_query.items()))
    return scored.means


def ours_on(collection: Collection) -> dict[str, dict[str, float]]:
    """Title and abstract as one chunk each."""
    found = {}
    with ChunkStore.open(None) as store:
        store.apply([_whole(name, text) for name, text in collection.documents.items()])
        with store.view() as view:
            document_of = {chunk.id: chunk.metadata.document for chunk in view.every_chunk()}
            times = []
            for query, text in collection.queries.items():
                began = time.perf_counter()
                hits = view.keyword(text, 100)
                times.append(time.perf_counter() - began)
                found[query] = {document_of[one]: score for one, score in hits}
    tell({"collection": "scifact", "retriever": "keyword", "ms_per_query": round(statistics.median(times) * 1000, 3)})
    return found


def _whole(name: str, text: str) -> ChunkedDocument:
    (one,) = chunk_ids(name, [text])
    chunk = Chunk(id=one, content=text, metadata=ChunkMetadata(document=name, end=len(text)))
    document = Document(id=name, text=text, language="en")
    return ChunkedDocument(document=document, chunks=[chunk], digests=[text_digest(text)])


def bm25s_on(collection: Collection) -> dict[str, dict[str, float]]:
    """As its authors report it: k1 1.5, b 0.75, English stop words, snowball stems. Raises `ImportError`."""
    bm25s: Any = importlib.import_module("bm25s")
    stemmer = importlib.import_module("Stemmer").Stemmer("english")
    settings = {"stopwords": "en", "stemmer": stemmer, "show_progress": False}
    index = bm25s.BM25(k1=1.5, b=0.75)
    index.index(bm25s.tokenize(list(collection.documents.values()), **settings), show_progress=False)
    asked = bm25s.tokenize(list(collection.queries.values()), **settings)
    places, scores = index.retrieve(asked, k=100, show_progress=False)
    names = list(collection.documents)
    return {
        query: {names[int(place)]: float(score) for place, score in zip(*row, strict=True)}
        for query, row in zip(collection.queries, zip(places, scores, strict=True), strict=True)
    }


# ── novels ────────────────────────────────────────────────────────────────────────────────────────────────


def novel(path: Path, language: str, questions: int) -> None:
    text = decoded(path)
    document = Document(id=path.stem, text=text, language=language)
    (chunks,) = chunk_many([document], chunker_for(RAGConfig()))
    with ChunkStore.open(None) as store:
        digests = [text_digest(chunk.content) for chunk in chunks]
        store.apply([ChunkedDocument(document=document, chunks=chunks, digests=digests)])
        gold = passages(text, language, questions, random.Random(path.stem))
        for kind in ("phrase", "shuffled"):
            ranks = []
            for start, end in gold:
                question = worded(text[start:end], kind, language, random.Random(start))
                with store.view() as view:
                    found = view.chunks([one for one, _ in view.keyword(question, 10)])
                ranks.append(next((at for at, chunk in enumerate(found, 1) if holds(chunk, start, end)), 0))
            tell(
                {
                    "collection": path.stem, "language": language, "retriever": "keyword", "question": kind,
                    "queries": len(ranks), "chunks": len(chunks),
                    "recall@10": round(sum(map(bool, ranks)) / len(ranks), 4),
                    "mrr@10": round(sum(1 / rank for rank in ranks if rank) / len(ranks), 4),
                }
            )  # fmt: skip
            keep(
                f"{path.stem}-{kind}",
                ({"start": s, "end": e, "rank": r} for (s, e), r in zip(gold, ranks, strict=True)),
            )


def passages(text: str, language: str, many: int, chance: random.Random) -> list[tuple[int, int]]:
    """Offsets of sentences with at least ten words that say something."""
    found = [match.span() for match in _SENTENCE.finditer(text)]
    found = [(a, b) for a, b in found if len(set(terms_of(text[a:b], language))) >= 10 and b - a < 600]
    return sorted(chance.sample(found, min(many, len(found))))


def worded(passage: str, kind: str, language: str, chance: random.Random) -> str:
    words = passage.split()
    if kind == "phrase":
        at = chance.randrange(max(1, len(words) - 8))
        return " ".join(words[at : at + 8])
    said = [word for word in words if terms_of(word, language)]
    return " ".join(chance.sample(said, min(4, len(said))))


def holds(chunk: Chunk, start: int, end: int) -> bool:
    where = chunk.metadata
    return min(where.end, end) - max(where.start, start) >= (end - start) / 2


# ── what is told ──────────────────────────────────────────────────────────────────────────────────────────


def tell(row: Mapping[str, object]) -> None:
    print(json.dumps(row, ensure_ascii=False), flush=True)


def keep(name: str, rows: Iterable[Mapping[str, object]]) -> None:
    """One line a query, where somebody wants them."""
    folder = os.environ.get("GHOSTKIT_QUALITY_OUT")
    if folder:
        lines: Sequence[str] = [json.dumps(row) for row in rows]
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"keyword-{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
