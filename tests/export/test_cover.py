from __future__ import annotations

import re

import pytest

from ghostkit.export.colour import contrast, palette
from ghostkit.export.cover import HEIGHT, WIDTH, cover_svg

from .books import make_document
from .reading import read_xml

SVG = "{http://www.w3.org/2000/svg}"


def lines(svg: str) -> list[str]:
    return ["".join(span.itertext()) for span in read_xml(svg.encode()).iter(f"{SVG}tspan")]


def test_title_subtitle_and_author_stand_on_the_cover() -> None:
    svg = cover_svg(make_document(title="The Salt Road", subtitle="A novel", author="Ines Marrow").meta)
    assert " ".join(lines(svg)) == "The Salt Road A novel Ines Marrow"


@pytest.mark.parametrize(
    "title", ["Q", "The Salt Road", "紅樓夢" * 30, "w" * 500, "word " * 400, "é́" * 90, "طريق " * 30]
)
def test_every_line_stays_inside_the_page(title: str) -> None:
    svg = cover_svg(make_document(title=title, author="N" * 200, subtitle="s " * 200).meta)
    placed = [(int(span.get("x", 0)), int(span.get("y", 0))) for span in read_xml(svg.encode()).iter(f"{SVG}tspan")]
    assert placed
    assert all(0 < x < WIDTH and 1300 < y < HEIGHT for x, y in placed)
    heights = [y for _, y in placed]
    assert heights == sorted(set(heights))


def test_right_to_left_titles_begin_at_the_right() -> None:
    svg = cover_svg(make_document(title="طريق الملح", language="ar").meta)
    assert 'direction="rtl"' in svg
    assert f'x="{WIDTH - 150}"' in svg


def test_the_same_book_always_has_the_same_cover_and_another_book_another() -> None:
    assert cover_svg(make_document().meta) == cover_svg(make_document().meta)
    assert len({palette(str(number)).ground for number in range(200)}) > 150


def test_every_book_has_colours_that_can_be_read() -> None:
    for number in range(2000):
        colours = palette(f"book {number}")
        assert contrast(colours.ink, colours.ground) >= 7
        assert contrast(colours.accent, colours.ground) >= 4.5
        assert contrast(colours.ink, colours.shade) >= 4.5


def test_contrast_agrees_with_the_standards_own_examples() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


def test_the_cover_refers_to_nothing_outside_itself() -> None:
    svg = cover_svg(make_document(title="https://example.org <image href='x'/>").meta)
    assert not re.search(r"href=|url\(|<image|<script|<style", svg.replace("&lt;image href", ""))


def test_every_ornament_is_drawn_for_some_book() -> None:
    from ghostkit.export.colour import seed
    from ghostkit.export.cover import _ORNAMENTS

    drawn = {seed(str(number))[4] % len(_ORNAMENTS) for number in range(100)}
    assert drawn == set(range(len(_ORNAMENTS)))
    for number, ornament in enumerate(_ORNAMENTS):
        for book in range(20):
            group = ornament(seed(f"{number} {book}"), palette(f"{number} {book}"))
            read_xml(f"<g>{group}</g>".encode())
