"""`book.json` keeps a book's structure whole, and says where it was mangled."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given

from ghostkit.book.model import Book, BookSettings, Chapter, Section
from ghostkit.book.status import ChapterStatus
from ghostkit.book.structure import dump_structure, load_structure, validate_settings
from ghostkit.errors import BookDamaged, InputError

from .writers import books

BOOK = Book(
    id="b-0123456789ab",
    title="Красный маяк",
    original_title="The Red Light",
    language="ru",
    instructions="# Бриф\n\nМетеоролог на острове.",
    style="terse",
    metadata={"isbn": None, "tags": ["a"]},
    created_at=datetime(2026, 11, 5, 10, 15, tzinfo=UTC),
    updated_at=datetime(2026, 11, 5, 11, 0, 0, 250, tzinfo=UTC),
    serial=3,
    chapters=(
        Chapter(
            id="c-1",
            number=1,
            title="Катер",
            brief="Приезд.",
            points=("рация",),
            serial=2,
            sections=(Section(id="s-1", number=1, title="Причал", locked=True),),
        ),
    ),
)


def structure_of(book: Book) -> Book:
    """The book without what other files hold."""
    chapters = tuple(
        replace(chapter, summary="", sections=tuple(replace(section, content="") for section in chapter.sections))
        for chapter in book.chapters
    )
    return replace(book, outline_summary="", summary="", characters=(), chapters=chapters)


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(dump_structure(BOOK)), **fields})


def test_what_was_written_is_read_back() -> None:
    assert load_structure(dump_structure(BOOK).decode()) == BOOK


@given(books())
def test_any_book_is_read_back_and_written_again_as_the_same_bytes(book: Book) -> None:
    try:
        data = dump_structure(book)
    except InputError:
        assume(False)
        raise
    again = load_structure(data.decode())
    assert again == structure_of(book)
    assert dump_structure(again) == data


def test_the_file_is_readable_by_people() -> None:
    text = dump_structure(BOOK).decode()
    assert '\n  "title": "Красный маяк",\n' in text
    assert '"created_at": "2026-11-05T10:15:00Z"' in text
    assert text.endswith("}\n")
    assert list(json.loads(text))[:3] == ["format", "id", "title"]


def test_prose_and_summaries_stay_out_of_it() -> None:
    chapter = BOOK.chapters[0]
    told = replace(chapter, summary="SECRET", sections=(replace(chapter.sections[0], content="SECRET"),))
    book = replace(BOOK, chapters=(told,), summary="SECRET", outline_summary="SECRET")
    assert dump_structure(book) == dump_structure(BOOK)


def test_fields_that_a_person_added_are_kept_everywhere() -> None:
    document = json.loads(dump_structure(BOOK))
    places = [document, document["settings"], document["chapters"][0], document["chapters"][0]["sections"][0]]
    for place in places:
        place["note"] = {"deep": [1, None, "ё"]}
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    assert dump_structure(load_structure(text)).decode() == text


def test_an_added_field_never_hides_a_real_one() -> None:
    book = replace(BOOK, extra={"title": "no", "note": 1})
    document = json.loads(dump_structure(book))
    assert (document["title"], document["note"]) == (BOOK.title, 1)


def test_numbers_follow_from_the_order() -> None:
    section = {"id": "s-9", "title": "x"}
    text = changed(chapters=[{"id": "c-2", "title": "B"}, {"id": "c-1", "title": "A", "sections": [section]}])
    book = load_structure(text)
    assert [(c.id, c.number) for c in book.chapters] == [("c-2", 1), ("c-1", 2)]
    assert book.chapters[1].sections[0].number == 1


def test_serials_are_never_less_than_what_is_there() -> None:
    book = load_structure(changed(serial=0, chapters=[{"id": "c-1", "title": "A"}]))
    assert book.serial == 1


def test_moments_are_kept_in_utc() -> None:
    east = datetime(2026, 11, 5, 13, 15, tzinfo=timezone(timedelta(hours=3)))
    assert dump_structure(replace(BOOK, created_at=east)) == dump_structure(BOOK)
    assert load_structure(changed(created_at="2026-11-05T10:15:00")).created_at == BOOK.created_at


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1, column 1"),
        ('{\n  "title": "x",\n  oops\n}', "line 3, column 3"),
        (dump_structure(BOOK).decode()[:-30], "line"),
        ("[]", "one JSON object"),
        ("[" * 100_000, "recursion"),
        ('{"format": 1, "id": "b-1", "title": "a", "title": "b"}', "'title' is given twice"),
        ('{"format": NaN}', "NaN"),
        ("{}", "format: must be 1, not None"),
        (changed(format="1"), "format: must be 1, not '1'"),
        (changed(format=True), "format: must be 1, not True"),
        (changed(format=2), "format 2 is newer"),
        (changed(title=3), "title: "),
        (changed(title=None), "title: "),
        ('{"format": 1, "id": "b-1"}', "title: "),
        (changed(id="b-1 -->"), "id: "),
        (changed(settings={"words": "400"}), "settings.words: "),
        (changed(settings={"words": True}), "settings.words: "),
        (changed(settings={"words": 400.5}), "settings.words: "),
        (changed(settings={"words": 3}), "words is 3, but must be a whole number from 50 to 20000"),
        (changed(settings={"chapters": 501}), "chapters is 501"),
        (changed(settings={"temperature": 2.5}), "temperature is 2.5"),
        (changed(chapters={}), "chapters: "),
        (changed(chapters=[{"id": "c-1", "title": "A", "sections": [{}]}]), "chapters[0].sections[0].id: "),
        (
            changed(chapters=[{"id": "c-1", "title": "A", "sections": [{"id": "c-1", "title": "B"}]}]),
            "chapters[0].sections[0].id: the id 'c-1' is also that of chapters[0].id",
        ),
        (changed(created_at="yesterday"), "created_at: "),
        (changed(serial=-1), "serial: "),
        (changed(title="\ud800"), "book.json"),
        ('{"format": 1' + "0" * 5000 + "}", "book.json"),
    ],
)
def test_a_mangled_file_is_told_by_place(text: str, where: str) -> None:
    with pytest.raises(BookDamaged) as caught:
        load_structure(text, "p/book.json")
    assert where in caught.value.message
    assert caught.value.message.startswith("p/book.json can't be read: ")
    assert "\n" not in caught.value.message
    assert "checkpoints/" in caught.value.fix


@pytest.mark.parametrize(
    "book",
    [
        replace(BOOK, metadata={"when": datetime(2026, 1, 1)}),
        replace(BOOK, metadata={"nan": float("nan")}),
        replace(BOOK, title="\ud800"),
    ],
)
def test_what_json_cannot_hold_is_refused(book: Book) -> None:
    with pytest.raises(InputError, match="can't be stored"):
        dump_structure(book)


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        ("chapters", 1, 500),
        ("sections", 1, 50),
        ("words", 50, 20_000),
        ("temperature", 0, 2),
        ("continuity_lag", 1, 50),
    ],
)
def test_a_setting_holds_within_its_range_and_no_further(field: str, least: int, most: int) -> None:
    for value in (least, most):
        settings = BookSettings(**{field: value})
        assert validate_settings(settings) is settings
    for value in (least - 1, most + 1, True, "5", None, float("nan")):
        with pytest.raises(InputError) as caught:
            validate_settings(BookSettings(**{field: value}))
        assert field in caught.value.message
        assert f"from {least} to {most}" in caught.value.message


def test_states_are_not_stored_in_the_structure() -> None:
    chapter = Chapter(id="c-1", number=1, title="A", status=ChapterStatus.WRITING)
    assert b"writing" not in dump_structure(Book(id="b-1", title="T", chapters=(chapter,)))
