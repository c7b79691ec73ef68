"""`ghostkit write`: write the book, or go on with it."""

from __future__ import annotations

from pathlib import Path

import click

from ghostkit.cli.options import json_option, model_option, open_book, path_argument
from ghostkit.cli.terminal import say, say_folded, say_json


@click.command(short_help="Write what isn't written yet; resumes by itself.")
@path_argument
@click.option("--until", metavar="2.3", help="Stop after this section, or after a chapter with --until 2.")
@click.option("--parallel", type=int, default=1, show_default=True, help="How many texts at a time; same book.")
@model_option
@click.option("--budget", type=float, metavar="USD", help="Stop before a call that could spend more than this.")
@click.option("--cache/--no-cache", "use_cache", default=None, help="Take equal answers from the cache, or never.")
@click.option("--dry-run", is_flag=True, help="Say what it would ask and cost; spends and records nothing.")
@click.option("--show-prompt", metavar="2.3", help="With --dry-run: the exact messages for this section.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@click.option("--progress", is_flag=True, help="With --json: JSON lines of progress on stderr.")
@json_option
def write(
    path: Path, until: str | None, parallel: int, model: str | None, budget: float | None, use_cache: bool | None,
    dry_run: bool, show_prompt: str | None, quiet: bool, progress: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write what isn't written yet. It resumes by itself: after a stop, a crash or a power cut, run it again.

    Ctrl-C stops cleanly: the text so far is kept, and nothing that was paid for is asked for twice.

    Answers to equal requests are taken from the cache (CACHE_BACKEND; file keeps them between commands).

    \b
    Examples:
      ghostkit write projects/salt-road
      ghostkit write projects/salt-road --until 2 --budget 1.50
      ghostkit write projects/salt-road --dry-run --show-prompt 1.1
      ghostkit write projects/salt-road --quiet --json
    """
    book = open_book(path)
    if dry_run or show_prompt:
        from ghostkit.cli.dry_run import dry_run as forecast

        forecast(book, path, until=until, model=model, budget=budget, section=show_prompt, as_json=as_json)
        return
    from ghostkit.cli.views import choose_view
    from ghostkit.cli.writing import carry_out, done_line, outcome, summary

    view = choose_view(quiet=quiet, as_json=as_json, progress=progress)
    run = carry_out(
        lambda: book.write(until=until, parallel=parallel, model=model, budget_usd=budget, use_cache=use_cache), view
    )
    problem = outcome(run, path, f"ghostkit write {path}")
    if as_json and run.started_at is not None:
        say_json(summary(run, path), indent=None)
    if problem is not None:
        raise problem
    if not as_json and not quiet:
        from ghostkit.cli.commands.status import next_step

        say_folded(done_line(summary(run, path)))
        say(next_step(book.status(), path))
