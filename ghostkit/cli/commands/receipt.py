"""`ghostkit receipt`: where a section's text comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import say, say_folded, say_json
from ghostkit.cli.wording import counted, duration, money


@click.command(short_help="Show where a section's text comes from.")
@path_argument
@click.argument("section")
@click.option("--prompt", is_flag=True, help="Print the messages that were sent, too.")
@json_option
def receipt(path: Path, section: str, prompt: bool, as_json: bool) -> None:
    """Show where the text of SECTION (such as 2.3) comes from: model, request, inputs, tokens, cost, attempts.

    \b
    Examples:
      ghostkit receipt projects/salt-road 2.3
      ghostkit receipt projects/salt-road 2.3 --prompt
      ghostkit receipt projects/salt-road 2.3 --json
    """
    found = open_book(path).receipt(section)
    if as_json:
        say_json(found)
        return
    say_receipt(found)
    if prompt:
        print_messages(found["request"].get("messages", []))


def say_receipt(found: dict[str, Any]) -> None:
    """A receipt, folded to the terminal."""
    for line in receipt_lines(found):
        say_folded(line, hang=15)


def receipt_lines(found: dict[str, Any]) -> list[str]:
    """A receipt as aligned lines."""
    usage = found["usage"]
    first = f", first word after {found['first_token_s']:.2f} s" if found["first_token_s"] is not None else ""
    total = f"{duration(found['total_s'])}{first}" if found["total_s"] is not None else "unknown"
    rows = [
        ("model", found["model"]),
        ("asked by", f"{found['actor']}, {found['started_at']}"),
        ("tokens", _tokens(usage, found["token_details"])),
        ("cost", money(found["cost_usd"])),
        ("time", total),
        ("served by", found["served_by"]),
        ("fingerprint", found["fingerprint"]),
        ("slot", found["slot"]),
    ]
    lines = [f"{found['number']} {found['title']}"]
    lines += [f"  {name:<12} {value}" for name, value in rows]
    made_from = [f"{name} {digest[:8]}" for name, digest in found["inputs"].items() if ":" not in name]
    lines.append(f"  {'made from':<12} " + ", ".join(made_from))
    if found["reads"]:
        lines.append(f"  {'reading':<12} " + ", ".join(found["reads"]))
    lines += retrieval_lines(found.get("retrieval"))
    lines.append(f"  {'attempts':<12} {counted(len(found['attempts']), 'attempt')}: " + _attempts(found["attempts"]))
    if found.get("edited_since"):
        lines.append("  The text has been edited by a person since.")
    return lines


def retrieval_lines(found: dict[str, Any] | None) -> list[str]:
    """What was looked up for the text, passage by passage, with whether the prose shows it."""
    if found is None:
        return []
    shares, hits = found["shares"] or {}, found["hits"]
    kept = [hit for hit in hits if hit["kept"]]
    told = [f"  {'retrieved':<12} {len(kept)} of {counted(len(hits), 'passage')} found, in {found['ms']:.0f} ms"]
    told += [f"  {'':<12} {_passage(hit)}" for hit in hits]
    if shares.get("budget"):
        parts = (f"{name} {shares[name]:,}" for name in ("core", "retrieved", "summaries"))
        told.append(f"  {'shares':<12} {', '.join(parts)} of {shares['budget']:,} tokens")
    return told


def _passage(hit: dict[str, Any]) -> str:
    place = f"{hit['chapter']}.{hit['section']}" if hit["chapter"] else hit["document"]
    where = f"{place} [{hit['start']}–{hit['end']}] score {hit['score']:.2f}"
    if not hit["kept"]:
        return f"{where}, left out: {hit['why']}"
    overlap = hit.get("overlap")
    return f"{where}, {overlap['how']}" if overlap else where


def _tokens(usage: dict[str, Any], details: dict[str, int]) -> str:
    read, written, thought = details["cached"], details["cache_write"], details["reasoning"]
    notes = [f"{read:,} of them cached"] if read else []
    notes += [f"{written:,} of them written to the cache"] if written else []
    sent = f"{usage['input_tokens']:,} in" + (f" ({', '.join(notes)})" if notes else "")
    came = f"{usage['output_tokens']:,} out" + (f" ({thought:,} of them thought)" if thought else "")
    return f"{sent}, {came} ({usage['source']})"


def _attempts(attempts: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{a['state']}{' (' + a['error'] + ')' if a['error'] else ''}, {money(a['cost_usd'])}" for a in attempts
    )


def print_messages(messages: list[dict[str, Any]]) -> None:
    """Messages as they were, or would be, sent: their parts joined by a blank line."""
    for message in messages:
        role = str(message["role"])
        say()
        say(f"─── {role} " + "─" * max(3, 60 - len(role)))
        say("\n\n".join(str(part) for part in message["parts"]))
