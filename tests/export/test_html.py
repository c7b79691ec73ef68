from __future__ import annotations

import base64
import hashlib
import re

import nh3
import pytest

from ghostkit.export import REHEARSAL_NOTE
from ghostkit.export.html import HtmlExporter

from .books import PLAIN, PROSE, make_document
from .payloads import PAYLOADS
from .reading import in_order, read_html, words

STRUCTURE = {"html", "head", "meta", "title", "style", "body", "header", "nav", "main", "article", "section"}
TEXT = {"h1", "h2", "h3", "h4", "h5", "h6", "p", "span", "bdi", "a", "em", "strong", "code", "pre", "br", "hr"}
BLOCKS = {"ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td"}
ALLOWED = STRUCTURE | TEXT | BLOCKS
ATTRIBUTES = {"class", "id", "href", "lang", "dir", "start", "charset", "name", "content", "http-equiv"}


def render(*args: object, **kwargs: object) -> bytes:
    return HtmlExporter().render(make_document(*args, **kwargs))  # type: ignore[arg-type]


def hostile_pages() -> dict[str, bytes]:
    """Every payload in every place a text can stand."""
    return {
        payload: render(
            [(payload, [(payload, payload), (f"{payload} 2", f"- {payload}\n\n> {payload}\n\n**{payload}**")])],
            title=payload,
            author=payload,
            subtitle=payload,
            description=payload,
            subjects=[payload],
            language=payload,
            rehearsal=True,
        )
        for payload in PAYLOADS
    }


@pytest.fixture(scope="module")
def hostile() -> dict[str, bytes]:
    return hostile_pages()


def test_payloads_make_no_element_and_no_attribute_of_their_own(hostile: dict[str, bytes]) -> None:
    assert len(hostile) >= 40
    for payload, page in hostile.items():
        seen = read_html(page)
        assert seen.names <= ALLOWED, payload
        assert {name for _, attributes in seen.tags for name in attributes} <= ATTRIBUTES, payload
        for tag, attributes in seen.tags:
            href = attributes.get("href")
            assert href is None or (tag == "a" and re.match(r"https?://[^@]+$|mailto:|#", href)), (payload, href)


def test_a_browser_grade_parser_sees_the_same_elements(hostile: dict[str, bytes]) -> None:
    """nh3 parses as browsers do; if it finds nothing to take away, no payload means something else to it."""
    allowed = ALLOWED - {"html", "head", "meta", "title", "style", "body"}
    attributes = {tag: {"class", "id", "href", "lang", "dir", "start"} for tag in allowed}
    for payload, page in hostile.items():
        body = page.decode().partition("<body>")[2].partition("</body>")[0]
        cleaned = nh3.clean(
            body, tags=allowed, attributes=attributes, link_rel=None, url_schemes={"http", "https", "mailto"}
        )
        assert re.findall(r"<[a-z0-9]+", cleaned) == re.findall(r"<[a-z0-9]+", body), payload
        assert cleaned.count("href=") == body.count("href="), payload


def test_payloads_stay_readable_as_text(hostile: dict[str, bytes]) -> None:
    assert "<script>pwn(1)</script>" in read_html(hostile["<script>pwn(1)</script>"]).text


def test_nothing_is_fetched_and_nothing_may_run() -> None:
    page = render().decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    style = re.search(r"<style>(.*)</style>", page, re.DOTALL)
    assert policy
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1].replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"url\(|@import|<script|<link|<img|src=| on\w+=| style=", page)


def test_contents_lead_to_every_chapter_and_every_titled_section() -> None:
    seen = read_html(render())
    targets = [attributes["href"] for tag, attributes in seen.tags if tag == "a"]
    assert targets[:4] == ["#chapter-1", "#chapter-1-section-1", "#chapter-1-section-2", "#chapter-2"]
    assert len(seen.ids) == len(set(seen.ids))
    assert {str(href)[1:] for href in targets if str(href).startswith("#")} <= set(seen.ids)


def test_every_word_of_the_prose_is_there_in_order() -> None:
    shown = words(read_html(render()).text)
    prose = re.sub(r"\]\([^)]*\)|mailto:|^```python$|^\d\. |^\|:.*", " ", PROSE, flags=re.MULTILINE)
    assert in_order(words(prose), shown)
    assert in_order([word for title, _ in PLAIN for word in words(title)], shown)


def test_language_and_direction_stand_on_the_page() -> None:
    assert b'<html lang="ar" dir="rtl">' in render(language="ar")
    assert b'<html lang="en" dir="ltr">' in render()
    assert b'<pre dir="ltr">' in render(language="he")


def test_a_rehearsal_is_marked_where_people_and_programs_look() -> None:
    marked, plain = render(rehearsal=True), render()
    assert REHEARSAL_NOTE in read_html(marked).text
    assert b'name="ghostkit.rehearsal" content="true"' in marked
    assert "Rehearsal" not in read_html(plain).text
    assert b"rehearsal" not in plain


def test_metadata_is_told_when_there_is_some() -> None:
    page = render(author="Ines & Mira", description='"Salt"').decode()
    assert '<meta name="author" content="Ines &amp; Mira"/>' in page
    assert '<meta name="description" content="&quot;Salt&quot;"/>' in page
    assert '<meta name="dcterms.modified" content="2026-11-20T12:30:15Z"/>' in page
    assert 'name="author"' not in render().decode()


@pytest.mark.parametrize("chapters", [[], [("Alone", [])], [("A", [("", "")])]])
def test_a_book_with_little_or_nothing_in_it_is_still_a_page(chapters: list[tuple[str, list[tuple[str, str]]]]) -> None:
    seen = read_html(render(chapters))
    assert "The Salt Road" in seen.text
    assert ("nav" in seen.names) == bool(chapters)
