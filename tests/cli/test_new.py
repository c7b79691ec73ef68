"""`ghostkit new`: the brief's shape is found, bad input is told, and nothing is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import BRIEF, Command

SHAPED = BRIEF + "\n## Shape\nFour chapters of three sections each, about 150 words a section.\n"


def test_title_and_shape_come_from_the_brief_and_the_next_step_is_named(ghostkit: Command, tmp_path: Path) -> None:
    source = tmp_path / "b.md"
    source.write_text(SHAPED, encoding="utf-8")
    ran = ghostkit("new", tmp_path / "book", "--brief", source)
    assert (ran.code, ran.err) == (0, "")
    assert "The Salt Pans" in ran.out
    assert "4 chapters of 3 sections, about 150 words a section: some 1,800 words" in ran.out
    assert "from the brief: chapters, sections, words" in ran.out
    assert f"ghostkit write {tmp_path / 'book'}" in ran.out


def test_options_go_before_the_brief_and_the_json_says_which_was_which(ghostkit: Command, tmp_path: Path) -> None:
    options = ("--title", "Salt", "--words", 90, "--language", "ru", "--style", "terse", "--author", "A. Clerk")
    model = ("--model", "rehearsal")
    ran = ghostkit(
        "new", tmp_path / "b", "--brief", "-", *options, *model, "--json", given=BRIEF + "\nFour chapters.\n"
    )
    assert ran.code == 0
    found = ran.json
    assert found["title"] == "Salt"
    assert (found["chapters"], found["sections"], found["words"]) == (4, 3, 90)
    assert found["shape_from"] == {"chapters": "brief", "sections": "default", "words": "option"}
    assert (found["language"], found["style"], found["model"]) == ("ru", "terse", "rehearsal")
    assert found["created"]
    assert json.loads((tmp_path / "b" / "book.json").read_text())["metadata"] == {"author": "A. Clerk"}


def test_doing_it_again_changes_nothing_and_another_book_is_refused(
    ghostkit: Command, brief: Path, tmp_path: Path
) -> None:
    ghostkit("new", tmp_path / "b", "--brief", brief)
    before = (tmp_path / "b" / "book.json").read_bytes()
    again = ghostkit("new", tmp_path / "b", "--brief", brief, "--json")
    assert (again.code, again.json["created"]) == (0, False)
    other = ghostkit("new", tmp_path / "b", "--brief", brief, "--chapters", 9)
    assert other.code == 2
    assert "another book" in other.sentence
    assert (tmp_path / "b" / "book.json").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The brief is empty."),
        (b" \n\t\n", "The brief is empty."),
        (b"a" * 5_000_000, "5.0 MB"),
        (bytes(range(256)) * 8, "not plain text"),
        (b"\xff" * 100, "not UTF-8"),
    ],
    ids=["empty", "blank", "5 MB", "binary", "not UTF-8"],
)
@pytest.mark.parametrize("by_stdin", [False, True], ids=["file", "stdin"])
def test_a_brief_that_is_none_is_refused_and_no_folder_is_made(
    ghostkit: Command, tmp_path: Path, content: bytes, says: str, by_stdin: bool
) -> None:
    source = tmp_path / "brief"
    source.write_bytes(content)
    given = {"given": content} if by_stdin else {}
    ran = ghostkit("new", tmp_path / "b", "--title", "T", "--brief", "-" if by_stdin else source, **given)
    assert ran.code == 2
    assert says in ran.sentence
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("source", ["nothing-here.md", "."])
def test_a_brief_that_can_not_be_read_is_told(ghostkit: Command, tmp_path: Path, source: str) -> None:
    ran = ghostkit("new", tmp_path / "b", "--title", "T", "--brief", source)
    assert ran.code == 2
    assert "can't be read" in ran.sentence


@pytest.mark.parametrize("title", ["../../etc", "CON", "a" * 300, "🧂🌊", "<b>&\"'", "con.txt", ". ."])
def test_any_title_up_to_300_characters_makes_a_book_inside_its_folder(
    ghostkit: Command, tmp_path: Path, brief: Path, title: str
) -> None:
    around = tmp_path / "around"
    ran = ghostkit("new", around / "b", "--brief", brief, "--title", title, "--json")
    assert ran.code == 0
    assert ran.json["title"] == title
    assert ghostkit("status", around / "b", "--json").json["title"] == title
    assert sorted(p.name for p in around.iterdir()) == ["b"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--title", "a" * 301), "301 characters"),
        (("--title", "\x07\x1b"), "no title"),
        (("--chapters", "0"), "from 1 to 500"),
        (("--chapters", "501"), "from 1 to 500"),
        (("--sections", "-1"), "from 1 to 50"),
        (("--words", "1000000"), "from 50 to 20000"),
        (("--words", "many"), "many"),
        (("--language", "no language"), "language tag"),
        (("--style", "baroque"), "no style 'baroque'"),
        (("--model", "nobody:x"), "no provider called 'nobody'"),
        (("--model", "rehearsal:poet"), "no model called 'poet'"),
    ],
)
def test_what_is_out_of_range_or_unknown_is_a_usage_error_and_no_folder_is_made(
    ghostkit: Command, tmp_path: Path, brief: Path, options: tuple[str, str], says: str
) -> None:
    ran = ghostkit("new", tmp_path / "b", "--brief", brief, *options)
    assert ran.code == 2
    assert says in ran.sentence
    assert not (tmp_path / "b").exists()


def test_a_file_where_the_folder_should_be_is_told_and_kept(ghostkit: Command, tmp_path: Path, brief: Path) -> None:
    (tmp_path / "b").write_text("mine")
    for path in (tmp_path / "b", tmp_path / "b" / "c"):
        ran = ghostkit("new", path, "--brief", brief)
        assert ran.code == 1
        assert str(tmp_path / "b") in ran.sentence
    assert (tmp_path / "b").read_text() == "mine"


def test_a_title_can_not_write_to_the_terminal(ghostkit: Command, tmp_path: Path, brief: Path) -> None:
    ran = ghostkit("new", tmp_path / "b", "--brief", brief, "--title", "Salt\x1b]0;owned\x07")
    assert ran.code == 0
    assert "\x1b" not in ran.out


def test_the_kind_is_said_or_read_in_the_brief(ghostkit: Command, tmp_path: Path) -> None:
    brief = tmp_path / "bees.md"
    brief.write_text("# Bees\n\nA practical guide to bees.\n", "utf-8")
    assert ghostkit("new", tmp_path / "a", "--brief", brief, "--json").json["kind"] == "non-fiction"
    assert ghostkit("new", tmp_path / "b", "--brief", brief, "--kind", "fiction", "--json").json["kind"] == "fiction"
    assert "non-fiction, language en" in ghostkit("new", tmp_path / "c", "--brief", brief).out
    assert "must be fiction or non-fiction" in ghostkit("new", tmp_path / "d", "--brief", brief, "--kind", "x").sentence
    assert not (tmp_path / "d").exists()


def test_the_outline_of_a_book_that_teaches_shows_parts_and_goals(ghostkit: Command, tmp_path: Path) -> None:
    brief = tmp_path / "brief.md"
    brief.write_text("# Bees\n\nA practical guide to bees. Part One, The hive, is chapters 1 to 2.\n", "utf-8")
    book = tmp_path / "bees"
    ghostkit("new", book, "--brief", brief, "--chapters", 2, "--sections", 1, "--model", "rehearsal")
    shown = ghostkit("outline", book, "--quiet").out
    assert "THE HIVE" in shown
    assert "   Goal: " in shown
    row = ghostkit("outline", book, "--json").json["chapters"][1]
    assert row["part"] == "The hive"
    assert row["goals"]
