"""`ghostkit cache`: what answers are kept in a book's folder, and forgetting them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, path_argument
from ghostkit.cli.terminal import say, say_folded, say_json
from ghostkit.cli.wording import counted
from ghostkit.errors import InputError

if TYPE_CHECKING:
    from ghostkit.cache import CacheManager, Kind


@click.command(short_help="List or clear the answers kept in a folder.")
@path_argument
@click.argument("action", type=click.Choice(["list", "clear"]), default="list")
@click.option("--pattern", metavar="GLOB", help="Only keys that match, such as 'chapter:*' or 'book:outline:*'.")
@click.option("--kind", metavar="KIND", help="Only embeddings, summaries or generations.")
@json_option
def cache(path: Path, action: str, pattern: str | None, kind: str | None, as_json: bool) -> None:
    """List or clear the answers kept for the book in PATH: in its own cache/, or in CACHE_DIR where that is set.
    With CACHE_BACKEND=redis: those in Redis, which books share.

    A book writes there with CACHE_BACKEND=file. What is cleared is asked for again where it is needed; no book loses
    a word by it.

    \b
    Examples:
      ghostkit cache projects/salt-road
      ghostkit cache projects/salt-road list --kind summaries --json
      ghostkit cache projects/salt-road clear --pattern 'chapter:3:*'
    """
    from ghostkit.cache import KINDS
    from ghostkit.cache.manager import checked_kind

    kinds = KINDS if kind is None else (checked_kind(kind),)
    if pattern is not None and not pattern:
        raise InputError("The pattern is empty.", fix="Give a glob such as 'chapter:*', or leave --pattern out.")
    folder, manager = _open(path)
    if action == "clear":
        removed = {one: manager.clear(pattern, kind=one) for one in kinds}
        if as_json:
            say_json({"folder": str(folder), "removed": sum(removed.values()), "kinds": removed})
        else:
            say(f"{counted(sum(removed.values()), 'entry', 'entries')} cleared in {folder}")
        return
    found = _listed(folder, manager, kinds, pattern or "*")
    if as_json:
        say_json(found)
    else:
        _print(found, path)


def _open(path: Path) -> tuple[Path | str, CacheManager]:
    from ghostkit.book import ProjectFolder
    from ghostkit.cache import CacheManager, cache_for
    from ghostkit.settings import get_settings

    own = ProjectFolder(path).open(writable=False).cache
    if get_settings().cache_backend == "redis" and (shared := cache_for()) is not None:
        return str(getattr(shared.backend, "address", "redis")), shared
    folder = get_settings().cache_dir or own
    return folder, CacheManager("file", cache_dir=folder)


def _listed(folder: Path | str, manager: CacheManager, kinds: tuple[Kind, ...], pattern: str) -> dict[str, Any]:
    from ghostkit.settings import get_settings

    return {
        "folder": str(folder),
        "backend": get_settings().cache_backend,
        "bytes": sum(manager.backend.holding(kind).bytes for kind in kinds),
        "entries": [{"kind": kind, "key": key} for kind in kinds for key in manager.keys(kind, pattern)],
    }


def _print(found: dict[str, Any], path: Path) -> None:
    for entry in found["entries"]:
        say(f"{entry['kind']:12} {entry['key']}")
    many = counted(len(found["entries"]), "entry", "entries")
    say(f"{many}, {found['bytes'] / 1e6:.1f} MB in {found['folder']}")
    if found["backend"] not in ("file", "redis"):
        say_folded(
            f"CACHE_BACKEND is {found['backend']}, so nothing is added here: CACHE_BACKEND=file ghostkit write {path}"
        )
