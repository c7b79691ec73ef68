"""`ghostkit demo`: a whole book, offline, and sensible the second time."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ghostkit.cli.commands import demo
from tests.cli.conftest import Command, Process, words_of


def test_it_writes_exports_and_shows_a_receipt(ghostkit: Command, tmp_path: Path) -> None:
    ran = ghostkit("demo", "--fast", "--out", tmp_path / "d")
    assert ran.code == 0
    assert len(words_of(tmp_path / "d")) == 9
    assert {p.name for p in (tmp_path / "d" / "exports").iterdir()} == {"book.epub", "book.html", "book.md"}
    assert zipfile.is_zipfile(tmp_path / "d" / "exports" / "book.epub")
    assert "fingerprint" in ran.out
    assert "Where to look next" in ran.out
    assert "✓ 3.3" in ran.err


def test_the_second_time_a_finished_demo_is_shown_again_unchanged(ghostkit: Command, tmp_path: Path) -> None:
    ghostkit("demo", "--fast", "--out", tmp_path / "d")
    before = words_of(tmp_path / "d")
    ran = ghostkit("demo", "--fast", "--out", tmp_path / "d")
    assert ran.code == 0
    assert "finished demo already" in ran.err
    assert words_of(tmp_path / "d") == before


def test_without_out_an_unfinished_demo_goes_on_and_a_finished_one_gets_a_neighbour(
    ghostkit: Command, start: Callable[..., Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "projects" / "demo").mkdir(parents=True)
    (tmp_path / "projects" / "demo" / "mine").write_text("not a book")
    process = start("demo", "--fast", cwd=tmp_path, GHOSTKIT_REHEARSAL_FAULTS="section=stall@2")
    process.read_err_until("✓ 1.1")
    process.popen.terminate()
    assert process.wait().code == 130
    assert 1 <= len(words_of(tmp_path / "projects" / "demo-2")) < 9
    assert ghostkit("demo", "--fast").code == 0
    assert len(words_of(tmp_path / "projects" / "demo-2")) == 9
    assert ghostkit("demo", "--fast").code == 0
    assert len(words_of(tmp_path / "projects" / "demo-3")) == 9
    assert (tmp_path / "projects" / "demo" / "mine").read_text() == "not a book"


def test_a_folder_with_another_book_is_refused(ghostkit: Command, finished: Path) -> None:
    before = words_of(finished)
    ran = ghostkit("demo", "--fast", "--out", finished)
    assert ran.code == 2
    assert "another book" in ran.sentence
    assert words_of(finished) == before


def test_its_pace_takes_well_under_a_minute(ghostkit: Command, tmp_path: Path) -> None:
    ghostkit("demo", "--fast", "--out", tmp_path / "d")
    stats = ghostkit("stats", tmp_path / "d", "--json").json
    seconds = stats["tokens"]["output"] / demo.TOKENS_PER_S + stats["calls"] * demo.FIRST_TOKEN_S
    assert 15 < seconds < 40


def test_the_brief_is_part_of_the_package() -> None:
    assert demo.BRIEF.is_file()
    assert demo.BRIEF.parent.name == "cli"
