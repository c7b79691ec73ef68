"""The document as one HTML file that needs nothing else: no script, no fetch, its style inside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from ghostkit.export.markup import Writer, element, escape
from ghostkit.export.moment import export_moment, timestamp
from ghostkit.export.tree import GLOSSARY_ANCHOR, ChapterNode, Document, Metadata, SectionNode


class HtmlExporter:
    """One page: title, contents with links, chapters; light, dark and on paper."""

    name = "html"
    extension = "html"
    media_type = "text/html; charset=utf-8"

    def render(self, document: Document) -> bytes:
        meta = document.meta
        page = element("html", f"\n{_head(meta)}\n{_body(document)}\n", lang=meta.language, dir=meta.direction)
        return f"<!DOCTYPE html>\n{page}\n".encode()


@cache
def _style() -> str:
    return files("ghostkit.export").joinpath("css/page.css").read_text(encoding="utf-8")


def _policy(style: str) -> str:
    """Nothing may load or run; the one style allowed is ours, known by its hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _head(meta: Metadata) -> str:
    style = f"\n{_style()}"
    named = {
        "author": ", ".join(meta.authors),
        "description": meta.description,
        "keywords": ", ".join(meta.subjects),
        "generator": meta.generator,
        "dcterms.identifier": meta.identifier,
        "dcterms.modified": timestamp(export_moment(meta.modified)),
        "ghostkit.rehearsal": "true" if meta.rehearsal else "",
    }
    lines = [
        '<meta charset="utf-8"/>',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_policy(style))}"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        '<meta name="color-scheme" content="light dark"/>',
        *(f'<meta name="{name}" content="{escape(value)}"/>' for name, value in named.items() if value),
        element("title", escape(meta.title)),
        f"<style>{style}</style>",
    ]
    return element("head", "\n".join(["", *lines, ""]))


def _body(document: Document) -> str:
    contents = bool(document.chapters)
    parts = [_title_page(document)]
    if contents:
        parts.append(_contents(document))
    parts.append(element("main", "\n".join(["", *_main(document), ""])))
    return element("body", "\n".join(["", *parts, ""]))


def _title_page(document: Document) -> str:
    meta = document.meta
    parts = [element("h1", escape(meta.title))]
    if meta.subtitle:
        parts.append(element("p", escape(meta.subtitle), class_="subtitle"))
    if meta.authors:
        parts.append(element("p", escape(", ".join(meta.authors)), class_="author"))
    parts += [element("p", escape(note.text), class_="note", lang=note.language, dir="ltr") for note in document.front]
    return element("header", "\n".join(["", *parts, ""]), class_="title-page")


def _contents(document: Document) -> str:
    title = document.meta.labels.contents
    entries = "\n".join(_entries(document))
    return element(
        "nav", "\n".join(["", element("h2", escape(title)), element("ul", f"\n{entries}\n"), ""]), id="contents"
    )


def _entries(document: Document) -> Iterator[str]:
    for part, chapters in document.parts():
        if part is not None:
            number = element("span", escape(part.number), class_="part-number") + " " if part.number else ""
            link = element("a", number + element("bdi", escape(part.title)), href=f"#{part.anchor}")
            yield element("li", link, class_="part")
        yield from (_entry(chapter) for chapter in chapters)
    if document.glossary:
        title = element("bdi", escape(document.meta.labels.glossary))
        yield element("li", element("a", title, href=f"#{GLOSSARY_ANCHOR}"))


def _main(document: Document) -> Iterator[str]:
    for part, chapters in document.parts():
        if part is not None:
            number = element("span", escape(part.number), class_="number") + " " if part.number else ""
            yield element("header", element("h2", number + escape(part.title)), id=part.anchor, class_="part")
        yield from (_chapter(chapter, document.meta) for chapter in chapters)
    if document.glossary:
        yield _glossary(document)


def _glossary(document: Document) -> str:
    meta = document.meta
    writer = _writer(meta)
    terms = "\n".join(
        element("dt", escape(term.term), id=term.anchor) + "\n" + element("dd", "\n".join(writer.blocks(term.blocks)))
        for term in document.glossary
    )
    parts = [element("h2", escape(meta.labels.glossary)), element("dl", f"\n{terms}\n"), _back(meta)]
    return element("article", "\n".join(["", *parts, ""]), id=GLOSSARY_ANCHOR, class_="glossary")


def _entry(chapter: ChapterNode) -> str:
    number = element("span", escape(chapter.number), class_="number") + " " if chapter.number else ""
    title = element("bdi", escape(chapter.title))
    link = element("a", number + title, href=f"#{chapter.anchor}")
    sections = "".join(
        "\n" + element("li", element("a", element("bdi", escape(s.title)), href=f"#{s.anchor}"))
        for s in chapter.sections
        if s.title
    )
    return element("li", link + (f"\n{element('ul', sections)}" if sections else ""))


def _chapter(chapter: ChapterNode, meta: Metadata) -> str:
    number = element("span", escape(chapter.number), class_="number") + " " if chapter.number else ""
    parts = [element("h2", number + escape(chapter.title))]
    writer = _writer(meta)
    if chapter.goals is not None:
        parts.append(_box(meta.labels.goals, writer.blocks([chapter.goals]), "goals"))
    parts += [_section(section, writer, follows=place > 0) for place, section in enumerate(chapter.sections)]
    if chapter.summary:
        parts.append(_box(meta.labels.in_short, writer.blocks(chapter.summary), "in-short"))
    parts.append(_back(meta))
    return element("article", "\n".join(["", *parts, ""]), id=chapter.anchor)


def _writer(meta: Metadata) -> Writer:
    return Writer(heading_level=4, code_direction="ltr" if meta.direction == "rtl" else "")


def _box(label: str, blocks: list[str], kind: str) -> str:
    """A chapter's goals, or the chapter in short, set off from its text."""
    return element("aside", "\n".join(["", element("p", escape(label), class_="label"), *blocks, ""]), class_=kind)


def _back(meta: Metadata) -> str:
    return element("p", element("a", escape(meta.labels.contents), href="#contents"), class_="back")


def _section(section: SectionNode, writer: Writer, *, follows: bool) -> str:
    parts = [element("h3", escape(section.title))] if section.title else ["<hr/>"] if follows else []
    parts += writer.blocks(section.blocks)
    return element("section", "\n".join(["", *parts, ""]), id=section.anchor)
