"""`edit`, `lock`, `unlock`: an editor's text is taken in, and nothing of it is ever lost."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ghostkit.workbench import Book
from tests.cli.conftest import Command


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that EDITOR names; it does what is written to it as Python, with the file as `path`."""
    script = tmp_path / "my editor.py"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} '{script}'")
    return script


def does(editor: Path, work: str) -> None:
    editor.write_text(f"import sys, pathlib\npath = pathlib.Path(sys.argv[1])\n{work}\n", encoding="utf-8")


ADD = "path.write_text(path.read_text('utf-8') + '\\nNobody came, not even Zora.\\n', 'utf-8')"


def test_what_is_saved_in_the_editor_is_the_sections_text(ghostkit: Command, finished: Path, editor: Path) -> None:
    does(editor, ADD)
    ran = ghostkit("edit", finished, "1.1")
    assert ran.out.startswith("1.1: 5 words in, 0 out; ")
    assert Book.open(finished).section("1.1").text.endswith("Nobody came, not even Zora.")
    does(editor, "")
    assert ghostkit("edit", finished, "1.1").out == "1.1: nothing was changed.\n"


def test_what_is_out_of_date_after_an_edit_is_said(ghostkit: Command, finished: Path) -> None:
    words = "Entirely other words, of Zora and 42 gulls.\n"
    found = ghostkit("edit", finished, "1.1", "--file", "-", "--json", given=words).json
    assert (found["number"], found["changed"], found["words"]) == ("1.1", True, 8)
    assert "1.2" in [row["number"] for row in found["stale"]]
    ghostkit("stale", finished, "--accept")
    ran = ghostkit("edit", finished, "1.1", "--file", "-", given="Other words again, of Ivo and 77 crows.\n")
    assert "Out of date now: 1.2" in ran.out
    assert ran.out.endswith(f"Why: ghostkit stale {finished}\n")


def test_an_editor_that_fails_changes_nothing_and_keeps_the_text(
    ghostkit: Command, finished: Path, editor: Path
) -> None:
    before = Book.open(finished).section("1.1").text
    does(editor, "sys.exit(3)")
    ran = ghostkit("edit", finished, "1.1")
    assert (ran.code, "ended with code 3" in ran.sentence) == (2, True)
    assert "kept" not in ran.err
    does(editor, ADD + "\nsys.exit(3)")
    ran = ghostkit("edit", finished, "1.1")
    kept = Path(ran.err.split("Your text is kept in ")[1].strip().removesuffix("."))
    assert kept.read_text("utf-8").endswith("not even Zora.\n")
    does(editor, "path.write_bytes(b'\\xff\\xfe')")
    assert "is not UTF-8 text" in ghostkit("edit", finished, "1.1").sentence
    assert Book.open(finished).section("1.1").text == before


@pytest.mark.parametrize("wanted", ["no-such-editor-anywhere", "'unclosed"])
def test_an_editor_that_is_not_there_is_one_sentence(
    ghostkit: Command, finished: Path, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setenv("VISUAL", wanted)
    ran = ghostkit("edit", finished, "1.1")
    assert (ran.code, "could not be started" in ran.sentence) == (2, True)
    monkeypatch.delenv("VISUAL")
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.setenv("PATH", "")
    assert ghostkit("edit", finished, "1.1").sentence == "No editor was found."


def test_a_section_that_changed_meanwhile_makes_the_edit_a_proposal(
    ghostkit: Command, finished: Path, editor: Path
) -> None:
    book = Book.open(finished)
    place = book.folder.section(1, 1)
    does(editor, ADD + f"\nother = pathlib.Path({str(place)!r})\nother.write_text('Faster.\\n', 'utf-8')")
    ran = ghostkit("edit", finished, "1.1")
    assert "waits as proposal" in ran.out
    book.look_for_edits()
    assert book.section("1.1").text == "Faster."
    assert book.ledger.proposals()[0].revision.text.endswith("not even Zora.")


@pytest.mark.parametrize("data", [b"", b" \n", b"\xff\xfe", b"a\0b"])
def test_a_file_without_text_is_refused(ghostkit: Command, finished: Path, data: bytes) -> None:
    before = Book.open(finished).section("1.1").text
    ran = ghostkit("edit", finished, "1.1", "--file", "-", given=data)
    assert (ran.code, bool(ran.sentence)) == (2, True)
    assert ghostkit("edit", finished, "1.1", "--file", finished / "no.md").code == 2
    assert ghostkit("edit", finished, "9.9", "--file", "-", given="x").code == 2
    assert Book.open(finished).section("1.1").text == before


def test_locks_are_set_shown_and_taken_off(ghostkit: Command, finished: Path) -> None:
    words = " ".join(Book.open(finished).section("1.1").text.split()[:4])
    assert ghostkit("lock", finished, "1.1", "--span", words).out == f"1.1 keeps word for word: {words}\n"
    assert ghostkit("lock", finished, "1.1", "--json").json["locked_spans"] == [words]
    assert ghostkit("status", finished).out.count("locked") == 1
    assert ghostkit("unlock", finished, "1.1", "--span", words).out == "1.1 is locked.\n"
    assert ghostkit("unlock", finished, "1.1").out == "1.1 is not locked.\n"
    refused = ghostkit("lock", finished, "1.1", "--span", "no such words at all, surely")
    assert (refused.code, "does not say" in refused.sentence) == (2, True)
    assert ghostkit("lock", finished, "1.1", "--span", " ").code == 2
