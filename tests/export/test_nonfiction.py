"""Parts, goals, chapters in short and the glossary: in every format, and in none of a book that has none."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from ghostkit.book.model import Book, BookSettings, Term
from ghostkit.export import Document, build_document
from ghostkit.export.epub import EpubExporter
from ghostkit.export.html import HtmlExporter
from ghostkit.export.markdown import MarkdownExporter
from ghostkit.export.prose import parse_prose

from .books import IDENTIFIER, MOMENT, make_book, make_document
from .conftest import EpubCheck
from .payloads import PAYLOADS
from .reading import read_html

NCX = "{http://www.daisy.org/z3986/2005/ncx/}"
CHAPTERS = (
    ("Columns", (("Heights", "See [neaps](#neaps) and [the words](#glossary)."), ("Times", "Of day."))),
    ("Corrections", (("Summer", "An hour."),)),
    ("Turning round", (("", "By low water."),)),
    ("Answers", (("", "All of them."),)),
)
PARTS = ("The table", "The table", "Part Two: Out & back", "")


def taught(kind: str = "non-fiction", language: str = "en") -> Book:
    book = make_book(CHAPTERS, title="Reading the Tide", language=language)
    chapters = tuple(
        replace(chapter, part=part, goals=(f"find *{chapter.title}*", "say why & how"), summary=f"So much for {part}.")
        for chapter, part in zip(book.chapters, PARTS, strict=True)
    )
    terms = (Term(term="neaps", definition="The *smaller* tides."), Term(term="springs", definition="The larger ones."))
    return replace(book, chapters=chapters, glossary=terms, settings=BookSettings(kind=kind))


def document(book: Book) -> Document:
    return build_document(book, rehearsal=False, identifier=IDENTIFIER, modified=MOMENT, generator="ghostkit 0.1.0")


TAUGHT = document(taught())


def test_the_tree_has_its_parts_in_order_and_chapters_keep_their_numbers() -> None:
    parts = [(part.label if part else None, [c.number for c in chapters]) for part, chapters in TAUGHT.parts()]
    assert parts == [("Part 1: The table", ["1", "2"]), ("Part Two: Out & back", ["3"]), (None, ["4"])]
    assert [part.anchor for part, _ in TAUGHT.parts() if part] == ["part-1", "part-2"]


def test_a_story_keeps_its_summaries_to_itself() -> None:
    assert not any(chapter.summary for chapter in document(taught("fiction")).chapters)
    assert all(chapter.summary for chapter in TAUGHT.chapters)


def test_markdown_says_it_where_a_reader_looks() -> None:
    text = MarkdownExporter().render(TAUGHT).decode()
    assert '<a id="part-1"></a>\n\n# Part 1: The table\n\n<a id="chapter-1"></a>\n\n## 1. Columns' in text
    goals = "> **After this chapter you can:**\n>\n> - find *Columns*\n> - say why & how"
    assert f"## 1. Columns\n\n{goals}\n\n" in text
    assert "### In short\n\nSo much for The table." in text
    assert "- [Part 1: The table](#part-1)\n  - [1. Columns](#chapter-1)\n    - [Heights]" in text
    assert "\n- [4. Answers](#chapter-4)\n- [Glossary](#glossary)\n" in text
    assert '## Glossary\n\n<a id="term-1"></a>\n\n**neaps**\n\nThe *smaller* tides.' in text
    assert "See [neaps](#term-1) and [the words](#glossary)." in text
    assert parse_prose("> **x:**\n>\n> - a\n> - b") != ()


def test_html_says_it_where_a_reader_looks() -> None:
    data = HtmlExporter().render(TAUGHT)
    seen = read_html(data)
    assert len(set(seen.ids)) == len(seen.ids)
    links = {attrs["href"] for name, attrs in seen.tags if name == "a"}
    assert {"#part-1", "#part-2", "#glossary", "#term-1"} <= links
    assert all(link[1:] in seen.ids for link in links if link and link.startswith("#"))
    classes = [attrs.get("class") for name, attrs in seen.tags if name in ("aside", "header")]
    assert classes.count("goals") == 4
    assert classes.count("in-short") == 4
    assert classes.count("part") == 2
    order = [seen.text.index(words) for words in ("After this chapter you can", "Of day.", "In short")]
    assert order == sorted(order)
    assert seen.text.rindex("The larger ones.") > seen.text.rindex("All of them.")


def files_of(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.removeprefix("EPUB/"): archive.read(name).decode() for name in archive.namelist()}


def test_epub_has_a_page_a_part_and_nests_its_chapters_under_it() -> None:
    files = files_of(EpubExporter().render(TAUGHT))
    spine = re.findall(r'idref="([\w-]+)"', files["package.opf"])
    assert spine == [
        "cover-xhtml", "title-xhtml", "nav-xhtml", "part-1-xhtml", "chapter-001-xhtml", "chapter-002-xhtml",
        "part-2-xhtml", "chapter-003-xhtml", "chapter-004-xhtml", "glossary-xhtml",
    ]  # fmt: skip
    assert 'epub:type="part"' in files["part-1.xhtml"]
    assert 'epub:type="learning-objectives"' in files["chapter-001.xhtml"]
    assert 'href="glossary.xhtml#term-1"' in files["chapter-001.xhtml"]
    assert re.search(
        r'<li><a href="part-1\.xhtml#part-1">Part 1: The table</a>\s*<ol>\s*'
        r'<li><a href="chapter-001\.xhtml#chapter-1">1\. Columns</a>\s*<ol>',
        files["nav.xhtml"],
    )
    tree = ElementTree.fromstring(files["toc.ncx"])
    orders = [int(point.get("playOrder", "0")) for point in tree.iter(f"{NCX}navPoint")]
    assert orders == list(range(1, len(orders) + 1))
    assert '<meta name="dtb:depth" content="3"/>' in files["toc.ncx"]


def test_a_long_chapter_is_summed_up_on_its_last_page() -> None:
    book = taught()
    long = "\n\n".join(["The water stands and falls. " * 40] * 500)
    first = book.chapters[0]
    sections = (replace(first.sections[0], content=long), *first.sections[1:])
    files = files_of(EpubExporter().render(document(replace(book, chapters=(replace(first, sections=sections),)))))
    pages = [files[name] for name in sorted(files) if name.startswith("chapter-001")]
    assert len(pages) > 1
    assert ["in-short" in page for page in pages] == [False] * (len(pages) - 1) + [True]
    assert ["learning-objectives" in page for page in pages] == [True] + [False] * (len(pages) - 1)


def test_a_book_without_any_of_it_has_no_trace_of_it() -> None:
    plain = make_document()
    assert all(part is None for part, _ in plain.parts())
    for exporter in (MarkdownExporter(), HtmlExporter()):
        text = exporter.render(plain).decode().split("</style>")[-1]
        assert not re.search(r"In short|Glossary|After this chapter|part-1|<aside|<header id", text)
    assert not {"part-1.xhtml", "glossary.xhtml"} & set(files_of(EpubExporter().render(plain)))


@pytest.mark.parametrize("language", ["ru", "ar", "zh-Hant"])
def test_its_words_are_in_the_book_s_language(language: str) -> None:
    labels = document(taught(language=language)).meta.labels
    text = HtmlExporter().render(document(taught(language=language))).decode()
    for word in (labels.goals, labels.in_short, labels.glossary, labels.part.format(number=1)):
        assert word in text
    assert labels.in_short != "In short"


def hostile() -> Book:
    book = taught(language="ar")
    chapters = tuple(
        replace(chapter, part=payload, goals=(payload, "", payload), summary=payload)
        for chapter, payload in zip(book.chapters * 20, PAYLOADS, strict=False)
    )
    numbered = tuple(replace(chapter, id=f"c{n}", number=n) for n, chapter in enumerate(chapters, 1))
    terms = tuple(Term(term=payload, definition=payload) for payload in PAYLOADS)
    return replace(book, chapters=numbered, glossary=terms)


@pytest.mark.parametrize("make", [taught, hostile])
def test_epubcheck_reports_nothing(make: object, epubcheck: EpubCheck) -> None:
    book: Book = make()  # type: ignore[operator]
    report = epubcheck(EpubExporter().render(document(book)))
    assert report["messages"] == []
