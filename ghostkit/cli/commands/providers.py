"""`ghostkit providers`: who can write, and whether they are ready."""

from __future__ import annotations

from typing import Any

import click

from ghostkit.cli.options import json_option
from ghostkit.cli.terminal import listing, say_json

PATIENCE_S = 15.0


@click.command(short_help="List who can write, and check each.")
@json_option
def providers(as_json: bool) -> None:
    """List the providers and check each one, without paying for a generation.

    \b
    Examples:
      ghostkit providers
      ghostkit providers --json
    """
    import anyio

    rows = anyio.run(look_at_all)
    if as_json:
        say_json(rows)
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for row in rows:
        advice = " ".join(filter(None, (row["message"], row["fix"])))
        table.add_row("✓" if row["ok"] else "✗", row["name"], row["model"], _price(row), advice)
    listing(table)


def _price(row: dict[str, Any]) -> str:
    if row["input_usd_per_million"] is None:
        return "price unknown"
    if not row["input_usd_per_million"] and not row["output_usd_per_million"]:
        return "free"
    return f"${row['input_usd_per_million']:g} in, ${row['output_usd_per_million']:g} out a million tokens"


async def look_at_all() -> list[dict[str, Any]]:
    """One row a provider, all of them asked at once."""
    import anyio

    from ghostkit.providers import registry

    names = registry.list_providers()
    found: dict[str, dict[str, Any]] = {}

    async def look(name: str) -> None:
        found[name] = await _look_at(name)

    async with anyio.create_task_group() as tasks:
        for name in names:
            tasks.start_soon(look, name)
    return [found[name] for name in names]


async def _look_at(name: str) -> dict[str, Any]:
    import anyio

    from ghostkit.errors import GhostkitError
    from ghostkit.providers import registry

    row: dict[str, Any] = {
        "name": name, "ok": False, "message": "", "fix": "", "model": "", "context_window": None,
        "max_output": None, "input_usd_per_million": None, "output_usd_per_million": None,
    }  # fmt: skip
    try:
        provider = registry.create_provider(name)
        try:
            with anyio.fail_after(PATIENCE_S):
                diagnosis = await provider.validate()
            row |= {"ok": diagnosis.ok, "message": diagnosis.message, "fix": diagnosis.fix}
            info = provider.info("")
            row |= {"model": f"{info.provider}:{info.model}", "context_window": info.context_window}
            row |= {"max_output": info.max_output, "input_usd_per_million": info.input_usd_per_million}
            row["output_usd_per_million"] = info.output_usd_per_million
        finally:
            await provider.aclose()
    except GhostkitError as error:
        row |= {"message": error.message, "fix": error.fix}
    except TimeoutError:
        row |= {"message": f"no answer within {PATIENCE_S:g} s", "fix": "Check the network, then try again."}
    except Exception as error:  # a plugin's defect is that plugin's row
        row |= {"message": f"{type(error).__name__}: {error}", "fix": "This is a defect of that provider."}
    return row
