"""chunking-eval: five corpora, and questions with the excerpts that answer them, as offsets in characters."""

from __future__ import annotations

import csv
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


def data_folder(name: str) -> Path | None:
    """`shared/data/NAME` beside the repository, or below GHOSTKIT_DATA; None where it isn't there."""
    folder = Path(os.environ.get("GHOSTKIT_DATA") or _BESIDE) / name
    return folder if folder.is_dir() else None


@dataclass(frozen=True, kw_only=True)
class Question:
    text: str
    corpus: str
    excerpts: tuple[tuple[int, int], ...]


def corpora(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_bytes().decode() for path in sorted(folder.glob("*.md"))}


def questions(folder: Path) -> list[Question]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with (folder / "questions_df.csv").open(encoding="utf-8", newline="") as file:
        return [
            Question(
                text=row["question"],
                corpus=row["corpus_id"],
                excerpts=tuple((one["start_index"], one["end_index"]) for one in json.loads(row["references"])),
            )
            for row in csv.DictReader(file)
        ]
