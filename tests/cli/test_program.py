"""What holds for all commands: help, usage, start-up."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ghostkit import __version__
from ghostkit.cli import program
from tests.cli.conftest import Command

COMMANDS = list(program.commands)


def test_every_promised_command_is_there() -> None:
    promised = "new write status receipt generate stats events export providers settings doctor demo outline"
    living = "rewrite proposals accept reject history diff restore checkpoints purge"
    assert set(COMMANDS) >= {*promised.split(), *living.split()}


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_every_command(ghostkit: Command, flag: str) -> None:
    ran = ghostkit(flag)
    assert ran.code == 0
    assert all(f"\n  {name} " in ran.out for name in COMMANDS)


def test_without_a_command_the_help_is_shown(ghostkit: Command) -> None:
    assert ghostkit().out == ghostkit("--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_has_examples_that_parse(ghostkit: Command, name: str) -> None:
    ran = ghostkit(name, "-h")
    assert ran.code == 0
    _, _, below = ran.out.partition("Examples:\n")
    examples = [line.strip() for line in below.split("\n\n")[0].splitlines()]
    assert examples
    assert all("ghostkit " in example for example in examples)
    known = {option for p in program.commands[name].params for option in (*p.opts, *p.secondary_opts)}
    used = {word for example in examples for word in example.split() if word.startswith("--")}
    assert used <= known


@pytest.mark.parametrize("arguments", [(), *((name,) for name in COMMANDS)])
def test_help_fits_a_terminal_of_80_columns(ghostkit: Command, arguments: tuple[str, ...]) -> None:
    lines = ghostkit(*arguments, "--help").out.splitlines()
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "demo"])
def test_every_listing_and_answer_can_be_had_as_json(name: str) -> None:
    assert any("--json" in parameter.opts for parameter in program.commands[name].params)


def test_version(ghostkit: Command) -> None:
    assert ghostkit("--version").out == f"ghostkit {__version__}\n"


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(ghostkit: Command) -> None:
    ran = ghostkit("statsu")
    assert ran.code == 2
    assert ran.sentence == "There is no command 'statsu'. Did you mean 'stats'?"


def test_a_missing_argument_is_a_usage_error_as_json_too(ghostkit: Command) -> None:
    assert ghostkit("write").code == 2
    ran = ghostkit("write", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.error["code"] == "usage"
    assert "ghostkit write --help" in ran.error["fix"]


def test_an_unknown_option_is_a_usage_error(ghostkit: Command) -> None:
    ran = ghostkit("status", ".", "--jsno")
    assert ran.code == 2
    assert "--jsno" in ran.sentence


def test_help_needs_none_of_the_heavy_parts() -> None:
    code = (
        "import sys\nfrom ghostkit.cli import program\n"
        "try:\n    program.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pydantic', 'rich', 'anyio', 'polars', 'jinja2', 'sqlite3', 'structlog'} & set(sys.modules)), "
        "file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stderr.strip() == "[]"
