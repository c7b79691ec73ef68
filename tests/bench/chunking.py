"""How long cutting takes beside semchunk in one run, and how little of a novel is new after an edited paragraph."""

from __future__ import annotations

import importlib.util
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ghostkit.rag.chunking import SentenceChunker, chunks_of
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document
from tests.bench.report import Report

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
TURNS = 5
LIMIT_NEW = 0.03
"""Of a novel's chunks, after one paragraph is edited."""
NOVEL_WORDS = 200_000


def corpus() -> list[str]:
    """About 7 MB of text: the novels, and the corpora of chunking-eval; empty where the data isn't there."""
    folder = Path(os.environ.get("GHOSTKIT_DATA") or _BESIDE)
    paths = sorted(folder.glob("novels-*/*.txt")) + sorted(folder.glob("chunking-eval/*.md"))
    return [path.read_bytes().decode("latin-1" if "sherlock" in path.name else "utf-8") for path in paths]


def run(report: Report, quick: bool) -> None:
    texts = corpus()
    if not texts:
        print("chunking: no shared data here; set GHOSTKIT_DATA", file=sys.stderr)
        return
    _speed(report, texts, 2 if quick else TURNS)
    _locality(report, texts, 10 if quick else 60)


def _speed(report: Report, texts: Sequence[str], turns: int) -> None:
    config = RAGConfig()
    size, overlap = config.chunk_size, config.chunk_overlap
    cut = SentenceChunker(size=size, overlap=overlap)
    documents = [Document(id=str(number), text=text) for number, text in enumerate(texts)]
    cut(texts[0])
    acts: dict[str, Callable[[], object]] = {
        "ours": lambda: [cut(text) for text in texts],
        "whole": lambda: [chunks_of(document, cut) for document in documents],
    }
    if importlib.util.find_spec("semchunk"):
        import semchunk

        peer = semchunk.chunkerify(len, size, memoize=False)
        acts["semchunk"] = lambda: [peer(text, offsets=True, overlap=overlap) for text in texts]
    took: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(turns):
        for name, act in acts.items():
            started = time.process_time()
            act()
            took[name].append(time.process_time() - started)
    best = {name: min(times) for name, times in took.items()}
    characters = sum(map(len, texts))
    report.add(
        "chunking_seconds", best["ours"], None, "semchunk", gated=False, characters=characters,
        with_ids_and_importance=best["whole"], semchunk=best.get("semchunk"),
    )  # fmt: skip
    if "semchunk" in best:
        report.add("chunking_over_semchunk", best["ours"] / best["semchunk"], 1.0, "semchunk, same size and overlap")


def _locality(report: Report, texts: Sequence[str], edits: int) -> None:
    """English novels one after another as one document of 200,000 words, and each Russian one."""
    cut = SentenceChunker()
    english = " ".join(text for text in texts if len(re.findall("[a-z]", text[:3000])) > 1000)
    novel = english[: [word.end() for word in re.finditer(r"\S+", english[: NOVEL_WORDS * 8])][NOVEL_WORDS - 1]]
    russian = max((text for text in texts if re.search("[а-я]{3}", text[:500])), key=len)
    for name, text in (("english", novel), ("russian", russian)):
        known = {text[span.start : span.end] for span in cut(text)}
        chance = random.Random(7)
        paragraphs = [found for found in re.finditer(r"[^\r\n]{40,}", text)]
        shares = [_new_share(cut, text, known, chance.choice(paragraphs), chance) for _ in range(edits)]
        report.add(
            f"new_chunks_after_an_edit_{name}", max(shares), LIMIT_NEW, "all chunks of the novel",
            median=statistics.median(shares), chunks=len(known), edits=edits,
        )  # fmt: skip


def _new_share(cut: SentenceChunker, text: str, known: set[str], place: re.Match[str], chance: random.Random) -> float:
    old = place[0]
    new = chance.choice(
        [
            "",
            old + " And so it went on, as it had to.",
            old.replace(" ", " newly ", 3),
            "It rained. " * chance.randint(1, 90),
        ]
    )
    edited = text[: place.start()] + new + text[place.end() :]
    spans = cut(edited)
    return sum(edited[span.start : span.end] not in known for span in spans) / len(spans)
