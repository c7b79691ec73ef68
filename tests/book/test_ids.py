"""Ids are the same for the same book, on every machine, and unlike each other within one."""

from __future__ import annotations

import re
import subprocess
import sys

from ghostkit.book.ids import book_id, chapter_id, next_id, section_id
from ghostkit.book.model import BookSettings


def test_ids_have_their_shape_and_are_known_for_ever() -> None:
    book = book_id("The Salt Road", "A courier.")
    assert re.fullmatch("b-[0-9a-f]{12}", book)
    assert re.fullmatch("c-[0-9a-f]{8}", chapter_id(book, 1))
    assert re.fullmatch("s-[0-9a-f]{8}", section_id(chapter_id(book, 1), 1))
    # A change here would give every existing book other ids when it is made again.
    assert [book, chapter_id("b-1", 1), section_id("c-1", 1)] == ["b-8c29b6be12a9", "c-105f744c", "s-413b8d0a"]


def test_ids_do_not_depend_on_the_process() -> None:
    code = "from ghostkit.book.ids import book_id; print(book_id('T', 'бриф', 'ru'))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == book_id("T", "бриф", "ru")


def test_every_wish_of_the_author_counts() -> None:
    same = {book_id("T", "b", "en", settings=BookSettings()), book_id("T", "b", "en")}
    assert len(same) == 1
    others = {
        book_id("U", "b"),
        book_id("T", "c"),
        book_id("T", "b", "ru"),
        book_id("T", "b", style="terse"),
        book_id("T", "b", settings=BookSettings(words=500)),
        book_id("T", "b", salt="2"),
    }
    assert len(others | same) == 7


def test_a_field_that_a_person_added_changes_no_id() -> None:
    assert book_id("T", "b", settings=BookSettings(extra={"note": 1})) == book_id("T", "b")


def test_an_id_that_is_taken_costs_a_serial() -> None:
    first, serial = next_id(chapter_id, "b-1", 0, ())
    assert (first, serial) == (chapter_id("b-1", 1), 1)
    assert next_id(chapter_id, "b-1", 0, {first}) == (chapter_id("b-1", 2), 2)
