"""`python -m ghostkit.testing.simulator`: the simulator as a program."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

from ghostkit.errors import GhostkitError, InputError
from ghostkit.testing.simulator.rules import Rule, parse_rules

if TYPE_CHECKING:
    from ghostkit.testing.simulator.serving import Server

EXAMPLES = """\b
Examples:
  python -m ghostkit.testing.simulator --port 8765
  OPENAI_BASE_URL=http://127.0.0.1:8765/openai/v1 OPENAI_API_KEY=any your-program
\b
  echo '[{"nth": 2, "fault": {"kind": "cut_mid"}}]' > rules.json
  python -m ghostkit.testing.simulator --rules rules.json --bill bill.jsonl

The first line on stdout is {"port": N}. docs/simulator.md has the rules and all addresses. Ctrl-C ends it."""


@click.command(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0, the default, takes any free port.")
@click.option("--bill", type=click.Path(path_type=Path), help="A file for JSON lines on every call, fsynced.")
@click.option("--rules", type=click.Path(path_type=Path), help="A JSON file of rules: faults, replies, pace, limits.")
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
def command(port: int, bill: Path | None, rules: Path | None, until_stdin_closes: bool) -> None:
    """A loopback server that speaks the wire formats of OpenAI, Anthropic, Gemini, Cohere, OpenRouter and Ollama.

    Nothing leaves this machine; any key works, except none and those that begin with `wrong`.
    """
    read = _read_rules(rules)
    listener = _listen(port)
    from ghostkit.testing.simulator.serving import Server

    sys.setswitchinterval(0.0005)  # answers are written in a thread; a client's close must still be seen at once
    anyio.run(_serve, Server(read, bill), listener, until_stdin_closes)


def _read_rules(path: Path | None) -> list[Rule]:
    if path is None:
        return []
    try:
        text = path.read_bytes()
    except OSError as error:
        why = error.strerror or "it can't be read"
        raise InputError(f"The rules in {path} can't be read: {why}.", fix="Give a JSON file with --rules.") from None
    return parse_rules(text, str(path))


def _listen(port: int) -> socket.socket:
    try:
        import h11  # noqa: F401
    except ImportError:
        raise InputError(
            "The simulator needs the package h11, which isn't installed.", fix="pip install h11 (every SDK brings it)."
        ) from None
    from ghostkit.testing.simulator.serving import listen

    try:
        return listen(port)
    except OSError as error:
        raise InputError(
            f"The simulator can't listen on port {port}: {error.strerror}.",
            fix="Choose another one, or --port 0 for any free one.",
        ) from None


async def _serve(server: Server, listener: socket.socket, until_stdin_closes: bool) -> None:
    async with anyio.create_task_group() as tasks:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            await tasks.start(server.serve, listener)
            if until_stdin_closes:
                tasks.start_soon(_until_stdin_closes, tasks.cancel_scope)
            print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
            async for _ in signals:
                break
        tasks.cancel_scope.cancel()
    listener.close()


async def _until_stdin_closes(scope: anyio.CancelScope) -> None:
    """End with the process that started this one, however that one ended."""
    await anyio.to_thread.run_sync(sys.stdin.buffer.read, abandon_on_cancel=True)
    scope.cancel()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; errors are one sentence on stderr."""
    try:
        command.main(args=arguments, prog_name="python -m ghostkit.testing.simulator", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Abort:
        return 130
    except BaseException as error:
        told = _ours(error)
        if told is None:
            raise
        print(f"Error: {told}", file=sys.stderr)
        return told.exit_code
    return 0


def _ours(error: BaseException) -> GhostkitError | None:
    """Our own error, alone or in a group of them."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for each in error.exceptions if (found := _ours(each)) is not None), None)
    return error if isinstance(error, GhostkitError) else None
