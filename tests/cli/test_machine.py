"""`settings`, `doctor`: what there is, and whether it is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from ghostkit.cli import checkup
from tests.cli.conftest import Command


def test_settings_say_where_each_value_comes_from_and_mask_keys(
    ghostkit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789abcdef")
    monkeypatch.setenv("GHOSTKIT_MODEL", "rehearsal:teacher")
    ran = ghostkit("settings", "--json")
    rows = {row["name"]: row for row in ran.json}
    assert (rows["GHOSTKIT_MODEL"]["value"], rows["GHOSTKIT_MODEL"]["source"]) == ("rehearsal:teacher", "environment")
    assert rows["OPENAI_API_KEY"]["source"] == "environment"
    assert "sk-secret" not in ran.out
    text = ghostkit("settings").out
    assert "rehearsal:teacher" in text
    assert "sk-secret" not in text


def test_a_bad_setting_is_a_usage_error_naming_the_variable(
    ghostkit: Command, monkeypatch: pytest.MonkeyPatch, finished: Path
) -> None:
    monkeypatch.setenv("GHOSTKIT_MAX_RETRIES", "many")
    ran = ghostkit("settings")
    assert ran.code == 2
    assert "GHOSTKIT_MAX_RETRIES" in ran.sentence
    examined = ghostkit("doctor", finished, "--json")
    assert examined.code == 1
    assert "GHOSTKIT_MAX_RETRIES" in next(c["message"] for c in examined.json["checks"] if c["state"] == "fail")


def test_doctor_finds_a_good_machine_and_book_well_and_changes_nothing(ghostkit: Command, finished: Path) -> None:
    before = {f: f.stat().st_mtime_ns for f in finished.rglob("*") if f.is_file() and "sqlite" not in f.name}
    ran = ghostkit("doctor", finished, "--json")
    assert ran.code == 0
    names = {check["name"] for check in ran.json["checks"]}
    assert names >= {
        "python", "ghostkit", "packages", "settings", "event loop", "sqlite", "folder", "fsync", "room", "book.json",
        "ledger", "calls", "files",
    }  # fmt: skip
    assert {f: f.stat().st_mtime_ns for f in finished.rglob("*") if f.is_file() and "sqlite" not in f.name} == before
    assert "All is well." in ghostkit("doctor").out


def test_doctor_tells_of_missing_and_changed_files(ghostkit: Command, finished: Path) -> None:
    (finished / "outline.md").unlink()
    section = finished / "chapters/chapter_01/sections/section_01.md"
    section.write_text(section.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")
    checks = {check["name"]: check for check in ghostkit("doctor", finished, "--json").json["checks"]}
    assert "outline.md" in checks["files"]["message"]
    assert "section_01.md" in checks["files"]["message"]
    assert checks["files"]["state"] == "ok"


def test_doctor_tells_of_a_folder_that_is_none(ghostkit: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = ghostkit("doctor", tmp_path / "file" / "book", "--json")
    assert ran.code == 1
    failed = {check["name"] for check in ran.json["checks"] if check["state"] == "fail"}
    assert "folder" in failed


def test_a_check_that_breaks_is_a_warning_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> object:
        raise RuntimeError("oops")

    monkeypatch.setattr(checkup, "_sqlite", broken)
    found = checkup.examine(None)
    assert any(finding.state == "warn" and "oops" in finding.message for finding in found)
    assert any(finding.name == "python" for finding in found)
