"""A purged text is gone from every place ghostkit keeps texts in; hash, cost and reason stay; other files are named."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import ghostkit as gk
from ghostkit import faults
from ghostkit.cache import CacheManager
from ghostkit.errors import InputError, UnknownName
from ghostkit.ledger.blobs import compress
from ghostkit.settings import get_settings
from ghostkit.workbench import Services

from ..desk import BRIEF, QUICK, Desk, write
from .test_rewriting import rewrite

pytestmark = pytest.mark.anyio
CANARY = "QxZvUnmistakableCanary"
SECRET = f"The password of the house is {CANARY}, and nobody but Mira ever knew it.\n\nShe kept it “in the cellar”."


@pytest.fixture
def anyio_backend() -> str:
    """Runs on asyncio and trio are test_run's."""
    return "asyncio"


async def with_a_secret(desk: Desk) -> tuple[gk.Book, int]:
    """A book whose 1.1 held the secret: exported, logged, cached, copied, read by others, then written anew."""
    get_settings().cache_backend = "file"
    desk.answer = lambda kind, request: SECRET if 'number="1.1"' in request.messages[-1].text else None
    caching = replace(QUICK, cache=Services().cache)
    book = desk._kept(
        gk.Book.create(
            desk.root / "book",
            title="The Salt Road",
            brief=BRIEF,
            chapters=2,
            sections=2,
            words=50,
            model="scripted:x",
            services=caching,
        )
    )
    await write(book)
    for format in ("markdown", "html", "epub"):
        await book.export(format)
    with desk.path("logs/ghostkit.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"event": "x", "text": SECRET}) + "\n")
    desk.path("chapters/chapter_01/sections/section_01.yours-0a1b2c3d.md").write_text(SECRET, encoding="utf-8")
    desk.answer = lambda kind, request: None
    await rewrite(book, "1.1", accept=True)
    return book, book.section("1.1").history()[0].id


def texts_in(root: Path) -> dict[str, str]:
    """Every file below `root` that holds the secret somehow: plain, in an archive, or as the ledger packs it."""
    needles = [CANARY.encode(), compress(SECRET.encode())[8:28]]
    found = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                data = b"".join(archive.read(name) for name in archive.namelist())
        if any(needle in data for needle in needles):
            found[path.relative_to(root).as_posix()] = path.suffix
    return found


async def test_after_a_purge_no_file_of_the_book_holds_the_text(desk: Desk) -> None:
    book, revision = await with_a_secret(desk)
    before = texts_in(desk.root / "book")
    for place in ("ledger.sqlite", "exports/book.epub", "exports/book.html", "exports/book.md", "logs/ghostkit.jsonl"):
        assert place in before or f"{place}-wal" in before, before
    assert any(name.startswith("cache/generations/") for name in before)
    cost, digest = book.ledger.totals().cost_usd, book.ledger.revision(revision).text_hash
    done = book.purge("1.1", revision, "it was  a\nreal password")
    assert texts_in(desk.root / "book") == {}
    assert (done.already, done.reason, done.text_hash) == (False, "it was a real password", digest)
    assert done.cache_entries >= 1
    assert done.log_lines == 1
    assert {"exports/book.epub", "exports/book.html", "exports/book.md"} <= set(done.removed)
    assert any("yours-0a1b2c3d" in name for name in done.removed)
    kept = book.ledger.revision(revision)
    assert (kept.purged, kept.text, kept.text_hash) == (True, "", digest)
    assert book.ledger.totals().cost_usd == cost
    told = [event for event in book.ledger.events() if event.type == "text_purged"]
    assert [event.data for event in told] == [{"digest": digest, "reason": "it was a real password"}]
    # The log goes on, and the book can be read, written and exported as before.
    assert len(desk.read("logs/ghostkit.jsonl").splitlines()) > 10
    await write(desk.reopen())
    assert desk.open().section("1.1").history()[0].purged


async def test_purging_twice_says_so_and_does_nothing(desk: Desk) -> None:
    book, revision = await with_a_secret(desk)
    book.purge("1.1", revision, "because")
    events = len(book.ledger.events())
    done = book.purge("1.1", revision, "because")
    assert (done.already, done.removed, len(book.ledger.events())) == (True, [], events)


async def test_the_books_own_text_can_be_purged_and_another_restored(desk: Desk) -> None:
    book, revision = await with_a_secret(desk)
    other = book.section("1.1").history()[-1].id
    book.section("1.1").restore(revision)
    assert CANARY in desk.read("chapters/chapter_01/content.md")
    done = book.purge("1.1", revision, "because")
    assert texts_in(desk.root / "book") == {}
    assert book.section("1.1").text == ""
    assert not desk.path("chapters/chapter_01/content.md").exists()
    assert any("is empty until" in line for line in done.notes)
    book = desk.reopen()
    assert book.section("1.1").text == ""
    book.section("1.1").restore(other)
    assert "Ada went on with 1.1." in desk.read("chapters/chapter_01/content.md")


async def test_a_purged_text_of_the_books_can_be_written_anew(desk: Desk) -> None:
    book, revision = await with_a_secret(desk)
    book.section("1.1").restore(revision)
    book.purge("1.1", revision, "because")
    desk.answer = lambda kind, request: "Something else entirely."
    await rewrite(book, "1.1", accept=True)
    assert CANARY not in desk.provider.requests[-1].messages[-1].text
    assert book.section("1.1").text == "Something else entirely."


async def test_writing_the_book_fills_the_gap_that_a_purge_left(desk: Desk) -> None:
    book, revision = await with_a_secret(desk)
    book.section("1.1").restore(revision)
    book.purge("1.1", revision, "because")
    assert (book.section("1.1").status, book.status()["state"]) == ("pending", "writing")
    calls = desk.calls
    desk.answer = lambda kind, request: None
    book = desk.reopen()
    await write(book)
    assert desk.calls == calls + 1
    assert book.section("1.1").text == "Ada went on with 1.1. Bo watched her do it."
    assert book.section("1.1").text in desk.read("chapters/chapter_01/content.md")
    assert [version.purged for version in book.section("1.1").history()] == [True, False, False]
    await write(book)
    assert desk.calls == calls + 1


async def test_a_proposals_text_can_be_purged_and_no_longer_waits(desk: Desk) -> None:
    book, _ = await with_a_secret(desk)
    desk.answer = lambda kind, request: SECRET.replace("house", "cellar door")
    await rewrite(book, "2.2")
    (waiting,) = book.proposals()
    book.purge("2.2", waiting.id, "because")
    assert book.proposals() == []
    assert book.section("2.2").history()[-1].purged


async def test_what_other_revisions_share_and_what_is_a_persons_own_stays_and_is_named(desk: Desk) -> None:
    book, revision = await with_a_secret(desk)
    desk.path("notes.txt").write_text(f"Remember: {SECRET}", encoding="utf-8")
    elsewhere = desk.root / "elsewhere.html"
    book.section("1.1").restore(revision)
    await book.export("html", elsewhere)
    done = book.purge("1.1", revision, "because")
    assert done.still_quoted == ["notes.txt", str(elsewhere)]
    assert CANARY in desk.read("notes.txt")


@pytest.mark.parametrize("point", ["purge.cleared", "purge.before_commit", "purge.after_commit", "purge.after_scrub"])
async def test_a_purge_that_was_interrupted_goes_on_when_it_is_repeated(
    desk: Desk, fault: Callable[[str], None], point: str
) -> None:
    book, revision = await with_a_secret(desk)
    book.section("1.1").restore(revision)
    fault(f"{point}:1:eio")
    with pytest.raises(Exception, match=r"Input/output error|Could not"):
        book.purge("1.1", revision, "because")
    assert faults._hits.get(point) == 1
    faults.load({})
    book = desk.reopen()
    done = book.purge("1.1", revision, "because")
    assert not done.already
    assert texts_in(desk.root / "book") == {}
    assert book.purge("1.1", revision, "because").already


@pytest.mark.parametrize(
    ("section", "revision", "reason", "error", "said"),
    [
        ("1.1", 999, "because", UnknownName, "no revision 999"),
        ("9.9", 1, "because", UnknownName, "no section '9.9'"),
        ("1.1", 0, " \n", InputError, "needs a reason"),
        ("1.1", 0, "x" * 501, InputError, "501 characters"),
    ],
)
async def test_what_can_not_be_purged_is_told(
    desk: Desk, section: str, revision: int, reason: str, error: type[Exception], said: str
) -> None:
    book = desk.create()
    await write(book, until="1.1")
    number = revision or book.section("1.1").history()[0].id
    with pytest.raises(error, match=said):
        book.purge(section, number, reason)
    assert not book.section("1.1").history()[0].purged


async def test_what_can_not_be_searched_does_not_stay_among_the_exports(desk: Desk) -> None:
    book, revision = await with_a_secret(desk)
    desk.path("exports/book.pdf").write_bytes(b"%PDF-1.7\xff\xfe\x00")
    desk.path("cover.png").write_bytes(b"\x89PNG\xff")
    desk.path("rag/index.bin").write_bytes(b"\xff\xfe")
    desk.path("analytics.duckdb").write_bytes(b"\xff\xfe")
    done = book.purge("1.1", revision, "because")
    assert {"exports/book.pdf", "rag/index.bin", "analytics.duckdb"} <= set(done.removed)
    assert desk.path("cover.png").exists()


async def test_caches_elsewhere_are_cleared_too(desk: Desk, tmp_path: Path) -> None:
    get_settings().cache_dir = tmp_path / "caches"
    book, revision = await with_a_secret(desk)
    assert texts_in(tmp_path / "caches")
    book.purge("1.1", revision, "because")
    assert texts_in(tmp_path / "caches") == {}
    assert CacheManager("file", cache_dir=tmp_path / "caches").stats()["entries"] > 0
