"""`ghostkit keys`: keep, list and remove vendors' keys in the system's keyring."""

from __future__ import annotations

import sys
from typing import Any

import click

from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import is_terminal, listing, note, say, say_folded, say_json
from ghostkit.errors import InputError

LONGEST = 10_000
"""Characters read from stdin; no key is nearly as long."""


@click.group(short_help="Keep, list and remove vendors' keys.", invoke_without_command=True)
@json_option
@click.pass_context
def keys(ctx: click.Context, as_json: bool) -> None:
    """Keep the vendors' keys in the system's keyring, list where each comes from, remove them.

    A key in the environment or in .env goes before the one in the keyring.

    \b
    Examples:
      ghostkit keys set openai
      pass show openai | ghostkit keys set openai
      ghostkit keys list
      ghostkit keys remove openai
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_keys, as_json=as_json)


@keys.command("set", short_help="Keep a key in the system's keyring.")
@click.argument("provider")
@click.argument("key", nargs=-1, metavar="")
@json_option
def set_key(provider: str, key: tuple[str, ...], as_json: bool) -> None:
    """Keep the key for PROVIDER in the system's keyring: asked for without showing it, or read from stdin.

    \b
    Examples:
      ghostkit keys set anthropic
      ghostkit keys set anthropic < key.txt
    """
    from ghostkit.providers.key_shapes import hint, key_problem, vendor_by_shape
    from ghostkit.providers.keychain import check_keychain, write_keychain
    from ghostkit.providers.keys import vendor_named, where_from

    if key or vendor_by_shape(provider) is not None:
        raise _refused()
    vendor = vendor_named(provider)
    check_keychain()  # before anybody pastes a key that has nowhere to go
    text = _read_key(vendor.title, vendor.page)
    problem = key_problem(vendor, text)
    if problem is not None:
        raise InputError(problem[0], fix=problem[1])
    kept_in = write_keychain(vendor.name, text)
    source, variable = where_from(vendor.name)
    if as_json:
        say_json({"provider": vendor.name, "kept_in": kept_in, "hint": hint(text), "used": source == "keyring"})
        return
    say(f"The key for {vendor.title} ({hint(text)}) is kept in the system's keyring ({kept_in}).")
    if source != "keyring":
        place = "in code" if source == "code" else f"in {'.env' if source == '.env' else 'the environment'}"
        note(f"{variable} {place} goes before it, as long as it is set.")
    else:
        note(f"Try it: ghostkit providers --check {vendor.name}")


@keys.command("list", short_help="List where each vendor's key comes from.")
@json_option
def list_keys(as_json: bool = False) -> None:
    """List where each vendor's key comes from; of a key at most its last four characters are shown.

    \b
    Examples:
      ghostkit keys list
      ghostkit keys list --json
    """
    rows = key_rows()
    if as_json:
        say_json(rows)
        return
    from rich.table import Table

    from ghostkit.providers.keychain import has_keychain, keychain_name
    from ghostkit.providers.keys import vendor_named

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for row in rows:
        how = f"{vendor_named(row['provider']).variables[0]}, or `ghostkit keys set {row['provider']}`"
        advice = f"{row['problem']} {row['fix']}".strip() if row["hint"] else how
        place = {"none": "no key", "keyring": "keyring"}.get(row["source"], f"{row['variable']} ({row['source']})")
        table.add_row(row["provider"], row["hint"] or "–", place, advice)
    listing(table)
    kept = f"Keyring: {keychain_name()}." if has_keychain() else "There is no keyring here that keeps keys."
    say_folded(kept)


@keys.command("remove", short_help="Take a key out of the system's keyring.")
@click.argument("provider")
@json_option
def remove_key(provider: str, as_json: bool) -> None:
    """Take the key for PROVIDER out of the system's keyring. Keys in the environment or in .env stay there.

    \b
    Example:
      ghostkit keys remove openai
    """
    from ghostkit.providers.key_shapes import vendor_by_shape
    from ghostkit.providers.keychain import remove_keychain
    from ghostkit.providers.keys import vendor_named, where_from

    if vendor_by_shape(provider) is not None:
        raise _refused()
    vendor = vendor_named(provider)
    gone = remove_keychain(vendor.name)
    source, variable = where_from(vendor.name)
    if as_json:
        say_json({"provider": vendor.name, "removed": gone, "source": source, "variable": variable})
        return
    if gone:
        say(f"The key for {vendor.title} is no longer in the system's keyring.")
    else:
        say(f"The system's keyring holds no key for {vendor.title}.")
    if source != "none":
        note(f"{variable} ({source}) still gives one: remove it there too, and at {vendor.page} if it may be known.")
    elif gone:
        note(f"If it may be known to others, revoke it at {vendor.page}.")


def key_rows() -> list[dict[str, Any]]:
    """One row a vendor: where its key comes from, and what is wrong with it; nothing of the key but its hint."""
    from ghostkit.providers.key_shapes import hint, key_problem
    from ghostkit.providers.keys import VENDORS, how_to_give, key_of, where_from

    rows: list[dict[str, Any]] = []
    for vendor in VENDORS:
        key, (source, variable) = key_of(vendor.name), where_from(vendor.name)
        problem, fix = (key_problem(vendor, key) if key else None) or ("", "")
        row = {"provider": vendor.name, "title": vendor.title, "source": source, "variable": variable}
        row |= {"hint": hint(key) if key else "", "problem": problem, "fix": fix if key else how_to_give(vendor)}
        rows.append(row | {"page": vendor.page})
    return rows


def _refused() -> InputError:
    return InputError(
        "A key can't be given as an argument: the shell's history would keep it and the list of processes show it.",
        fix="Give the provider's name alone and it is asked for, or pipe it in; if this key was real, make a new one.",
    )


def _read_key(title: str, page: str) -> str:
    """The key as typed, unseen, or the first thing on stdin."""
    if is_terminal(sys.stdin):
        text: str = click.prompt(f"Key for {title} (made at {page}; not shown)", hide_input=True, err=True)
        return text.strip()
    text = sys.stdin.read(LONGEST)
    if not text.strip():
        raise InputError("There was no key on stdin.", fix="Pipe it in, or run this in a terminal and be asked for it.")
    return text.strip()
