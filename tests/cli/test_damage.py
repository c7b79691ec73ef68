"""Damaged and foreign books: every command says it in a sentence, and nothing is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Command, words_of


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', "\x00\x01", '{"format": 99, "title": "T"}'])
@pytest.mark.parametrize("command", ["status", "write", "export"])
def test_a_mangled_book_json_is_told_and_left_as_it_is(
    ghostkit: Command, finished: Path, content: str, command: str
) -> None:
    before = words_of(finished)
    (finished / "book.json").write_text(content)
    ran = ghostkit(command, finished)
    assert ran.code == 1
    assert "book.json" in ran.sentence
    as_json = ghostkit(command, finished, "--json")
    assert (as_json.code, as_json.out, as_json.error["code"]) == (1, "", "book_damaged")
    assert (finished / "book.json").read_text() == content
    assert words_of(finished) == before


@pytest.mark.parametrize("keep", [10, 5000], ids=["header gone", "cut off"])
@pytest.mark.parametrize("command", ["status", "write", "doctor"])
def test_a_truncated_ledger_is_told_and_left_as_it_is(
    ghostkit: Command, finished: Path, keep: int, command: str
) -> None:
    before = words_of(finished)
    ledger = finished / "ledger.sqlite"
    for extra in finished.glob("ledger.sqlite-*"):
        extra.unlink()
    ledger.write_bytes(ledger.read_bytes()[:keep])
    ran = ghostkit(command, finished)
    assert ran.code == 1
    assert "Traceback" not in ran.err + ran.out
    assert "ledger.sqlite" in (ran.out if command == "doctor" else ran.sentence)
    assert ledger.stat().st_size == keep
    assert words_of(finished) == before


@pytest.mark.parametrize("command", ["status", "write", "doctor"])
def test_a_newer_ledger_is_refused_untouched(ghostkit: Command, finished: Path, command: str) -> None:
    ledger = finished / "ledger.sqlite"
    connection = sqlite3.connect(ledger)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = ledger.read_bytes()
    ran = ghostkit(command, finished, "--json")
    assert ran.code == 1
    if command == "doctor":
        (failed,) = [check for check in ran.json["checks"] if check["state"] == "fail"]
        assert "schema 99" in failed["message"]
        assert "Upgrade" in failed["fix"]
    else:
        assert ran.error["code"] == "ledger_too_new"
        assert "99" in ran.error["message"]
    assert ledger.read_bytes() == before


def test_a_disk_that_fills_up_is_told_and_the_next_write_goes_on(
    ghostkit: Command, fresh: Path, finished: Path, fault: object
) -> None:
    fault("file.section.before:2:enospc")  # type: ignore[operator]
    ran = ghostkit("write", fresh, "--quiet")
    assert ran.code == 1
    assert "No space left" in ran.sentence
    fault("")  # type: ignore[operator]
    assert ghostkit("write", fresh, "--quiet").code == 0
    assert words_of(fresh) == words_of(finished)
