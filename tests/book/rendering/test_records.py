"""The JSON files beside the prose come back as they were, and bad ones are told by place."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import assume, given

from ghostkit.book.model import Chapter, Section
from ghostkit.book.rendering import (
    parse_chapter_outline,
    parse_metadata,
    render_chapter_outline,
    render_metadata,
)
from ghostkit.book.status import ChapterStatus
from ghostkit.errors import BookDamaged, InputError

from ..writers import chapters


def test_a_chapters_outline_is_what_the_design_says() -> None:
    section = Section(id="s-1", number=1, title="Причал", brief="Приезд.", points=("рация",), content="Проза.")
    chapter = Chapter(id="c-1", number=1, title="Катер", sections=(section,))
    assert json.loads(render_chapter_outline(chapter)) == {
        "id": "c-1",
        "title": "Катер",
        "brief": "",
        "points": [],
        "sections": [{"id": "s-1", "title": "Причал", "brief": "Приезд.", "points": ["рация"]}],
    }
    assert "Причал" in render_chapter_outline(chapter)


@given(chapters())
def test_any_chapters_outline_and_metadata_are_read_back(chapter: Chapter) -> None:
    try:
        outline, metadata = render_chapter_outline(chapter), render_metadata(chapter)
    except InputError:  # lone surrogates
        assume(False)
        raise
    plan = parse_chapter_outline(outline)
    assert (plan.id, plan.title, plan.brief, plan.points) == (
        chapter.id,
        chapter.title,
        chapter.brief,
        chapter.points,
    )
    assert [(s.id, s.title, s.brief, s.points) for s in plan.sections] == [
        (s.id, s.title, s.brief, s.points) for s in chapter.sections
    ]
    found = parse_metadata(metadata)
    assert (found.id, found.number, found.title, found.status, found.word_count, found.summary) == (
        chapter.id,
        chapter.number,
        chapter.title,
        chapter.status,
        chapter.word_count,
        chapter.summary,
    )
    assert [(s.id, s.number, s.title, s.status, s.word_count, s.locked) for s in found.sections] == [
        (s.id, s.number, s.title, s.status, s.word_count, s.locked) for s in chapter.sections
    ]


def test_statuses_are_read_as_such() -> None:
    found = parse_metadata('{"id": "c-1", "number": 1, "title": "A", "status": "edited"}')
    assert found.status is ChapterStatus.EDITED


@pytest.mark.parametrize(
    ("parse", "text", "where"),
    [
        (parse_metadata, "", "line 1, column 1"),
        (parse_metadata, "[]", "one JSON object"),
        (parse_metadata, '{"id": "c-1", "number": 0, "title": "A"}', "number: "),
        (parse_metadata, '{"id": "c-1", "number": 1, "title": "A", "status": "finished"}', "status: "),
        (parse_chapter_outline, '{"id": "c-1", "title": "A", "sections": [{}]}', "sections[0].title: "),
    ],
)
def test_a_bad_file_is_told_by_place(parse: Callable[[str, str], object], text: str, where: str) -> None:
    with pytest.raises(BookDamaged) as caught:
        parse(text, "p/file.json")
    assert caught.value.message.startswith("p/file.json can't be read: ")
    assert where in caught.value.message
    assert "\n" not in caught.value.message
