"""A novel indexed, edited and searched, beside LlamaIndex, LangChain and txtai in one run.

`GHOSTKIT_PEERS` names a folder with their virtual environments, `llama_index`, `langchain` and `txtai`; one that isn't
there is said and left out. All are given the same embedding function, so that all but the model is compared.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio

from ghostkit.rag.chunking import chunk_many, chunker_for
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document
from tests.bench.report import Report
from tests.bench.retrieval_material import asked, many_chunks, novel, with_an_edit
from tests.bench.retrieval_ours import fill

PEERS = ("llama_index", "langchain", "txtai")
_HERE = Path(__file__).parent
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
LIMIT_S = 900
NEW_SHARE, EDIT_OVER_REBUILD = 0.03, 1 / 50
MODEL_S = 0.02
"""Of a small model on a CPU for a passage of 1,000 characters: less than all-MiniLM-L6-v2 needed where it was measured
(0.1 s of CPU by PyTorch). It is computed, not slept: seconds without a model + this for each text that was embedded."""
QUERY_MS, MEMORY_MB = 5.0, 60.0


def run(report: Report, quick: bool) -> None:
    documents = novel()
    if not documents:
        print("retrieval-peers: the novels aren't there; set GHOSTKIT_DATA to their folder.", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _write_task(home, documents, quick)
        for turn in range(1 if quick else 2):
            Comparison(report, home, turn).all()


def _write_task(home: Path, documents: list[Document], quick: bool) -> None:
    edited = with_an_edit(documents, random.Random(3))
    chunked = many_chunks(quick)
    anyio.run(fill, home, quick)
    task = {
        "documents": [(one.id, one.text) for one in documents],
        "edited": [(one.id, one.text) for one in edited],
        "pieces": _pieces(documents),
        "edited_pieces": _pieces(edited),
        "chunks": [(chunk.id, chunk.content) for one in chunked for chunk in one.chunks],
        "questions": asked(chunked),
    }
    (home / "task.json").write_text(json.dumps(task), "utf-8")


def _pieces(documents: list[Document]) -> list[tuple[str, str]]:
    cut = chunk_many(documents, chunker_for(RAGConfig()))
    return [(chunk.id, chunk.content) for chunks in cut for chunk in chunks]


class Comparison:
    """One round of everything, ours first."""

    def __init__(self, report: Report, home: Path, turn: int) -> None:
        self._report, self._home, self._turn = report, home, turn
        self._peers = [name for name in PEERS if _python_of(name) is not None]
        for name in PEERS:
            if name not in self._peers:
                print(f"retrieval-peers: {name} is not in GHOSTKIT_PEERS, so not measured.", file=sys.stderr)

    def all(self) -> None:
        self._novel()
        self._queries()
        self._memory()

    def _add(self, name: str, value: float, limit: float | None, peer: str, **more: Any) -> None:
        self._report.add(name, value, limit, peer, turn=self._turn, load=os.getloadavg()[0], **more)

    def _novel(self) -> None:
        real = _ours(self._home, "novel", "hashing")
        self._add("novel_index_s", real["index_s"], None, "with `hashing`", gated=False, **_flat(real))
        ours = _ours(self._home, "novel", "given")
        self._add(
            "novel_edit_embedded_share", ours["update_embedded"] / ours["chunks"], NEW_SHARE, "the novel's chunks"
        )
        self._add("novel_edit_over_own_rebuild", ours["update_s"] / ours["rebuild_s"], 0.2, "ghostkit's own rebuild")
        for name in self._peers:
            peer = _theirs(self._home, name, "novel")
            label = f"{name} {peer['version']}"
            self._add(f"novel_index_over_{name}", ours["index_s"] / peer["index_s"], None, label, gated=False,
                      cpu_ratio=ours["index_cpu_s"] / peer["index_cpu_s"], ours=ours["index_s"],
                      theirs=peer["index_s"], theirs_embedded=peer["index_embedded"])  # fmt: skip
            self._add(f"novel_edit_over_rebuild_{name}", ours["update_s"] / peer["rebuild_s"], None, label, gated=False,
                      cpu_ratio=ours["update_cpu_s"] / peer["rebuild_cpu_s"], ours=ours["update_s"],
                      theirs=peer["rebuild_s"])  # fmt: skip
            with_model = _with_model(ours, "update") / _with_model(peer, "rebuild")
            self._add(f"novel_edit_with_model_over_rebuild_{name}", with_model, EDIT_OVER_REBUILD, label,
                      model_s=MODEL_S)  # fmt: skip
            self._add(f"novel_edit_over_update_{name}", ours["update_s"] / peer["update_s"], None, label, gated=False,
                      cpu_ratio=ours["update_cpu_s"] / peer["update_cpu_s"], theirs=peer["update_s"],
                      theirs_embedded=peer["update_embedded"], ours_embedded=ours["update_embedded"])  # fmt: skip

    def _queries(self) -> None:
        ours = _ours(self._home, "queries")
        for way, found in ours.items():
            self._add(f"query_ms_{way}", found["p50"], QUERY_MS, "5 ms", gated=False, **_flat(found))
        for name in self._peers:
            peer = _theirs(self._home, name, "queries")
            label = f"{name} {peer.pop('version')}"
            for way, found in peer.items():
                # On a busy machine the wall says how often a process was put off; CPU says what the work is. Meanings
                # alone, by FAISS, are less than what a retrieval of ours does, so that is told and not gated.
                ratio = ours[way]["cpu_p50"] / found["cpu_p50"]
                self._add(f"query_cpu_{way}_over_{name}", ratio, 1.0, label, gated=way == "hybrid",
                          wall_ratio=ours[way]["p50"] / found["p50"], **_flat(found))  # fmt: skip

    def _memory(self) -> None:
        ours = _ours(self._home, "memory")
        self._add("retrieval_memory_mb", ours["mb"], MEMORY_MB, "60 MB", **_flat(ours))
        for name in self._peers:
            peer = _theirs(self._home, name, "memory")
            self._add(f"retrieval_memory_over_{name}", ours["mb"] / peer["mb"], None, f"{name} {peer['version']}",
                      gated=False, theirs=peer["mb"])  # fmt: skip


def _with_model(found: dict[str, Any], what: str) -> float:
    return float(found[f"{what}_s"] + MODEL_S * found[f"{what}_embedded"])


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def _python_of(name: str) -> Path | None:
    folder = os.environ.get("GHOSTKIT_PEERS")
    if not folder:
        return None
    for inside in ("bin/python", "Scripts/python.exe"):
        if (Path(folder) / name / inside).exists():
            return Path(folder) / name / inside
    return None


def _theirs(home: Path, name: str, what: str) -> dict[str, Any]:
    program = _HERE / "retrieval_rivals" / f"drive_{name}.py"
    work = home / name
    work.mkdir(exist_ok=True)
    if not (work / "task.json").exists():
        os.link(home / "task.json", work / "task.json")
    return _answer([str(_python_of(name)), str(program), str(work), what])


def _ours(home: Path, what: str, embedder: str = "given") -> dict[str, Any]:
    return _answer([sys.executable, "-m", "tests.bench.retrieval_ours", str(home), what, embedder])


def _answer(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_S, env={**os.environ, **_ONE_THREAD}, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
