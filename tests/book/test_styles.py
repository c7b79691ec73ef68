"""Styles come from the book's own folder first, and whatever is wrong with one is told by file and field."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.book.folder import ProjectFolder
from ghostkit.book.model import Style
from ghostkit.book.styles import (
    FIELDS,
    KINDS,
    LONGEST_NAME,
    SHIPPED,
    changed_style,
    check_style_name,
    list_styles,
    parse_style,
    read_style,
    render_style,
    shipped_styles,
    style_from,
    style_guide,
    style_named,
    style_names,
)
from ghostkit.errors import BookDamaged, InputError, UnknownName

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


@pytest.fixture
def folder(tmp_path: Path) -> ProjectFolder:
    return ProjectFolder(tmp_path).create()


# ── those that ship ───────────────────────────────────────────────────────────────────────────────────────────


def test_every_shipped_file_is_listed_and_the_other_way_round() -> None:
    assert {path.stem for path in SHIPPED.iterdir()} == set(style_names())
    assert {"plain", "lyrical", "terse", "textbook"} < set(style_names())
    kinds = [style.kind for style in shipped_styles().values()]
    assert kinds.count("fiction") >= 5
    assert kinds.count("non-fiction") >= 5


@pytest.mark.parametrize("name", style_names())
def test_each_shipped_style_is_a_whole_guide(name: str) -> None:
    style = style_named(name)
    assert style.name == name
    assert style.description.endswith(".")
    assert len(style.guide.split()) >= 25
    assert len(style.do) >= 3
    assert len(style.avoid) >= 3
    assert len(style.sample.split()) >= 15
    assert parse_style(render_style(style), "x") == style
    assert (SHIPPED / f"{name}.json").read_text("utf-8") == render_style(style)
    guide = style_guide(style)
    for told in (style.guide, *style.do, *style.avoid, style.sample):
        assert told in guide


def test_no_two_shipped_styles_say_the_same() -> None:
    lines = [line for style in shipped_styles().values() for line in (*style.do, *style.avoid, style.sample)]
    assert len(lines) == len(set(lines))


# ── a book's own ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_books_own_style_comes_first(folder: ProjectFolder) -> None:
    folder.style("plain").write_text(render_style(replace(style_named("plain"), guide="Shout.")))
    folder.style("сухой").write_text('{"name": "сухой", "do": ["считать"]}', "utf-8")
    assert style_named("plain", folder).guide == "Shout."
    assert style_named("plain").guide != "Shout."
    assert style_named("сухой", folder).do == ("считать",)
    assert style_named("terse", folder) is shipped_styles()["terse"]
    assert style_names(folder) == (*style_names(), "сухой")
    rows = {row.name: row for row in list_styles(folder)}
    assert (rows["plain"].origin, rows["terse"].origin, rows["сухой"].origin) == ("changed", "shipped", "own")


def test_a_broken_file_is_a_row_of_the_list_and_stops_only_itself(folder: ProjectFolder) -> None:
    folder.style("dry").write_text("{")
    (row,) = [row for row in list_styles(folder) if row.problem]
    assert row.name == "dry"
    assert "dry.json can't be read: line 1" in row.problem
    assert style_named("terse", folder).name == "terse"


@pytest.mark.parametrize("name", ["", "baroque", "../plain", "/etc/passwd", "a\0b", "x" * 300])
def test_an_unknown_style_lists_those_there_are(folder: ProjectFolder, name: str) -> None:
    folder.style("dry").write_text('{"name": "dry"}')
    with pytest.raises(UnknownName) as caught:
        style_named(name, folder)
    assert caught.value.fix == f"Choose one of: {', '.join(style_names())}, dry."


def test_a_near_miss_is_asked_about() -> None:
    with pytest.raises(UnknownName, match=r"no style 'lirical'; did you mean 'lyrical'\?"):
        style_named("lirical")


# ── what can be wrong ─────────────────────────────────────────────────────────────────────────────────────────

WRONG: list[tuple[Any, str]] = [
    ([], "it must be one JSON object"),
    ({}, "name: it is missing"),
    ({"name": "dry", "guidance": "x"}, "guidance: a style has no such field; did you mean 'guide'?"),
    ({"name": "dry", "dont": ["x"]}, "dont: a style has no such field; did you mean 'avoid'?"),
    ({"name": "dry", "zzz": 1}, "zzz: a style has no such field."),
    ({"name": "dry", "do": "shout"}, "do: it must be a list of texts"),
    ({"name": "dry", "avoid": [1]}, "avoid: it must be a list of texts"),
    ({"name": "dry", "guide": ["x"]}, "guide: it must be a text, not a list"),
    ({"name": "dry", "sample": None}, "sample: it must be a text, not null"),
    ({"name": 7}, "name: it must be a text, not a number"),
    ({"name": "dry", "kind": "poetry"}, "kind: 'poetry' is not one of any, fiction, non-fiction"),
    ({"name": "../dry"}, "name: '../dry' can't be the name of a file"),
    ({"name": ""}, "name: '' can't be the name of a file"),
    ({"name": "x" * 61}, "can't be the name of a file"),
]


@pytest.mark.parametrize(("value", "said"), WRONG)
def test_what_is_wrong_with_a_style_is_one_sentence_with_file_and_field(
    folder: ProjectFolder, value: Any, said: str
) -> None:
    folder.style("dry").write_text(json.dumps(value))
    with pytest.raises(BookDamaged) as in_book:
        style_named("dry", folder)
    with pytest.raises(InputError) as given:
        read_style(folder.style("dry"))
    for caught in (in_book, given):
        assert f"dry.json can't be read: {said}" in caught.value.message or said in caught.value.message
        assert "\n" not in caught.value.message
        assert caught.value.fix


def test_a_file_that_calls_itself_otherwise_is_told(folder: ProjectFolder) -> None:
    folder.style("dry").write_text('{"name": "wet"}')
    with pytest.raises(BookDamaged, match=r"name: it says 'wet', but the file is called dry\.json"):
        style_named("dry", folder)


def test_a_file_that_is_no_json_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"name": ')
    (tmp_path / "b.json").write_bytes(b"\xff\xfe")
    for name, said in (("a.json", "line 1"), ("b.json", "not UTF-8"), ("c.json", "There is no file")):
        with pytest.raises(InputError, match=said):
            read_style(tmp_path / name)


def test_changing_a_field_is_checked_like_a_file() -> None:
    plain = style_named("plain")
    assert changed_style(plain, {"guide": "Shout."}, "plain") == replace(plain, guide="Shout.")
    with pytest.raises(InputError, match="guide_text: a style has no such field; did you mean 'guide'"):
        changed_style(plain, {"guide_text": "Shout."}, "plain")


@given(name=TEXT.filter(bool), kind=st.sampled_from(KINDS), lines=st.lists(TEXT, max_size=3), text=TEXT)
def test_whatever_can_be_said_in_a_style_comes_back_from_its_file(
    name: str, kind: str, lines: list[str], text: str
) -> None:
    style = Style(name="x", kind=kind, description=text, guide=text, do=tuple(lines), avoid=tuple(lines), sample=text)
    assert parse_style(render_style(style), "x") == style
    try:
        check_style_name(name)
    except InputError:
        return
    assert len(name) <= LONGEST_NAME
    assert Path(f"{name}.json").name == f"{name}.json"


def test_the_fields_are_those_of_the_value() -> None:
    assert set(FIELDS) == set(Style.__dataclass_fields__)
    assert style_from({"name": "x"}, "x") == Style(name="x")
