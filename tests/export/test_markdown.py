from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ghostkit.export import REHEARSAL_NOTE
from ghostkit.export.markdown import MarkdownExporter
from ghostkit.export.nodes import Block, Heading, Link, Paragraph, block_text
from ghostkit.export.prose import parse_prose

from .books import PROSE, make_document
from .payloads import PAYLOADS
from .reading import words

ANCHORS = {anchor: anchor for anchor in ("chapter-1", "chapter-2", "home-by-the-low-water")}


def render(*args: object, **kwargs: object) -> str:
    return MarkdownExporter().render(make_document(*args, **kwargs)).decode()  # type: ignore[arg-type]


def read_back(prose: str) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """The blocks of `prose`, and those read from what the exporter wrote of them."""
    document = make_document([("C", [("S", prose), ("", "end")])])
    text = MarkdownExporter().render(document).decode()
    body = text.partition("### S\n\n")[2].partition('<a id="chapter-1-section-2"></a>')[0]
    return document.chapters[0].sections[0].blocks, parse_prose(body, anchors=ANCHORS)


def test_the_file_begins_with_the_title_and_its_contents_link_to_chapters_and_sections() -> None:
    text = render(author="Ines Marrow", subtitle="A novel")
    assert text.startswith(
        "# The Salt Road\n\n*A novel*\n\nInes Marrow\n\n## Contents\n\n- [1. The Fourth Gate](#chapter-1)\n"
    )
    assert "  - [The Keeper](#chapter-1-section-1)\n" in text
    links = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert links
    assert links <= set(re.findall(r'<a id="([^"]+)"></a>', text))
    assert text.endswith("-->\n")


def test_a_rehearsal_is_marked_where_people_and_programs_look() -> None:
    text = render(rehearsal=True)
    assert f"> {REHEARSAL_NOTE}\n" in text
    assert json.loads(text.rpartition("<!-- ")[2].removesuffix(" -->\n"))["rehearsal"] is True
    assert REHEARSAL_NOTE not in render()


def test_the_record_cannot_be_closed_by_a_title() -> None:
    text = render(title="--> <script>pwn(1)</script> <!-- --", author="--!>")
    record = text.splitlines()[-1].removeprefix("<!-- ").removesuffix(" -->")
    assert "--" not in record
    assert ">" not in record
    assert json.loads(record)["title"] == "--> <script>pwn(1)</script> <!-- --"


def test_prose_of_every_kind_reads_back_as_itself() -> None:
    before, after = read_back(PROSE)
    assert before == after
    assert len(before) > 8


@pytest.mark.parametrize(
    "prose",
    [
        "1\\. not a list\n\n\\- nor this\n\n\\# nor\n\n\\> nor\n\n\\+ nor\n\n12\\) nor",
        "a\\*b\\*c \\_d\\_ snake_case __e__ `` ` `` ` `` ` `\\`",
        "x\\\n\\- y\\\n\\# z\\\n1\\. w\\\n=== v",
        "Salt &amp;amp; road &lt;b&gt; &copy; AT&T",
        "[not a link] \\[x](y) !\\[z](w) !<https://a.example>",
        "wow!\\\n[x](https://a.example/(b))",
        "# closed \\#\n\nF\\#",
        "- a\n\n+ b\n\n* c",
        "1. a\n\n1) b",
        "- a\n  - b\n    1. c\n\n       d\n- e",
        "> a\n>\n> > b\n>\n> - c\n\n> d",
        "```\n```\n\n````\n```\n````\n\n```c++\n\n  x\n\n```",
        "- ```\n  x\n\n  y\n  ```",
        "- ***\n- > q\n- # h",
        "| a\\|b | `c\\|d` |\n|---|---|\n| \\\\ | \\* |",
        "***both*** **_x_** *__y__* a*b*c a**b**c *a **b** c* **a*b*c**",
        "***\n\n---",
        "a\\\nb",
        "&#32;edge&#32;\n\n*&nbsp;x&nbsp;*",
        "foo_\\_bar \\_ _",
        "~~~\nx\n~~~\n\n\\~~~",
        "a | b\n\n: c\n\n\\| --- |",
    ],
)
def test_awkward_prose_reads_back_as_itself(prose: str) -> None:
    before, after = read_back(prose)
    assert before == after
    assert before


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_read_back_as_the_same_text(payload: str) -> None:
    before, after = read_back(payload)
    assert words(block_text(before)) == words(block_text(after))


def test_payloads_open_no_tag_in_readers_that_allow_html() -> None:
    reader = MarkdownIt("commonmark").enable("table")
    for payload in PAYLOADS:
        text = render([(payload, [(payload, f"{payload}\n\n- {payload}")])], title=payload, author=payload)
        tokens = [inner for token in reader.parse(text) for inner in (token, *(token.children or ()))]
        raw = "".join(token.content for token in tokens if token.type in ("html_inline", "html_block"))
        assert re.fullmatch(r'(<a id="[a-z0-9-]+"></a>)+<!-- \{"title".*-->\n?', raw), payload
        hrefs = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
        assert all(re.match(r"https?://[^@]+$|#chapter-", href) for href in hrefs), payload
        assert not [token for token in tokens if token.type == "image"], payload


PIECES = st.sampled_from(
    [*"ab1*_`[]()<>&#-+|\\!~=: \n", "\n\n", "**", "```", "- ", "1. ", "> ", "# ", "&amp;", "    ", "é", "漢", "\x01"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_the_words_of_any_markdown_read_back(prose: str) -> None:
    before, after = read_back(prose)
    assert re.findall(r"[^\W_]+", block_text(before)) == re.findall(r"[^\W_]+", block_text(after))


def test_headings_and_links_keep_their_place_in_the_whole_file() -> None:
    text = render()
    blocks = parse_prose(text, anchors={"chapter-2": "chapter-2"})
    titles = [(b.level, block_text([b])) for b in blocks if isinstance(b, Heading)]
    assert titles == [
        (1, "The Salt Road"),
        (2, "Contents"),
        (2, "1. The Fourth Gate"),
        (3, "The Keeper"),
        (4, "What the disk may do"),
        (3, "The Wheel"),
        (2, "2. Home by the Low Water"),
    ]
    links = [n.href for b in blocks if isinstance(b, Paragraph) for n in b.children if isinstance(n, Link)]
    assert links == ["#chapter-2", "https://example.org/a?b=1&c=2#d", "mailto:ines@example.org"]
