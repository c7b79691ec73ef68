"""Options by which `index`, `search` and `context` try other settings of retrieval than the book's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ghostkit.workbench import Book

_F = TypeVar("_F", bound=Callable[..., Any])

RAG_OPTIONS = (
    click.option("--mode", help="disabled, basic, hybrid or full (RAG_MODE without it)."),
    click.option("--embedder", "embedding_model", metavar="NAME",
                 help="auto, hashing, onnx:NAME, sentence-transformers:NAME or vendor:model."),
    click.option("--chunk-size", type=int, metavar="N", help="Longest chunk, in characters."),
    click.option("--chunk-overlap", type=int, metavar="N", help="What neighbouring chunks share, in characters."),
)  # fmt: skip
SEARCH_OPTIONS = (
    *RAG_OPTIONS,
    click.option("--fusion", help="How words and meaning are put together: convex, rrf, semantic or keyword."),
    click.option("--threshold", "similarity_threshold", type=float, metavar="COSINE",
                 help="Least cosine of a hit by meaning; the embedder's own without it."),
    click.option("--mmr", "mmr_lambda", type=float, metavar="0-1",
                 help="Variety among the hits: 1 is relevance alone, 0 variety alone; off without it."),
)  # fmt: skip


def with_options(options: Sequence[Callable[[_F], _F]]) -> Callable[[_F], _F]:
    """Give a command all of `options`, in their order."""

    def decorate(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def configured(book: Book, options: dict[str, Any]) -> None:
    """Use those of `options` that were given for this call; nothing of it is kept."""
    given = {name: value for name, value in options.items() if value is not None}
    book.rag = None
    if given:
        book.rag = book.rag.with_changes(**given)
