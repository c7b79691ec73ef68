from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ghostkit.errors import InputError
from ghostkit.export import REHEARSAL_NOTE
from ghostkit.export.epub import EpubExporter

from .books import IDENTIFIER, PLAIN, make_document
from .payloads import PAYLOADS
from .reading import XHTML, epub_pages, epub_text, read_xml, unzip, words

OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
NCX = "{http://www.daisy.org/z3986/2005/ncx/}"
ALLOWED = {
    "html",
    "head",
    "meta",
    "title",
    "link",
    "body",
    "section",
    "nav",
    "div",
    "img",
    "p",
    "span",
    "a",
    "em",
    "strong",
}
ALLOWED |= {"h1", "h2", "h3", "h4", "h5", "h6", "code", "pre", "br", "hr", "ul", "ol", "li", "blockquote"}
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td"}


def render(*args: object, **kwargs: object) -> bytes:
    return EpubExporter().render(make_document(*args, **kwargs))  # type: ignore[arg-type]


def test_the_container_begins_with_a_stored_mimetype() -> None:
    data = render()
    assert data[30:58] == b"mimetypeapplication/epub+zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
    assert infos[0].compress_type == zipfile.ZIP_STORED
    assert infos[0].extra == b""
    assert [info.filename for info in infos[:3]] == ["mimetype", "META-INF/container.xml", "EPUB/package.opf"]
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.external_attr for info in infos} == {0o100644 << 16}


def test_the_same_document_gives_the_same_bytes_in_any_process() -> None:
    script = (
        "import hashlib; from export.books import make_document; from ghostkit.export.epub import EpubExporter;"
        "print(hashlib.sha256(EpubExporter().render(make_document(author='Ines', rehearsal=True))).hexdigest())"
    )
    tests = str(Path(__file__).parent.parent)
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": tests, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(digests) == 1


def test_source_date_epoch_sets_every_time_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    before = render()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    after = render()
    changed = {name for name, inside in unzip(before).items() if unzip(after)[name] != inside}
    assert changed == {"EPUB/package.opf"}
    assert b'property="dcterms:modified">2026-01-01T00:00:00Z<' in unzip(after)["EPUB/package.opf"]


def test_a_bad_source_date_epoch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(InputError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        render()


def test_the_package_says_who_what_and_which_language() -> None:
    opf = read_xml(unzip(render(author="Ines Marrow", language="en-GB", rehearsal=True))["EPUB/package.opf"])
    facts = {child.tag: child.text for child in opf.iter() if child.tag.startswith(DC)}
    assert facts == {
        f"{DC}identifier": f"urn:uuid:{IDENTIFIER}",
        f"{DC}title": "The Salt Road",
        f"{DC}language": "en-GB",
        f"{DC}creator": "Ines Marrow",
    }
    more = [(meta.get("property"), meta.text) for meta in opf.iter(f"{OPF}meta")]
    assert ("dcterms:modified", "2026-11-20T12:30:15Z") in more
    assert ("ghostkit:rehearsal", "true") in more
    assert ("schema:accessMode", "textual") in more
    spine = opf.find(f"{OPF}spine")
    assert spine is not None
    assert spine.get("page-progression-direction") is None


def test_a_right_to_left_book_turns_its_pages_that_way() -> None:
    files = unzip(render(language="he"))
    spine = read_xml(files["EPUB/package.opf"]).find(f"{OPF}spine")
    assert spine is not None
    assert spine.get("page-progression-direction") == "rtl"
    assert all(page.get("dir") == "rtl" for page in epub_pages(render(language="he")).values())


def test_contents_landmarks_and_the_old_contents_lead_to_places_that_exist() -> None:
    files = unzip(render())
    pages = epub_pages(render())
    nav = pages["EPUB/nav.xhtml"]
    kinds = [element.get(EPUB_TYPE) for element in nav.iter(f"{XHTML}nav")]
    assert kinds == ["toc", "landmarks"]
    addresses = [str(a.get("href")) for a in nav.iter(f"{XHTML}a")]
    assert [a.text for a in nav.iter(f"{XHTML}a")][:5] == [
        "The Salt Road",
        "1. The Fourth Gate",
        "The Keeper",
        "The Wheel",
        "2. Home by the Low Water",
    ]
    addresses += [str(c.get("src")) for c in read_xml(files["EPUB/toc.ncx"]).iter(f"{NCX}content")]
    addresses += [str(a.get("href")) for page in pages.values() for a in page.iter(f"{XHTML}a")]
    inside = [address for address in addresses if not address.startswith(("http", "mailto"))]
    assert len(inside) > 10
    for address in inside:
        name, _, anchor = address.partition("#")
        assert not anchor or any(e.get("id") == anchor for e in pages[f"EPUB/{name}"].iter()), address


def test_a_link_between_chapters_names_the_other_file() -> None:
    assert b'<a href="chapter-002.xhtml#chapter-2">the end</a>' in unzip(render())["EPUB/chapter-001.xhtml"]


def test_a_very_long_chapter_takes_several_pages_and_loses_nothing() -> None:
    long = "\n\n".join(f"Paragraph {n} {'слово ' * 100}" for n in range(700))
    data = render([("One", [("A", long), ("B", long), ("C", "[on](#d)")]), ("Two", [("D", "[back](#b)")])])
    files = unzip(data)
    parts = [name for name in files if name.startswith("EPUB/chapter-001")]
    assert len(parts) == 7
    assert max(len(files[name]) for name in parts) < 300_000
    assert parts == sorted(parts)
    shown = words(epub_text(data))
    assert shown.count("Paragraph") == 1400
    assert [word for word in shown if word.isdigit()] == ["1", *(map(str, [*range(700), *range(700)])), "2"]
    assert b'href="chapter-002.xhtml#chapter-2-section-1"' in files[parts[-1]]
    assert files["EPUB/chapter-002.xhtml"].count(b'href="chapter-001_') == 1


def test_a_rehearsal_is_marked_on_the_title_page() -> None:
    assert REHEARSAL_NOTE.replace("'", "&#39;").encode() in unzip(render(rehearsal=True))["EPUB/title.xhtml"]
    assert b"Rehearsal" not in unzip(render())["EPUB/title.xhtml"]


def test_payloads_make_no_element_and_no_attribute_of_their_own() -> None:
    data = render([(p, [(p, p), ("List", f"- {p}")]) for p in PAYLOADS], title=PAYLOADS[0], author=PAYLOADS[5])
    pages = epub_pages(data)
    assert len(pages) == len(PAYLOADS) + 3
    for name, page in pages.items():
        for element in page.iter():
            assert element.tag.removeprefix(XHTML) in ALLOWED, name
            for attribute, value in element.attrib.items():
                assert not attribute.startswith("on"), name
                assert attribute != "style", name
                assert attribute != "href" or ":" not in value or value.startswith(("http", "mailto:")), value
    svg = read_xml(unzip(data)["EPUB/cover.svg"])
    drawn = {element.tag.partition("}")[2] for element in svg.iter()}
    assert drawn <= {"svg", "title", "rect", "circle", "path", "text", "tspan"}


@pytest.mark.parametrize("chapters", [[], [("Alone", [])], [("A", [("", "")])], PLAIN])
def test_every_page_has_a_title_and_a_body(chapters: list[tuple[str, list[tuple[str, str]]]]) -> None:
    for page in epub_pages(render(chapters, title=" ")).values():
        title = page.find(f"{XHTML}head/{XHTML}title")
        assert title is not None
        assert title.text
        assert page.find(f"{XHTML}body") is not None
