"""What holds for any text in any format."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.export import build_document, exporters
from ghostkit.export.html import HtmlExporter
from ghostkit.export.nodes import block_text
from ghostkit.export.prose import parse_prose

from .books import MOMENT, PROSE, make_book, make_document
from .payloads import PAYLOADS
from .reading import epub_text, in_order, read_html, read_xml, unzip, words
from .test_html import ALLOWED

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
MARKED = st.lists(
    st.sampled_from([*"ab<>&\"'*_`[]()#|!\\-\n \x00\x1f\ud800\ufffe", "]]>", "<!--", *PAYLOADS[::9]]), max_size=20
)
TEXT = ANY_TEXT | MARKED.map("".join)
# Prose as people write it: words, stops and paragraphs, none of Markdown's own signs.
LETTERS = st.sampled_from("aZéßłØжЩЇαΩ漢字かナ한글אבعربहिन्दी\u0301’”“„«»,.;:?!— \n")
PLAIN_PROSE = st.lists(LETTERS | st.just("\n\n"), min_size=1, max_size=120).map("".join)


@settings(max_examples=60, deadline=None)
@given(title=TEXT, section=TEXT, content=TEXT, author=TEXT, language=TEXT, rehearsal=st.booleans())
def test_any_text_gives_sound_files(
    title: str, section: str, content: str, author: str, language: str, rehearsal: bool
) -> None:
    chapters = [(title, [(section, content), ("", content)]), (section, [])]
    book = make_book(chapters, title=title, language=language, author=author, subtitle=section)
    document = build_document(book, rehearsal=rehearsal, identifier=title, modified=MOMENT, generator=author)
    for format in ("epub", "html", "markdown"):
        exporter = exporters.get(format)
        data = exporter.render(document)
        assert exporter.render(document) == data
        if format == "epub":
            for name, inside in unzip(data).items():
                if not name.endswith(("mimetype", ".css")):
                    read_xml(inside)
        elif format == "html":
            assert read_html(data).names <= ALLOWED
        else:
            assert data.decode().startswith("# ")


@settings(max_examples=60, deadline=None)
@given(prose=PLAIN_PROSE)
def test_every_word_of_any_prose_is_in_every_format(prose: str) -> None:
    document = make_document([("C", [("S", prose)])])
    # A paragraph's lines are joined, between ideographs without a space, so signs are compared and not words.
    wanted = [sign for sign in prose if sign.isalnum()]
    shown = {
        "tree": block_text(document.chapters[0].sections[0].blocks),
        "html": read_html(HtmlExporter().render(document)).text,
        "epub": epub_text(exporters.get("epub").render(document)),
        "markdown": exporters.get("markdown").render(document).decode(),
    }
    for format, text in shown.items():
        assert in_order(wanted, [sign for sign in text if sign.isalnum()]), format


def test_every_word_the_tree_holds_is_in_every_format_once_and_in_order() -> None:
    marked = "\n\n".join([PROSE, *PAYLOADS])
    document = make_document([("C", [("S", marked)])])
    wanted = words(block_text(parse_prose(marked)))
    assert len(wanted) > 400
    for format in ("html", "epub"):
        data = exporters.get(format).render(document)
        shown = words(read_html(data).text if format == "html" else epub_text(data))
        assert any(shown[at : at + len(wanted)] == wanted for at in range(len(shown))), format


@pytest.mark.parametrize("format", ["epub", "html", "markdown"])
def test_another_text_gives_another_file(format: str) -> None:
    render = exporters.get(format).render
    assert render(make_document()) == render(make_document())
    assert render(make_document()) != render(make_document(title="Another"))
