"""Errors are sentences, exit codes are kept, and what is unexpected is written down without secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ghostkit.cli import boundary
from ghostkit.events import protect
from tests.cli.conftest import Command, Process

SECRET = "sk-live-0123456789abcdef0123456789abcdef"


def _breaks(message: str) -> object:
    def look(_path: Path) -> None:
        raise RuntimeError(message)

    return look


def test_a_defect_is_one_sentence_and_its_traceback_lies_in_the_books_logs(
    ghostkit: Command, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect(SECRET)
    monkeypatch.setattr("ghostkit.cli.commands.status.open_book", _breaks(f"bad key {SECRET}"))
    ran = ghostkit("status", finished)
    assert ran.code == 1
    assert "RuntimeError" in ran.sentence
    (report,) = (finished / "logs").glob("crash-*.txt")
    assert str(report) in ran.err
    text = report.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "RuntimeError: bad key" in text
    assert SECRET not in text + ran.err


def test_a_defect_outside_a_book_is_written_to_the_temporary_folder(
    ghostkit: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr("ghostkit.cli.commands.status.open_book", _breaks("no"))
    ran = ghostkit("status", tmp_path / "nothing", "--json")
    assert ran.code == 1
    assert ran.error["code"] == "unexpected"
    assert len(list(tmp_path.glob("crash-*.txt"))) == 1


def test_no_place_for_the_traceback_is_no_second_error(
    ghostkit: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "file"))
    monkeypatch.setattr("ghostkit.cli.commands.status.open_book", _breaks("no"))
    ran = ghostkit("status", tmp_path)
    assert ran.code == 1
    assert "No file would take the details" in ran.err


@pytest.mark.parametrize("error", [KeyboardInterrupt()])
def test_an_interrupt_outside_a_run_is_130(
    ghostkit: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def interrupted(_path: Path) -> None:
        raise error

    monkeypatch.setattr("ghostkit.cli.commands.status.open_book", interrupted)
    ran = ghostkit("status", tmp_path)
    assert (ran.code, ran.err.strip()) == (130, "Stopped.")
    ran = ghostkit("status", tmp_path, "--json")
    assert (ran.code, ran.error["code"]) == (130, "interrupted")


def test_an_os_error_is_told_with_its_file(ghostkit: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_path: Path) -> None:
        raise PermissionError(13, "Permission denied", "/some/file")

    monkeypatch.setattr("ghostkit.cli.commands.status.open_book", fails)
    ran = ghostkit("status", tmp_path)
    assert ran.code == 1
    assert ran.sentence == "Could not use /some/file: Permission denied."


def test_json_after_a_double_dash_asks_for_nothing() -> None:
    assert boundary._wants_json(["status", "--json"])
    assert not boundary._wants_json(["generate", "--", "--json"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a shell's pipes")
def test_a_reader_that_leaves_early_is_no_error(finished: Path) -> None:
    command = (
        f'"{sys.executable}" -m ghostkit events "{finished}" --all --json | head -c 10 >&2; echo "${{PIPESTATUS[0]}}"'
    )
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert len(ended.stderr) == 10  # what the reader took, and nothing of ours
    assert ended.stdout == "0\n"


def test_closed_streams_are_no_error(finished: Path) -> None:
    command = f'"{sys.executable}" -m ghostkit status "{finished}" >&- 2>&-; echo $?'
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "0\n"


def test_a_terminal_without_unicode_still_gets_an_answer(start: type[Process], finished: Path) -> None:
    process = start("status", finished, PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    ran = process.wait()
    assert (ran.code, ran.err) == (0, "")
    assert "\\u2713" in ran.out
    assert start("status", finished, "--json", PYTHONUTF8="0", PYTHONIOENCODING="ascii").wait().json["words"] > 0
