"""The files that make pages a book: container, package document, navigation, and the old readers' contents.

Sources: https://www.w3.org/TR/epub-33/#sec-package-doc, https://www.w3.org/TR/epub-33/#sec-nav,
https://www.w3.org/TR/epub-a11y-11/ and https://idpf.org/epub/20/spec/OPF_2.0_final_spec.html#Section2.4.1
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from ghostkit.export.markup import element, escape
from ghostkit.export.moment import export_moment, timestamp
from ghostkit.export.tree import GLOSSARY_ANCHOR, Document, Metadata

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_VOCABULARY = "urn:x-ghostkit:vocabulary#"

CONTAINER = (
    f"{_DECLARATION}"
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">\n'
    '<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles>\n'
    "</container>\n"
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One XHTML file: its name, what it is called in lists, and its markup."""

    name: str
    title: str
    markup: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The pages in reading order (`pages` begins with cover and title page), and the file each anchor is in."""

    pages: tuple[Page, ...]
    where: Mapping[str, str]

    def address(self, anchor: str) -> str:
        return f"{self.where[anchor]}#{anchor}"


def page(name: str, title: str, body: str, meta: Metadata, *, kind: str) -> Page:
    """An XHTML page around `body`; `kind` becomes the body's class."""
    head = element(
        "head",
        f'\n<meta charset="utf-8"/>\n{element("title", escape(title))}\n'
        '<link rel="stylesheet" type="text/css" href="style.css"/>\n',
    )
    html = element(
        "html",
        f"\n{head}\n{element('body', body, class_=kind)}\n",
        xmlns="http://www.w3.org/1999/xhtml",
        xmlns_epub="http://www.idpf.org/2007/ops",
        lang=meta.language,
        xml_lang=meta.language,
        dir=meta.direction,
    )
    return Page(name=name, title=title, markup=f"{_DECLARATION}<!DOCTYPE html>\n{html}\n")


def opf(meta: Metadata, layout: Layout) -> str:
    """The package document: metadata, every file, and the order to read them in."""
    spine = [layout.pages[0].name, layout.pages[1].name, "nav.xhtml", *(p.name for p in layout.pages[2:])]
    references = "\n".join(f'<itemref idref="{_id(name)}"/>' for name in spine)
    body = [
        element("metadata", "\n".join(["", *_metadata(meta), ""]), xmlns_dc="http://purl.org/dc/elements/1.1/"),
        element("manifest", "\n".join(["", *_manifest(layout), ""])),
        element("spine", f"\n{references}\n", toc="ncx", **{"page-progression-direction": _rtl(meta)}),
        element(
            "guide",
            f'\n<reference type="cover" title="{escape(meta.labels.cover)}" href="cover.xhtml"/>\n'
            f'<reference type="toc" title="{escape(meta.labels.contents)}" href="nav.xhtml"/>\n',
        ),
    ]
    package = element(
        "package",
        "\n".join(["", *body, ""]),
        xmlns="http://www.idpf.org/2007/opf",
        version="3.0",
        prefix=f"ghostkit: {_VOCABULARY}",
        xml_lang=meta.language,
        dir=_rtl(meta),
        **{"unique-identifier": "book-id"},
    )
    return f"{_DECLARATION}{package}\n"


def _rtl(meta: Metadata) -> str:
    return "rtl" if meta.direction == "rtl" else ""


def _id(name: str) -> str:
    return "ncx" if name == "toc.ncx" else name.replace(".", "-")


def _metadata(meta: Metadata) -> Iterator[str]:
    yield element("dc:identifier", escape(meta.identifier), id="book-id")
    yield element("dc:title", escape(meta.title), id="title")
    yield element("meta", "main", refines="#title", property="title-type")
    if meta.subtitle:
        yield element("dc:title", escape(meta.subtitle), id="subtitle")
        yield element("meta", "subtitle", refines="#subtitle", property="title-type")
    yield element("dc:language", escape(meta.language))
    for place, author in enumerate(meta.authors, start=1):
        yield element("dc:creator", escape(author), id=f"author-{place}")
        yield element("meta", "aut", refines=f"#author-{place}", property="role", scheme="marc:relators")
    for name, value in (("description", meta.description), ("publisher", meta.publisher), ("rights", meta.rights)):
        if value:
            yield element(f"dc:{name}", escape(value))
    for subject in meta.subjects:
        yield element("dc:subject", escape(subject))
    yield element("meta", timestamp(export_moment(meta.modified)), property="dcterms:modified")
    if meta.generator:
        yield element("meta", escape(meta.generator), property="ghostkit:generator")
    yield element("meta", "true" if meta.rehearsal else "false", property="ghostkit:rehearsal")
    yield from _accessibility()
    yield '<meta name="cover" content="cover-svg"/>'


def _accessibility() -> Iterator[str]:
    facts = (
        ("accessMode", "textual"),
        ("accessModeSufficient", "textual"),
        ("accessibilityFeature", "structuralNavigation"),
        ("accessibilityFeature", "tableOfContents"),
        ("accessibilityFeature", "readingOrder"),
        ("accessibilityFeature", "alternativeText"),
        ("accessibilityFeature", "displayTransformability"),
        ("accessibilityHazard", "none"),
        ("accessibilitySummary", "Text that reflows, with a linked table of contents; the only image is the cover."),
    )
    for name, value in facts:
        yield element("meta", value, property=f"schema:{name}")


def _manifest(layout: Layout) -> Iterator[str]:
    entries = [
        ("nav.xhtml", "application/xhtml+xml", "nav"),
        ("toc.ncx", "application/x-dtbncx+xml", ""),
        ("style.css", "text/css", ""),
        ("cover.svg", "image/svg+xml", "cover-image"),
        *((page.name, "application/xhtml+xml", "") for page in layout.pages),
    ]
    for name, media_type, properties in entries:
        attributes = {"id": _id(name), "href": name, "media-type": media_type, "properties": properties}
        yield element("item", "", **attributes).replace("></item>", "/>")


def nav(document: Document, layout: Layout) -> str:
    """The contents as a page people read and reading systems use."""
    meta = document.meta
    words = meta.labels
    entries = [_nav_entry("title.xhtml", meta.title)]
    for part, chapters in document.parts():
        below = []
        for chapter in chapters:
            sections = [_nav_entry(layout.address(s.anchor), s.title) for s in chapter.sections if s.title]
            below.append(_nav_entry(layout.address(chapter.anchor), chapter.label, sections))
        entries += below if part is None else [_nav_entry(layout.address(part.anchor), part.label, below)]
    if document.glossary:
        entries.append(_nav_entry(layout.address(GLOSSARY_ANCHOR), words.glossary))
    contents = element(
        "nav",
        f"\n{element('h1', escape(words.contents))}\n{_nav_list(entries)}\n",
        epub_type="toc",
        role="doc-toc",
        id="contents",
    )
    places = [_landmark("cover", "cover.xhtml", words.cover), _landmark("titlepage", "title.xhtml", words.title_page)]
    places.append(_landmark("toc", "nav.xhtml", words.contents))
    if document.chapters:
        first = document.chapters[0]
        start = first.part.anchor if first.part is not None else first.anchor
        places.append(_landmark("bodymatter", layout.address(start), first.part.label if first.part else first.label))
    if document.glossary:
        places.append(_landmark("glossary", layout.address(GLOSSARY_ANCHOR), words.glossary))
    landmarks = element("nav", f"\n{_nav_list(places)}\n", epub_type="landmarks", hidden="hidden")
    return page("nav.xhtml", words.contents, f"\n{contents}\n{landmarks}\n", meta, kind="front").markup


def _nav_entry(address: str, title: str, below: list[str] | None = None) -> str:
    link = element("a", escape(title), href=address)
    return element("li", f"{link}\n{_nav_list(below)}" if below else link)


def _nav_list(entries: list[str]) -> str:
    return element("ol", "\n".join(["", *entries, ""]))


def _landmark(kind: str, address: str, title: str) -> str:
    return element("li", element("a", escape(title), epub_type=kind, href=address))


def ncx(document: Document, layout: Layout) -> str:
    """The contents for reading systems of EPUB 2's time."""
    meta = document.meta
    numbers = count(1)
    points = [_point(next(numbers), meta.title, "title.xhtml")]
    for part, chapters in document.parts():
        place = next(numbers) if part is not None else 0
        below = []
        for chapter in chapters:
            number = next(numbers)
            inside = [_point(next(numbers), s.title, layout.address(s.anchor)) for s in chapter.sections if s.title]
            below.append(_point(number, chapter.label, layout.address(chapter.anchor), inside))
        points += below if part is None else [_point(place, part.label, layout.address(part.anchor), below)]
    if document.glossary:
        points.append(_point(next(numbers), meta.labels.glossary, layout.address(GLOSSARY_ANCHOR)))
    deep = any(section.title for chapter in document.chapters for section in chapter.sections)
    depth = 1 + deep + any(chapter.part is not None for chapter in document.chapters)
    head = "\n".join(
        f'<meta name="dtb:{name}" content="{escape(value)}"/>'
        for name, value in (
            ("uid", meta.identifier),
            ("depth", str(depth)),
            ("totalPageCount", "0"),
            ("maxPageNumber", "0"),
        )
    )
    body = [
        element("head", f"\n{head}\n"),
        element("docTitle", element("text", escape(meta.title))),
        *(element("docAuthor", element("text", escape(author))) for author in meta.authors),
        element("navMap", "\n".join(["", *points, ""])),
    ]
    tree = element(
        "ncx",
        "\n".join(["", *body, ""]),
        xmlns="http://www.daisy.org/z3986/2005/ncx/",
        version="2005-1",
        xml_lang=meta.language,
    )
    return f"{_DECLARATION}{tree}\n"


def _point(order: int, title: str, address: str, inside: list[str] | None = None) -> str:
    parts = [
        element("navLabel", element("text", escape(title))),
        f'<content src="{escape(address)}"/>',
        *(inside or ()),
    ]
    return element("navPoint", "\n".join(["", *parts, ""]), id=f"point-{order}", playOrder=str(order))
