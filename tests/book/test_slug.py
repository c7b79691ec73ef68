"""Every title becomes a folder name that is safe on every system, and no path leaves its root."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.book.slug import inside, safe_slug
from ghostkit.errors import InputError

TITLES = st.one_of(
    st.text(max_size=120),
    st.text("aZ9 ./\\:-_'’\0\n", max_size=40),
    st.text("дёЙ水あ한ﬁİßǅ½²①é\u0301\u200d\ufe0f🐘", max_size=260),
    st.sampled_from(["CON", "nul.txt", "com1", "LPT9", "COM¹", ".", "..", "", "   ", "-", "aux ", "x" * 300]),
)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("The Salt Road", "the-salt-road"),
        ("../../etc", "etc"),
        ("C:\\Windows\\System32", "c-windows-system32"),
        ("CON", "con-book"),
        ("com¹", "com1-book"),
        ("nul", "nul-book"),
        ("Console", "console"),
        ("", "book"),
        (".", "book"),
        ("..", "book"),
        ("🐘🐘", "book"),
        ("❤️", "book"),
        ("1️⃣ day", "1-day"),
        ("Красный маяк: Часть Ⅱ", "красный-маяк-часть-ii"),
        ("水の都", "水の都"),
        ("नमस्ते", "नमस्ते"),
        ("Mira’s Ro\u00adad", "miras-road"),
        ("a\0b\nc", "a-b-c"),
        ("x" * 300, "x" * 80),
        ("水" * 300, "水" * 66),
        ("---", "book"),
        ("I\u200b\u0300", "\u00ec"),
    ],
)
def test_a_title_becomes_this_folder_name(title: str, slug: str) -> None:
    assert safe_slug(title) == slug


@given(TITLES)
def test_any_title_becomes_a_safe_name(title: str) -> None:
    slug = safe_slug(title)
    assert 0 < len(slug) <= 80
    assert len(slug.encode()) <= 200
    assert slug == unicodedata.normalize("NFKC", slug) == slug.strip("-. ")
    assert not re.search(r"[\x00-\x1f\x7f/\\:*?\"<>|.\s]", slug)
    assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)", slug)
    assert Path("root", slug).parent == Path("root")
    assert safe_slug(slug) == slug


@given(st.lists(TITLES, max_size=8))
def test_titles_never_share_a_name_even_where_case_does_not_count(titles: list[str]) -> None:
    taken: list[str] = []
    for title in titles:
        taken.append(safe_slug(title, [name.upper() if len(name.upper()) == len(name) else name for name in taken]))
    assert len({name.casefold() for name in taken}) == len(titles)
    assert all(len(name) <= 80 and len(name.encode()) <= 200 for name in taken)


def test_a_taken_name_gets_a_number() -> None:
    assert safe_slug("Salt", ["salt"]) == "salt-2"
    assert safe_slug("Salt", ["SALT", "salt-2"]) == "salt-3"
    long = "x" * 80
    assert safe_slug(long, [long]) == "x" * 78 + "-2"


def test_a_path_inside_is_resolved(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/../b.md") == tmp_path.resolve() / "b.md"
    assert inside(tmp_path, tmp_path / "b.md") == tmp_path.resolve() / "b.md"


@pytest.mark.parametrize("path", ["..", "a/../../b", "/etc/passwd", "out/x", "a\0b", "loop/x", "../rootling"])
def test_a_path_that_leaves_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "rootling").mkdir()
    (root / "out").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    with pytest.raises(InputError):
        inside(root, path)
