"""`book.templates`: edits are checked, numbered, kept, in force from the next run on, and can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostkit.errors import InputError, TemplateError, UnknownName
from ghostkit.generation import PromptService

from ..desk import Desk, write

pytestmark = pytest.mark.anyio


def braver(text: str, how: str = "Be brave.") -> str:
    assert "</task>" in text
    return text.replace("</task>", f"{how}\n</task>")


def row(book: Any, name: str) -> Any:
    return next(row for row in book.templates if row.name == name)


def test_the_list_has_every_template_and_what_they_include(desk: Desk) -> None:
    book = desk.create()
    rows = book.templates.list()
    assert {found.name for found in rows} == {*PromptService().names(), "_book", "_system"}
    assert {found.origin for found in rows} == {"shipped"}
    assert row(book, "section").label == PromptService().template("section").label
    assert not any(found.problem for found in rows)
    assert "this book's own: none" in repr(book.templates)
    assert "<td>section</td>" in book.templates._repr_html_()


def test_an_edit_gets_the_next_version_and_every_earlier_one_is_kept(desk: Desk) -> None:
    book = desk.create()
    shipped = book.templates.text("section")
    first = PromptService().template("section").version
    book.templates.edit("section", braver(shipped))
    book.templates.edit("section", braver(shipped, "Be bolder."))
    now = row(book, "section")
    assert (now.origin, now.version, now.history) == ("changed", first + 2, (first, first + 1))
    assert "Be bolder." in book.templates.text("section")
    assert "Be brave." in book.templates.text(f"section@{first + 1}")
    assert book.templates.text(f"section@{first}") == shipped
    assert book.templates.text(f"section@{first + 2}") == book.templates.text("section")
    assert "+Be bolder." in book.templates.diff("section")
    assert "+Be brave." in book.templates.diff(f"section@{first + 1}")
    with pytest.raises(UnknownName, match="no version '99' of the template 'section'"):
        book.templates.text("section@99")


def test_reset_goes_back_and_forgets_nothing_and_no_number_comes_twice(desk: Desk) -> None:
    book = desk.create()
    shipped = book.templates.text("section")
    first = PromptService().template("section").version
    assert book.templates.reset("section") is False
    book.templates.edit("section", braver(shipped))
    assert book.templates.reset("section") is True
    assert book.templates.text("section") == shipped
    assert book.templates.diff("section") == ""
    assert "Be brave." in book.templates.text(f"section@{first + 1}")
    assert book.templates.edit("section", braver(shipped, "Be calm.")).version == first + 2
    kinds = [(event.data["kind"], event.data["path"]) for event in book.ledger.events(types=["human_edit"])]
    assert kinds == [("template", "templates/section.md")] * 3


def test_a_hand_edit_counts_and_is_kept_when_it_is_replaced(desk: Desk) -> None:
    book = desk.create()
    shipped = book.templates.text("section")
    book.templates.edit("section", braver(shipped))
    file = book.folder.templates / "section.md"
    label = row(book, "section").label
    file.write_text(file.read_text("utf-8").replace("Be brave.", "Be quick."), "utf-8")
    assert row(book, "section").label.split(":")[0] == label.split(":")[0]
    assert row(book, "section").label != label
    book.templates.edit("section", braver(shipped, "Be late."))
    assert "Be quick." in book.templates.text(f"section@{row(book, 'section').history[-1]}")


def test_a_text_that_says_nothing_else_is_no_new_version(desk: Desk) -> None:
    book = desk.create()
    text = book.templates.text("section")
    book.templates.edit("section", text.replace("\n", "\r\n"))
    book.templates.edit("section", text.replace("version: ", "version: 7"))
    assert row(book, "section").origin == "shipped"
    assert not book.folder.templates.exists()


WRONG = [
    (lambda text: "", "its name: line is missing"),
    (lambda text: text.replace("{{ words }}", "{{ words }} {{ colour }}"), "it uses colour without declaring it"),
    (lambda text: text.replace("variables:", "variables: colour"), "it declares colour, which nothing gives"),
    (lambda text: text.replace("</task>", "{% if %}</task>"), "Expected an expression"),
    (lambda text: text.replace("=== each plan\n", ""), "drops plan, which the template 'section' needs"),
    (lambda text: text.replace("=== each manuscript\n", ""), "drops manuscript, which the template 'section' needs"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_what_does_not_fit_is_told_and_nothing_changes(desk: Desk, change: Any, said: str) -> None:
    book = desk.create()
    text = book.templates.text("section")
    assert change(text) != text
    with pytest.raises(TemplateError) as raised:
        book.templates.edit("section", change(text))
    assert said in raised.value.message
    assert "section.md" in raised.value.message
    assert "\n" not in raised.value.message
    assert row(book, "section").origin == "shipped"
    assert not book.folder.templates.exists()


def test_what_is_dropped_knowingly_is_written_down_and_taken_back_when_it_is_there_again(desk: Desk) -> None:
    book = desk.create()
    text = book.templates.text("section")
    without = text.replace("=== each plan\n", "").replace("=== each bible\n", "")
    dropped = book.templates.edit("section", without, allow_drop=True)
    assert dropped.drops == ("bible", "plan")
    assert "\ndrops: bible plan\n" in book.templates.text("section")
    assert book.templates.edit("section", text.replace("</task>", "Now.\n</task>")).drops == ()


def test_an_included_file_has_versions_too_and_changes_the_labels_of_those_that_include_it(desk: Desk) -> None:
    book = desk.create()
    before = {found.name: found.label for found in book.templates}
    system = book.templates.text("_system")
    assert book.templates.edit("_system", system + "Be kind.\n").version == 2
    assert book.templates.edit("_system", system + "Be kinder.\n").version == 3
    assert "Be kind." in book.templates.text("_system@2")
    changed = {found.name for found in book.templates if found.label != before[found.name]}
    assert {"section", "outline", "chapter_summary"} <= changed
    assert "continuation" not in changed
    rendered = PromptService([book.folder.templates]).render(
        "chapter_summary", **{v: "x" for v in PromptService().template("chapter_summary").variables}
    )
    assert rendered.messages[0].text.startswith("You are writing a book")
    with pytest.raises(TemplateError, match=r"_system\.md drops style_guide"):
        book.templates.edit("_system", system.replace("{{ style_guide }}", ""))
    without = book.templates.edit("_system", system.replace("{{ style_guide }}", ""), allow_drop=True)
    assert without.drops == ("style_guide",)
    assert book.templates.reset("_system")
    assert {found.name: found.label for found in book.templates} == before


@pytest.mark.parametrize("name", ["sectoin", "", "../section", "section/x", "history/section@1"])
def test_a_template_there_is_not_is_named(desk: Desk, name: str) -> None:
    book = desk.create()
    for act in (book.templates.text, book.templates.reset, book.templates.history, book.templates.get):
        with pytest.raises(UnknownName, match="There is no prompt template"):
            act(name)
    with pytest.raises(UnknownName):
        book.templates.edit(name, "x")


def test_a_file_that_nothing_uses_is_listed_as_such(desk: Desk) -> None:
    book = desk.create()
    book.folder.templates.mkdir()
    (book.folder.templates / "sectoin.md").write_text("x")
    assert row(book, "sectoin").problem == "No prompt is made from sectoin.md; did you mean section.md?"


async def test_an_edit_is_in_the_next_request_and_in_its_receipt(desk: Desk) -> None:
    book = desk.create()
    await write(book, until="1.1")
    first = book.receipt("1.1")["request"]["template"]
    book.templates.edit("section", braver(book.templates.text("section")))
    await write(book, until="1.2")
    told = {r.slot: r.messages[-1].text for r in desk.provider.requests if "/section/" in r.slot}
    assert ["Be brave." in text for text in told.values()] == [False, True]
    second = book.receipt("1.2")["request"]["template"]
    assert second == row(book, "section").label != first


@pytest.mark.parametrize("file", ["title", "section", "_system"])
async def test_a_broken_file_stops_the_run_before_anything_is_asked(desk: Desk, file: str) -> None:
    book = desk.create()
    book.folder.templates.mkdir()
    (book.folder.templates / f"{file}.md").write_text(book.templates.text(file).replace("}}", "}", 1), "utf-8")
    with pytest.raises(TemplateError, match=rf"{file}\.md, line \d+: "):
        await write(book)
    assert desk.calls == 0
    assert row(book, file).problem
    assert book.templates.reset(file)
    await write(book, until="1.1")


TEXTS = st.one_of(st.text(max_size=60), st.sampled_from(["{{ words }}", "{{ x", "=== part\n", "=== each plan\n", "{#"]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=st.lists(TEXTS, min_size=1, max_size=3), at=st.integers(0, 40), whole=st.booleans())
def test_whatever_is_typed_is_taken_or_told_and_never_breaks_the_book(
    desk: Desk, pieces: list[str], at: int, whole: bool
) -> None:
    book = desk.create()
    lines = [] if whole else book.templates.text("section").split("\n")
    lines[at:at] = pieces
    before = book.templates.text("section")
    try:
        book.templates.edit("section", "\n".join(lines), allow_drop=True)
    except InputError as error:
        told = error.message
    else:
        told = ""
    assert "\n" not in told
    assert not told or book.templates.text("section") == before
    PromptService([book.folder.templates]).check()


async def test_an_edit_puts_what_was_asked_with_the_old_words_out_of_date_and_a_reset_back(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    assert not book.stale()
    book.templates.edit("section", braver(book.templates.text("section")))
    assert len(book.stale().sections) == 4
    assert "another prompt template than section@" in book.stale().sections[0].reasons[0].text
    book.templates.reset("section")
    assert not book.stale()
