"""Styles come from the book's own folder first, and an unknown one lists those there are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ghostkit.book.folder import ProjectFolder
from ghostkit.book.styles import STYLES, parse_style, render_style, style_named, style_names
from ghostkit.errors import BookDamaged, UnknownName


@pytest.fixture
def folder(tmp_path: Path) -> ProjectFolder:
    return ProjectFolder(tmp_path).create()


@pytest.mark.parametrize("name", ["plain", "lyrical", "terse", "textbook"])
def test_each_built_in_style_says_everything_a_style_can(name: str) -> None:
    style = style_named(name)
    assert style.name == name
    assert all([style.description, style.guide, style.do, style.avoid, style.sample])
    assert parse_style(render_style(style), "x") == style


def test_a_books_own_style_comes_first(folder: ProjectFolder) -> None:
    folder.style("plain").write_text(render_style(replace(STYLES["plain"], guide="Shout.")))
    folder.style("сухой").write_text('{"name": "сухой", "do": ["считать"]}', "utf-8")
    assert style_named("plain", folder).guide == "Shout."
    assert style_named("plain").guide != "Shout."
    assert style_named("сухой", folder).do == ("считать",)
    assert style_named("terse", folder) is STYLES["terse"]
    assert style_names(folder) == ("plain", "lyrical", "terse", "textbook", "сухой")


@pytest.mark.parametrize("name", ["", "baroque", "../plain", "/etc/passwd", "a\0b", "x" * 300])
def test_an_unknown_style_lists_those_there_are(folder: ProjectFolder, name: str) -> None:
    folder.style("dry").write_text('{"name": "dry"}')
    with pytest.raises(UnknownName) as caught:
        style_named(name, folder)
    assert caught.value.fix == "Choose one of: plain, lyrical, terse, textbook, dry."


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"name": "dry", "do": "shout"})])
def test_a_bad_style_file_is_told(folder: ProjectFolder, text: str) -> None:
    folder.style("dry").write_text(text)
    with pytest.raises(BookDamaged, match=r"dry\.json can't be read"):
        style_named("dry", folder)
