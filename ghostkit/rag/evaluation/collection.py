"""Read a collection in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/test.tsv.

Source: N. Thakur et al., "BEIR" (NeurIPS 2021); github.com/beir-cellar/beir, "Load your custom dataset".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostkit.errors import InputError, storage_errors

CORPUS, QUERIES, QRELS = "corpus.jsonl", "queries.jsonl", "qrels/test.tsv"
LAYOUT = f"A BEIR folder holds {CORPUS}, {QUERIES} and {QRELS}."


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Documents, the queries that somebody judged, and the judgements: query id → document id → grade, 0 upwards."""

    name: str
    documents: Mapping[str, str]
    """Title and text, with a blank between, by id."""
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]


def read_collection(folder: Path, *, limit: int | None = None) -> Collection:
    """All documents, and the first `limit` judged queries in the order of queries.jsonl.

    Raises `InputError` that names file and line for what is missing, malformed, twice there or judged but unknown;
    `StorageError` for files that can't be read.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", fix=LAYOUT)
    for name in (CORPUS, QUERIES, QRELS):
        if not (folder / name).is_file():
            raise InputError(f"{folder} has no {name}.", fix=LAYOUT)
    documents = _texts(folder / CORPUS, _document)
    queries = _texts(folder / QUERIES, _query)
    qrels = _judgements(folder / QRELS, documents, queries)
    judged = [one for one in queries if one in qrels][:limit]
    if not judged:
        raise InputError(f"{folder / QRELS} judges nothing.", fix="Give lines of query-id, corpus-id, score.")
    return Collection(
        name=folder.resolve().name,
        documents=documents,
        queries={one: queries[one] for one in judged},
        qrels={one: qrels[one] for one in judged},
    )


def _texts(path: Path, read: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in _lines(path):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise _bad(path, number, "is no JSON") from None
        if not isinstance(record, dict) or "_id" not in record:
            raise _bad(path, number, "has no _id")
        name = record["_id"]
        if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
            raise _bad(path, number, "has an _id that is no text")
        if str(name) in found:
            raise _bad(path, number, f"repeats the _id {name}")
        found[str(name)] = read(path, number, record)
    if not found:
        raise InputError(f"{path} is empty.", fix=LAYOUT)
    return found


def _document(path: Path, number: int, record: Mapping[str, Any]) -> str:
    title, text = record.get("title") or "", record.get("text")
    if not isinstance(text, str) or not isinstance(title, str):
        raise _bad(path, number, "has no text")
    return f"{title} {text}".strip()


def _query(path: Path, number: int, record: Mapping[str, Any]) -> str:
    text = record.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _bad(path, number, "has no text")
    return text


def _judgements(path: Path, documents: Mapping[str, str], queries: Mapping[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        fields = line.split("\t")
        if len(fields) == 4:  # as TREC has it, with a second column that nobody uses
            fields = [fields[0], fields[2], fields[3]]
        if len(fields) != 3:
            raise _bad(path, number, "is not query-id, corpus-id and score, with tabs between")
        query, document, score = (field.strip() for field in fields)
        try:
            grade = int(score)
        except ValueError:
            if number == 1 and not found:
                continue  # the heading
            raise _bad(path, number, f"has the score {score[:40]!r}, which is no whole number") from None
        if query not in queries:
            raise _bad(path, number, f"judges the query {query[:80]!r}, which {QUERIES} has not")
        if document not in documents:
            raise _bad(path, number, f"judges the document {document[:80]!r}, which {CORPUS} has not")
        found.setdefault(query, {})[document] = max(0, grade)
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, line) of each line that isn't blank."""
    number = 0
    with storage_errors(path, "read"), open(path, "rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                raise _bad(path, number, "is not UTF-8") from None
            if line.strip():
                yield number, line


def _bad(path: Path, number: int, what: str) -> InputError:
    return InputError(f"{path}, line {number} {what}.", fix=LAYOUT, path=str(path), line=number)
