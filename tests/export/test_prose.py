from __future__ import annotations

import pytest

from ghostkit.export.nodes import (
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Strong,
    Table,
    Text,
    block_text,
)
from ghostkit.export.prose import parse_prose, web_link

from .payloads import PAYLOADS


def text(words: str) -> Paragraph:
    return Paragraph(children=(Text(text=words),))


def test_every_kind_of_block_becomes_its_node() -> None:
    blocks = parse_prose(
        "A *b* **c** `d` [e](https://f.example)\\\ng\n\n> q\n\n- x\n- y\n\n4) z\n\n---\n\n```py\n1 < 2\n```\n\n"
        "| a | b |\n|:-:|--:|\n| c | d |\n"
    )
    assert blocks == (
        Paragraph(
            children=(
                Text(text="A "),
                Emphasis(children=(Text(text="b"),)),
                Text(text=" "),
                Strong(children=(Text(text="c"),)),
                Text(text=" "),
                Code(text="d"),
                Text(text=" "),
                Link(href="https://f.example", children=(Text(text="e"),)),
                LineBreak(),
                Text(text="g"),
            )
        ),
        Quote(blocks=(text("q"),)),
        ListBlock(start=None, tight=True, items=((text("x"),), (text("y"),))),
        ListBlock(start=4, tight=True, items=((text("z"),),)),
        Rule(),
        CodeBlock(text="1 < 2", language="py"),
        Table(
            aligns=("center", "right"),
            header=((Text(text="a"),), (Text(text="b"),)),
            rows=(((Text(text="c"),), (Text(text="d"),)),),
        ),
    )


@pytest.mark.parametrize(
    "raw", ["<b>x</b>", "<script>\nx\n</script>", "<!-- x -->", "a <i>b</i>", "<div>\n\nx\n\n</div>"]
)
def test_raw_html_stays_text(raw: str) -> None:
    assert block_text(parse_prose(raw)).split() == raw.split()


def test_an_image_leaves_its_alt_text_and_nothing_to_fetch() -> None:
    assert parse_prose("See ![a *tall* gate](gate.png) here.") == (text("See a tall gate here."),)


def test_a_list_with_space_between_items_is_loose() -> None:
    (block,) = parse_prose("- a\n\n- b\n  - c")
    assert isinstance(block, ListBlock)
    assert not block.tight
    inner = block.items[1][1]
    assert isinstance(inner, ListBlock)
    assert inner.tight


@pytest.mark.parametrize(
    "href",
    [
        "https://example.org",
        "http://example.org:8080/a/b.html?c=d&e=(f)#g",
        "HTTPS://EXAMPLE.ORG/",
        "https://xn--e1afmkfd.example/%D0%BF",
        "http://127.0.0.1/",
        "mailto:ines@example.org?subject=Salt%20road",
    ],
)
def test_links_to_the_web_and_to_mail_are_kept(href: str) -> None:
    assert web_link(href)
    assert parse_prose(f"[x](<{href}>)") == (Paragraph(children=(Link(href=href, children=(Text(text="x"),)),)),)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.org/",
        "//example.org/",
        "chapter-2.html",
        "../x",
        "https://",
        "https://user:secret@example.org/",
        "https://exa mple.org/",
        "https://[::1]/",
        "#nowhere",
        "",
    ],
)
def test_other_links_are_only_their_text(href: str) -> None:
    assert not web_link(href)
    assert parse_prose(f"[x](<{href}>)") == (text("x"),)


@pytest.mark.parametrize(
    ("written", "href"), [('a"b', "a%22b"), ("%zz", "%25zz"), ("соль", "%D1%81%D0%BE%D0%BB%D1%8C")]
)
def test_signs_an_address_may_not_hold_are_encoded(written: str, href: str) -> None:
    assert not web_link(f"https://example.org/{written}")
    (paragraph,) = parse_prose(f"[x](<https://example.org/{written}>)")
    assert paragraph == Paragraph(children=(Link(href=f"https://example.org/{href}", children=(Text(text="x"),)),))


def test_a_link_into_the_book_leads_to_the_anchor_it_names() -> None:
    blocks = parse_prose(
        "[x](#The-Gate) [y](#%D1%81%D0%BE%D0%BB%D1%8C)", anchors={"the-gate": "chapter-3", "соль": "chapter-4"}
    )
    assert isinstance(blocks[0], Paragraph)
    assert [node.href for node in blocks[0].children if isinstance(node, Link)] == ["#chapter-3", "#chapter-4"]


def test_a_line_that_looks_like_a_link_definition_is_not_swallowed() -> None:
    assert block_text(parse_prose("[Mira]: hello\n\n[Ines]: javascript:x")) == "[Mira]: hello\n[Ines]: javascript:x"
    assert parse_prose("[x][1]\n\n[1]: https://example.org") == (
        Paragraph(children=(Link(href="https://example.org", children=(Text(text="x"),)),)),
    )


def test_headings_step_down_from_the_section_without_gaps() -> None:
    blocks = parse_prose("### a\n\n##### b\n\n###### c\n\n#### d\n\n# e\n\n> ## f")
    assert [block.level for block in blocks if isinstance(block, Heading)] == [1, 2, 3, 2, 1]
    assert blocks[-1] == Quote(blocks=(Heading(level=1, children=(Text(text="f"),)),))


@pytest.mark.parametrize("bomb", [">" * 2000 + " deep", "- " * 2000 + "deep", "*a " * 2000 + "deep" + " b*" * 2000])
def test_bottomless_nesting_keeps_its_words_and_harms_nobody(bomb: str) -> None:
    assert "deep" in block_text(parse_prose(bomb))


def test_no_depth_loses_words() -> None:
    for depth in range(1, 120):
        for mark in ("> ", "- ", "1. "):
            assert "deep" in block_text(parse_prose(f"{mark * depth}deep")), (mark, depth)


def test_lines_join_with_a_space_except_between_ideographs() -> None:
    assert parse_prose("salt\nroad") == (text("salt road"),)
    assert parse_prose("海は\n退いた。\n塩") == (text("海は退いた。塩"),)
    assert parse_prose("바다\n소금") == (text("바다 소금"),)


def test_what_xml_forbids_is_gone_and_the_rest_is_kept() -> None:
    assert parse_prose("a\x00b\x1bc\ufffed\ud800e\x9ff\U0001ffffg \U0001f98a\u202e\u200d") == (
        text("abcdefg \U0001f98a\u202e\u200d"),
    )
    assert block_text(parse_prose("&#1; &#x1f; &#xD800; &#0; &amp;#1;")).isprintable()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_parse_to_nodes_of_the_tree_alone(payload: str) -> None:
    """No node can carry an address but a link, and every link is on the list of allowed ones."""

    def links(node: object) -> list[str]:
        found = [node.href] if isinstance(node, Link) else []
        for name in ("children", "blocks", "items", "header", "rows"):
            for child in getattr(node, name, ()):
                found += [href for one in (child if isinstance(child, tuple) else (child,)) for href in links(one)]
        return found

    assert all(web_link(href) for block in parse_prose(payload) for href in links(block))


@pytest.mark.parametrize("row", ["| c | d | too many |", "c | d | too many", "| c | d | too many", "> | d | too many"])
def test_a_row_with_too_many_cells_loses_none_of_them(row: str) -> None:
    said = block_text(parse_prose(f"| a | b |\n|---|---|\n{row}\n"))
    assert "too many" in said


def test_a_row_with_too_few_cells_or_an_escaped_bar_is_a_row() -> None:
    (table,) = parse_prose("| a | b |\n|---|---|\n| c |\n| d\\|e | f\\||\n| g | h\n")
    assert isinstance(table, Table)
    assert table.rows[0] == ((Text(text="c"),), ())
    assert table.rows[1] == ((Text(text="d|e"),), (Text(text="f|"),))
    assert len(table.rows) == 3
