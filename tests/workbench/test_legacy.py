"""Books made of the guide's dictionaries: their words are a person's, and the writing goes on from there."""

from __future__ import annotations

import json
from typing import Any

import pytest

import ghostkit as gk
from ghostkit.errors import InputError
from ghostkit.ledger import Origin

from ..desk import QUICK, Desk, write

pytestmark = pytest.mark.anyio

OLD: dict[str, Any] = {
    "title": "The Salt Road",
    "instructions": "A courier crosses a dying sea.",
    "language": "English",
    "summary": "It ends at the water.",
    "isbn": "978-0",
    "characters": [{"name": "Mira", "role": "protagonist"}],
    "toc": {
        "chapters": [
            {"title": "The Gate", "content": "Mira left at dawn.\n\nNobody saw.", "summary": "She leaves.", "mood": 3},
            {"title": "The Flats", "sections": [{"title": "Salt", "content": "White."}, {"title": "Wind"}]},
            "The Sea",
        ]
    },
}


def make(desk: Desk, document: dict[str, Any] = OLD, **options: Any) -> gk.Book:
    wish = {"model": "scripted:x", "sections": 2, "words": 50, **options}
    return desk._kept(gk.Book.from_legacy(document, desk.root / "book", services=QUICK, **wish))


async def test_its_texts_are_a_persons_revisions_and_files(desk: Desk) -> None:
    book = make(desk)
    assert (book.title, book.value.language, book.value.instructions) == (
        "The Salt Road", "en", "A courier crosses a dying sea.",
    )  # fmt: skip
    assert [chapter.title for chapter in book.chapters] == ["The Gate", "The Flats", "The Sea"]
    assert (book.section("1.1").text, book.section("1.1").status) == ("Mira left at dawn.\n\nNobody saw.", "edited")
    head = book.manuscript.head(book.section("2.1").id, "section")
    assert head is not None
    assert (head.origin, head.text, head.attempt_id) == (Origin.HUMAN, "White.", None)
    assert (book.chapters[0].summary, book.value.characters[0].name) == ("She leaves.", "Mira")
    assert "White." in desk.read("chapters/chapter_02/sections/section_01.md")
    assert "## 3. The Sea" in desk.read("outline.md")
    edits = book.ledger.events(types=["human_edit"])
    assert {event.data["kind"] for event in edits} == {"outline", "characters", "section", "chapter_summary"}
    assert desk.calls == 0


async def test_writing_goes_on_and_leaves_a_persons_words_alone(desk: Desk) -> None:
    book = make(desk)
    await write(book)
    asked = desk.asked_for()
    assert "section 2.2" in asked
    assert {"section 3.1", "section 3.2", "chapter_outline 3"} <= set(asked)
    assert not {"outline", "section 1.1", "section 2.1", "chapter_summary 1"} & set(asked)
    assert book.section("1.1").text == "Mira left at dawn.\n\nNobody saw."
    assert book.status()["state"] == "complete"


async def test_it_comes_out_as_it_went_in_and_again_after_a_restart(desk: Desk) -> None:
    make(desk)
    back = desk.reopen().to_legacy()
    assert back == json.loads(json.dumps(back))
    assert (back["isbn"], back["summary"], back["title"]) == ("978-0", "It ends at the water.", "The Salt Road")
    first, second, third = back["toc"]["chapters"]
    assert (first["content"], first["mood"], first["summary"]) == (
        "Mira left at dawn.\n\nNobody saw.", 3, "She leaves.",
    )  # fmt: skip
    assert [section["content"] for section in second["sections"]] == ["White.", ""]
    assert (third["title"], third["sections"]) == ("The Sea", [])
    copy = desk._kept(gk.Book.from_legacy(back, desk.root / "copy", services=QUICK))
    again = copy.to_legacy()
    for one in (again, back):
        del one["updated_at"]
    assert again == back


async def test_doing_it_again_opens_the_same_book_and_another_dictionary_is_refused(desk: Desk) -> None:
    book = make(desk)
    revisions = len(book.ledger.heads())
    assert make(desk) is book
    assert len(book.ledger.heads()) == revisions
    other = {**OLD, "toc": {"chapters": [{"title": "The Gate", "content": "Other words."}]}}
    with pytest.raises(InputError, match="holds another book already"):
        make(desk, other)
    assert book.section("1.1").text.startswith("Mira left")


async def test_a_creation_that_was_cut_off_is_finished_by_doing_it_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ghostkit.ledger import SqliteLedger

    record, times = SqliteLedger.add_human_revision, 0

    def dies(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal times
        times += 1
        if times == 3:
            raise KeyboardInterrupt
        return record(self, *arguments, **options)

    monkeypatch.setattr(SqliteLedger, "add_human_revision", dies)
    with pytest.raises(KeyboardInterrupt):
        make(desk)
    book = make(desk)
    assert book.section("2.1").text == "White."
    assert book.chapters[0].summary == "She leaves."


async def test_from_nothing_but_a_wish(desk: Desk) -> None:
    book = make(desk, {}, title="AI Revolution", brief="Write about AI impact", language="English", chapters=1)
    assert (book.title, book.value.language, book.chapters) == ("AI Revolution", "en", [])
    await write(book)
    assert len(book.to_legacy()["toc"]["chapters"]) == 1


async def test_bad_dictionaries_are_told_in_one_sentence_and_leave_no_folder(desk: Desk) -> None:
    for document, told in (
        ({"toc": {"chapters": [1]}}, r"toc\.chapters\[0\]"), ({}, "no title"), ([], "not a dictionary"),
        ({"title": "x", "settings": {"words": 1}, "toc": {}}, "words is 1"),
        ({"title": "x", "language": "no such language"}, "no language tag"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=told):
            make(desk, document)  # type: ignore[arg-type]
        assert not (desk.root / "book").exists()
