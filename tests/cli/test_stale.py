"""`ghostkit stale`: what is out of date, in words and as JSON, and the author's word that it is fine."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Command


def add_a_paragraph(book: Path, place: str) -> None:
    file = book / "chapters" / place
    file.write_text(file.read_text() + "\nThen forty-one lamps went out over Quarrel Point, and nobody counted them.\n")


def test_an_untouched_book_is_up_to_date(ghostkit: Command, finished: Path) -> None:
    ran = ghostkit("stale", finished)
    assert (ran.code, ran.out) == (0, "Nothing is out of date.\n")
    assert json.loads(ghostkit("stale", finished, "--json").out) == {"stale": [], "maybe": [], "noted": []}


def test_what_follows_an_edit_is_told_with_its_reason_and_can_be_accepted(ghostkit: Command, finished: Path) -> None:
    add_a_paragraph(finished, "chapter_01/sections/section_01.md")
    ran = ghostkit("stale", finished)
    assert "1.2 " in ran.out
    assert "follows 1.1, which has changed since" in ran.out
    assert "the summary of chapter 1" in ran.out
    assert f"ghostkit rewrite {finished} --stale" in " ".join(ran.out.split())
    status = json.loads(ghostkit("status", finished, "--json").out)
    told = {s["number"]: s["stale"] for c in status["chapters"] for s in c["sections"]}
    assert told["1.2"] == ["follows 1.1, which has changed since"]
    assert told["1.1"] == []

    only = json.loads(ghostkit("stale", finished, "1.2", "--json").out)
    assert [row["number"] for row in only["stale"]] == ["1.2"]
    assert only["stale"][0]["reasons"][0]["input"] == "previous"
    assert "Accepted as it is: 1.2" in ghostkit("stale", finished, "1.2", "--accept", "--note", "it still follows").out
    left = json.loads(ghostkit("stale", finished, "--json").out)
    assert "section" not in {row["kind"] for row in left["stale"]}
    assert ghostkit("stale", finished, "--accept", "--maybe").code == 0
    assert ghostkit("stale", finished).out == "Nothing is out of date.\n"


def test_a_comma_makes_nothing_out_of_date_but_is_noted(ghostkit: Command, finished: Path) -> None:
    file = finished / "chapters/chapter_01/sections/section_01.md"
    text = file.read_text()
    head, _, rest = text.partition("\n\n")
    file.write_text(f"{head}\n\n{rest.replace(' ', ', ', 1)}")
    assert ghostkit("stale", finished).out == "Nothing is out of date.\n"
    assert "1.2" in ghostkit("stale", finished, "--noted").out


def test_a_section_that_is_not_there_or_not_out_of_date_is_told(ghostkit: Command, finished: Path) -> None:
    assert ghostkit("stale", finished, "9.9").code == 2
    ran = ghostkit("stale", finished, "1.1", "--accept")
    assert (ran.code, "not out of date" in ran.sentence) == (2, True)
