"""Read exports back with parsers that share nothing with the exporters."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree import ElementTree

XHTML = "{http://www.w3.org/1999/xhtml}"
VOID = frozenset({"meta", "br", "hr", "img", "link"})


@dataclass
class Seen:
    """Start tags with their attributes, and the text outside `head`, in document order."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    ids: list[str] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.tags}


def read_html(data: bytes) -> Seen:
    seen = Seen()

    class Reader(HTMLParser):
        outside = True

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert len({name for name, _ in attrs}) == len(attrs)
            seen.tags.append((tag, dict(attrs)))
            seen.ids += [value for name, value in attrs if name == "id" and value]
            self.outside = self.outside and tag != "head"

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag in VOID
            self.handle_starttag(tag, attrs)

        def handle_endtag(self, tag: str) -> None:
            self.outside = self.outside or tag == "head"

        def handle_data(self, data: str) -> None:
            seen.text += data if self.outside else ""

        def handle_comment(self, data: str) -> None:
            raise AssertionError(f"a comment: {data!r}")

        def handle_pi(self, data: str) -> None:
            raise AssertionError(f"a processing instruction: {data!r}")

    reader = Reader(convert_charrefs=True)
    reader.feed(data.decode())
    reader.close()
    return seen


def unzip(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def read_xml(data: bytes) -> ElementTree.Element:
    """Parse with expat, which refuses whatever is not well-formed."""
    return ElementTree.fromstring(data)


def epub_pages(data: bytes) -> dict[str, ElementTree.Element]:
    return {name: read_xml(inside) for name, inside in unzip(data).items() if name.endswith(".xhtml")}


def epub_text(data: bytes) -> str:
    """The text of the chapters' pages, in reading order."""
    pages = epub_pages(data)
    bodies = (pages[name].find(f"{XHTML}body") for name in sorted(pages) if "/chapter-" in name)
    return "\n".join("".join(body.itertext()) for body in bodies if body is not None)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def in_order(wanted: list[str], there: list[str]) -> bool:
    """Whether `wanted` is a subsequence of `there`."""
    rest = iter(there)
    return all(word in rest for word in wanted)
