"""`ghostkit models`: the embedding models and re-rankers on this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import is_terminal, listing, note, printable, say, say_folded, say_json

if TYPE_CHECKING:
    from ghostkit.rag.models import FoundModel


@click.group(short_help="List, fetch and remove embedding models.", invoke_without_command=True)
@json_option
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """List the models on this machine that passages are found with, fetch one, remove one.

    Nothing is ever downloaded by anything but `models fetch`.

    \b
    Examples:
      ghostkit models list
      ghostkit models fetch multilingual-e5-small
      ghostkit models remove multilingual-e5-small
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models, as_json=as_json)


@models.command("list", short_help="List what is there.")
@json_option
def list_models(as_json: bool = False) -> None:
    """List the models that are there: their names, where they lie, how large they are, what can run them.

    \b
    Examples:
      ghostkit models list
      ghostkit models list --json
    """
    from ghostkit.rag.models import KNOWN, all_models, models_folder

    rows = [model_row(model) for model in all_models()]
    if as_json:
        say_json({"folder": str(models_folder()), "models": rows})
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for row in rows:
        runs = f"{row['runs']}:{row['name']}" if row["runs"] else "nothing here runs it"
        runs = "re-ranker" if row["kind"] == "re-ranker" else runs
        cells = (row["name"], f"{row['bytes'] / 1e6:,.0f} MB", row["source"], runs, row["path"])
        table.add_row(*map(printable, cells))
    if rows:
        listing(table)
    else:
        say("There is no model here; `hashing` needs none.")
    there = {row["name"] for row in rows}
    more = [f"{one.name} ({one.about})" for one in KNOWN if one.name not in there and not one.reranker]
    say_folded(f"To be had by `ghostkit models fetch NAME`: {'; '.join(more)}; or any organisation/model.")


@models.command("fetch", short_help="Download a model.")
@click.argument("name")
@click.option(
    "--format", "format_", type=click.Choice(["auto", "onnx", "safetensors", "both"]), default="auto",
    help="How its weights come; auto: what can be run here.",
)  # fmt: skip
@json_option
def fetch(name: str, format_: str, as_json: bool) -> None:
    """Download the model NAME from the Hugging Face hub: a name of `models list`, or organisation/model.

    Only what is needed is fetched and each file is checked; stopped, it goes on where it was.

    \b
    Examples:
      ghostkit models fetch multilingual-e5-small
      ghostkit models fetch BAAI/bge-m3 --format onnx
    """
    from ghostkit.rag.models.fetch import fetch_model

    shown = not as_json and is_terminal(sys.stderr)
    if not shown:
        _without_progress_bars()

    def tell(file: str, done: int, total: int) -> None:
        if file and not as_json:
            note(f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB  {file}")

    row = model_row(fetch_model(name, format=format_, on_progress=tell))  # type: ignore[arg-type]  # click checked it
    if as_json:
        say_json(row)
        return
    use = f"RAG_EMBEDDING_MODEL={row['runs']}:{row['name']}" if row["runs"] else "nothing installed here can run it"
    say(f"{row['name']} is there: {row['bytes'] / 1e6:,.0f} MB in {row['path']}.")
    note(f"auto takes it where it knows the book's language; to be sure: {use}")


@models.command("remove", short_help="Delete a model that was fetched.")
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Delete the model NAME from ghostkit's folder. Vectors that were made with it stay.

    \b
    Example:
      ghostkit models remove multilingual-e5-small
    """
    from ghostkit.rag.models.remove import remove_model

    freed = remove_model(name)
    if as_json:
        say_json({"removed": name, "bytes": freed})
        return
    say(f"{name} is gone: {freed / 1e6:,.0f} MB are free again.")


def model_row(model: FoundModel) -> dict[str, Any]:
    """JSON-ready; `languages` null: many, or not known."""
    from ghostkit.rag.embedding.auto import runs_with

    kinds = {"onnx": model.files.onnx is not None, "safetensors": model.files.safetensors}
    return {
        "name": model.name,
        "kind": "re-ranker" if model.is_reranker else "embedder",
        "source": model.source,
        "path": str(model.path),
        "bytes": model.files.bytes,
        "weights": [name for name, there in kinds.items() if there],
        "languages": sorted(model.languages) if model.languages is not None else None,
        "runs": "" if model.is_reranker else runs_with(model),
    }


def _without_progress_bars() -> None:
    from contextlib import suppress

    with suppress(ImportError):
        from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]  # documented all the same

        disable_progress_bars()
