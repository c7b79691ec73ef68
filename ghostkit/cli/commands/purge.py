"""`ghostkit purge`: forget a text for good."""

from __future__ import annotations

from pathlib import Path

import click

from ghostkit.cli.options import json_option, open_book, path_argument
from ghostkit.cli.terminal import say, say_json
from ghostkit.cli.wording import counted


@click.command(short_help="Forget a text for good, wherever it is kept.")
@path_argument
@click.argument("section")
@click.option("--revision", type=int, required=True, metavar="REVISION", help="Which; `ghostkit history` lists them.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the text's place.")
@json_option
def purge(path: Path, section: str, revision: int, reason: str, as_json: bool) -> None:
    """Forget a revision of SECTION for good: in the ledger and its backups, prompts that quote it, caches, logs,
    exports, checkpoints and copies. Its hash, what it cost and the reason stay. This can't be undone.

    \b
    Examples:
      ghostkit purge projects/salt-road 2.3 --revision 5 --reason "a real name"
    """
    found = open_book(path).purge(section, revision, reason)
    if as_json:
        say_json(found.as_dict())
        return
    if found.already:
        say(f"Revision {found.revision} of {found.number} was purged before; nothing of it was left.")
        return
    kept = found.text_hash[:12]
    say(f"Revision {found.revision} of {found.number} is forgotten; the reason and its hash {kept} stay.")
    cleared = [
        counted(found.cache_entries, "cache entry", "cache entries"),
        counted(found.log_lines, "log line"),
        counted(len(found.removed), "file"),
    ]
    say(f"Cleared besides the ledger: {', '.join(cleared)}.")
    for name in found.removed:
        say(f"  removed {name}")
    for name in found.still_quoted:
        say(f"  still quoted in {name}, which is yours")
    for line in found.notes:
        say(line)
