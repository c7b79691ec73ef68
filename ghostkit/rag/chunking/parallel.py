"""Many texts cut by several processes, where that pays.

Threads gain nothing, as one holds the interpreter; a pool of `multiprocessing` runs the user's script or notebook anew,
or forks a process with threads in it. So each worker is a plain new interpreter that is handed texts and hands back
numbers: safe anywhere, and of use from a few megabytes on (docs/decisions/0016).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ghostkit.rag.chunking.contract import Chunker
from ghostkit.rag.chunking.measure import estimated_tokens
from ghostkit.rag.chunking.recursive_chunker import RecursiveChunker
from ghostkit.rag.chunking.sentence_chunker import SentenceChunker
from ghostkit.rag.chunking.sentences import sentences
from ghostkit.rag.document import Document, TextSpan

WORTH_IT: Final = 5_000_000
"""Characters in all; below, starting workers costs more than they save."""
MOST_WORKERS: Final = 8
_LONGEST_WAIT_S: Final = 600
_LEAST_SIZE: Final = 20

Cut = tuple[str, list[TextSpan]]
"""Language and spans of one document."""


def cut_by_workers(documents: Sequence[Document], chunker: Chunker) -> dict[int, Cut]:
    """Position in `documents` → its cut; what no worker could do is left out, and left to the caller."""
    settings = _settings(chunker)
    workers = min(_processors(), MOST_WORKERS, len(documents))
    if settings is None or workers < 2 or not sys.executable or sum(len(one.text) for one in documents) < WORTH_IT:
        return {}
    shares = _shares(documents, workers)
    found: dict[int, Cut] = {}
    with ThreadPoolExecutor(max_workers=workers) as threads:
        for share, cuts in zip(
            shares, threads.map(lambda share: _ask(settings, [documents[at] for at in share]), shares), strict=True
        ):
            found.update(zip(share, cuts, strict=False))
    return found


def _settings(chunker: Chunker) -> dict[str, object] | None:
    """What a worker needs to make the same chunker; None for one that only this process has."""
    if type(chunker) not in (SentenceChunker, RecursiveChunker):
        return None
    assert isinstance(chunker, SentenceChunker | RecursiveChunker)
    if chunker.count not in (None, estimated_tokens) or chunker.finder is not sentences or chunker.size < _LEAST_SIZE:
        return None
    strategy = "sentence" if isinstance(chunker, SentenceChunker) else "recursive"
    tokens = chunker.count is not None
    return {"strategy": strategy, "size": chunker.size, "overlap": chunker.overlap, "tokens": tokens}


def _shares(documents: Sequence[Document], workers: int) -> list[list[int]]:
    """Positions for each worker, the longest texts first, each to whoever has least."""
    shares: list[list[int]] = [[] for _ in range(workers)]
    loads = [0] * workers
    for at in sorted(range(len(documents)), key=lambda at: -len(documents[at].text)):
        least = loads.index(min(loads))
        shares[least].append(at)
        loads[least] += len(documents[at].text)
    return shares


def _ask(settings: dict[str, object], documents: Sequence[Document]) -> list[Cut]:
    lines = [json.dumps(settings), *(json.dumps([one.text, one.language]) for one in documents)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ghostkit.rag.chunking.worker"], input="\n".join(lines) + "\n",
            capture_output=True, encoding="utf-8", env=environment, timeout=_LONGEST_WAIT_S, check=True,
        )  # fmt: skip
        return [_cut(line) for line in done.stdout.splitlines()]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []


def _cut(line: str) -> Cut:
    language, starts, ends, weights = json.loads(line)
    return language, [
        TextSpan(start=start, end=end, importance=weight)
        for start, end, weight in zip(starts, ends, weights, strict=True)
    ]


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
