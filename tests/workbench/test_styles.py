"""`book.styles`: one list, files in the book's folder, and a style that is in what is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ghostkit.book import list_styles, render_style, style_named
from ghostkit.errors import BookDamaged, InputError, UnknownName

from ..desk import Desk, write

pytestmark = pytest.mark.anyio

HARBOUR = {"name": "harbour", "kind": "fiction", "guide": "Let the tide decide.", "do": ["Name the boats."]}


def events_of(book: Any) -> list[tuple[str, str]]:
    return [(event.data["kind"], event.data["path"]) for event in book.ledger.events(types=["human_edit"])]


def system_texts(desk: Desk) -> set[str]:
    return {request.messages[0].text for request in desk.provider.requests}


def test_the_list_is_the_one_list(desk: Desk) -> None:
    book = desk.create()
    assert book.styles.list() == list_styles(book.folder) == tuple(book.styles)
    assert [row.name for row in book.styles.list()] == list(book.styles.names())
    assert book.styles.get() == style_named("plain")
    assert "[plain]" in repr(book.styles)
    assert "<td>noir</td>" in book.styles._repr_html_()


def test_a_style_is_added_edited_used_and_removed_and_each_act_is_recorded(desk: Desk) -> None:
    book = desk.create()
    added = book.styles.add(HARBOUR)
    file = book.folder.style("harbour")
    assert file.read_text("utf-8") == render_style(added)
    assert book.styles.edit("harbour", avoid=["Gulls."]).avoid == ("Gulls.",)
    assert book.styles.use("harbour").guide == "Let the tide decide."
    assert json.loads(book.folder.book.read_text("utf-8"))["style"] == "harbour"
    with pytest.raises(InputError, match="The book is written in 'harbour'"):
        book.styles.remove("harbour")
    book.styles.use("plain")
    book.styles.remove("harbour")
    assert not file.exists()
    assert events_of(book) == [
        ("style", "styles/harbour.json"),
        ("style", "styles/harbour.json"),
        ("style", "book.json"),
        ("style", "book.json"),
        ("style", "styles/harbour.json"),
    ]
    assert list(file.parent.iterdir()) == []


def test_editing_a_shipped_style_makes_the_books_own_copy_and_removing_that_goes_back(desk: Desk) -> None:
    book, other = desk.create(), desk.create("other")
    book.styles.edit("plain", guide="Shout.")
    assert book.styles.get("plain").guide == "Shout."
    assert next(row for row in book.styles if row.name == "plain").origin == "changed"
    assert other.styles.get("plain") == style_named("plain")
    book.styles.remove("plain")
    assert book.styles.get("plain") == style_named("plain")
    with pytest.raises(InputError, match="ships with ghostkit and can't be removed"):
        book.styles.remove("plain")


def test_an_edit_that_changes_nothing_leaves_no_trace(desk: Desk) -> None:
    book = desk.create()
    book.styles.edit("plain", guide=style_named("plain").guide)
    book.styles.use("plain")
    assert events_of(book) == []
    assert not book.folder.style("plain").exists()


def test_a_hand_edit_of_the_file_simply_counts(desk: Desk) -> None:
    book = desk.create()
    book.folder.style("dry").write_text('{"name": "dry", "guide": "Salt."}', "utf-8")
    assert book.styles.get("dry").guide == "Salt."
    book.folder.style("dry").write_text('{"name": "dry", "guide": "Salt, and no water."}', "utf-8")
    assert book.styles.get("dry").guide == "Salt, and no water."


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            lambda styles: styles.add({**HARBOUR, "dont": ["Gulls."]}),
            "dont: a style has no such field; did you mean",
        ),
        (lambda styles: styles.add({"kind": "fiction"}), "name: it is missing"),
        (lambda styles: styles.add({**HARBOUR, "name": "../../harbour"}), "can't be the name of a file"),
        (lambda styles: styles.add({**HARBOUR, "name": "noir"}), "There is a style 'noir' already"),
        (lambda styles: styles.edit("noir", guides="x"), "guides: a style has no such field; did you mean 'guide'"),
        (lambda styles: styles.edit("noir", do="x"), "do: it must be a list of texts"),
        (lambda styles: styles.edit("noir", name="black"), "A style's name can't be edited"),
        (lambda styles: styles.edit("nior", guide="x"), "no style 'nior'; did you mean 'noir'"),
        (lambda styles: styles.remove("nothing"), "no style 'nothing'"),
        (lambda styles: styles.use("lirical"), "did you mean 'lyrical'"),
        (lambda styles: styles.add("/nowhere/x.json"), "There is no file /nowhere/x.json"),
    ],
)
def test_what_can_t_be_done_is_one_sentence_and_changes_nothing(desk: Desk, act: Any, said: str) -> None:
    book = desk.create()
    before = {path: path.read_bytes() for path in book.folder.root.rglob("*.json")}
    with pytest.raises(InputError) as raised:
        act(book.styles)
    assert said in raised.value.message
    assert "\n" not in raised.value.message
    assert {path: path.read_bytes() for path in book.folder.root.rglob("*.json")} == before
    assert events_of(book) == []


async def test_the_style_is_in_the_system_text_of_every_prompt_and_two_styles_differ(desk: Desk) -> None:
    told = {}
    for name in ("noir", "young-readers"):
        await write(desk.create(name, style=name))
        told[name] = system_texts(desk)
        desk.provider.requests.clear()
        style = style_named(name)
        for text in told[name]:
            assert all(line in text for line in (style.guide, *style.do, *style.avoid, style.sample))
    assert told["noir"].isdisjoint(told["young-readers"])


async def test_a_broken_style_stops_the_run_before_anything_is_asked(desk: Desk) -> None:
    book = desk.create()
    book.styles.add(HARBOUR)
    book.styles.use("harbour")
    book.folder.style("harbour").write_text('{"name": "harbour", "guide": 7}', "utf-8")
    with pytest.raises(BookDamaged, match=r"harbour\.json can't be read: guide: it must be a text, not a number"):
        await write(book)
    assert desk.calls == 0


async def test_a_style_that_is_gone_says_so_before_anything_is_asked(desk: Desk) -> None:
    book = desk.create()
    book.styles.add(HARBOUR)
    book.styles.use("harbour")
    book.folder.style("harbour").unlink()
    with pytest.raises(UnknownName, match="There is no style 'harbour'"):
        await write(book)
    assert desk.calls == 0


async def test_another_style_puts_what_is_written_out_of_date_and_the_old_one_back_in_date(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    assert not book.stale()
    book.styles.use("noir")
    assert len(book.stale().sections) == 4
    assert "the style" in book.stale().sections[0].reasons[0].text
    book.styles.use("plain")
    assert not book.stale()
    book.styles.edit("plain", sample="Nothing of the kind, said Hanna. She counted 40 lamps in Lisbon.")
    assert len(book.stale().sections) == 4
    book.styles.remove("plain")
    assert not book.stale()


async def test_a_comma_in_the_style_guide_is_noted_and_another_guide_is_stale(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    guide = book.styles.get("plain").guide
    book.styles.edit("plain", guide=guide.replace(", ", " ", 1))
    assert not book.stale()
    assert {text.number for text in book.stale().noted} >= {"1.1", "2.2"}
    book.styles.edit("plain", guide="Write in riddles, and never say who speaks.")
    assert [text.number for text in book.stale().sections] == ["1.1", "1.2", "2.1", "2.2"]
