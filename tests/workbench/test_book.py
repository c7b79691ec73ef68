"""The live book: made, opened, found again; what it tells of itself, in the shapes others build on."""

from __future__ import annotations

import json
import threading
from typing import Any

import anyio
import pytest

import ghostkit as gk
from ghostkit.errors import BookNotFound, GhostkitError, InputError, UnknownName
from ghostkit.ledger import text_hash
from ghostkit.providers import Ending

from ..desk import BRIEF, Desk, finish, place_of, write

pytestmark = pytest.mark.anyio


# ── making and opening ────────────────────────────────────────────────────────────────────────────────────────


def test_opening_twice_is_the_same_book_however_the_path_is_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = desk.create()
    assert desk.open() is book
    assert gk.Book.open(str(desk.root / "book" / ".." / "book")) is book
    monkeypatch.chdir(desk.root)
    assert gk.Book.open("book") is book
    link = desk.root / "link"
    link.symlink_to(desk.root / "book")
    assert gk.Book.open(link) is book


def test_threads_that_open_at_once_get_one_book(desk: Desk) -> None:
    desk.create()
    desk.leave()
    found: list[gk.Book] = []
    threads = [threading.Thread(target=lambda: found.append(desk.open())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(book) for book in found}) == 1


def test_closing_twice_does_not_close_what_was_opened_since(desk: Desk) -> None:
    old = desk.create()
    old.close()
    new = desk.open()
    old.close()
    assert desk.open() is new
    assert new.status()["state"] == "new"


def test_equal_arguments_open_the_book_and_others_are_refused(desk: Desk) -> None:
    book = desk.create()
    assert desk.create() is book
    before = desk.read("book.json")
    for other in ({"title": "Another"}, {"chapters": 3}, {"words": 60}, {"language": "ru"}, {"brief": "Else."}):
        with pytest.raises(InputError, match="holds another book already \\('The Salt Road'\\)"):
            desk.create(**other)
    assert desk.read("book.json") == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"chapters": 0}, "chapters is 0"), ({"chapters": 501}, "chapters is 501"), ({"words": 49}, "words is 49"),
        ({"sections": -1}, "sections is -1"), ({"title": ""}, "no title"), ({"title": "x" * 301}, "301 characters"),
        ({"language": "not a tag!"}, "no language tag"), ({"model": "nobody:x"}, "no provider called 'nobody'"),
        ({"style": "baroque"}, "baroque"), ({"brief": ""}, "brief"),
    ],
)  # fmt: skip
def test_what_can_not_be_a_book_is_refused_and_leaves_no_folder(desk: Desk, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(GhostkitError, match=said):
        desk.create(**wrong)
    assert not desk.path(".").exists()


@pytest.mark.parametrize(
    "title", ["../../etc/passwd", "CON", "🐘 Ёлка 水", "a" * 300, 'Salt & <Road> "of" it', "  x\n y "]
)
async def test_any_title_makes_a_book_in_its_own_folder_and_nowhere_else(desk: Desk, title: str) -> None:
    book = desk.create(title=title, chapters=1, sections=1)
    await write(book)
    assert book.title == " ".join(title.split())
    assert sorted(path.name for path in desk.root.iterdir()) == ["book"]
    assert desk.reopen().title == book.title


def test_where_there_is_no_book_it_says_so(desk: Desk) -> None:
    (desk.root / "empty").mkdir()
    (desk.root / "file").write_text("x")
    for name, said in (("nowhere", "does not exist"), ("empty", "no book.json"), ("file", "is a file")):
        with pytest.raises(BookNotFound, match=said):
            desk.open(name)
    assert not (desk.root / "nowhere").exists()
    assert list((desk.root / "empty").iterdir()) == []


async def test_a_book_being_written_is_not_closed(desk: Desk) -> None:
    book = desk.create()
    async with gk.background():
        run = book.write()
        with pytest.raises(GhostkitError, match="being written"):
            book.close()
        run.cancel()
    book.close()


async def test_unknown_places_say_what_there_is(desk: Desk) -> None:
    book = desk.create()
    with pytest.raises(UnknownName, match="Make the outline first"):
        book.chapter(1)
    async with gk.background():
        view = await book.outline()
    assert repr(view).splitlines()[-1] == "   2.2 Scene 2.2"
    with pytest.raises(UnknownName, match="Chapters run from 1 to 2"):
        book.chapter(3)
    for wrong in ("3.1", "1.3", "x", ""):
        with pytest.raises(UnknownName, match=r"Sections run from 1\.1 to 2\.2"):
            book.section(wrong)
    async with gk.background():
        for wrong in ("3", "2.9"):
            with pytest.raises(UnknownName):
                book.write(until=wrong)


# ── what it tells of itself: contracts of the command line ────────────────────────────────────────────────────


def shape(value: Any) -> Any:
    """The keys and kinds of a JSON value."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


async def test_status_has_the_shape_of_the_contract(desk: Desk) -> None:
    book = desk.create()
    new = book.status()
    assert (new["title"], new["state"], new["language"], new["chapters"]) == ("The Salt Road", "new", "en", [])
    await write(book, until="1.1")
    book.section("1.2").lock()
    desk.edit("chapters/chapter_01/sections/section_01.md", "Ada", "Mira")
    status = desk.open().status()
    assert json.loads(json.dumps(status)) == status
    section = {
        "id": "str", "number": "str", "title": "str", "status": "str", "words": "int", "locked": "bool",
        "edited_by_human": "bool", "stale": [], "model": "str", "cost_usd": "float",
    }  # fmt: skip
    found = shape(status)
    assert {key: found[key] for key in ("title", "state", "language", "chapters", "steps", "words", "cost_usd")} == {
        "title": "str", "state": "str", "language": "str", "words": "int", "cost_usd": "float",
        "chapters": [{"id": "str", "number": "int", "title": "str", "status": "str", "sections": [section]}],
        "steps": {"done": "int", "open": "int", "stopped": "int"},
    }  # fmt: skip
    assert {"complete", "in_doubt"} <= status["attempts"].keys()
    first, second = status["chapters"][0]["sections"]
    assert (first["number"], first["edited_by_human"], first["locked"], first["status"]) == (
        "1.1",
        True,
        False,
        "edited",
    )
    assert (second["number"], second["edited_by_human"], second["locked"], second["words"]) == ("1.2", False, True, 0)
    assert status["steps"]["done"] == sum(status["attempts"].values()) - status["attempts"]["in_doubt"]


async def test_a_receipt_has_the_shape_of_the_contract_and_the_exact_request(desk: Desk) -> None:
    desk.provider._price = 2.0
    book = desk.create()
    await write(book)
    receipt = book.receipt("2.1")
    assert json.loads(json.dumps(receipt)) == receipt
    wanted = {
        "slot", "fingerprint", "model", "actor", "request", "inputs", "usage", "cost_usd", "started_at",
        "first_token_s", "total_s", "attempts", "served_by",
    }  # fmt: skip
    assert wanted <= receipt.keys()
    assert set(receipt["usage"]) == {"input_tokens", "output_tokens", "source"}
    assert (receipt["usage"]["source"], receipt["model"]) == ("reported", "scripted:x")
    sent = next(r for r in desk.provider.requests if place_of(r) == "section 2.1")
    assert receipt["fingerprint"] == sent.fingerprint("scripted")
    assert receipt["slot"] == sent.slot
    assert [(m["role"], tuple(m["parts"])) for m in receipt["request"]["messages"]] == [
        (m.role, m.parts) for m in sent.messages
    ]
    assert receipt["request"]["parameters"] == {"max_tokens": sent.max_tokens, "temperature": 0.7}
    assert receipt["inputs"]["brief"] == text_hash(BRIEF)
    assert {"brief", "style", "plan", "people", "chapter", "section", "template"} <= receipt["inputs"].keys()
    assert receipt["cost_usd"] > 0
    assert [a["state"] for a in receipt["attempts"]] == ["complete"]
    assert receipt["served_by"] in ("provider", "cache", "ledger")
    assert book.section("2.1").receipt() == receipt


async def test_a_receipt_lists_every_attempt_and_what_came_after(desk: Desk) -> None:
    book = desk.create()
    desk.answer = lambda kind, request: ["Half ", Ending.LENGTH] if kind == "section" else None
    async with gk.background():
        await finish(book.write())
    assert [a["state"] for a in book.receipt("1.1")["attempts"]] == ["length"]
    desk.answer = lambda kind, request: None
    await write(book)
    assert [a["state"] for a in book.receipt("1.1")["attempts"]] == ["length", "complete"]
    assert book.receipt("1.1")["edited_since"] is False
    desk.edit("chapters/chapter_01/sections/section_01.md", "Ada", "Mira")
    assert desk.open().receipt("1.1")["edited_since"] is True


async def test_a_section_no_model_wrote_has_no_receipt(desk: Desk) -> None:
    book = desk.create()
    async with gk.background():
        await book.outline()
    with pytest.raises(UnknownName, match=r"Section 1\.1 has no receipt"):
        book.receipt("1.1")


async def test_stats_have_the_shape_of_the_contract_and_add_up(desk: Desk) -> None:
    desk.provider._price = 2.0
    book = desk.create()
    assert book.stats()["calls"] == 0
    await write(book)
    stats = book.stats()
    kind = {"hits": "int", "misses": "int", "hit_rate": "float", "entries": "int", "bytes": "int"}
    kinds = {"embeddings": kind, "summaries": kind, "generations": kind}
    assert {key: shape(stats)[key] for key in ("cache", "calls", "tokens", "cost_usd", "seconds")} == {
        "cache": {"backend": "str", **kind, "kinds": kinds},
        "calls": "int", "tokens": {"input": "int", "output": "int"}, "cost_usd": "float", "seconds": "float",
    }  # fmt: skip
    assert stats["calls"] == desk.calls == 10
    assert stats["cost_usd"] == pytest.approx(sum(stats["tokens"].values()) * 2 / 1e6)
    assert stats["cost_usd"] == pytest.approx(book.status()["cost_usd"])
    sections = sum(s["cost_usd"] for c in book.status()["chapters"] for s in c["sections"])
    assert 0 < sections < stats["cost_usd"]


async def test_reprs_and_pages_are_the_same_every_time_and_safe(desk: Desk) -> None:
    nasty = "<script>alert('x')</script> & Co"
    book = desk.create(title=nasty)
    desk.answer = lambda kind, request: f"{nasty} went on." if kind == "section" else None
    run = await write(book)
    assert repr(book) == f"<Book {nasty!r}: 2 chapters, {book.value.word_count} words>"
    assert repr(book.chapter(1)) == "<Chapter 1 'Chapter title 1': complete, 10 words>"
    assert repr(book.section("1.1")) == "<Section 1.1 'Scene 1.1': complete, 5 words>"
    for html in (book._repr_html_(), run.to_html(), (await _outline(book))._repr_html_()):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


async def _outline(book: gk.Book) -> Any:
    async with gk.background():
        return await book.outline()


async def test_asking_something_beside_the_book_leaves_the_book_alone(desk: Desk) -> None:
    book = desk.create()
    before = desk.files()
    desk.answer = lambda kind, request: "Forty."
    result = await book.generate("How many wells?", max_tokens=50)
    assert (result.text, result.ending, desk.provider.requests[-1].max_tokens) == ("Forty.", "complete", 50)
    assert desk.provider.requests[-1].messages[0].text == "How many wells?"
    assert desk.files() == before
    assert book.ledger.totals().calls == 0


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_writing_never_blocks_the_loop_for_files_or_the_ledger(desk: Desk) -> None:
    """Every file and every commit of a run happens in a worker thread."""
    blockbuster = pytest.importorskip("blockbuster")
    book = desk.create(chapters=2)
    async with gk.background():
        await book.outline()  # what is imported or compiled at first use is read now
        await book.write(until="1")
    guard = blockbuster.BlockBuster(scanned_modules=["ghostkit.writing", "ghostkit.generation", "ghostkit.ledger"])
    for function in guard.functions.values():  # a template of a kilobyte is looked at where it is used
        function.can_block_in("ghostkit/generation/prompts.py", {"_load", "_rendered"})
    with anyio.fail_after(20):
        guard.activate()
        try:
            async with gk.background():
                await book.write()
        finally:
            guard.deactivate()
    assert book.status()["state"] == "complete"
