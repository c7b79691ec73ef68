"""Named places where a drill can kill the process or make a write fail.

`GHOSTKIT_FAULT=point:hit:kill|enospc|eio` (several joined by commas) fires at the `hit`-th passing of a point,
counted from 1. `GHOSTKIT_FAULT_LOG=FILE` appends one line per fault that fired, so that a test can assert that
its fault did; `GHOSTKIT_FAULT_COUNTS=FILE` appends `point` once per passing, which is how the drill learns how
many hits a point has. `python -m ghostkit.faults --json` lists the points. Without any of the three
variables a point costs one dictionary look-up.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
from typing import Final, Literal, NoReturn, cast

Action = Literal["kill", "enospc", "eio"]

_FILE_STAGES: Final = {
    "before": "before the temporary file is opened",
    "written": "bytes written, not yet synced",
    "synced": "file synced, not yet renamed",
    "renamed": "renamed, folder not yet synced",
    "done": "folder synced",
}
FILE_KINDS: Final = {
    "book": "book.json",
    "outline": "outline.md",
    "chapter_outline": "chapters/*/outline.json",
    "metadata": "chapters/*/metadata.json",
    "section": "chapters/*/sections/*.md",
    "content": "chapters/*/content.md",
    "profiles": "characters/profiles.json",
    "relationships": "characters/relationships.json",
    "bible": "bible.json",
    "checkpoint": "checkpoints/checkpoint_<timestamp>.json",
    "checkpoint_latest": "checkpoints/checkpoint_latest.json",
    "export": "exports/*",
}

POINTS: Final[dict[str, str]] = {
    "lease.before_commit": "lease row changed, not committed",
    "lease.after_commit": "lease taken",
    "lease.before_release": "about to give the lease back",
    "recovery.before_commit": "open attempts of a dead runner marked in-doubt, not committed",
    "recovery.after_commit": "in-doubt attempts committed",
    "run.before_commit": "run row written, not committed",
    "run.after_commit": "run row committed",
    "run.before_end": "about to record the end of a run",
    "run.after_end": "end of the run committed",
    "intent.before": "request built, nothing recorded",
    "intent.before_commit": "attempt row written, not committed",
    "intent.after_commit": "attempt committed, request not sent",
    "send.before": "about to call the provider",
    "send.after": "provider called, no byte yet",
    "stream.first_byte": "first text received",
    "stream.middle": "a later piece of text received",
    "stream.before_flush": "about to record partial text",
    "stream.after_flush": "partial text committed",
    "stream.end": "terminal event received, nothing recorded",
    "result.before_commit": "result written, not committed",
    "result.after_commit": "result committed, no file written",
    "files.before": "about to derive the files of a finished step",
    "files.after": "files of a finished step derived",
    "structure.before_commit": "chapters or sections adopted from an outline, not committed",
    "structure.after_commit": "chapters or sections adopted from an outline",
    "edit.before_commit": "hand edit read, revision not committed",
    "edit.after_commit": "hand edit committed as a revision",
    "propose.before_commit": "proposal written, not committed",
    "propose.after_commit": "proposal committed",
    "accept.before_commit": "proposal accepted, not committed",
    "accept.after_commit": "acceptance of a proposal committed",
    "reject.before_commit": "proposal rejected, not committed",
    "reject.after_commit": "rejection of a proposal committed",
    "restore.before_commit": "head moved to another revision, not committed",
    "restore.after_commit": "move of a head committed",
    "judge.before_commit": "staleness accepted, not committed",
    "judge.after_commit": "acceptance of staleness committed",
    "purge.cleared": "caches, logs, exports and copies cleared of a text, the ledger still has it",
    "purge.before_commit": "text taken out of its rows, not committed",
    "purge.after_commit": "purge committed, bytes not yet cleared from the file",
    "purge.after_scrub": "bytes of a purged text cleared from ledger, log and backups",
    "restructure.before_commit": "change of the structure with its texts and event written, not committed",
    "restructure.after_commit": "change of the structure committed, book.json not yet written",
    "restructure.before_end": "files of a changed structure derived, its end not committed",
    "restructure.after_end": "end of a change of the structure committed",
    "chapter.before_commit": "chapter finished, event not committed",
    "chapter.after_commit": "chapter-completed event committed",
    "book.before_commit": "book finished, event not committed",
    "book.after_commit": "book-completed event committed",
    "event.before_emit": "durable event committed, handlers not yet called",
    "event.after_emit": "handlers of a durable event called",
    "checkpoint.before": "checkpoint about to be written",
    "checkpoint.before_commit": "checkpoint written, event not committed",
    "checkpoint.after_commit": "checkpoint event committed",
    "export.before": "about to render an export",
    "export.rendered": "export rendered in memory",
    "export.before_commit": "export written, event not committed",
    "export.after_commit": "export event committed",
    "cache.before": "cache entry about to be written",
    "cache.written": "cache entry written, not yet in its place",
    "cache.done": "cache entry in its place",
    "rag.store.before_commit": "chunks and postings written, not committed",
    "rag.store.after_commit": "chunks and postings committed",
    "rag.index.vectors_written": "vectors of a new base written, its row numbers not yet",
    "rag.index.base_written": "vectors and row numbers of a new base written, no manifest names them",
    "rag.index.before_manifest": "everything of a new base written, about to swap the manifest",
    "rag.index.after_manifest": "manifest swapped, files of the old base still there",
    "migration.before_backup": "about to back the ledger up",
    "migration.after_backup": "ledger backed up",
    "migration.before_commit": "migration applied, not committed",
    "migration.after_commit": "migration committed",
    **{
        f"file.{kind}.{stage}": f"{where}: {meaning}"
        for kind, where in FILE_KINDS.items()
        for stage, meaning in _FILE_STAGES.items()
    },
}

_lock = threading.Lock()
_hits: dict[str, int] = {}
_plan: dict[tuple[str, int], Action] | None = None
_counting: str | None = None


def load(environment: dict[str, str] | None = None) -> None:
    """Read the plan from the environment again; called at import and by tests."""
    global _plan, _counting
    source = environment if environment is not None else dict(os.environ)
    _hits.clear()
    _counting = source.get("GHOSTKIT_FAULT_COUNTS") or None
    spec = source.get("GHOSTKIT_FAULT", "")
    plan: dict[tuple[str, int], Action] = {}
    for entry in filter(None, (part.strip() for part in spec.split(","))):
        parts = entry.rsplit(":", 2)
        if len(parts) != 3 or not _is_listed(*parts):
            sys.stderr.write(f"GHOSTKIT_FAULT: {entry!r} is not point:hit:kill|enospc|eio with a listed point\n")
            raise SystemExit(2)
        plan[parts[0], int(parts[1])] = cast(Action, parts[2])
    _plan = plan if plan or _counting else None


def _is_listed(name: str, hit: str, action: str) -> bool:
    return name in POINTS and action in ("kill", "enospc", "eio") and hit.isdecimal() and int(hit) > 0


def point(name: str) -> None:
    """Pass a named place; fires if the plan says so."""
    if _plan is None:
        return
    _pass(name)


def _pass(name: str) -> None:
    if name not in POINTS:
        raise AssertionError(f"fault point {name!r} is not listed in faults.POINTS")
    with _lock:
        hit = _hits[name] = _hits.get(name, 0) + 1
        if _counting:
            _append(_counting, name)
        action = (_plan or {}).get((name, hit))
    if action:
        _fire(name, hit, action)


def _append(path: str, line: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, (line + "\n").encode())
    finally:
        os.close(descriptor)


def _fire(name: str, hit: int, action: Action) -> None:
    log = os.environ.get("GHOSTKIT_FAULT_LOG")
    if log:
        _append(log, f"{name}:{hit}:{action}")
    if action == "kill":
        _kill()
    number = errno.ENOSPC if action == "enospc" else errno.EIO
    raise OSError(number, os.strerror(number), f"fault point {name}")


def _kill() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    raise AssertionError("unreachable: the process was killed")


load()

if __name__ == "__main__":
    if "--json" in sys.argv[1:]:
        print(json.dumps([{"point": name, "meaning": meaning} for name, meaning in POINTS.items()], indent=1))
    else:
        for name, meaning in POINTS.items():
            print(f"{name:32} {meaning}")
