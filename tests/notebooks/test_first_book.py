"""The first notebook is its own regression test, can be run again and again, and reads well without a kernel."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from .refresh import NOTEBOOKS

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

FIRST = NOTEBOOKS / "01_first_book.ipynb"
SANITIZE = NOTEBOOKS / "nbval_sanitize.cfg"
LIMIT_S = 60


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(FIRST, as_version=4)


def outputs(notebook: Any) -> list[str]:
    """Every output as text, HTML included."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            found += [output["text"]] if "text" in output else list(output.get("data", {}).values())
    return found


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A temporary folder of its own, so that two test runs don't meet; and no options of the outer pytest."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return {**inherited, "TMPDIR": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")}


def test_its_outputs_come_out_as_saved(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", str(FIRST)]
    began = time.monotonic()
    ended = subprocess.run(
        [*command, "--nbval-sanitize-with", str(SANITIZE)], env=environment, capture_output=True, text=True,
        timeout=2 * LIMIT_S, cwd=NOTEBOOKS.parent,
    )  # fmt: skip
    told = "If the change is meant: python -m tests.notebooks.refresh, and look at the difference."
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}\n{told}"
    assert time.monotonic() - began < LIMIT_S


def test_running_every_cell_twice_in_one_kernel_works(
    notebook: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    twice = nbformat.v4.new_notebook()
    for _ in range(2):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                source = re.sub(r'(TOKENS_PER_S"\] = )"\d+"', r'\1"0"', cell.source)
                twice.cells.append(nbformat.v4.new_code_cell(source))
    NotebookClient(twice, timeout=LIMIT_S, kernel_name="python3").execute(cwd=str(tmp_path), env=environment)
    half = len(twice.cells) // 2
    assert [_plain(cell) for cell in twice.cells[:half]] == [_plain(cell) for cell in twice.cells[half:]]


def _plain(cell: Any) -> list[str]:
    """What a cell shows, less the state of a live run and the seconds of a finished one."""
    found = [output["text"] if "text" in output else output["data"]["text/plain"] for output in cell.outputs]
    return [re.sub(r": (pending|running|done)>", "", text) for text in found]


def test_every_cell_with_something_to_show_has_saved_outputs(notebook: Any) -> None:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) == len(cells) - 1  # the imports show nothing


def test_without_a_kernel_it_shows_the_finished_prose_and_no_widget(notebook: Any) -> None:
    assert "widgets" not in notebook.metadata
    (shown,) = next(cell for cell in notebook.cells if cell.source.endswith("\nrun")).outputs
    assert set(shown.data) == {"text/html", "text/plain"}
    assert "chapter 1 · done" in shown.data["text/html"]
    assert shown.data["text/html"].count("<p dir=") > 5


def test_nothing_saved_names_a_machine(notebook: Any) -> None:
    told = "\n".join(outputs(notebook))
    assert not re.findall(r"(/tmp|/home|/root|/Users|[A-Z]:\\\\)[\w/.-]*", told)
    assert not re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d", told)


def test_sanitising_leaves_prose_and_numbers_to_be_compared(notebook: Any) -> None:
    config = configparser.RawConfigParser()
    config.read(SANITIZE)
    for text in outputs(notebook):
        cleaned = text
        for section in config.sections():
            cleaned = re.sub(config[section]["regex"], config[section]["replace"], cleaned)
        assert cleaned == text  # nothing in this notebook needs it
