"""`ghostkit sources`: add, list, show, remove; nothing of a source reaches the terminal but what prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ghostkit import sync
from ghostkit.book import ProjectFolder
from ghostkit.rag.document import REFERENCE
from ghostkit.writing.retrieval.source_documents import documents, read_documents

from .conftest import BRIEF, Command


@pytest.fixture
def book(tmp_path: Path) -> Path:
    sync.Book.create(tmp_path / "pans", brief=BRIEF, chapters=2, sections=1, words=60).close()
    return tmp_path / "pans"


@pytest.fixture
def notes(tmp_path: Path) -> list[Path]:
    old, salt = tmp_path / "old.txt", tmp_path / "salt.md"
    old.write_bytes("Море было серым, и ветер с утра дул с берега.".encode("koi8-r"))
    salt.write_text("---\ntitle: Salt\ntags: [salt, trade]\nyear: 1887\n---\nSalt is white.\n", "utf-8")
    return [old, salt]


def test_sources_are_added_listed_shown_and_removed(ghostkit: Command, book: Path, notes: list[Path]) -> None:
    assert "No sources yet" in ghostkit("sources", "list", book).out
    added = ghostkit("sources", "add", book, *notes, "--author", "A. Clerk", "--rating", 7, "--since-chapter", 2)
    assert added.out.splitlines() == ["Added old.txt: old (koi8-r).", "Added salt.md: Salt (ascii)."]
    rows = ghostkit("sources", "list", book, "--json").json
    assert [(row["id"], row["author"], row["rating"], row["since_chapter"], row["state"]) for row in rows] == [
        ("old", "A. Clerk", 7, 2, "as added"),
        ("salt", "A. Clerk", 7, 2, "as added"),
    ]
    (book / "sources" / "old.txt").write_text("Edited by hand.", "utf-8")
    shown = ghostkit("sources", book).out
    assert "changed" in shown
    assert "salt, trade" in shown
    assert ghostkit("sources", "show", book, "old").out == "Edited by hand.\n"
    assert ghostkit("sources", "show", book, "salt", "--json").json["text"] == "Salt is white.\n"
    assert ghostkit("sources", "remove", book, "old", "salt.md").out == "Removed: old, salt.\n"
    assert ghostkit("sources", "list", book, "--json").json == []


def test_both_orders_of_words_are_understood(ghostkit: Command, book: Path, notes: list[Path]) -> None:
    assert ghostkit("sources", book, "add", notes[0], "--json").json[0]["id"] == "old"
    assert ghostkit("sources", "remove", book, "old", "--json").json[0]["id"] == "old"


def test_what_cant_be_added_is_one_sentence_and_exit_2(ghostkit: Command, book: Path, notes: list[Path]) -> None:
    missing = ghostkit("sources", "add", book, *notes, "nowhere.txt")
    assert (missing.code, missing.sentence) == (2, "There is no file nowhere.txt.")
    assert ghostkit("sources", "list", book, "--json").json == []
    error = ghostkit("sources", "add", book, notes[1], "--language", "??", "--json").error
    assert error["code"] == "bad_input"
    assert ghostkit("sources", "remove", book, "nobody").code == 2
    for arguments in (("add",), ("add", book), ("ad", book, "x"), ("list", book, "x"), ("list", book, "--title", "x")):
        assert ghostkit("sources", *arguments).code == 2


def test_a_wrong_act_is_a_hint_or_a_book_that_isnt_there(ghostkit: Command, book: Path) -> None:
    assert "Did you mean 'remove'?" in ghostkit("sources", book, "remov", "x").err


def test_no_control_character_of_a_source_reaches_the_terminal(ghostkit: Command, book: Path, tmp_path: Path) -> None:
    nasty = tmp_path / "a.md"
    nasty.write_text("---\ntitle: \x1b]0;owned\x07Title\n---\nText\x1b[2J.\n" + "More text. " * 500, "utf-8")
    added = ghostkit("sources", "add", book, nasty, "--note", "\x1b[1m")
    (book / "sources" / "b\x1b[31m.txt").write_text("x", "utf-8")
    outs = [added, ghostkit("sources", "list", book), ghostkit("sources", "show", book, "a")]
    for ran in outs:
        assert ran.code == 0
        assert "\x1b" not in ran.out + ran.err
        assert "\x07" not in ran.out + ran.err
    assert "not added, so not used: b" in outs[1].err


def test_each_act_is_in_the_ledger(ghostkit: Command, book: Path, notes: list[Path]) -> None:
    ghostkit("sources", "add", book, *notes)
    ghostkit("sources", "remove", book, "old")
    found = [event["data"] for event in ghostkit("events", book, "--type", "human_edit", "--json").json]
    assert [(data["kind"], data["path"]) for data in found] == [
        ("source", "sources/old.txt"), ("source", "sources/salt.md"), ("source", "sources/old.txt"),
    ]  # fmt: skip


@pytest.mark.drill
@pytest.mark.parametrize(("point", "added"), [("file.book.renamed:2", False), ("file.book.done:3", True)])
def test_a_killed_add_leaves_a_list_that_is_old_or_new_and_can_be_done_again(
    ghostkit: Command, start: Callable[..., Any], book: Path, notes: list[Path], tmp_path: Path, point: str, added: bool
) -> None:
    log = tmp_path / "faults.log"
    ran = start("sources", "add", book, *notes, GHOSTKIT_FAULT=f"{point}:kill", GHOSTKIT_FAULT_LOG=str(log)).wait()
    assert ran.code < 0, ran
    assert point.rpartition(":")[0] in log.read_text("utf-8")
    assert [row["state"] for row in ghostkit("sources", "list", book, "--json").json] == ["as added"] * (2 * added)
    again = ghostkit("sources", "add", book, *notes)
    assert again.code == (2 if added else 0)
    assert [row["state"] for row in ghostkit("sources", "list", book, "--json").json] == ["as added"] * 2
    assert sorted(path.name for path in (book / "sources").iterdir()) == ["old.txt", "salt.md", "sources.json"]


def test_the_live_book_has_its_sources(book: Path, notes: list[Path]) -> None:
    live = sync.Book.open(book)
    live.sources.add(*notes, tags=["sea"])
    assert [source.id for source in live.sources] == ["old", "salt"]
    assert ("salt" in live.sources, "pepper" in live.sources, len(live.sources)) == (True, False, 2)
    assert live.sources.get("salt.md").tags == ("sea",)
    assert "<td>Salt</td>" in live.sources._repr_html_()
    assert "old, salt" in repr(live.sources)
    live.close()


def test_sources_become_documents_that_can_be_filtered_by(ghostkit: Command, book: Path, notes: list[Path]) -> None:
    ghostkit("sources", "add", book, notes[0], "--author", "A. Clerk", "--rating", 7, "--language", "ru-RU")
    ghostkit("sources", "add", book, notes[1], "--since-chapter", 2)
    old, salt = documents(ProjectFolder(book))
    assert (old.id, old.kind, old.chapter, old.language) == ("sources/old.txt", REFERENCE, None, "ru")
    assert dict(old.metadata) == {"author": "A. Clerk", "rating": 7.0, "title": "old"}
    assert (salt.text, salt.title, salt.tags, salt.since_chapter) == ("Salt is white.\n", "Salt", ("salt", "trade"), 2)
    assert salt.metadata["year"] == 1887
    (book / "sources" / "old.txt").write_text("Edited.", "utf-8")
    assert documents(ProjectFolder(book))[0].text == "Edited."
    (book / "sources" / "old.txt").unlink()
    found, unread = read_documents(ProjectFolder(book))
    assert [document.id for document in found] == ["sources/salt.md"]
    assert "no file" in unread[0].problem


def test_the_list_leaves_out_columns_that_are_empty(ghostkit: Command, book: Path, tmp_path: Path) -> None:
    name = "the-diary-of-the-harbour-clerk"
    (tmp_path / f"{name}.txt").write_text("It rained.", "utf-8")
    title = "The diary of the clerk of the harbour, with his letters to the board of trade"
    ghostkit("sources", "add", book, tmp_path / f"{name}.txt", "--title", title)
    shown = ghostkit("sources", "list", book).out
    assert name in shown
    assert "rating" not in shown
    assert "author" not in shown


def test_the_doctor_tells_of_sources_and_index(ghostkit: Command, book: Path, notes: list[Path]) -> None:
    def told() -> dict[str, tuple[str, str]]:
        checks = ghostkit("doctor", book, "--json").json["checks"]
        return {one["name"]: (one["state"], one["message"]) for one in checks}

    assert told()["sources"] == ("info", "none")
    assert told()["index"][0] == "info"
    ghostkit("sources", "add", book, *notes)
    ghostkit("index", book)
    assert told()["sources"] == ("ok", "2 (13 words)")
    assert told()["index"][1].startswith("1 index in rag/, ")
    (book / "rag" / "x").mkdir()
    (book / "rag" / "x" / "chunks.sqlite.damaged-1").touch()
    assert "rag/x/chunks.sqlite.damaged-1" in told()["index"][1]
    (book / "sources" / "old.txt").unlink()
    assert told()["sources"][0] == "warn"
    (book / "sources" / "sources.json").write_text("{", "utf-8")
    assert ghostkit("doctor", book).code == 1
