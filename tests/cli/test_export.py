"""`ghostkit export`: every format, and a target that can't be written is told."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize(("name", "file"), [("epub", "book.epub"), ("html", "book.html"), ("markdown", "book.md")])
def test_each_format_lands_in_exports(ghostkit: Command, finished: Path, name: str, file: str) -> None:
    ran = ghostkit("export", finished, "--format", name, "--json")
    assert (ran.code, ran.err) == (0, "")
    path = finished / "exports" / file
    assert ran.json["path"] == str(path)
    assert ran.json["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (ran.json["bytes"], ran.json["note"]) == (path.stat().st_size, "")


def test_all_formats_at_once_and_into_a_folder_of_ones_own(ghostkit: Command, finished: Path, tmp_path: Path) -> None:
    ran = ghostkit("export", finished, "--format", "all", "--out", tmp_path / "a" / "b", "--json")
    assert sorted(one["format"] for one in ran.json["exports"]) == ["epub", "html", "markdown"]
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == ["book.epub", "book.html", "book.md"]
    assert len(ghostkit("export", finished, "--format", "all").out.splitlines()) == 3


def test_out_names_the_file(ghostkit: Command, finished: Path, tmp_path: Path) -> None:
    assert ghostkit("export", finished, "--out", tmp_path / "salt.epub").code == 0
    assert (tmp_path / "salt.epub").read_bytes().startswith(b"PK")


def test_a_target_that_can_not_be_written_goes_beside_and_is_told(
    ghostkit: Command, finished: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    ran = ghostkit("export", finished, "--out", tmp_path / "file" / "salt.epub")
    assert ran.code == 0
    assert "instead" in ran.err
    assert (finished / "exports" / "salt.epub").exists()
    assert (tmp_path / "file").read_text() == "mine"
    as_json = ghostkit("export", finished, "--out", tmp_path / "file" / "salt.epub", "--json")
    assert (as_json.code, as_json.err) == (0, "")
    assert "instead" in as_json.json["note"]


def test_an_unknown_format_is_a_usage_error_that_lists_them(ghostkit: Command, finished: Path) -> None:
    ran = ghostkit("export", finished, "--format", "docx")
    assert ran.code == 2
    assert "epub, html, markdown" in ran.err


def test_all_formats_need_a_folder(ghostkit: Command, finished: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    ran = ghostkit("export", finished, "--format", "all", "--out", tmp_path / "file")
    assert ran.code == 1
    assert str(tmp_path / "file") in ran.sentence
    assert (tmp_path / "file").read_text() == "mine"


def test_a_book_without_text_still_exports(ghostkit: Command, fresh: Path) -> None:
    assert ghostkit("export", fresh).code == 0
