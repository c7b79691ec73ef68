"""`ghostkit index`: what retrieval searches, brought up to the book."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.retrieval_options import RAG_OPTIONS, configured, with_options
from ghostkit.cli.terminal import note, say, say_json
from ghostkit.cli.wording import counted, duration
from ghostkit.errors import storage_errors

if TYPE_CHECKING:
    from ghostkit.rag.indexer import IndexReport
    from ghostkit.workbench import Book


@click.command(short_help="Bring the search index up to the book and its sources.")
@path_argument
@click.option("--rebuild", is_flag=True, help="Throw the book's index away first; vectors are kept, and cost nothing.")
@click.option("--export", "export_to", type=click.Path(path_type=Path), help="Write the chunks to this file, as JSON.")
@with_options(RAG_OPTIONS)
@json_option
def index(path: Path, rebuild: bool, export_to: Path | None, as_json: bool, **options: Any) -> None:
    """Cut the book and its sources into chunks and index them by words and by meaning.

    Writing and searching do this by themselves, for what changed since. Nothing is lost with the index: it lies in
    the project's rag/ folder and is made again from the texts.

    \b
    Examples:
      ghostkit index projects/salt-road
      ghostkit index projects/salt-road --embedder onnx:all-MiniLM-L6-v2
      ghostkit index projects/salt-road --export chunks.json
    """
    import anyio

    book = open_book(path)
    configured(book, options)
    if rebuild:
        _throw_away(book)
    report = anyio.run(_index, book, export_to, not as_json)
    if as_json:
        say_json({**report.as_dict(), "config": book.rag.config_id, "index": book.rag.index_id})
        return
    for line in lines(report):
        say(line)


def _throw_away(book: Book) -> None:
    """The index of these settings; not the vectors, which may have been paid for."""
    folder = book.folder.rag / book.rag.index_id
    with storage_errors(folder, "remove"):
        if folder.is_dir():
            shutil.rmtree(folder)


async def _index(book: Book, export_to: Path | None, with_progress: bool) -> IndexReport:
    from ghostkit.cli.indexing_view import IndexingView

    view = IndexingView(shown=with_progress)
    with view:
        report = await book.index(on_progress=view.update)
    if export_to is not None:
        from ghostkit.rag.exporting import export_chunks

        engine = await book.retrieval_engine()
        written = export_chunks(await engine.store(), export_to)
        note(f"{counted(written, 'chunk')} written to {export_to}.")
    return report


def lines(report: IndexReport) -> list[str]:
    """The report, for people."""
    head = f"{counted(report.chunks, 'chunk')} of {counted(report.documents, 'text')} are indexed"
    if not report.did_something:
        return [f"{head}; nothing had changed.", *report.notes]
    done = [
        counted(report.changed, "text") + " cut anew" if report.changed else "",
        f"{report.moved} moved" if report.moved else "",
        f"{report.gone} gone" if report.gone else "",
        f"{counted(report.embedded, 'chunk')} embedded" if report.embedded else "",
    ]
    embedder = f" by {report.embedder.partition('@')[0]}" if report.embedder else ""
    told = f"{head}: {', '.join(filter(None, done))}{embedder}, in {duration(report.seconds)}."
    return [told, *report.notes]
