"""One folder's engine: opened once, closed whole, and never taken back to older words."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from ghostkit.errors import EmbedderError
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document
from ghostkit.rag.engine import RetrievalEngine

pytestmark = pytest.mark.anyio
HASHING = RAGConfig(embedding_model="hashing")
WAIT_S = 0.3


def told(text: str, revision: int | None = None) -> list[Document]:
    return [Document(id="s", text=text, chapter=1, section=1, language="en", revision=revision)]


async def test_however_many_tasks_are_the_first_it_is_opened_once(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def counted(texts: list[str]) -> Any:
        asked.append(texts)
        return np.ones((len(texts), 3))

    engine = RetrievalEngine(tmp_path, RAGConfig(embedder=counted))
    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(engine.embedder_info)
    assert len(asked) == 1  # to learn the dimension
    await engine.aclose()


async def test_what_could_not_be_opened_is_closed_and_may_be_opened_later(tmp_path: Path) -> None:
    there = False

    def sometimes(texts: list[str]) -> Any:
        if not there:
            raise OSError("no such model")
        return np.ones((len(texts), 3))

    engine = RetrievalEngine(tmp_path, RAGConfig(embedder=sometimes))
    with pytest.raises(EmbedderError, match="no such model"):
        await engine.update(told("The bell key hangs in the tower."))
    assert not engine.in_use
    assert not list(tmp_path.rglob("*-wal"))  # noqa: ASYNC240  # SQLite leaves it as long as a connection is open
    there = True
    assert (await engine.update(told("The bell key hangs in the tower."))).embedded == 1
    await engine.aclose()


async def test_of_two_tasks_the_later_one_never_takes_in_older_words() -> None:
    words, taken, later_done = ["old"], threading.Event(), threading.Event()

    def older() -> list[Document]:
        found = told(f"The {words[0]} key hangs in the tower.")
        taken.set()
        later_done.wait(WAIT_S)
        return found

    engine = RetrievalEngine(None, HASHING)
    await engine.store()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(engine.update, older)
        await anyio.to_thread.run_sync(taken.wait)
        words[0] = "new"
        await engine.update(lambda: told(f"The {words[0]} key hangs in the tower."))
        later_done.set()
    assert "new" in (await engine.search("key tower")).hits[0].chunk.content
    await engine.aclose()


async def test_a_revision_number_that_is_given_again_hides_no_other_text() -> None:
    """As after a ledger was lost, and the numbers begin anew."""
    engine = RetrievalEngine(None, HASHING)
    await engine.update(told("The copper bell rings.", revision=4))
    await engine.update(told("The silver bell rings.", revision=4))
    assert "silver" in (await engine.search("bell")).hits[0].chunk.content
    await engine.aclose()


async def test_closing_lets_go_of_the_reranker() -> None:
    closed: list[bool] = []
    engine = RetrievalEngine(None, HASHING.with_changes(mode="full", reranker=lambda query, texts: [1.0] * len(texts)))
    await engine.update(told("The copper bell rings."))
    assert (await engine.search("bell")).hits
    opened = engine._opened
    assert opened is not None

    async def close() -> None:
        closed.append(True)

    opened.retriever._reranker.aclose = close  # type: ignore[union-attr, method-assign]
    await engine.aclose()
    assert closed == [True]
