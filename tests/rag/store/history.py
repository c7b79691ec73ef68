"""A random history of a store: changes, re-opens and deaths, and the documents that must be in it after each."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ghostkit.rag.document import Document
from ghostkit.rag.scope import EVERYTHING, Scope
from ghostkit.rag.store import ChunkStore, StoreView
from tests.rag.store.making import WORDS, chunked, filled, text_of

ROOT = Path(__file__).parents[3]
Change = tuple[list[Document], list[Document], list[str]]
"""Texts, moves, ids that go: what one `apply` is given."""


def plan(chance: random.Random, documents: dict[str, Document], operations: int) -> Change:
    """So many adds, edits, moves and deletes; `documents` is changed as the store must be."""
    written: dict[str, Document] = {}
    moved: dict[str, Document] = {}
    gone: list[str] = []
    for _ in range(operations):
        touched = written.keys() | moved.keys() | set(gone)
        there = sorted(documents.keys() - touched)
        kind = chance.choice(["add", "edit", "edit", "move", "delete"]) if there else "add"
        if kind == "add":
            one = _new(chance, f"d{chance.randrange(40)}")
            if one.id in documents or one.id in touched:
                continue
            written[one.id] = one
        elif kind == "edit":
            one = documents[chance.choice(there)]
            written[one.id] = replace(one, text=_edited(chance, one.text))
        elif kind == "move":
            one = documents[chance.choice(there)]
            moved[one.id] = replace(
                one, chapter=chance.randint(1, 5), section=chance.randint(1, 4), title=text_of(chance, 2)
            )
        else:
            gone.append(chance.choice(there))
    for one in [*written.values(), *moved.values()]:
        documents[one.id] = one
    for name in gone:
        del documents[name]
    return list(written.values()), list(moved.values()), gone


def _new(chance: random.Random, name: str) -> Document:
    return Document(
        id=name, text=text_of(chance, 120), chapter=chance.choice([None, 1, 2, 3, 4, 5]), section=chance.randint(1, 4),
        language=chance.choice(["en", "en", "ru", "de", ""]),
    )  # fmt: skip


def _edited(chance: random.Random, text: str) -> str:
    words = text.split(" ")
    at = chance.randrange(len(words) + 1)
    words[at : at + chance.randint(0, 3)] = [chance.choice(WORDS) for _ in range(chance.randint(0, 3))]
    return " ".join(words)


def carry_out(store: ChunkStore, change: Change) -> None:
    written, moved, gone = change
    store.apply([chunked(one) for one in written], placed=moved, gone=gone)


# ── the comparison ────────────────────────────────────────────────────────────────────────────────────────


def differences(store: ChunkStore, documents: Sequence[Document], chance: random.Random) -> list[str]:
    """Where answers differ from those of a store that never held anything but `documents`, in any bit."""
    wrong = []
    scopes = [EVERYTHING, Scope(before=(chance.randint(1, 6), chance.randint(0, 4)))]
    queries = [" ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 6))) for _ in range(4)]
    with filled(documents) as fresh:
        for scope in scopes:
            with store.view(scope) as view, fresh.view(scope) as other:
                wrong += [
                    f"{query!r} in {scope.key}" for query in queries if view.answer(query, 8) != other.answer(query, 8)
                ]
                if _chunks(view) != _chunks(other):
                    wrong.append(f"chunks in {scope.key}")
    return wrong


def _chunks(view: StoreView) -> list[object]:
    return list(view.every_chunk())


# ── the child that dies ───────────────────────────────────────────────────────────────────────────────────


def die_at(path: Path, change: Change, point: str, scratch: Path) -> bool:
    """Let another process begin `change` and be killed at `point`; says whether the fault fired."""
    log = scratch / "fired"
    log.unlink(missing_ok=True)
    told = [[vars(one) | {"metadata": {}} for one in documents] for documents in change[:2]]
    (scratch / "change.json").write_text(json.dumps([str(path), *told, change[2]]))
    done = subprocess.run(
        [sys.executable, "-m", "tests.rag.store.history", str(scratch / "change.json")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={"GHOSTKIT_FAULT": f"{point}:1:kill", "GHOSTKIT_FAULT_LOG": str(log), "PATH": ""},
    )  # fmt: skip
    return done.returncode == -9 and log.exists() and log.read_text() == f"{point}:1:kill\n"


def _carry_out_told(told: Path) -> None:
    path, written, moved, gone = json.loads(told.read_text())
    documents = [[Document(**one | {"tags": tuple(one["tags"])}) for one in many] for many in (written, moved)]
    with ChunkStore.open(Path(path)) as store:
        carry_out(store, (documents[0], documents[1], gone))


if __name__ == "__main__":
    _carry_out_told(Path(sys.argv[1]))
