"""EPUBCheck, the format's own judge, finds nothing to say about any of these books."""

from __future__ import annotations

import io
import zipfile

import pytest

from ghostkit.export.epub import EpubExporter

from .books import PLAIN, PROSE, Chapters, make_document
from .conftest import EpubCheck
from .payloads import PAYLOADS

HOSTILE = "A & B <i>\"C\"</i> 'D' ]]> \x00\x0b\x1f\ufffe\ud800 <!-- --> &amp; &#0; \u202e %00 ../../etc"
ARABIC = (
    "كان البحرُ ينحسر سنةً بعد سنة، و*لم يبقَ* إلا الملح.\n\n> قال الحارس: **لا أحد** يمر.\n\n"
    "1. واحد\n2. اثنان\n\n```\nx < y\n```\n"
)
HEBREW = "הים נסוג משנה לשנה.\n\n- אחת (A & B)\n- שתיים"


def everything() -> Chapters:
    """A hundred chapters: hostile words wherever words can stand, many scripts, and nothing at all."""
    odd: list[tuple[str, list[tuple[str, str]]]] = [
        (HOSTILE, [(HOSTILE, HOSTILE), (f"{HOSTILE} again", f"{PROSE}\n\n{HOSTILE}")]),
        ("", [("", ""), ("", ""), ("Empty", "")]),
        ("No sections", []),
        ("   \n\t ", [(" \n ", " \n\n ")]),
        ("Глава о соли", [("Маяк", "Море уходило с каждым годом; *соль* оставалась.")]),
        ("第一章：塩の道", [("門番", "海は退いた。\n塩だけが残った。"), ("紅樓夢", "滿紙荒唐言，一把辛酸淚。")]),
        ("🦊 & 👩‍🚀🏽 🇪🇺", [("👨‍👩‍👧‍👦", "🎉 Text with 𝔐𝔞𝔱𝔥 and \U0010fffd.")]),
        ("العربية داخل كتاب", [("ملح", ARABIC), ("עברית", HEBREW)]),
        ("a" * 3000, [("b" * 3000, "c" * 3000)]),
        *((f"Payload {at}", [(p, p), ("In a list", f"- {p}\n- x")]) for at, p in enumerate(PAYLOADS)),
    ]
    links = "\n".join(
        f"[x]({url}) "
        for url in (
            "https://example.org:99999/a(b)c?d=[e]&f=%zz#g#h",
            "http://",
            "https://[::1]/",
            "https://ex ample.org",
            "https://пример.испытание/путь",
            "mailto:a b@c",
            "mailto:a@b.example?subject=x%20y",
            "#nowhere",
            "#chapter-1",
            "#ch2",
            "chapter-1.html",
            "ftp://example.org/x",
            "HTTPS://EXAMPLE.ORG/A",
        )
    )
    odd.append(("Links", [("Links", links)]))
    return [*odd, *((f"Chapter {n}", [(f"Section {n}", "Words.")]) for n in range(len(odd) + 1, 101))]


def long_chapter() -> Chapters:
    """One section of more than a megabyte, and links into and out of its pages."""
    paragraph = "The salt came with her, and the *road* went on under the same tin sky as before. " * 12
    long = "\n\n".join([paragraph] * 1100) + "\n\n[back](#first) [on](#last)"
    assert len(long) > 1_000_000
    return [("First", [("First", "[to the end](#last)")]), ("Long", [("All of it", long), ("Last", "[back](#first)")])]


BOOKS = {
    "everything in a hundred chapters": lambda: make_document(
        everything(),
        rehearsal=True,
        title=HOSTILE,
        authors=[HOSTILE, "Ines Marrow", "李"],
        subtitle=HOSTILE,
        description=HOSTILE,
        publisher=HOSTILE,
        rights=HOSTILE,
        subjects=[HOSTILE, "salt"],
    ),
    "right to left": lambda: make_document(
        [("بوابة الملح", [("الحارس", ARABIC), ("العجلة", "")]), ("עברית", [("מלח", HEBREW)])],
        title="طريق الملح",
        language="ar-EG",
        author="ليلى حداد",
        rehearsal=True,
    ),
    "no chapters at all": lambda: make_document([], title="", language="not a language"),
    "a chapter of a megabyte": lambda: make_document(long_chapter(), language="ru", author="Анна"),
    "plain": lambda: make_document(PLAIN, author="Ines Marrow", language="zh-Hant"),
}


@pytest.mark.parametrize("name", BOOKS)
def test_epubcheck_reports_no_error_and_no_warning(name: str, epubcheck: EpubCheck) -> None:
    report = epubcheck(EpubExporter().render(BOOKS[name]()))
    assert report["messages"] == []
    counts = report["checker"]
    assert (counts["nFatal"], counts["nError"], counts["nWarning"]) == (0, 0, 0)
    assert report["publication"]["ePubVersion"].startswith("3")


def test_epubcheck_would_have_spoken_up(epubcheck: EpubCheck) -> None:
    """The judge is awake: one broken link in a sound book is an error."""
    sound = EpubExporter().render(make_document())
    broken = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as before, zipfile.ZipFile(broken, "w") as after:
        for info in before.infolist():
            data = before.read(info)
            after.writestr(info, data.replace(b"#chapter-2", b"#nowhere") if info.filename.endswith(".xhtml") else data)
    assert epubcheck(broken.getvalue())["checker"]["nError"] > 0
