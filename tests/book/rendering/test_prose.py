"""A section's file and a chapter's `content.md` come back as they were, also after a person's editor."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.book.model import Chapter, Section
from ghostkit.book.rendering import (
    content_title,
    parse_content,
    parse_section,
    render_content,
    render_section,
    tidy_body,
    tidy_title,
)

from ..writers import LINES, chapters, texts

CHAPTER = Chapter(
    id="c-1",
    number=1,
    title="The Road",
    sections=(
        Section(id="s-1", number=1, title="Dawn", content="She woke.\n\nIt was late."),
        Section(id="s-2", number=2, title="Noon", content="- salt\n- water"),
        Section(id="s-3", number=3, title="Dusk", content=""),
    ),
)
CONTENT = "# The Road\n\n## Dawn\n\nShe woke.\n\nIt was late.\n\n## Noon\n\n- salt\n- water\n\n## Dusk\n"
FOUND = [("s-1", "Dawn", "She woke.\n\nIt was late."), ("s-2", "Noon", "- salt\n- water"), ("s-3", "Dusk", "")]


def by_hand(text: str, draw: st.DrawFn) -> str:
    """The text as an editor might leave it, its words untouched."""
    changes = draw(st.sets(st.sampled_from(["crlf", "end", "lead", "mark", "gap"])))
    if "gap" in changes and "\n\n" in text:  # more blank lines after the heading
        text = text.replace("\n\n", "\n \n\t\n\n", 1)
    if "end" in changes:
        text = text.rstrip("\n") + draw(st.sampled_from(["", "  ", "\n\n\n", " \n"]))
    if "lead" in changes:
        text = "\n  \n" + text
    if "crlf" in changes:
        text = text.replace("\n", "\r\n")
    return "\ufeff" + text if "mark" in changes else text


@st.composite
def section_files(draw: st.DrawFn) -> tuple[Section, str]:
    section = Section(id="s-1", number=1, title=draw(LINES), content=draw(texts()))
    return section, by_hand(render_section(section), draw)


def test_a_section_file_is_a_heading_and_the_prose() -> None:
    assert render_section(CHAPTER.sections[0]) == "## Dawn\n\nShe woke.\n\nIt was late.\n"
    assert render_section(CHAPTER.sections[2]) == "## Dusk\n"


@given(section_files())
def test_any_section_file_is_read_back_whatever_the_editor_did(case: tuple[Section, str]) -> None:
    section, text = case
    assert parse_section(text) == (tidy_title(section.title), tidy_body(section.content))


@given(texts())
def test_tidying_twice_is_tidying_once(text: str) -> None:
    assert tidy_body(tidy_body(text)) == tidy_body(text)
    assert tidy_title(tidy_title(text)) == tidy_title(text)


def test_every_kind_of_space_goes_from_a_titles_ends() -> None:
    spaces = "".join(c for c in map(chr, range(0x110000)) if c.isspace())
    assert tidy_title(f"{spaces}\ufeffA\u00a0b{spaces}\ufeff") == "A\u00a0b"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("Just prose.\n", (None, "Just prose.")),
        ("", (None, "")),
        ("# Big\n\nx", (None, "# Big\n\nx")),
        ("### Small\n\nx", (None, "### Small\n\nx")),
        ("##Not a heading\n", (None, "##Not a heading")),
        ("## \n\nx", ("", "x")),
        ("## Dawn", ("Dawn", "")),
        ("## Dawn\nShe woke.", ("Dawn", "She woke.")),
        ("## Dawn  \n\n    code\n", ("Dawn", "    code")),
        ("## 30\u00a0000 words\n\nhard break  \nnext", ("30\u00a0000 words", "hard break  \nnext")),
    ],
)
def test_a_section_file_edited_by_hand_is_understood(text: str, parsed: tuple[str | None, str]) -> None:
    assert parse_section(text) == parsed


def test_content_is_the_joined_section_files() -> None:
    assert render_content(CHAPTER) == CONTENT
    assert "# The Road\n\n" + "\n".join(render_section(section) for section in CHAPTER.sections) == CONTENT
    assert parse_content(CONTENT, CHAPTER) == FOUND


@st.composite
def contents(draw: st.DrawFn) -> tuple[Chapter, str]:
    """Chapters of distinct titles, each with its content.md as an editor might leave it."""
    chapter = draw(chapters())
    sections = tuple(
        replace(section, title=f"{place} {section.title}") for place, section in enumerate(chapter.sections)
    )
    chapter = replace(chapter, sections=sections)
    return chapter, by_hand(render_content(chapter), draw)


@given(contents())
def test_any_content_is_matched_rightly_or_not_at_all(case: tuple[Chapter, str]) -> None:
    chapter, text = case
    found = parse_content(text, chapter)
    if found is not None:
        assert found == [(s.id, tidy_title(s.title), tidy_body(s.content)) for s in chapter.sections]


@given(chapters(body=st.text("ab #-é\n", max_size=20).map(lambda body: body.replace("#", "x"))))
def test_content_without_headings_in_its_prose_is_always_matched(chapter: Chapter) -> None:
    sections = tuple(replace(section, title=f"T{place}") for place, section in enumerate(chapter.sections))
    chapter = replace(chapter, sections=sections)
    found = parse_content(render_content(chapter), chapter)
    assert found == [(s.id, s.title, tidy_body(s.content)) for s in sections]


def test_changed_prose_and_a_new_title_are_given_to_the_right_section() -> None:
    text = CONTENT.replace("She woke.", "She slept.\n\n### Later\n\nOn.").replace("## Noon", "## High Noon")
    assert parse_content(text, CHAPTER) == [
        ("s-1", "Dawn", "She slept.\n\n### Later\n\nOn.\n\nIt was late."),
        ("s-2", "High Noon", "- salt\n- water"),
        ("s-3", "Dusk", ""),
    ]


def test_sections_moved_about_whole_keep_their_prose() -> None:
    text = "# The Road\n\n## Noon\n\n- salt\n- water\n\n## Dusk\n\n## Dawn\n\nShe woke.\n\nIt was late.\n"
    assert parse_content(text, CHAPTER) == FOUND


@pytest.mark.parametrize(
    "text",
    [
        CONTENT + "\n## Night\n\nDark.\n",  # one heading more
        CONTENT.replace("## Noon\n", ""),  # one fewer
        CONTENT.replace("# The Road\n", "# The Road\n\nA word before.\n"),  # text of no section
        "Words first.\n\n" + CONTENT,
        CONTENT.replace("## Dawn", "## Noon").replace("## Noon\n\n-", "## Sand\n\n-"),  # half a swap
        "",
        "# The Road\n",
    ],
)
def test_content_that_fits_no_more_is_left_to_the_caller(text: str) -> None:
    assert parse_content(text, CHAPTER) is None


def test_prose_with_section_headings_of_its_own_is_never_guessed_at() -> None:
    sections = (replace(CHAPTER.sections[0], content="One.\n\n## Inner\n\nTwo."), *CHAPTER.sections[1:])
    chapter = replace(CHAPTER, sections=sections)
    text = render_content(chapter)
    assert parse_content(text, chapter) is None
    assert parse_content(text.replace("## Noon\n", ""), chapter) is None


def test_a_hash_in_a_code_block_is_no_heading() -> None:
    body = "Run it:\n\n```sh\n## not a heading\nls\n```\n\n~~~~\n~~~\n## nor this\n~~~~"
    chapter = replace(CHAPTER, sections=(replace(CHAPTER.sections[0], content=body), *CHAPTER.sections[1:]))
    found = parse_content(render_content(chapter), chapter)
    assert found is not None
    assert found[0] == ("s-1", "Dawn", body)


def test_two_sections_of_one_title_are_matched_by_place() -> None:
    sections = tuple(replace(section, title="Same") for section in CHAPTER.sections)
    chapter = replace(CHAPTER, sections=sections)
    found = parse_content(render_content(chapter), chapter)
    assert found == [(section.id, "Same", section.content) for section in sections]


def test_a_chapter_without_sections_is_its_heading() -> None:
    chapter = replace(CHAPTER, sections=())
    assert render_content(chapter) == "# The Road\n"
    assert parse_content("# The Road\n", chapter) == []
    assert parse_content("# The Road\n\nWords.\n", chapter) is None


def test_the_chapters_heading_may_be_changed_or_missing() -> None:
    assert content_title(CONTENT) == "The Road"
    assert content_title("\n#  New   Road\r\n") == "New Road"
    assert content_title("## Dawn\n") is None
    assert parse_content(CONTENT.removeprefix("# The Road\n"), CHAPTER) == FOUND
