"""`ghostkit evaluate`: measure the retrievers on a collection that people have judged."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import is_terminal, listing, note, printable, say, say_json
from ghostkit.cli.wording import counted
from ghostkit.errors import InputError, storage_errors

if TYPE_CHECKING:
    from ghostkit.rag.embedding import Embedder
    from ghostkit.rag.evaluation import Collection
    from ghostkit.rag.evaluation.measures import MeasuredRun
    from ghostkit.rag.evaluation.trial import Ranked

RETRIEVERS = ("keyword", "semantic", "hybrid")


@click.command(short_help="Measure search on a judged collection (BEIR).")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--embedder", default="auto", show_default=True, metavar="NAME", help="As in a book's embedding_model.")
@click.option("--retriever", "retrievers", multiple=True, type=click.Choice(RETRIEVERS), help="Only this; repeatable.")
@click.option("--top-k", type=click.IntRange(1, 1000), default=100, show_default=True, help="Documents a query.")
@click.option("--limit", type=click.IntRange(1), help="Only the first N judged queries.")
@click.option(
    "--per-query", type=click.Path(path_type=Path), metavar="FILE", help="Each query's scores: .jsonl or .parquet."
)
@click.option(
    "--keep", type=click.Path(path_type=Path), metavar="FOLDER", help="Keep the index there for the next time."
)
@json_option
def evaluate(
    folder: Path,
    embedder: str,
    retrievers: tuple[str, ...],
    top_k: int,
    limit: int | None,
    per_query: Path | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Index DIR (corpus.jsonl, queries.jsonl, qrels/test.tsv), run its queries and score what was found.

    Each document is indexed whole, and nothing is left out of a ranking, so that the figures can be compared with
    published ones. A query's milliseconds include its embedding.

    \b
    Examples:
      ghostkit evaluate scifact
      ghostkit evaluate scifact --embedder hashing --keep scifact-index --json
      ghostkit evaluate scifact --retriever keyword --per-query scores.jsonl
    """
    import anyio

    from ghostkit.rag.evaluation import measures, read_collection

    _check_file(per_query)
    measures.require()
    collection = read_collection(folder, limit=limit)
    chosen = [one for one in RETRIEVERS if not retrievers or one in retrievers]
    ran, name = anyio.run(partial(_ran, collection, embedder, chosen, top_k, keep))
    scored = [(one, measures.measure({q: measures.in_order(ids) for q, ids in one.rankings.items()}, collection.qrels))
              for one in ran]  # fmt: skip
    if per_query is not None:
        _write_per_query(per_query, scored)
    results = [_result(one, scores) for one, scores in scored]
    if as_json:
        say_json({"collection": collection.name, "queries": len(collection.queries), "results": results})
        return
    documents, queries = counted(len(collection.documents), "document"), len(collection.queries)
    say(f"{collection.name}: {documents}, {counted(queries, 'judged query', 'judged queries')}, embedder {name}")
    _show(results)


async def _ran(
    collection: Collection, embedder: str, chosen: Sequence[str], top_k: int, keep: Path | None
) -> tuple[list[Ranked], str]:
    """What each retriever found, and the name of the embedder. Ctrl-C waits for the step that is being done."""
    import anyio

    from ghostkit.cli.boundary import Interrupted
    from ghostkit.cli.interrupts import stopping_on_signals

    found: list[tuple[list[Ranked], str]] = []
    with anyio.CancelScope() as scope:
        async with (
            stopping_on_signals(scope.cancel),
            _embedder(embedder, chosen) as made,
            _folder(keep) as folder,
        ):
            found.append(await _tried(collection, made, folder, chosen, top_k))
    if not found:
        raise Interrupted("Stopped.", fix=f"What was indexed is kept in {keep}." if keep else "")
    return found[0]


async def _tried(
    collection: Collection, embedder: Embedder | None, folder: Path, chosen: Sequence[str], top_k: int
) -> tuple[list[Ranked], str]:
    import anyio

    from ghostkit.rag.evaluation import Trial

    progress = _Progress()
    trial = Trial(collection, embedder, folder=folder, on_progress=progress)
    try:
        await trial.prepare()
        ran = [await trial.run(one, depth=top_k) for one in chosen]
    finally:
        progress.end()
        with anyio.CancelScope(shield=True):  # what is open would be written to after its folder is gone
            await trial.aclose()
    for said in dict.fromkeys(text for one in ran for text in one.notes):
        note(said)
    return ran, (await embedder.info()).name if embedder is not None else "none"


@asynccontextmanager
async def _embedder(name: str, chosen: Sequence[str]) -> AsyncIterator[Embedder | None]:
    """None where only words are searched."""
    if list(chosen) == ["keyword"]:
        yield None
        return
    from ghostkit.rag.embedding import create_embedder

    made = create_embedder(name)
    try:
        yield made
    finally:
        await made.aclose()


@asynccontextmanager
async def _folder(keep: Path | None) -> AsyncIterator[Path]:
    if keep is not None:
        yield keep
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="ghostkit-evaluate-", ignore_cleanup_errors=True) as made:
        yield Path(made)


class _Progress:
    """One line on a terminal, re-written; a line a stage elsewhere."""

    def __init__(self) -> None:
        self._drawn = is_terminal(sys.stderr)
        self._stage = ""
        self._shown = -1

    def __call__(self, stage: str, done: int, total: int) -> None:
        percent = 100 * done // max(1, total)
        if (stage, percent) == (self._stage, self._shown):
            return
        if self._drawn:
            sys.stderr.write(f"\r\x1b[K{stage} {percent} %")
            sys.stderr.flush()
        elif stage != self._stage:
            note(f"{stage}: {total:,}")
        self._stage, self._shown = stage, percent

    def end(self) -> None:
        if self._drawn and self._stage:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _result(ranked: Ranked, scores: MeasuredRun) -> dict[str, Any]:
    means = {name: round(value, 4) for name, value in scores.means.items()}
    return {"retriever": ranked.retriever, **means, "ms_per_query": round(ranked.ms_per_query, 2)}


def _show(results: Sequence[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    names = list(results[0])
    for name in names:
        table.add_column(name.replace("_", " ").replace("ndcg", "nDCG").replace("mrr", "MRR"),
                         justify="left" if name == "retriever" else "right")  # fmt: skip
    for row in results:
        shown = [row[name] if name == "retriever" else f"{row[name]:.{1 if name == 'ms_per_query' else 3}f}"
                 for name in names]  # fmt: skip
        table.add_row(*shown)
    listing(table)


def _check_file(path: Path | None) -> None:
    if path is None:
        return
    if path.suffix not in (".jsonl", ".parquet"):
        raise InputError(f"{path} is neither .jsonl nor .parquet.", fix="Name the file so.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"There is no folder {path.absolute().parent}.", fix="Make it first.")


def _write_per_query(path: Path, scored: Sequence[tuple[Ranked, MeasuredRun]]) -> None:
    """One row a query and retriever."""
    rows = [
        {"retriever": ranked.retriever, "query": query, **values, "ms": round(ranked.ms[query], 3)}
        for ranked, scores in scored
        for query, values in scores.by_query.items()
    ]
    with storage_errors(path, "write"):
        if path.suffix == ".parquet":
            import polars

            polars.DataFrame(rows).write_parquet(path)
            return
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    note(f"Each query's scores are in {printable(str(path))}.")
