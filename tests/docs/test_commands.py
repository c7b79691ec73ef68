"""What the pages tell people to type exists: commands, their options, names that Python code takes from ghostkit."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import ghostkit as gk
from ghostkit.cli.entry import program

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """(language, text) of each fence."""
    for found in FENCE.finditer(page.read_text(encoding="utf-8")):
        yield found[1], found[2]


def commands(page: Path) -> Iterator[str]:
    """Lines that call ghostkit, without their comments."""
    for language, text in blocks(page):
        if language in ("sh", ""):
            for line in text.splitlines():
                for part in line.removeprefix("$ ").split("&&"):
                    if part.strip().startswith("ghostkit "):
                        yield part.strip()


def unknown_in(line: str) -> list[str]:
    """Commands and options of a line that the program doesn't have."""
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = program
    context = click.Context(command)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return [words[0]]
        command, words = found, words[1:]
    known = {"--help", *(name for param in command.params for name in (*param.opts, *param.secondary_opts))}
    return [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_and_option_that_a_page_shows_exists(page: Path) -> None:
    assert {line: wrong for line in commands(page) if (wrong := unknown_in(line))} == {}


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert unknown_in("ghostkit serch x") == ["serch"]
    assert unknown_in("ghostkit search x --nearest 3") == ["--nearest"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_on_a_page_can_be_read_and_names_what_there_is(page: Path) -> None:
    for language, text in blocks(page):
        if language != "python":
            continue
        tree = compile(text, page.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in ("gk", "ghostkit")
            ):
                assert hasattr(gk, node.attr), f"{page.name}: gk.{node.attr}"
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ghostkit"):
                exec(compile(ast.Module([node], []), page.name, "exec"), {})  # an ImportError tells the name


def test_names_that_a_book_is_asked_for_on_the_pages_exist() -> None:
    asked = {name for page in PAGES for _, text in blocks(page) for name in re.findall(r"\bbook\.([a-z_]+)", text)}
    assert {"search", "index", "context_of"} & asked
    there = {name for name, _ in inspect.getmembers(gk.Book)} | set(gk.Book.__annotations__)
    assert sorted(asked - there - {"json", "md", "epub", "html"}) == []
