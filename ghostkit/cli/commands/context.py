"""`ghostkit context`: what a section's model would read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.commands.receipt import print_messages
from ghostkit.cli.options import json_option, model_option, open_book, path_argument
from ghostkit.cli.retrieval_options import SEARCH_OPTIONS, configured, with_options
from ghostkit.cli.terminal import printable, say, say_json

if TYPE_CHECKING:
    from ghostkit.workbench.section_context import SectionContext


@click.command(short_help="Print the exact context a section would get, with the shares of its parts.")
@path_argument
@click.argument("section")
@click.option("--shares", "only_shares", is_flag=True, help="Print the shares and what was found, not the messages.")
@model_option
@with_options(SEARCH_OPTIONS)
@json_option
def context(path: Path, section: str, only_shares: bool, model: str | None, as_json: bool, **options: Any) -> None:
    """Print what a model would be sent for SECTION (such as 5.2) if it were written now. Nothing is sent.

    Shares are estimated tokens of the window less the room for the answer: core (plan, people, the chapters just
    before), retrieved passages, and summaries of what lies further back.

    \b
    Examples:
      ghostkit context projects/salt-road 5.2
      ghostkit context projects/salt-road 5.2 --shares
      ghostkit context projects/salt-road 5.2 --mode basic --json
    """
    import anyio

    book = open_book(path)
    configured(book, options)
    found = anyio.run(lambda: book.context_of(section, model=model))
    if as_json:
        say_json(found.as_dict())
        return
    for line in lines(found):
        say(printable(line))
    if not only_shares:
        print_messages([{"role": one.role, "parts": list(one.parts)} for one in found.messages])


def lines(found: SectionContext) -> Iterator[str]:
    """Shares, and what was found for it."""
    budget = found.shares.get("budget", 0)
    yield f"{found.number} {found.title}, for {found.model}, mode {found.mode}"
    for name in ("core", "retrieved", "summaries"):
        tokens = found.shares.get(name, 0)
        yield f"  {name:<10} {tokens:>9,} tokens  {100 * tokens / budget:5.1f} %" if budget else f"  {name}: {tokens:,}"
    yield f"  {'budget':<10} {budget:>9,} tokens"
    for hit in found.evidence.get("hits", ()):
        place = f"{hit['chapter']}.{hit['section']}" if hit["chapter"] else hit["document"]
        fate = "" if hit["kept"] else f"  left out: {hit['why']}"
        yield f"  found      {place} [{hit['start']}–{hit['end']}], score {hit['score']:.3f}{fate}"
    for note in found.notes:
        yield f"  note       {note}"
