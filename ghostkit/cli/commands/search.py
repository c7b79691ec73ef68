"""`ghostkit search`: passages of the book and its sources that answer a question."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.retrieval_options import SEARCH_OPTIONS, configured, with_options
from ghostkit.cli.terminal import note, printable, say_folded, say_json
from ghostkit.cli.wording import counted

if TYPE_CHECKING:
    from ghostkit.rag.retrieval.result import Hit, Retrieval
    from ghostkit.rag.scope import Scope

SHOWN = 400
"""Characters of a passage that a terminal gets."""


@click.command(short_help="Find passages of the book and its sources.")
@path_argument
@click.argument("query")
@click.option("--top-k", type=int, metavar="N", help="Most passages to show (RAG_TOP_K without it).")
@click.option("--as-of", metavar="CH", help="See only what stands before this chapter or section, such as 5 or 5.2.")
@click.option("--chapters", metavar="A-B", help="Only these chapters, such as 3-8.")
@click.option("--kind", "kinds", type=click.Choice(["manuscript", "reference"]), multiple=True,
              help="Only the book itself, or only its sources.")  # fmt: skip
@click.option("--source", "documents", multiple=True, help="Only this source (its id) or section (such as 2.3).")
@click.option("--tag", "tags", multiple=True, help="Only sources with this tag; with all of them if given again.")
@click.option("--author", help="Only sources by this author.")
@click.option("--rating", type=float, help="Only sources with this rating.")
@click.option("--explain", is_flag=True, help="Show each score's parts, what was dropped and why, and the time.")
@with_options(SEARCH_OPTIONS)
@json_option
def search(path: Path, query: str, top_k: int | None, explain: bool, as_json: bool, **options: Any) -> None:
    """Find the passages that answer QUERY best, by words and by meaning.

    The whole book is searched; with --as-of, only what a section there may know. Each search is on record
    (`ghostkit sql PATH "select * from retrievals"`).

    \b
    Examples:
      ghostkit search projects/salt-road "who holds the bell key?"
      ghostkit search projects/salt-road "the wells" --as-of 5 --top-k 3 --explain
      ghostkit search projects/salt-road "salt trade" --kind reference --json
    """
    import anyio

    book = open_book(path)
    scope = _scope(book, options)
    configured(book, options)
    found = anyio.run(lambda: book.search(query, top_k=top_k, scope=scope))
    if as_json:
        say_json([hit.as_dict() for hit in found.hits])
        return
    for told in found.notes:
        note(told)
    for line in lines(found, explain=explain):
        say_folded(printable(line), hang=len(line) - len(line.lstrip()))


def _scope(book: Any, options: dict[str, Any]) -> Scope:
    """The filters among `options`, which are taken out of it."""
    from ghostkit.rag.scope import Scope
    from ghostkit.workbench.retrieving import place_before

    chapters, kinds, named = options.pop("chapters"), options.pop("kinds"), options.pop("documents")
    columns = {name: options.pop(name) for name in ("author", "rating")}
    return Scope(
        before=place_before(options.pop("as_of")),
        chapters=_range(chapters) if chapters else None,
        kinds=frozenset(kinds) or None,
        documents=frozenset(_document(book, name) for name in named) or None,
        tags=frozenset(options.pop("tags")),
        metadata={name: value for name, value in columns.items() if value is not None},
    )


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()):
        raise click.BadParameter(f"{text!r} is no range of chapters; give it like 3-8.", param_hint="--chapters")
    return int(first), int(last or first)


def _document(book: Any, name: str) -> str:
    """A section's id for its number; a source's by its own."""
    from ghostkit.errors import UnknownName

    try:
        return str(book.section(name).id)
    except UnknownName:
        return f"sources/{book.sources.get(name).file}"


def lines(found: Retrieval, *, explain: bool) -> Iterator[str]:
    """The hits, for people."""
    if not found.hits:
        yield "Nothing was found."
    for hit in found.hits:
        yield from _hit(hit, explain)
    if explain:
        yield from _explained(found)


def _hit(hit: Hit, explain: bool) -> Iterator[str]:
    chunk = hit.chunk
    where = " ".join(filter(None, (chunk.place, chunk.metadata.title))) if chunk.chapter_num else chunk.metadata.title
    yield f"{hit.rank:>2}. {hit.score:.3f}  {where or chunk.place}  [{chunk.metadata.start}–{chunk.metadata.end}]"
    text = " ".join(chunk.content.split())
    yield "    " + textwrap.shorten(text, SHOWN, placeholder=" …")
    if explain:
        parts = ", ".join(f"{name.replace('_', ' ')} {score:.3f}" for name, score in hit.parts.items())
        merged = f"; took in {counted(len(hit.merged), 'overlapping chunk')}" if hit.merged else ""
        yield f"    {parts}{merged}"


def _explained(found: Retrieval) -> Iterator[str]:
    reasons: dict[str, int] = {}
    for one in found.dropped:
        reasons[one.why] = reasons.get(one.why, 0) + 1
    if reasons:
        yield "Dropped: " + ", ".join(f"{count} ({why})" for why, count in sorted(reasons.items()))
    times = ", ".join(f"{stage.replace('_', ' ')} {ms:.1f} ms" for stage, ms in found.ms.items())
    yield f"Embedder: {found.embedder.partition('@')[0] or 'none'}; settings {found.config_id}; {times}"
