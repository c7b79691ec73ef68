"""A book that teaches goes through the same pipeline: parts and goals in its plan, a glossary at its end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ghostkit as gk
from ghostkit import sync
from ghostkit.book import Chapter, dump_structure, kind_of, load_structure
from ghostkit.errors import BookDamaged, InputError
from ghostkit.ledger import Origin
from ghostkit.writing.parsing import UnreadableAnswer
from ghostkit.writing.plan import Goal, nodes_for
from ghostkit.writing.structure_change import _part_after

from ..desk import Desk, write

pytestmark = pytest.mark.anyio
DATASETS = Path(__file__).parents[2] / "datasets"


def taught(desk: Desk, **options: Any) -> gk.Book:
    return desk.create(**{"kind": "non-fiction", "chapters": 3, "sections": 1, **options})


def prompts_of(desk: Desk, kind: str) -> list[str]:
    return [r.messages[-1].text for r in desk.provider.requests if f'<task kind="{kind}"' in r.messages[-1].text]


# ── what a book is ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("brief", "kind"),
    [
        ("A practical guide to bees.", "non-fiction"),
        ("# Salt\n\nA textbook, with learning goals.", "non-fiction"),
        ("A work of non-fiction about salt.", "non-fiction"),
        ("Учебник по солеварению.", "non-fiction"),
        ("A novel about a report.", ""),
        ("A courier crosses a dying sea.", ""),
        ("A story of a guide, a saga of two valleys.", ""),
        ("Роман о смотрителе маяка.", ""),
    ],
)
def test_the_kind_is_read_from_the_brief_where_it_is_plain(desk: Desk, brief: str, kind: str) -> None:
    assert kind_of(brief) == kind
    assert desk.create(brief=brief, title="T").value.settings.kind == kind


def test_what_is_said_goes_before_what_the_brief_says(desk: Desk) -> None:
    assert not desk.create(brief="A practical guide to bees.", kind="fiction").value.is_nonfiction
    assert taught(desk, name="other").value.is_nonfiction
    with pytest.raises(InputError, match="kind is 'poem', but must be fiction or non-fiction"):
        desk.create("third", kind="poem")


def test_a_kind_that_is_none_in_book_json_is_told(desk: Desk) -> None:
    book = taught(desk)
    desk.edit("book.json", '"non-fiction"', '"nonfiction"')
    with pytest.raises(BookDamaged, match="settings: kind is 'nonfiction'"):
        load_structure(book.folder.book.read_text("utf-8"))


def test_a_book_without_any_of_it_is_stored_as_ever(desk: Desk) -> None:
    value = desk.create().value
    document = json.loads(dump_structure(replace(value, chapters=(Chapter(id="c-1", number=1, title="A"),))))
    assert "kind" not in document["settings"]
    assert {"part", "goals"}.isdisjoint(document["chapters"][0])


# ── plan ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_parts_and_goals_are_asked_for_only_of_a_book_that_teaches(desk: Desk) -> None:
    async with gk.background():
        await taught(desk).outline()
        await desk.create("tale").outline()
    teaching, telling = prompts_of(desk, "outline")
    assert 'genre="non-fiction"' in teaching
    assert '"goals": ["…"]' in teaching
    assert "genre" not in telling
    assert "goals" not in telling


async def test_parts_and_goals_are_in_every_file_and_come_back(desk: Desk) -> None:
    book = taught(desk)
    async with gk.background():
        await book.outline()
    assert [chapter.part for chapter in book.value.chapters] == ["Part title 1", "Part title 1", "Part title 2"]
    outline = desk.read("outline.md")
    assert "# Part title 1\n\n## 1. Chapter title 1" in outline
    assert "- Goal: Do 1.\n- Fact 1" in outline
    chapter = json.loads(desk.read("chapters/chapter_01/outline.json"))
    assert (chapter["part"], chapter["goals"]) == ("Part title 1", ["Do 1."])
    before = book.value
    assert desk.reopen().value == before


async def test_a_person_renames_a_part_and_writes_a_goal(desk: Desk) -> None:
    book = taught(desk)
    async with gk.background():
        await book.outline()
    desk.edit("outline.md", "# Part title 1", "# The quay")
    desk.edit("outline.md", "- Goal: Do 2.", "- Goal: Count lamps.\n- Goal: Do 2.")
    await write(book)
    assert [chapter.part for chapter in book.value.chapters] == ["The quay", "The quay", "Part title 2"]
    assert book.value.chapters[1].goals == ("Count lamps.", "Do 2.")
    section = next(text for text in prompts_of(desk, "section") if 'number="2.1"' in text)
    assert "- Goal: Count lamps.\n- Goal: Do 2." in section
    assert "Part: The quay" in section
    assert "# The quay" in desk.read("outline.md")


@pytest.mark.parametrize(
    ("after", "part"), [("", "A"), ("c-1", "A"), ("c-2", "A"), ("c-3", "B"), ("c-4", "B"), ("c-nobody", "A")]
)
def test_a_chapter_that_is_added_is_of_the_part_it_stands_in(after: str, part: str) -> None:
    assert _part_after(parted("AABB"), after) == part


@pytest.mark.parametrize(
    ("order", "moved", "after", "now"),
    [
        ("AABB", 1, "c-3", "ABBB"),  # into the midst of another part
        ("AABB", 2, "c-4", "ABBB"),  # to the end of the last one
        ("AABB", 1, "c-2", "AABB"),  # within its own
        ("AABB", 3, "c-1", "AAAB"),
        ("AABB", 4, "c-2", "AABB"),  # to its own part's beginning
        ("AACB", 3, "", "CAAB"),  # a part of one chapter moves as a part
        ("AACB", 3, "c-1", "AAAB"),
        ("    ", 1, "c-3", "    "),
    ],
)
def test_a_chapter_that_is_moved_takes_the_part_it_comes_into(order: str, moved: int, after: str, now: str) -> None:
    chapters = parted(order)
    rest = tuple(c for c in chapters if c.number != moved)
    part = _part_after(rest, after, chapters[moved - 1].part)
    place = [c.id for c in rest].index(after) + 1 if after else 0
    assert "".join([*(c.part for c in rest[:place]), part, *(c.part for c in rest[place:])]) == now


def parted(parts: str) -> tuple[Chapter, ...]:
    return tuple(Chapter(id=f"c-{n}", number=n, title="T", part=part) for n, part in enumerate(parts, 1))


async def test_a_story_s_prompts_know_nothing_of_goals(desk: Desk) -> None:
    await write(desk.create())
    assert not any("Goal:" in r.messages[-1].text or "Part:" in r.messages[-1].text for r in desk.provider.requests)
    assert not prompts_of(desk, "glossary")


# ── glossary ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_glossary_is_made_last_once_and_of_the_whole_book(desk: Desk) -> None:
    book = taught(desk)
    await write(book)
    (prompt,) = prompts_of(desk, "glossary")
    assert prompt == desk.provider.requests[-1].messages[-1].text
    for _, section in book.value.sections():
        assert section.content in prompt
    assert [term.term for term in book.value.glossary] == ["going on"]
    assert desk.read("glossary.md") == "# Glossary\n\n**going on**: What Ada does.\n"
    calls = desk.calls
    await write(book)
    assert desk.calls == calls
    assert desk.reopen().value.glossary == book.value.glossary


async def test_part_of_a_book_gets_no_glossary(desk: Desk) -> None:
    book = taught(desk)
    await write(book, until="2")
    assert not prompts_of(desk, "glossary")
    kinds = [node.kind for node in nodes_for(book.value, Goal())]
    assert kinds[-2:] == ["glossary", "book_done"]
    assert "glossary" not in [node.kind for node in nodes_for(book.value, Goal(until=(3, 0)))]


async def test_a_person_s_glossary_is_theirs_for_good(desk: Desk) -> None:
    book = taught(desk)
    await write(book)
    desk.edit("glossary.md", "What Ada does.", "What Ada and Bo do.")
    with desk.path("glossary.md").open("a", encoding="utf-8") as file:
        file.write("\n- **quay** – Where it begins.\n")
    theirs = desk.read("glossary.md")
    book.look_for_edits()
    await write(book)
    assert [(t.term, t.definition) for t in book.value.glossary] == [
        ("going on", "What Ada and Bo do."),
        ("quay", "Where it begins."),
    ]
    head = book.manuscript.head(book.value.id, "glossary")
    assert head is not None
    assert head.origin is Origin.HUMAN
    assert desk.read("glossary.md") == theirs
    assert len(prompts_of(desk, "glossary")) == 1


async def test_a_glossary_that_can_t_be_read_is_refused_and_asked_for_again(desk: Desk) -> None:
    book = taught(desk)
    desk.answer = lambda kind, request: '{"terms": [{"term": "x"}]}' if kind == "glossary" else None
    with pytest.raises(UnreadableAnswer, match=r"glossary can't be used: terms\.0\.definition"):
        await write(book)
    assert book.value.glossary == ()
    desk.answer = lambda kind, request: None
    await write(book)
    assert len(book.value.glossary) == 1


async def test_a_broken_glossary_file_is_told_by_line_and_nothing_is_lost(desk: Desk) -> None:
    book = taught(desk)
    await write(book)
    desk.edit("glossary.md", "**going on**: ", "")
    with pytest.raises(BookDamaged, match=r"glossary\.md can't be read: line 3: it belongs to no term"):
        book.look_for_edits()
    assert len(book.value.glossary) == 1


async def test_a_changed_section_may_put_the_glossary_out_of_date(desk: Desk) -> None:
    book = taught(desk)
    await write(book)
    assert not [text for text in book.stale().texts if text.kind == "glossary"]
    place = "chapters/chapter_01/sections/section_01.md"
    desk.path(place).write_text(
        "## Scene 1.1\n\nNothing of the kind happened, and 40 lamps burned in Lisbon.\n", "utf-8"
    )
    book.look_for_edits()
    (found,) = [text for text in book.stale().texts if text.kind == "glossary"]
    assert found.what == "the glossary"
    assert not [text for text in book.stale().sections if text.kind == "glossary"]


# ── the sample briefs, offline ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "style", "parts", "term"),
    [
        ("sourdough", "textbook", ["Something alive", "The dough", "The oven and after"], "hydration"),
        ("night-buses", "report", ["What there is", "What could be"], "headway"),
    ],
)
def test_a_sample_brief_becomes_a_book_with_all_of_it(
    tmp_path: Path, name: str, style: str, parts: list[str], term: str
) -> None:
    brief = DATASETS / name / "brief.md"
    book = sync.Book.create(tmp_path / name, brief=brief, style=style, words=120, sections=1, model="rehearsal")
    book.write()
    value = book.value
    assert value.is_nonfiction
    assert list(dict.fromkeys(chapter.part for chapter in value.chapters)) == parts
    assert all(chapter.goals and chapter.summary for chapter in value.chapters)
    assert term in {entry.term for entry in value.glossary}
    exported = book.export("markdown").path.read_text("utf-8")
    for part in parts:
        assert f": {part}\n" in exported
    assert exported.count("### In short") == len(value.chapters)
    assert f"**{term}**" in exported
    book.close()
