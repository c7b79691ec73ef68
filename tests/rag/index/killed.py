"""`python -m tests.rag.index.killed FOLDER DOCUMENT TEXT …`: one document put in and a merge, in a process of its own,
which `GHOSTKIT_FAULT` kills somewhere. Without texts the document goes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .world import World, chunked, keep_vectors

ROOT = Path(__file__).parents[3]


def put_and_merge(folder: Path, document_id: str, texts: list[str]) -> None:
    """Vectors first, then the store, then the base, as an indexer that has all vectors at once might."""
    world = World(folder)
    keep_vectors(world.vectors, texts)
    if texts:
        world.store.apply([chunked(document_id, texts)])
    else:
        world.store.apply([], gone=[document_id])
    world.index.merge()


def killed_at(point: str, folder: Path, document_id: str, texts: list[str]) -> bool:
    """Whether the process was killed there; otherwise it got to its end."""
    log = folder / "fault.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GHOSTKIT_FAULT")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.rag.index.killed", str(folder), document_id, *texts],
        env=kept | {"GHOSTKIT_FAULT": f"{point}:1:kill", "GHOSTKIT_FAULT_LOG": str(log), "OMP_NUM_THREADS": "1"},
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    fired = log.exists()
    log.unlink(missing_ok=True)
    assert done.returncode == (-9 if fired else 0), done.stderr
    return fired


if __name__ == "__main__":
    put_and_merge(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
