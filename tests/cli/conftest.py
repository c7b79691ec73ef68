"""The command line as tests use it: in this process where that is enough, in a real one where signals count."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ghostkit import sync
from ghostkit.cli import program

BRIEF = """# The Salt Pans

A short novel. Past tense, close third person.

## People
- **Ilse Marrow**, 38, clerk of the salt office.
- **Bo Tarn**, 61, who rakes the pans.

## Places
The Office. The North Pan. The Weir.

## What must happen
1. Ilse counts the pans twice.
2. Bo tells her what the count leaves out.
"""


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The error of a `--json` command; fails unless stderr is exactly that."""
        found = json.loads(self.err)
        assert list(found) == ["error"]
        assert sorted(found["error"]) == ["code", "fix", "message"]
        return dict(found["error"])

    @property
    def sentence(self) -> str:
        """The one sentence of an error; fails on a traceback or more than a sentence and its fix."""
        assert "Traceback" not in self.err
        lines = self.err.strip().splitlines()
        assert lines, "nothing was said"
        assert lines[0].startswith("Error: ")
        assert lines[0].endswith((".", "?", "!"))
        assert len(lines) <= 2, self.err
        return lines[0].removeprefix("Error: ")


Command = Callable[..., Ran]


@pytest.fixture
def ghostkit() -> Command:
    """`ghostkit("status", path)`: run a command in this process."""

    def run(*arguments: object, given: str | bytes | None = None) -> Ran:
        result = CliRunner().invoke(program, [str(a) for a in arguments], input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


class Process:
    """A real `python -m ghostkit`, with only what a test gives it in its environment."""

    def __init__(self, arguments: tuple[object, ...], extra: dict[str, str], **options: Any) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "ghostkit", *map(str, arguments)],
            env={**kept, "PYTHONUTF8": "1", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **extra},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **options,
        )

    def wait(self) -> Ran:
        out, err = self.popen.communicate(timeout=60)
        return Ran(self.popen.returncode, out, err)

    def read_err_until(self, text: str) -> str:
        """Its stderr as far as the line that holds `text`."""
        assert self.popen.stderr is not None
        seen = ""
        while text not in seen:
            line = self.popen.stderr.readline()
            assert line, f"ended without saying {text!r}: {seen}"
            seen += line
        return seen


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """`start("write", path, GHOSTKIT_…="…")`: a real process, ended with the test."""
    begun: list[Process] = []

    def run(*arguments: object, cwd: Path | None = None, **extra: str) -> Process:
        begun.append(Process(arguments, extra, cwd=cwd))
        return begun[-1]

    yield run
    for process in begun:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.communicate()


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    path = tmp_path / "brief.md"
    path.write_text(BRIEF, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("finished") / "book"
    book = sync.Book.create(path, brief=BRIEF, chapters=2, sections=2, words=60, model="rehearsal")
    book.write()
    book.live.close()
    return path


@pytest.fixture
def finished(_finished: Path, tmp_path: Path) -> Path:
    """A written book of 2 × 2 sections, a fresh copy for each test."""
    return Path(shutil.copytree(_finished, tmp_path / "finished"))


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A new book of 2 × 2 sections, nothing asked yet."""
    path = tmp_path / "fresh"
    sync.Book.create(path, brief=BRIEF, chapters=2, sections=2, words=60).live.close()
    return path


def words_of(path: Path) -> dict[str, str]:
    """The text of every section file, by its name inside the book."""
    files = sorted(path.glob("chapters/*/sections/*.md"))
    return {str(file.relative_to(path)): file.read_text(encoding="utf-8") for file in files}
