"""The document as one HTML file that needs nothing else: no script, no fetch, its style inside."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from ghostkit.export.markup import Writer, element, escape
from ghostkit.export.moment import export_moment, timestamp
from ghostkit.export.tree import ChapterNode, Document, Metadata, SectionNode


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
    parts.append(element("main", "\n".join(["", *(_chapter(c, document.meta) for c in document.chapters), ""])))
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
    entries = "\n".join(_entry(chapter) for chapter in document.chapters)
    return element(
        "nav", "\n".join(["", element("h2", escape(title)), element("ul", f"\n{entries}\n"), ""]), id="contents"
    )


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
    writer = Writer(heading_level=4, code_direction="ltr" if meta.direction == "rtl" else "")
    parts += [_section(section, writer, follows=place > 0) for place, section in enumerate(chapter.sections)]
    parts.append(element("p", element("a", escape(meta.labels.contents), href="#contents"), class_="back"))
    return element("article", "\n".join(["", *parts, ""]), id=chapter.anchor)


def _section(section: SectionNode, writer: Writer, *, follows: bool) -> str:
    parts = [element("h3", escape(section.title))] if section.title else ["<hr/>"] if follows else []
    parts += writer.blocks(section.blocks)
    return element("section", "\n".join(["", *parts, ""]), id=section.anchor)
