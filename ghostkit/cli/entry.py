"""The program `ghostkit`: its commands, and what holds for all of them."""

from __future__ import annotations

import difflib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from ghostkit import __version__
from ghostkit.cli import boundary
from ghostkit.cli.commands.bible import bible
from ghostkit.cli.commands.cache import cache
from ghostkit.cli.commands.checkpoints import checkpoints
from ghostkit.cli.commands.context import context
from ghostkit.cli.commands.demo import demo
from ghostkit.cli.commands.doctor import doctor
from ghostkit.cli.commands.edit import edit, lock, unlock
from ghostkit.cli.commands.evaluate import evaluate
from ghostkit.cli.commands.events import events
from ghostkit.cli.commands.export import export
from ghostkit.cli.commands.generate import generate
from ghostkit.cli.commands.history import diff, history, restore
from ghostkit.cli.commands.index import index
from ghostkit.cli.commands.keys import keys
from ghostkit.cli.commands.models import models
from ghostkit.cli.commands.new import new
from ghostkit.cli.commands.outbound import outbound
from ghostkit.cli.commands.outline import outline
from ghostkit.cli.commands.people import people
from ghostkit.cli.commands.proposals import accept, proposals, reject
from ghostkit.cli.commands.providers import providers
from ghostkit.cli.commands.purge import purge
from ghostkit.cli.commands.receipt import receipt
from ghostkit.cli.commands.report import report
from ghostkit.cli.commands.rewrite import rewrite
from ghostkit.cli.commands.search import search
from ghostkit.cli.commands.settings import settings
from ghostkit.cli.commands.sources import sources
from ghostkit.cli.commands.sql import sql
from ghostkit.cli.commands.stale import stale
from ghostkit.cli.commands.stats import stats
from ghostkit.cli.commands.status import status
from ghostkit.cli.commands.structure import add, delete, merge, move, split, undelete
from ghostkit.cli.commands.styles import styles
from ghostkit.cli.commands.templates import templates
from ghostkit.cli.commands.write import write


class Program(click.Group):
    """A group in the order its commands are used, whose errors are sentences and whose exit codes are kept."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.commands, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(  # type: ignore[override]  # it always leaves
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **_extra: Any
    ) -> NoReturn:
        """Run, tell of errors, and leave with the exit code that was promised."""
        arguments = list(sys.argv[1:] if args is None else args)
        for stream in (sys.stdout, sys.stderr):
            # A title in a script that the terminal's encoding lacks is no reason to fail.
            with suppress(AttributeError, ValueError):
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        try:
            code = super().main(arguments, prog_name or "ghostkit", standalone_mode=False)
            sys.stdout.flush()
        except SystemExit as left:  # click's own way out of a broken pipe
            code = boundary.pacify_pipes() if left.code == 1 else left.code
        except BaseException as error:
            code = boundary.exit_code_for(error, arguments)
        boundary.pacify_pipes()
        sys.exit(code if isinstance(code, int) else 0)


@click.group(
    name="ghostkit",
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(__version__, "--version", prog_name="ghostkit", message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context) -> None:
    """Write whole books with language models. Every text has a receipt, and nothing is lost or paid for twice.

    \b
    Start here:
      ghostkit demo                                a small book, offline
      ghostkit new projects/salt --brief brief.md  a book of your own
      ghostkit write projects/salt                 stop and go on as you like
      ghostkit export projects/salt --format epub
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for _command in (
    *(new, write, outline, status, stale, export, receipt, generate),
    *(people, bible, styles, templates, sources),
    *(index, search, context),
    *(edit, lock, unlock, add, move, split, merge, delete, undelete),
    *(rewrite, proposals, accept, reject, history, diff, restore, checkpoints, purge),
    *(evaluate, events, stats, sql, report, outbound, cache, providers, keys, models, settings, doctor, demo),
):
    program.add_command(_command)


def main() -> NoReturn:
    """The entry point."""
    if sys.stdout is None or sys.stderr is None:  # closed by the caller (`2>&-`)
        sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
        sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminated)
    program.main()


def _terminated(_number: int, _frame: object) -> NoReturn:
    """A polite kill is a Ctrl-C from elsewhere."""
    raise KeyboardInterrupt
