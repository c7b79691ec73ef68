"""The same workbench for plain scripts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import ghostkit as gk
from ghostkit import sync
from ghostkit.errors import AuthError, IncompleteEnding, NoEventLoop
from ghostkit.providers import Ending
from ghostkit.rag.config import RAGConfig

from .desk import QUICK, Desk


def made(desk: Desk) -> sync.Book:
    book = sync.Book.create(
        desk.root / "book", title="The Salt Road", brief="A courier.", chapters=2, sections=2, words=50,
        model="scripted:x", services=QUICK,
    )  # fmt: skip
    desk._kept(book.live)
    return book


def test_a_whole_book_without_a_word_of_async(desk: Desk) -> None:
    book = made(desk)
    assert "Scene 2.2" in repr(book.outline())
    run = book.write(until="1")
    assert (run.state, run.done) == ("done", True)
    assert book.write_chapter(2).state == "done"
    assert book.write().state == "done"
    exported = book.export("markdown")
    assert exported.path.is_file()
    assert book.status()["state"] == "complete"
    assert book.chapters[0].title == "Chapter title 1"
    assert repr(book).startswith("<Book 'The Salt Road'")
    assert sync.Book.open(desk.root / "book").live is book.live
    assert max(desk.answered.values()) == 1


def test_a_book_is_indexed_and_searched_without_a_word_of_async(desk: Desk) -> None:
    book = made(desk)
    book.write()
    book.live.rag = RAGConfig(embedding_model="hashing")
    assert book.index().chunks > 0
    words = book.section("1.1").text.split()[:6]
    first = book.search(" ".join(words), top_k=1)
    assert first.hits
    assert book.search(" ".join(words), top_k=1).hits[0].chunk.id == first.hits[0].chunk.id  # in a loop of its own
    assert book.context_of("1.1").shares["core"] > 0


def test_errors_come_out_as_they_are(desk: Desk) -> None:
    book = made(desk)
    desk.answer = lambda kind, request: AuthError("The key was refused.")
    with pytest.raises(AuthError, match="The key was refused"):
        book.write()
    with pytest.raises(AuthError):
        book.generate("x")
    desk.answer = lambda kind, request: ["Half ", Ending.LENGTH]
    with pytest.raises(IncompleteEnding):
        book.write()
    with pytest.raises(IncompleteEnding):
        book.generate("x")
    desk.answer = lambda kind, request: None
    assert book.write().state == "done"
    assert book.generate("x") == "A text of it."


@pytest.mark.anyio
async def test_inside_a_running_loop_it_says_what_to_use(desk: Desk) -> None:
    book = made(desk)
    for act in (book.outline, book.write, book.export, lambda: book.generate("x"), lambda: book.write_chapter(1)):
        with pytest.raises(NoEventLoop, match=r"Use ghostkit\.Book and await it"):
            act()
    assert desk.calls == 0
    async with gk.background():
        await book.live.write()
    assert book.status()["state"] == "complete"


def test_ctrl_c_stops_cleanly_and_the_next_call_goes_on(desk: Desk) -> None:
    made(desk)
    desk.leave()
    program = (
        "import os, signal, sys\nfrom ghostkit import registry, sync\nfrom ghostkit.testing import ScriptedProvider\n"
        "def answer(kind, request):\n"
        "    if kind == 'section': os.kill(os.getpid(), signal.SIGINT); return ['Ada ', 3600.0]\n"
        "registry.register_provider('scripted', lambda: ScriptedProvider(answer))\n"
        "try:\n    sync.Book.open(sys.argv[1]).write()\nexcept KeyboardInterrupt:\n    sys.exit(130)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(desk.root / "book")], timeout=30, capture_output=True)
    assert ended.returncode == 130, ended.stderr.decode()
    book = sync.Book(desk.open())
    assert [run.state for run in book.runs] == ["cancelled"]
    assert book.ledger.totals().attempts.get("open", 0) == 0
    assert book.write().state == "done"


def test_rewriting_waits_for_its_texts(tmp_path: Path) -> None:
    book = sync.Book.create(tmp_path / "book", title="A", brief="Ada walks.", chapters=1, sections=1, words=60)
    book.write()
    assert str(book.rewrite("1.1", note="Colder.").state) == "done"
    assert [version.number for version in book.proposals()] == ["1.1"]
    book.live.close()
