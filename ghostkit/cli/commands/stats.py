"""`ghostkit stats`: calls, tokens, cost, seconds, cache."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import say, say_json
from ghostkit.cli.wording import counted, duration, money, size


@click.command(short_help="Add up calls, tokens, cost and time.")
@path_argument
@json_option
def stats(path: Path, as_json: bool) -> None:
    """Add up what a book has asked for: calls, tokens, cost, seconds, embeddings, cache, and what failed.

    \b
    Examples:
      ghostkit stats projects/salt-road
      ghostkit stats projects/salt-road --json
    """
    found = open_book(path).stats()
    if as_json:
        say_json(found)
        return
    tokens, cache = found["tokens"], found["cache"]
    say(f"calls    {found['calls']:,}")
    say(f"tokens   {tokens['input']:,} in, {tokens['output']:,} out")
    say(f"cost     {money(found['cost_usd'], found['unpriced_calls'])}")
    if found.get("in_doubt_usd"):
        say(f"in doubt at most {money(found['in_doubt_usd'])} more")
    say(f"time     {duration(found['seconds'])} of generation")
    if found["embeddings"]["calls"]:
        say(_embeddings_line(found["embeddings"]))
    say(_cache_line(cache))
    if found["retries"]:
        say(f"retries  {found['retries']:,}")
    for circuit in found["circuits"]:
        say(_circuit_line(circuit))


def _embeddings_line(embedded: dict[str, Any]) -> str:
    parts = [counted(embedded["calls"], "call"), counted(embedded["texts"], "text"), f"{embedded['tokens']:,} tokens"]
    parts.append(money(embedded["cost_usd"], embedded["unpriced"]))
    if embedded["in_doubt"]:
        parts.append(f"{embedded['in_doubt']} in doubt (at most {money(embedded['in_doubt_usd'])} more)")
    return f"embedded {', '.join(parts)}"


def _circuit_line(circuit: dict[str, Any]) -> str:
    since = datetime.fromisoformat(circuit["since"]).astimezone()
    opened = counted(circuit["opened"], "time")
    return f"circuit  {circuit['model']} {circuit['state']} since {since:%Y-%m-%d %H:%M:%S}, opened {opened}"


def _cache_line(cache: dict[str, Any]) -> str:
    looked_up = cache["hits"] + cache["misses"]
    parts = [cache["backend"]]
    if looked_up:
        parts.append(f"{cache['hits']:,} of {counted(looked_up, 'look-up')} served ({cache['hit_rate']:.0%})")
    if cache["entries"]:
        parts.append(f"{counted(cache['entries'], 'entry', 'entries')} kept, {size(cache['bytes'])}")
    return f"cache    {', '.join(parts)}"
