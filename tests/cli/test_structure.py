"""`add`, `move`, `split`, `merge`, `delete`, `undelete`: what they do, say and refuse."""

from __future__ import annotations

from pathlib import Path

from ghostkit.workbench import Book
from tests.cli.conftest import Command


def titles(path: Path) -> list[list[str]]:
    return [[s.title for s in chapter.sections] for chapter in Book.open(path).chapters]


def test_adding_moving_and_bringing_back_are_said_in_a_line_each(ghostkit: Command, finished: Path) -> None:
    one, two = titles(finished)
    assert ghostkit("add", finished, "section", "The Ferry", "--after", "1.1").out == "Added: 1.2 The Ferry.\n"
    assert (
        ghostkit("add", finished, "chapter", "Prologue", "--after", 0, "--point", "Olga").out == "Added: 1 Prologue.\n"
    )
    assert ghostkit("move", finished, "3.1", "--to", "2.1").out == f"Moved: 2.1 {two[0]}.\n"
    assert ghostkit("move", finished, "chapter", 1, "--to", 3).out == "Moved: 3 Prologue.\n"
    assert titles(finished) == [[two[0], one[0], "The Ferry", one[1]], [two[1]], []]
    deleted = ghostkit("delete", finished, "section", "1.3")
    identity = deleted.out.split("`")[1].split()[-1]
    assert deleted.out == f"Deleted: The Ferry. `ghostkit undelete {finished} {identity}` brings it back.\n"
    assert ghostkit("undelete", finished).out == f"{identity}  The Ferry\n"
    assert ghostkit("undelete", finished, identity).out == "Brought back: 1.3 The Ferry.\n"
    assert ghostkit("undelete", finished).out == "Nothing was deleted.\n"


def test_splitting_and_merging_change_no_word(ghostkit: Command, finished: Path) -> None:
    words = Book.open(finished).section("1.1").text.split()
    middle = " ".join(words[len(words) // 2 :][:6])
    made = ghostkit("split", finished, "1.1", "--at", middle, "--title", "Later", "--json").json
    assert (made["what"], made["number"]) == ("split", "1.1")
    assert (made["second"]["number"], made["second"]["title"]) == ("1.2", "Later")
    book = Book.open(finished)
    assert book.section("1.1").text.split() + book.section("1.2").text.split() == words
    assert ghostkit("merge", finished, "1.1", "1.2", "--json").json["id"] == made["id"]
    assert Book.open(finished).section("1.1").text.split() == words
    assert ghostkit("split", finished, "chapter", 1, "--at", "1.2").code == 0
    assert ghostkit("merge", finished, 1).out.startswith("Merged: 1 ")
    assert len(titles(finished)) == 2


def test_deleting_what_others_depend_on_needs_yes(ghostkit: Command, finished: Path) -> None:
    refused = ghostkit("delete", finished, "1.1")
    assert refused.code == 1
    assert refused.sentence == "1.1 is read by 1.2, 2.1 and 2.2."
    assert "--yes" in refused.err
    assert ghostkit("delete", finished, "1.1", "--json").error["code"] == "depended_on"
    deleted = ghostkit("delete", finished, "1.1", "--yes", "--json").json
    assert deleted["what"] == "deleted"
    assert Book.open(finished).removed[0].part.id == deleted["id"]


def test_a_whole_book_goes_only_with_yes(ghostkit: Command, finished: Path) -> None:
    refused = ghostkit("delete", finished, "book")
    assert (refused.code, finished.exists()) == (2, True)
    assert "would be gone for good" in refused.sentence
    done = ghostkit("delete", finished, "book", "--yes")
    assert (done.code, finished.exists()) == (0, False)
    assert ghostkit("status", finished).code == 1


def test_what_can_not_be_meant_is_one_sentence(ghostkit: Command, finished: Path) -> None:
    for arguments in (
        ("move", "1.1", "--to", "9.1"),
        ("move", "one", "two", "--to", "3"),
        ("move", "chapter", "1.1", "--to", "2"),
        ("split", "1.1"),
        ("split", "1.1", "--at", "words that are not there"),
        ("split", "1.1", "--at", "x", "--paragraph", 2),
        ("merge", "1.1", "2.1"),
        ("delete", "section", "2"),
        ("delete", "7.7"),
        ("add", "section", "T"),
        ("add", "chapter", "T", "--in", 2),
        ("add", "chapter", "T", "--after", "x"),
        ("undelete", "s-00000000"),
    ):
        command, *rest = arguments
        ran = ghostkit(command, finished, *rest)
        assert ran.code == 2, arguments
        assert ran.sentence
