from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from ghostkit.export import REHEARSAL_NOTE, build_document
from ghostkit.export.language import direction, language_tag
from ghostkit.export.tree import urn_uuid

from .books import IDENTIFIER, MOMENT, make_book, make_document


def test_a_book_becomes_its_chapters_and_sections_in_order() -> None:
    document = make_document(author="Ines Marrow")
    assert document.meta.title == "The Salt Road"
    assert document.meta.authors == ("Ines Marrow",)
    assert document.meta.identifier == f"urn:uuid:{IDENTIFIER}"
    assert [(c.anchor, c.number, c.title) for c in document.chapters] == [
        ("chapter-1", "1", "The Fourth Gate"),
        ("chapter-2", "2", "Home by the Low Water"),
    ]
    assert [s.title for s in document.chapters[0].sections] == ["The Keeper", "The Wheel"]
    assert document.chapters[1].sections[1].anchor == "chapter-2-section-2"


def test_the_tree_cannot_be_changed() -> None:
    document = make_document()
    with pytest.raises(FrozenInstanceError):
        document.meta.title = "x"  # type: ignore[misc]
    assert hash(document) == hash(make_document())


def test_a_rehearsal_says_so_and_a_real_book_does_not() -> None:
    assert [note.text for note in make_document(rehearsal=True).front] == [REHEARSAL_NOTE]
    assert make_document(rehearsal=True).meta.rehearsal
    assert make_document().front == ()


@pytest.mark.parametrize(
    ("title", "number", "shown"),
    [
        ("The Gate", "1", "The Gate"),
        ("Chapter 1: The Gate", "", "Chapter 1: The Gate"),
        ("chapter one", "", "chapter one"),
        ("1. The Gate", "", "1. The Gate"),
        ("1984", "1", "1984"),
        ("Chapters of Salt", "1", "Chapters of Salt"),
        ("  The\n Gate\t", "1", "The Gate"),
        (" \n\x00", "", "Chapter 1"),
    ],
)
def test_a_chapter_shows_its_number_once(title: str, number: str, shown: str) -> None:
    (chapter,) = make_document([(title, [])]).chapters
    assert (chapter.number, chapter.title) == (number, shown)


@pytest.mark.parametrize(
    ("language", "title", "number"),
    [("ru", "Глава 1. Соль", ""), ("zh", "第1章 塩", ""), ("zh", "第一天", "1"), ("ru", "Соль", "1")],
)
def test_a_chapter_shows_its_number_once_in_other_languages_too(language: str, title: str, number: str) -> None:
    (chapter,) = make_document([(title, [])], language=language).chapters
    assert chapter.number == number


def test_a_heading_that_repeats_the_section_title_is_said_once() -> None:
    document = make_document([("C", [("The *Gate*", "## the gate\n\nText."), ("Other", "## the gate\n\nText.")])])
    first, other = document.chapters[0].sections
    assert len(first.blocks) == 1
    assert len(other.blocks) == 2


def test_a_lone_section_named_like_its_chapter_has_no_heading() -> None:
    assert make_document([("Gate", [("Gate", "x")])]).chapters[0].sections[0].title == ""
    assert make_document([("Gate", [("Gate", "x"), ("b", "y")])]).chapters[0].sections[0].title == "Gate"


def test_links_find_chapters_and_sections_by_title_by_id_and_by_anchor() -> None:
    ways = "[a](#home) [b](#S1-1) [c](#ch2) [d](#chapter-2) [e](#the-gate) [f](#elsewhere)"
    document = make_document([("Start", [("The Gate", ways), ("Home", "")]), ("Home", [])])
    (paragraph,) = document.chapters[0].sections[0].blocks
    hrefs = [node.href for node in paragraph.children if hasattr(node, "href")]  # type: ignore[union-attr]
    assert hrefs == ["#chapter-1-section-2", "#chapter-1-section-1", "#chapter-2", "#chapter-2", "#chapter-1-section-1"]


@pytest.mark.parametrize(
    ("meta", "authors"),
    [
        ({"author": "A"}, ("A",)),
        ({"authors": ["A", " B\n", "A", "", 3]}, ("A", "B")),
        ({"author": {"name": "A"}}, ()),
        ({"author": None}, ()),
        ({}, ()),
    ],
)
def test_authors_come_from_free_form_metadata(meta: dict[str, Any], authors: tuple[str, ...]) -> None:
    assert make_document([], **meta).meta.authors == authors


def test_any_identifier_becomes_a_uuid_and_always_the_same() -> None:
    assert urn_uuid(IDENTIFIER.replace("-", "").upper()) == f"urn:uuid:{IDENTIFIER}"
    assert urn_uuid("bk_1") == urn_uuid("bk_1") != urn_uuid("bk_2")
    assert urn_uuid("bk_1").startswith("urn:uuid:")


def test_a_book_without_a_title_is_untitled_in_its_language() -> None:
    book = make_book([], title=" \x07 ", language="ru")
    document = build_document(book, rehearsal=False, identifier="x", modified=MOMENT, generator="g")
    assert document.meta.title == "Без названия"


@pytest.mark.parametrize(
    ("given", "tag", "way"),
    [
        ("en", "en", "ltr"),
        ("en_GB", "en-GB", "ltr"),
        ("ar", "ar", "rtl"),
        ("he-IL", "he-IL", "rtl"),
        ("fa", "fa", "rtl"),
        ("ur-PK", "ur-PK", "rtl"),
        ("az-Arab", "az-Arab", "rtl"),
        ("ar-Latn", "ar-Latn", "ltr"),
        ("", "und", "ltr"),
        ('"><script>', "und", "ltr"),
        ("the common tongue", "und", "ltr"),
    ],
)
def test_language_gives_a_sound_tag_and_a_direction(given: str, tag: str, way: str) -> None:
    assert language_tag(given) == tag
    assert direction(language_tag(given)) == way
