"""`ghostkit people` and `ghostkit bible`: every act in a terminal and for programs, and each mistake as a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ghostkit import sync

from .conftest import BRIEF, Command


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "pans"
    made = sync.Book.create(path, brief=BRIEF, chapters=2, sections=2, words=60, model="rehearsal")
    made.live.close()
    return path


def test_people_are_added_related_shown_and_removed(ghostkit: Command, book: Path) -> None:
    assert ghostkit("people", book).out.startswith("Nobody yet.")
    ran = ghostkit(
        "people", book, "add", "Ilse Marrow", "--role", "protagonist", "--trait", "exact", "--fact", "age=38"
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Ilse Marrow (protagonist)\n  traits: exact\n  age: 38\n"
    ghostkit("people", book, "add", "Bo Tarn", "--alias", "Old Bo", "--voice", "Slow.")
    ran = ghostkit("people", book, "relate", "old bo", "mentor", "ilse marrow", "--description", "On the pans.")
    assert ran.out.splitlines() == [
        "Bo Tarn is Ilse Marrow's mentor. On the pans.", "Ilse Marrow is Bo Tarn's student. On the pans.",
    ]  # fmt: skip
    assert ghostkit("people", book, "edit", "Old Bo", "--from", 2, "--fact", "mood=low").code == 0
    assert "from chapter 2 on: mood: low" in ghostkit("people", book, "show", "bo tarn").out
    assert "mood: low" in ghostkit("people", book, "show", "bo tarn", "--as-of", 2).out
    assert "mood" not in ghostkit("people", book, "show", "bo tarn", "--as-of", 1).out
    row = ghostkit("people", book, "show", "Old Bo", "--json").json
    assert (row["name"], row["aliases"], row["relationships"][0]["kind"]) == ("Bo Tarn", ["Old Bo"], "mentor")
    assert [row["name"] for row in ghostkit("people", book, "--json").json] == ["Ilse Marrow", "Bo Tarn"]
    ran = ghostkit("people", book, "remove", "Bo Tarn")
    assert ran.sentence == "Bo Tarn is related to Ilse Marrow."
    assert ghostkit("people", book, "remove", "Bo Tarn", "--yes").code == 0
    assert [row["name"] for row in ghostkit("people", book, "list", "--json").json] == ["Ilse Marrow"]


def test_a_kind_that_nearly_is_one_is_kept_and_told_of(ghostkit: Command, book: Path) -> None:
    for name in ("A", "B"):
        ghostkit("people", book, "add", name)
    ran = ghostkit("people", book, "relate", "A", "mentr", "B")
    assert (ran.code, ran.out) == (0, "A is B's mentr.\n")
    assert "if you meant 'mentor'" in ran.err
    assert ghostkit("people", book, "unrelate", "B", "A", "--json").json == {"removed": 1}


def test_a_model_completes_and_develops_somebody(ghostkit: Command, book: Path) -> None:
    ran = ghostkit("people", book, "create", "Ines", "--description", "Counts gulls.", "--fact", "eyes=grey")
    assert (ran.code, ran.err) == (0, "Asking rehearsal:novelist …\n")
    made = ghostkit("people", book, "show", "ines", "--json").json
    assert (made["description"], made["eyes"]) == ("Counts gulls.", "grey")
    assert made["traits"]
    assert made["voice"]
    assert made["arc"]
    assert ghostkit("people", book, "create", "Ines", "--json").json == made
    assert ghostkit("write", book, "--until", 1, "--quiet").code == 0
    grown = ghostkit("people", book, "develop", "Ines", "--json")
    assert grown.err == ""
    assert [stage["since_chapter"] for stage in grown.json["stages"]] == [2]
    told = ghostkit("people", book, "develop", "Ines", "--chapter", 1)
    assert told.code == 2
    assert "Error: Nothing is written before chapter 1 that could have changed Ines." in told.err


def test_fields_may_come_from_a_file(ghostkit: Command, book: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({"name": "Ines", "role": "minor", "coat": {"colour": "red"}}), "utf-8")
    row = ghostkit("people", book, "add", "--file", profile, "--arc", "Up.", "--json").json
    assert (row["role"], row["coat"], row["arc"]) == ("minor", {"colour": "red"}, "Up.")
    profile.write_text("{", "utf-8")
    assert ghostkit("people", book, "add", "--file", profile).sentence == f"{profile} is not JSON (line 1)."
    profile.write_text("[]", "utf-8")
    assert ghostkit("people", book, "add", "--file", profile).sentence == f"{profile} is not one JSON object."
    assert ghostkit("people", book, "add", "--file", tmp_path / "none.json").sentence.startswith("Could not read")


def test_the_bible_is_kept_from_the_terminal_too(ghostkit: Command, book: Path) -> None:
    assert ghostkit("bible", book).out == "The story bible is empty.\n"
    ran = ghostkit("bible", book, "add", "North Pan", "--kind", "place", "--fact", "acres=3", "--alias", "the Pan")
    assert ran.out == "North Pan (place, also the Pan)\n  acres: 3\n"
    ghostkit("bible", book, "edit", "the pan", "--from", 2, "--description", "Dry.")
    assert ghostkit("bible", book, "show", "north-pan", "--as-of", 2, "--json").json["description"] == "Dry."
    assert ghostkit("bible", book, "--kind", "date", "--json").json == []
    assert [row["name"] for row in ghostkit("bible", book, "--json").json] == ["North Pan"]
    assert ghostkit("bible", book, "remove", "North Pan", "--json").json == {"removed": "North Pan"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("people", "BOOK", "shwo", "x"), "There is nothing called 'shwo' to do. Did you mean 'show'?"),
        (("people", "BOOK", "show"), "Say what to show."),
        (("people", "BOOK", "relate", "A", "B"), "Say who is what to whom: A KIND B."),
        (("people", "BOOK", "show", "A", "B"), "'B' is one word too many."),
        (("people", "BOOK", "show", "A"), "There is nobody called 'A'."),
        (("people", "BOOK", "add", "A", "--role", "hero"), "There is no role 'hero'."),
        (("people", "BOOK", "add", "A", "--since", "9"), "There is no chapter 9, the book has 2."),
        (("people", "BOOK", "add", "A", "--fact", "age"), "--fact 'age' is not of the form NAME=VALUE."),
        (("people", "BOOK", "add", "A", "--fact", "role=x"), "role is no fact: it has an option."),
        (("people", "BOOK", "add"), "The person has no name."),
        (("people", "BOOK", "edit", "A"), "Say what to change, such as --description."),
        (("bible", "BOOK", "add"), "The entry has no name."),
        (("bible", "BOOK", "show", "A"), "The story bible has no 'A'."),
    ],
)
def test_each_mistake_is_a_sentence_and_code_2(
    ghostkit: Command, book: Path, arguments: tuple[str, ...], told: str
) -> None:
    ran = ghostkit(*(book if word == "BOOK" else word for word in arguments))
    assert ran.code == 2
    assert told in ran.err
    assert "Traceback" not in ran.err
    error = ghostkit(*(book if word == "BOOK" else word for word in arguments), "--json").error
    assert told.removesuffix(".") in error["message"]
