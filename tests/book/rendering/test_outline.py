"""`outline.md` comes back as the plan it was made from, and takes what a person does to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.book.model import Book, Chapter, Section
from ghostkit.book.rendering import (
    ParsedChapter,
    ParsedOutline,
    ParsedSection,
    parse_outline,
    render_outline,
    tidy_brief,
    tidy_points,
    tidy_title,
)
from ghostkit.errors import BookDamaged

from ..writers import books

BOOK = Book(
    id="b-1",
    title="The Salt Road",
    outline_summary="A courier crosses a dying sea.",
    chapters=(
        Chapter(
            id="c-1a2b3c4d",
            number=1,
            title="The Seal",
            brief="Mira takes the letter.",
            points=("the price", "the rule"),
            sections=(
                Section(id="s-00000001", number=1, title="The Quay", brief="An offer."),
                Section(id="s-00000002", number=2, title="The Price", points=("forty marks",)),
            ),
        ),
        Chapter(id="c-5e6f7a8b", number=2, title="First Well"),
    ),
)
OUTLINE = """\
# The Salt Road

A courier crosses a dying sea.

## 1. The Seal <!-- c-1a2b3c4d -->

Mira takes the letter.

- the price
- the rule

### 1.1 The Quay <!-- s-00000001 -->

An offer.

### 1.2 The Price <!-- s-00000002 -->

- forty marks

## 2. First Well <!-- c-5e6f7a8b -->
"""


def plan_of(book: Book) -> ParsedOutline:
    """What the outline of `book` must say."""
    return ParsedOutline(
        title=tidy_title(book.title),
        summary=tidy_brief(book.outline_summary),
        chapters=tuple(
            ParsedChapter(
                id=chapter.id,
                title=tidy_title(chapter.title),
                part=tidy_title(chapter.part),
                brief=tidy_brief(chapter.brief),
                goals=tidy_points(chapter.goals),
                points=tidy_points(chapter.points),
                sections=tuple(
                    ParsedSection(
                        id=section.id,
                        title=tidy_title(section.title),
                        brief=tidy_brief(section.brief),
                        points=tidy_points(section.points),
                    )
                    for section in chapter.sections
                ),
            )
            for chapter in book.chapters
        ),
    )


def test_the_outline_reads_as_promised() -> None:
    assert render_outline(BOOK) == OUTLINE
    assert parse_outline(OUTLINE) == plan_of(BOOK)


@given(books())
def test_any_outline_is_read_back(book: Book) -> None:
    assert parse_outline(render_outline(book)) == plan_of(book)


@given(books(), st.sampled_from(["crlf", "spaces", "blanks", "no end", "mark", "lead"]))
def test_what_an_editor_does_to_the_blanks_changes_nothing(book: Book, change: str) -> None:
    text = render_outline(book)
    text = {
        "crlf": text.replace("\n", "\r\n"),
        "spaces": text.replace("\n", "  \t\n"),
        "blanks": text.replace("\n\n", "\n\n \n\n"),
        "no end": text.removesuffix("\n"),
        "mark": "\ufeff" + text,
        "lead": "\n \n" + text,
    }[change]
    assert parse_outline(text) == plan_of(book)


def test_what_a_person_adds_is_new_and_what_they_move_keeps_its_id() -> None:
    text = """# The Salt Road
## First Well <!--c-5e6f7a8b-->
* a star
+ a plus
  that goes on
## 7. The Seal   <!-- c-1a2b3c4d -->
Mira takes
the letter.

Twice.
### A new one
- point

A late word.
### 1.1 The Quay <!-- s-00000001 -->
#### Not structure
"""
    assert parse_outline(text) == ParsedOutline(
        title="The Salt Road",
        chapters=(
            ParsedChapter(id="c-5e6f7a8b", title="First Well", points=("a star", "a plus that goes on")),
            ParsedChapter(
                id="c-1a2b3c4d",
                title="The Seal",
                brief="Mira takes\nthe letter.\n\nTwice.",
                sections=(
                    ParsedSection(title="A new one", brief="A late word.", points=("point",)),
                    ParsedSection(id="s-00000001", title="The Quay", brief="#### Not structure"),
                ),
            ),
        ),
    )


def test_an_id_copied_with_its_heading_counts_once() -> None:
    text = "# T\n\n## 1. A <!-- c-1 -->\n\n### 1.1 X <!-- s-1 -->\n\n## 2. A <!-- c-1 -->\n\n### 2.1 X <!-- s-1 -->\n"
    chapters = parse_outline(text).chapters
    assert [chapter.id for chapter in chapters] == ["c-1", None]
    assert [chapter.sections[0].id for chapter in chapters] == ["s-1", None]


def test_an_id_of_the_wrong_kind_is_no_id() -> None:
    chapter = parse_outline("## 1. A <!-- s-1 -->\n\n### 1.1 X <!-- c-1 -->\n").chapters[0]
    assert (chapter.id, chapter.title, chapter.sections[0].id) == (None, "A", None)


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("## 3. 1984", "1984"),
        ("## 1984", "1984"),
        ("## 1984 was a year", "1984 was a year"),
        ("## 12.", ""),
        ("##", ""),
        ("## C# and F#", "C# and F#"),
        ("## <!-- a remark that stays -->", "<!-- a remark that stays -->"),
    ],
)
def test_a_title_loses_its_number_and_nothing_else(heading: str, title: str) -> None:
    assert parse_outline(f"# T\n\n{heading}\n").chapters[0].title == title


def test_a_brief_that_looks_like_structure_stays_a_brief() -> None:
    brief = "# not a title\n\n## nor a chapter\n- nor a point\n\\- nor \\this"
    book = Book(
        id="b-1", title="T", outline_summary=brief, chapters=(Chapter(id="c-1", number=1, title="A", brief=brief),)
    )
    parsed = parse_outline(render_outline(book))
    assert (parsed.summary, parsed.chapters[0].brief) == (brief, brief)


def test_a_list_in_the_summary_is_part_of_it() -> None:
    assert parse_outline("# T\n\nThree things:\n- salt\n- water\n").summary == "Three things:\n- salt\n- water"


def test_an_empty_file_is_an_empty_plan() -> None:
    assert parse_outline("") == ParsedOutline()


def test_a_section_before_any_chapter_is_told_by_line() -> None:
    with pytest.raises(BookDamaged) as caught:
        parse_outline("# T\n\n### 1.1 X\n", "p/outline.md")
    assert caught.value.line == 3
    assert caught.value.message.startswith("p/outline.md can't be read: line 3 ")


# ── parts and goals ───────────────────────────────────────────────────────────────────────────────────────────

TAUGHT = """# Reading the Tide

# The table

## 1. Columns <!-- c-1 -->

What stands where.

- Goal: find low water
- heights are in metres

## 2. Corrections <!-- c-2 -->

# Out and back

## 3. Turning round <!-- c-3 -->

#

## 4. Answers <!-- c-4 -->
"""


def test_parts_stand_above_their_chapters_and_goals_among_their_points() -> None:
    chapters = parse_outline(TAUGHT).chapters
    assert [chapter.part for chapter in chapters] == ["The table", "The table", "Out and back", ""]
    assert chapters[0].goals == ("find low water",)
    assert chapters[0].points == ("heights are in metres",)
    book = Book(
        id="b-1",
        title="Reading the Tide",
        chapters=tuple(
            Chapter(id=c.id or "", number=n, title=c.title, part=c.part, brief=c.brief, goals=c.goals, points=c.points)
            for n, c in enumerate(chapters, 1)
        ),
    )
    assert render_outline(book) == TAUGHT


@pytest.mark.parametrize(
    "point", ["Goal: not one", "\\Goal: nor this", "Goal:", "\\\\Goal:x", "Goals: many", "a Goal: b"]
)
def test_a_point_that_looks_like_a_goal_stays_a_point(point: str) -> None:
    book = Book(id="b-1", title="T", chapters=(Chapter(id="c-1", number=1, title="A", points=(point,)),))
    chapter = parse_outline(render_outline(book)).chapters[0]
    assert (chapter.goals, chapter.points) == ((), (point,))


def test_what_a_person_writes_under_a_part_s_title_goes_to_its_first_chapter() -> None:
    text = "# T\n\n# One\n\nAll about salt.\n\n## 1. A <!-- c-1 -->\n\nThe first.\n\n- a point\n"
    (chapter,) = parse_outline(text).chapters
    assert (chapter.part, chapter.brief, chapter.points) == ("One", "All about salt.\n\nThe first.", ("a point",))


def test_a_part_without_a_chapter_is_told_by_line() -> None:
    with pytest.raises(BookDamaged, match="line 5 begins a part, but no chapter comes after it") as caught:
        parse_outline("# T\n\n## 1. A\n\n# Two\n")
    assert caught.value.line == 5
