"""The document as EPUB 3, byte for byte the same for the same document.

Source: https://www.w3.org/TR/epub-33/ and, for the container, https://www.w3.org/TR/epub-33/#sec-ocf
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ghostkit.export import package
from ghostkit.export.cover import cover_svg
from ghostkit.export.markup import Writer, element, escape
from ghostkit.export.nodes import Block, block_text
from ghostkit.export.tree import GLOSSARY_ANCHOR, ChapterNode, Document, Metadata, PartNode, SectionNode

_FOLDER = "EPUB"
_ROOM = 240_000  # bytes of text; some reading systems give up on pages of more than about 300 kB
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


class EpubExporter:
    """A reflowable book with a typographic cover, a table of contents, and one page a chapter."""

    name = "epub"
    extension = "epub"
    media_type = "application/epub+zip"

    def render(self, document: Document) -> bytes:
        layout = _layout(document)
        inside = {
            "package.opf": package.opf(document.meta, layout),
            "nav.xhtml": package.nav(document, layout),
            "toc.ncx": package.ncx(document, layout),
            "style.css": _style(),
            "cover.svg": cover_svg(document.meta),
            **{page.name: page.markup for page in layout.pages},
        }
        return _zip({"META-INF/container.xml": package.CONTAINER} | {f"{_FOLDER}/{n}": t for n, t in inside.items()})


@cache
def _style() -> str:
    return files("ghostkit.export").joinpath("css/epub.css").read_text(encoding="utf-8")


def _zip(entries: dict[str, str]) -> bytes:
    """`mimetype` first and stored, the rest in the given order; times, rights and level are always the same."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in {"mimetype": EpubExporter.media_type, **entries}.items():
            info = zipfile.ZipInfo(name, date_time=_FIXED_TIME)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            stored = name == "mimetype"
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, text.encode(), compresslevel=None if stored else 9)
    return buffer.getvalue()


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """Blocks of one section that stand on one page; `opens` when the section begins with them."""

    section: SectionNode
    blocks: tuple[Block, ...]
    opens: bool
    follows: bool


def _layout(document: Document) -> package.Layout:
    """Cover, title page, then the chapters; a chapter too long for one page takes several."""
    parts: dict[str, tuple[ChapterNode, int, list[_Piece]]] = {}
    where: dict[str, str] = {}
    for place, chapter in enumerate(document.chapters, start=1):
        for part, pieces in enumerate(_split(chapter), start=1):
            name = f"chapter-{place:03}.xhtml" if part == 1 else f"chapter-{place:03}_{part:02}.xhtml"
            parts[name] = chapter, part, pieces
            where.setdefault(chapter.anchor, name)
            where |= {piece.section.anchor: name for piece in pieces if piece.opens}
    if document.glossary:
        where |= {anchor: "glossary.xhtml" for anchor in (GLOSSARY_ANCHOR, *(t.anchor for t in document.glossary))}
    writer = Writer(
        heading_level=3,
        code_direction="ltr" if document.meta.direction == "rtl" else "",
        locate=lambda anchor: f"{where[anchor]}#{anchor}",
    )
    pages = [_cover_page(document.meta), _title_page(document)]
    opened: set[str] = set()
    for name, (chapter, number, pieces) in parts.items():
        if chapter.part is not None and chapter.part.anchor not in opened:
            opened.add(chapter.part.anchor)
            where[chapter.part.anchor] = f"{chapter.part.anchor}.xhtml"
            pages.append(_part_page(where[chapter.part.anchor], chapter.part, document.meta))
        last = pieces is _last_of(parts, chapter)
        pages.append(_chapter_page(name, chapter, number, pieces, document.meta, writer, last=last))
    if document.glossary:
        pages.append(_glossary_page(document, writer))
    return package.Layout(pages=tuple(pages), where=where)


def _last_of(parts: dict[str, tuple[ChapterNode, int, list[_Piece]]], chapter: ChapterNode) -> list[_Piece]:
    """The pieces on the last page of a chapter."""
    return [pieces for other, _, pieces in parts.values() if other is chapter][-1]


def _split(chapter: ChapterNode) -> Iterator[list[_Piece]]:
    """The chapter's pieces, page by page: a new page begins before the block that would overfill one."""
    page: list[_Piece] = []
    used = 0
    for place, section in enumerate(chapter.sections):
        blocks: list[Block] = []
        opens = True

        def piece() -> _Piece:
            return _Piece(section=section, blocks=tuple(blocks), opens=opens, follows=place > 0)  # noqa: B023

        for block in section.blocks:
            size = 60 + len(block_text([block]).encode())
            if used and used + size > _ROOM:
                yield [*page, piece()]
                page, used, blocks, opens = [], 0, [], False
            blocks.append(block)
            used += size
        page.append(piece())
    yield page


def _cover_page(meta: Metadata) -> package.Page:
    alt = ", ".join([meta.title, *meta.authors])
    picture = f'<img src="cover.svg" alt="{escape(alt)}"/>'
    body = element("section", element("div", picture, class_="cover"), epub_type="cover")
    return package.page("cover.xhtml", meta.labels.cover, body, meta, kind="cover")


def _title_page(document: Document) -> package.Page:
    meta = document.meta
    parts = [element("h1", escape(meta.title))]
    if meta.subtitle:
        parts.append(element("p", escape(meta.subtitle), class_="subtitle"))
    if meta.authors:
        parts.append(element("p", escape(", ".join(meta.authors)), class_="author"))
    for note in document.front:
        parts.append(
            element("p", escape(note.text), class_="note", lang=note.language, xml_lang=note.language, dir="ltr")
        )
    if meta.publisher or meta.rights:
        parts.append(element("p", escape(" · ".join(filter(None, (meta.publisher, meta.rights)))), class_="imprint"))
    body = element("section", "\n".join(["", *parts, ""]), epub_type="titlepage", class_="title-page")
    return package.page("title.xhtml", meta.title, body, meta, kind="front")


def _part_page(name: str, part: PartNode, meta: Metadata) -> package.Page:
    number = element("span", escape(part.number), class_="number") + " " if part.number else ""
    heading = element("h1", number + escape(part.title))
    body = element("section", f"\n{heading}\n", epub_type="part", class_="part", id=part.anchor)
    return package.page(name, part.label, body, meta, kind="body")


def _glossary_page(document: Document, writer: Writer) -> package.Page:
    meta = document.meta
    terms = "\n".join(
        element("dt", escape(term.term), id=term.anchor) + "\n" + element("dd", "\n".join(writer.blocks(term.blocks)))
        for term in document.glossary
    )
    content = "\n".join(["", element("h1", escape(meta.labels.glossary)), element("dl", f"\n{terms}\n"), ""])
    body = element("section", content, epub_type="glossary", role="doc-glossary", id=GLOSSARY_ANCHOR, class_="glossary")
    return package.page("glossary.xhtml", meta.labels.glossary, body, meta, kind="back")


def _box(label: str, blocks: list[str], kind: str, epub_type: str = "") -> str:
    """A chapter's goals, or the chapter in short, set off from its text."""
    content = "\n".join(["", element("p", escape(label), class_="label"), *blocks, ""])
    return element("aside", content, class_=kind, epub_type=epub_type)


def _chapter_page(
    name: str, chapter: ChapterNode, part: int, pieces: list[_Piece], meta: Metadata, writer: Writer, *, last: bool
) -> package.Page:
    content: list[str] = []
    if part == 1:
        number = element("span", escape(chapter.number), class_="number") + " " if chapter.number else ""
        content.append(element("h1", number + escape(chapter.title)))
        if chapter.goals is not None:
            content.append(_box(meta.labels.goals, writer.blocks([chapter.goals]), "goals", "learning-objectives"))
    for piece in pieces:
        content.append(_section(piece, writer))
    if last and chapter.summary:
        content.append(_box(meta.labels.in_short, writer.blocks(chapter.summary), "in-short"))
    body = element(
        "section",
        "\n".join(["", *content, ""]),
        epub_type="chapter" if part == 1 else "",
        id=chapter.anchor if part == 1 else "",
    )
    return package.page(name, chapter.label, body, meta, kind="body")


def _section(piece: _Piece, writer: Writer) -> str:
    parts: list[str] = []
    if piece.opens and piece.section.title:
        parts.append(element("h2", escape(piece.section.title)))
    elif piece.opens and piece.follows:
        parts.append("<hr/>")
    parts += writer.blocks(piece.blocks)
    return element("section", "\n".join(["", *parts, ""]), id=piece.section.anchor if piece.opens else "")
