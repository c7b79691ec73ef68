"""The guide's dictionary: out and in again without loss, from nearly nothing, and told of where it is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.book import SectionStatus
from ghostkit.book.legacy import from_legacy, to_legacy
from ghostkit.book.model import Book
from ghostkit.errors import InputError

from .writers import EXTRA, LINES, bibles, books, people, plain, texts


def storable(value: Any) -> bool:
    return "\\ud" not in json.dumps(value).lower()


@given(book=books(), people=people(), bible=bibles())
def test_a_book_comes_back_as_it_went_out(book: Book, people: Any, bible: Any) -> None:
    whole = replace(book, characters=people, bible=bible)
    try:
        document = to_legacy(whole)
    except InputError:  # a lone surrogate, which no file of the book could hold either
        return
    assert from_legacy(json.loads(json.dumps(document))) == whole


CHAPTERS = st.lists(
    st.one_of(
        LINES.map(plain),
        st.fixed_dictionaries(
            {"title": LINES.map(plain)},
            optional={
                "content": texts().map(plain), "summary": texts().map(plain), "brief": LINES.map(plain),
                "topics": st.lists(st.integers(), max_size=2), "points": st.lists(LINES.map(plain), max_size=2),
                "sections": st.lists(
                    st.one_of(
                        LINES.map(plain),
                        st.fixed_dictionaries({"title": LINES.map(plain)}, optional={"content": texts().map(plain)}),
                    ),
                    max_size=3,
                ),
            },
        ),
    ),
    max_size=3,
)  # fmt: skip


@given(chapters=CHAPTERS, extra=EXTRA.filter(storable), added=EXTRA.filter(storable), title=LINES.map(plain))
def test_no_text_and_no_unknown_field_of_a_dictionary_is_lost(
    chapters: Any, extra: Any, added: Any, title: str
) -> None:
    document = {**extra, "title": title, "toc": {**added, "chapters": chapters}}
    before = json.loads(json.dumps(document))
    book = from_legacy(document)
    assert document == before
    back = to_legacy(book)
    assert from_legacy(back) == book
    assert to_legacy(from_legacy(back)) == back
    assert {key: back[key] for key in extra} == extra
    assert {key: back["toc"][key] for key in added} == added
    for given_chapter, chapter in zip(chapters, back["toc"]["chapters"], strict=True):
        if isinstance(given_chapter, str):
            assert chapter["title"] == given_chapter
            continue
        for key in ("title", "summary", "brief", "topics", "points"):
            assert chapter.get(key) == given_chapter.get(key, chapter.get(key))
        told = [s["content"] for s in given_chapter.get("sections", ()) if isinstance(s, dict) and s.get("content")]
        for text in told or [given_chapter.get("content", "")]:
            assert not text.strip() or text in [section["content"] for section in chapter["sections"]]


def test_from_nothing_a_book_without_a_title() -> None:
    book = from_legacy({})
    assert (book.title, book.chapters, book.language) == ("", (), "en")
    assert to_legacy(book)["toc"] == {"chapters": []}
    wished = from_legacy({}, title="AI Revolution", instructions="Write about AI impact", language="en")
    assert (wished.title, wished.instructions) == ("AI Revolution", "Write about AI impact")
    assert from_legacy({"title": "Mine"}, title="Other").title == "Mine"


def test_the_guides_shape_is_a_book() -> None:
    document = {
        "title": "AI Revolution",
        "toc": {"chapters": [{"title": "One", "content": "Prose.", "mood": "dark"}, "Two", {"title": "Three"}]},
        "isbn": "978",
    }
    book = from_legacy(document)
    assert [chapter.title for chapter in book.chapters] == ["One", "Two", "Three"]
    section = book.chapters[0].sections[0]
    assert (section.title, section.content, section.status) == ("One", "Prose.", SectionStatus.COMPLETE)
    assert book.chapters[0].extra == {"mood": "dark"}
    assert book.extra == {"isbn": "978"}
    back = to_legacy(book)
    assert len(back.get("toc", {}).get("chapters", [])) == 3
    assert back["toc"]["chapters"][0]["content"] == "Prose."


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "it is a list, not a dictionary"), (None, "it is nothing, not a dictionary"), ("book", "it is text"),
        ({"toc": []}, None), ({"toc": [1]}, "toc is a list, not a dictionary"),
        ({"toc": {"chapters": {"1": "One"}}}, r"toc\.chapters is a dictionary, not a list"),
        ({"toc": {"chapters": [1]}}, r"toc\.chapters\[0\] is a number, not a dictionary"),
        ({"toc": {"chapters": [{"sections": "x"}]}}, r"toc\.chapters\[0\]\.sections is text, not a list"),
        ({"toc": {"chapters": [{"sections": [None]}]}}, r"toc\.chapters\[0\]\.sections\[0\] is nothing"),
        ({"toc": {"chapters": [{"content": 3}]}}, r"toc\.chapters\[0\]\.content is a number, not text"),
        ({"toc": {"chapters": [{"title": 3}]}}, r"toc\.chapters\[0\]\.title: "),
        ({"toc": {"chapters": [{"id": "a b"}]}}, r"toc\.chapters\[0\]\.id: "),
        ({"toc": {"chapters": [{"id": "c-1"}, {"id": "c-1"}]}}, r"'c-1' is also that of"),
        ({"title": 5}, "title: "), ({"summary": []}, "summary is a list"), ({"settings": {"words": 1}}, "words is 1"),
        ({"characters": [{"role": "hero"}]}, "characters"), ({"title": {1, 2}}, "can't be stored"),
        ({"relationships": [{"from": "A", "to": "B", "kind": "x"}]}, "no 'A'"),
        ({"n": float("nan")}, "can't be stored"),
    ],
)  # fmt: skip
def test_another_shape_is_told_in_one_sentence_saying_where(document: Any, told: str | None) -> None:
    if told is None:
        assert from_legacy(document).chapters == ()
        return
    with pytest.raises(InputError, match=told) as raised:
        from_legacy(document)
    assert "\n" not in raised.value.message
    assert raised.value.message.endswith(".")
    assert raised.value.fix
