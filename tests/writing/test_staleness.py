"""What is said of a book after one change: exactly the readers of what changed, in sentences."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ghostkit.book.model import Book, BookSettings, Style
from ghostkit.ledger import SqliteLedger
from ghostkit.writing import adoption, restructuring, staleness
from ghostkit.writing.plan import Node
from ghostkit.writing.staleness import StaleReport
from ghostkit.writing.structure_change import apply

from .stale_sequences import WHO, Desk, MemoryManuscript, texts_of

FILLER = "She went down to the water and looked at the boats and went home again, and it rained. " * 8
PEOPLE = [
    {"name": "Mira", "age": "34", "eyes": "green", "description": "A courier."},
    {"name": "Jon", "age": "50", "description": "A smith."},
]
TEXTS = {
    "1.1": f"{FILLER}Then Mira, who was thirty-four, left Port Lorn with 12 ships.",
    "1.2": f"{FILLER}Then Jon slept for 9 days.",
    "2.1": f"{FILLER}There Mira rested.",
    "2.2": f"{FILLER}Nobody came to Port Lorn.",
    "4.1": f"{FILLER}Then 12 ships came in, and Jon saw them.",
}


@pytest.fixture
def desk() -> Desk:
    """Four chapters of two sections; chapter 3 reads two chapters in full, chapter 4 one, and summaries of two."""
    return written(chapters=4, size=1)


def written(chapters: int, size: int) -> Desk:
    ledger = SqliteLedger(None)
    ledger.acquire_lease({"run": "r"})
    settings = BookSettings(chapters=chapters, sections=2)
    book = Book(id="b-1", title="Salt", instructions="A road to Port Lorn, 34 miles long.", settings=settings)
    desk = Desk(ledger, MemoryManuscript(book, ledger), Style(name="plain", guide=f"{FILLER}Short words."), size)
    plans = [{"title": f"Part {n}", "brief": f"Of {n} roads.", "points": []} for n in range(1, chapters + 1)]
    outline = json.dumps({"summary": "Roads.", "chapters": plans})
    desk.generate(Node(object_id=book.id, kind="outline"), outline)
    desk.generate(Node(object_id=book.id, kind="characters"), json.dumps({"characters": PEOPLE, "relationships": []}))
    sections = [{"title": f"Scene {n}", "brief": f"Scene {n} happens.", "points": []} for n in (1, 2)]
    for chapter in desk.book.chapters:
        desk.generate(Node(object_id=chapter.id, kind="chapter_outline"), json.dumps({"sections": sections}))
    for chapter in desk.book.chapters:
        for section in desk.manuscript.chapter(chapter.id).sections:
            text = TEXTS.get(f"{chapter.number}.{section.number}", FILLER)
            desk.generate(Node(object_id=section.id, kind="section"), text)
        told = f"Summary {chapter.number}: 12 ships and Jon."
        desk.generate(Node(object_id=chapter.id, kind="chapter_summary"), told)
        if chapter.number % 8 == 0:
            desk.generate(Node(object_id=chapter.id, kind="span8_summary"), "Eight chapters of roads.")
    assert stale(desk).texts == ()
    return desk


def stale(desk: Desk) -> StaleReport:
    return staleness.stale(desk.manuscript, desk.sources)


def said(report: StaleReport) -> dict[str, list[str]]:
    """What is said of each text, by its name and grade."""
    return {
        f"{t.number if t.kind == 'section' else t.what}: {t.grade}": [r.text for r in t.reasons] for t in report.texts
    }


def edit(desk: Desk, number: str, old: str, new: str) -> StaleReport:
    """A person changes a section's words."""
    identity = at(desk, number)
    head = desk.manuscript.head(identity, "section")
    assert head is not None
    assert old in head.text
    desk.revise(identity, "section", head.text.replace(old, new))
    return stale(desk)


def at(desk: Desk, number: str) -> str:
    return next(s.id for c, s in desk.book.sections() if f"{c.number}.{s.number}" == number)


def people(desk: Desk, **changed: dict[str, Any]) -> StaleReport:
    listed = [{**one, **changed.get(str(one["name"]), {})} for one in PEOPLE]
    desk.revise(desk.book.id, "characters", json.dumps({"characters": listed, "relationships": []}))
    return stale(desk)


# ── what is written ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_comma_makes_nothing_stale(desk: Desk) -> None:
    report = edit(desk, "2.1", "down to the water and", "down to the water, and")
    assert (len(report), report.maybe) == (0, ())
    assert {text.kind for text in report.noted} == {"section", "chapter_summary"}
    assert not report
    assert repr(report) == "Nothing is out of date."


def test_a_changed_fact_makes_exactly_its_readers_stale(desk: Desk) -> None:
    report = edit(desk, "1.1", "with 12 ships", "with 13 ships")
    assert said(report) == {
        "1.2: stale": ["follows 1.1, which has changed since"],
        "the summary of chapter 1: stale": ["sums up 1.1, which has changed since"],
        **{f"{n}: maybe": ["was shown 1.1, which has changed since"] for n in ("2.2", "3.1", "3.2")},
        "2.1: maybe": ["was shown 1.1, which has changed since", "reads 1.2, which is out of date itself"],
        # 4.1 has “12 ships” too, but from the summary of chapter 1, which is to be made again first.
        "4.1: maybe": ["reads the summary of chapter 1, which is out of date itself"],
        "4.2: maybe": ["reads the summary of chapter 1, which is out of date itself"],
    }


def test_what_states_the_old_fact_is_stale_and_says_so(desk: Desk) -> None:
    edit(desk, "2.2", "Nobody came", "On 12 ships nobody came")
    desk.generate(Node(object_id=at(desk, "2.2"), kind="section"), f"{FILLER}It took 12 ships.", 1, becomes_head=True)
    report = edit(desk, "1.1", "with 12 ships", "with 13 ships")
    assert said(report)["2.2: stale"] == ["has “12 ships”, which 1.1 no longer has"]


def test_a_summary_that_comes_out_the_same_makes_its_readers_fresh(desk: Desk) -> None:
    report = edit(desk, "1.1", "with 12 ships", "with 13 ships")
    (summary,) = report.derived
    head = desk.manuscript.head(summary.object_id, summary.kind)
    assert head is not None
    desk.generate(Node(object_id=summary.object_id, kind=summary.kind), head.text, 1, becomes_head=True)
    left = said(stale(desk))
    assert [name for name in left if name.startswith("4.")] == []
    assert left["the summary of chapter 1: maybe"] == ["reads 1.2, which is out of date itself"]


def test_a_summary_that_comes_out_otherwise_makes_its_readers_stale_where_they_state_what_went(desk: Desk) -> None:
    report = edit(desk, "1.1", "with 12 ships", "with 13 ships")
    (summary,) = report.derived
    desk.generate(Node(object_id=summary.object_id, kind=summary.kind), "Many ships, and no Jon.", 1, becomes_head=True)
    assert said(stale(desk))["4.1: stale"] == ["has “12 ships”, which the summary of chapter 1 no longer has"]
    assert "was shown the summary of chapter 1, which has changed since" in said(stale(desk))["4.2: maybe"]
    desk.generate(Node(object_id=summary.object_id, kind=summary.kind), "Some had 12 ships.", 2, becomes_head=True)
    assert "4.1: maybe" in said(stale(desk)), "Jon is still one of the book's people, so his name is no fact that went"


def test_what_was_put_back_is_as_if_nothing_had_happened(desk: Desk) -> None:
    first = desk.manuscript.head(at(desk, "1.1"), "section")
    assert first is not None
    edit(desk, "1.1", "12 ships", "13 ships")
    now = desk.manuscript.head(at(desk, "1.1"), "section")
    assert now is not None
    desk.stands(desk.ledger.move_head(first.object_id, "section", first.id, WHO, base_id=now.id))
    assert stale(desk).texts == ()


def test_accepting_holds_until_something_else_changes(desk: Desk) -> None:
    report = edit(desk, "1.1", "12 ships", "13 ships")
    assert staleness.accept_stale(desk.manuscript, desk.sources, report.texts, WHO, "it is fine") == 8
    assert stale(desk).texts == ()
    edit(desk, "1.1", "13 ships", "14 ships")
    assert said(stale(desk))["1.2: stale"] == ["follows 1.1, which has changed since"]


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_age_makes_stale_only_where_it_is_stated(desk: Desk) -> None:
    report = people(desk, Mira={"age": "36"})
    assert said(report) == {
        "1.1: stale": ["uses Mira's age (34 → 36)"],
        "the summary of chapter 1: maybe": ["reads 1.1, which is out of date itself"],
        "1.2: maybe": ["reads 1.1, which is out of date itself"],
        "2.1: maybe": ["was told Mira's age (34 → 36), and names Mira without stating it"],
    }
    assert report.of("1.1") is not None
    assert report.of("4.1") is None
    assert repr(report) == "1.1 Scene 1: uses Mira's age (34 → 36)\nand 3 more may be affected (.maybe)"


def test_what_can_not_be_looked_for_makes_stale_whoever_names_them(desk: Desk) -> None:
    assert [text.number for text in people(desk, Mira={"eyes": "grey"}).sections] == ["1.1", "2.1"]
    assert stale(desk).as_dict()["stale"][0]["reasons"][0]["text"] == "uses Mira's eyes (green → grey)"


# ── plans and wishes ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_sections_own_plan_and_the_style_must_be_followed(desk: Desk) -> None:
    chapter = desk.book.chapters[1]
    sections = (replace(chapter.sections[0], brief="Jon dies."), chapter.sections[1])
    changed = replace(chapter, sections=sections)
    desk.manuscript.change_structure(
        lambda book: replace(book, chapters=(book.chapters[0], changed, *book.chapters[2:]))
    )
    assert said(stale(desk))["2.1: stale"] == ["was written before its own plan changed"]
    assert len(stale(desk)) == 1
    desk.style = replace(desk.style, guide="Long words.")
    assert len(stale(desk).sections) == 8


def test_a_comma_in_the_style_guide_is_noted_where_the_old_guide_is_known(desk: Desk) -> None:
    desk.style = replace(desk.style, guide=f"{FILLER}Long words.")
    staleness.accept_stale(desk.manuscript, desk.sources, stale(desk).texts, WHO)
    desk.style = replace(desk.style, guide=desk.style.guide.replace("again,", "again"))
    assert (len(stale(desk)), len(stale(desk).noted)) == (0, 14)


def test_the_brief_makes_stale_what_states_what_it_no_longer_says(desk: Desk) -> None:
    desk.manuscript.change_structure(lambda book: replace(book, instructions="A road to Ash, 34 miles long."))
    report = stale(desk)
    assert [text.number for text in report.sections] == ["1.1", "2.2"]
    assert said(report)["1.1: stale"] == ["has “Lorn”, “Port”, which the brief no longer has"]


# ── structure ─────────────────────────────────────────────────────────────────────────────────────────────────


def restructured(desk: Desk, change: Any) -> StaleReport:
    after = apply(desk.book, change)
    desk.manuscript.change_structure(lambda book: after)
    desk.manuscript.reload()
    return stale(desk)


def test_a_chapter_that_moves_makes_stale_only_what_follows_another_text_now(desk: Desk) -> None:
    report = restructured(desk, restructuring.move_chapter(desk.book, desk.book.chapters[2], 2))
    assert {text.number: [r.text for r in text.reasons] for text in report.sections} == {
        "2.1": ["was written to follow another text than 1.2"],
        "3.1": ["was written to follow another text than 2.2"],
        "4.1": ["was written to follow another text than 3.2"],
    }
    assert restructured(desk, restructuring.move_chapter(desk.book, desk.book.chapters[2], 2)).texts == ()


def test_the_place_of_a_chapter_is_no_fact_of_the_plan(desk: Desk) -> None:
    """Chapter 2 is called “Part 2”: a text that says “2 part” has that from elsewhere."""
    edit(desk, "1.1", "with 12 ships", "with 2 part owners")
    staleness.accept_stale(desk.manuscript, desk.sources, stale(desk).texts, WHO)
    chapter = replace(desk.book.chapters[1], title="Part of it")
    desk.manuscript.change_structure(lambda b: replace(b, chapters=(b.chapters[0], chapter, *b.chapters[2:])))
    staleness.accept_stale(desk.manuscript, desk.sources, stale(desk).texts, WHO)
    report = restructured(desk, restructuring.move_chapter(desk.book, desk.book.chapters[1], 3))
    assert "1.1" not in [text.number for text in report.sections]


def cut(desk: Desk, number: str, at_paragraph: int) -> StaleReport:
    section = desk.manuscript.section(at(desk, number))[1]
    change = restructuring.split_section(desk.book, section, at_paragraph)
    after = apply(desk.book, change)
    texts_of(desk, change)
    desk.manuscript.change_structure(lambda book: after)
    desk.manuscript.reload()
    return stale(desk)


def test_cutting_a_section_in_two_makes_no_section_stale(desk: Desk) -> None:
    text = f"{FILLER}The 12 ships of Mira.\n\n{FILLER}Then Jon had 9 days in Port Lorn."
    desk.generate(Node(object_id=at(desk, "1.1"), kind="section"), text, 1, becomes_head=True)
    desk.generate(Node(object_id=at(desk, "1.2"), kind="section"), f"{FILLER}It took 9 days.", 2, becomes_head=True)
    staleness.accept_stale(desk.manuscript, desk.sources, [t for t in stale(desk).texts if t.number != "1.2"], WHO)
    assert stale(desk).texts == ()
    report = cut(desk, "1.1", 2)
    assert report.sections == ()
    assert [text.number for text in report.maybe if text.kind == "section"] == ["4.1", "4.2"]
    assert [text.what for text in report.derived] == ["the summary of chapter 1"]
    assert [text.number for text in edit(desk, "1.2", "9 days", "10 days").sections] == ["1.3"]


def test_making_one_section_of_two_leaves_what_follows_fresh(desk: Desk) -> None:
    first, second = desk.book.chapters[0].sections
    change = restructuring.merge_sections(desk.book, first, second)
    texts_of(desk, change)
    report = restructured(desk, change)
    # Its own plan is that of both now; 2.1, which followed the second, is fresh.
    assert [text.number for text in report.sections] == ["1.1"]
    assert [text.what for text in report.derived] == ["the summary of chapter 1"]


def test_what_is_taken_out_may_matter_to_its_readers(desk: Desk) -> None:
    report = restructured(desk, restructuring.delete_section(desk.book, desk.book.chapters[0].sections[0]))
    assert said(report) == {
        "1.1: stale": ["was written to follow another section, and now none that is written stands before it"],
        "the summary of chapter 1: stale": ["sums up other texts than there are now"],
        "2.1: maybe": ["read a section, which is no longer in the book", "reads 1.1, which is out of date itself"],
        **{f"{n}: maybe": ["read a section, which is no longer in the book"] for n in ("2.2", "3.1", "3.2")},
        "4.1: maybe": ["reads the summary of chapter 1, which is out of date itself"],
        "4.2: maybe": ["reads the summary of chapter 1, which is out of date itself"],
    }


def test_a_stale_text_that_stands_later_now_still_counts_for_who_read_it(desk: Desk) -> None:
    """Chapter 4 was written with the summary of chapter 1, and is moved before it."""
    restructured(desk, restructuring.move_chapter(desk.book, desk.book.chapters[3], 1))
    report = edit(desk, "2.1", "with 12 ships", "with 13 ships")
    summary = desk.book.chapters[1].id
    assert (summary, "chapter_summary") in {(text.object_id, text.kind) for text in report.derived}
    readers = [text for text in report.texts if any(r.inherited and summary in r.input for r in text.reasons)]
    assert "1.2" in [text.number for text in readers]


# ── a long book ───────────────────────────────────────────────────────────────────────────────────────────────


def test_in_a_long_book_an_edit_reaches_as_far_as_the_window_and_its_summaries() -> None:
    desk = written(17, 1)
    edit(desk, "2.1", "There Mira rested.", "There Mira died, 99 years old.")
    report = stale(desk)
    assert [text.number for text in report.sections] == ["2.2"]
    assert [text.what for text in report.derived] == ["the summary of chapter 2"]
    (summary,) = report.derived
    desk.generate(Node(object_id=summary.object_id, kind=summary.kind), "She died, 99 years old.", 1, becomes_head=True)
    assert [text.what for text in stale(desk).derived] == ["the summary of the eight chapters up to 8"]
    assert max(int(t.number.partition(".")[0]) for t in report.maybe if t.kind == "section") < 17


def test_what_nobody_recorded_is_not_asked_about(desk: Desk) -> None:
    """A person's own first words have no receipt."""
    book = desk.book
    change = restructuring.add_section(book, book.chapters[2], "Mine", "Mine.")
    report = restructured(desk, change)
    assert (len(report), report.maybe) == (0, ())
    desk.revise(change.object_id, "section", "My own words of Mira, 34.")
    assert people(desk, Mira={"age": "36"}).of(change.object_id) is None


def test_the_story_bible_counts_as_people_do(desk: Desk) -> None:
    entry = {"name": "Port Lorn", "kind": "place", "gates": "12"}
    desk.revise(desk.book.id, adoption.BIBLE, json.dumps({"entries": [entry]}))
    report = stale(desk)
    assert [text.number for text in report.maybe] == ["1.1", "2.2"]
    assert said(report)["1.1: maybe"] == [
        "was told Port Lorn, who is described only since, and names Port Lorn without stating it"
    ]


def test_looking_changes_nothing(desk: Desk) -> None:
    edit(desk, "1.1", "12 ships", "13 ships")
    before = (desk.book, len(desk.ledger.events()), desk.ledger.heads())
    assert stale(desk) == stale(desk)
    assert (desk.book, len(desk.ledger.events()), desk.ledger.heads()) == before
