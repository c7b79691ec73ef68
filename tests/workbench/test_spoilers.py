"""Nothing of what comes later reaches a section: secrets planted in prose, plan, people, bonds, places and sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ghostkit as gk
from ghostkit.errors import Unreachable
from ghostkit.providers import Request
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.embedding.contract import EmbedderInfo
from ghostkit.rag.retrieval.result import Retrieval

from ..desk import QUICK, Desk, place_of, write

pytestmark = pytest.mark.anyio
CHAPTERS = 12
ASKED = "Ada and the lamp at the mill, the green stone, the wells"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def tells(kind: str, request: Request) -> Any:
    """Later chapters hold a secret, said in the words that every section is looked up by."""
    if kind not in ("section", "rewrite"):
        return None
    chapter = int(place_of(request).split()[1].partition(".")[0])
    secret = "The zealprose was behind the green stone. " if chapter > 10 else ""
    return f"Ada mended the lamp at the mill by the wells. {secret}" * 4


class Embeds:
    """An embedder that is known, and asks `function` for vectors."""

    def __init__(self, function: Callable[[list[str]], Any]) -> None:
        self.function = function

    async def info(self) -> EmbedderInfo:
        return EmbedderInfo(name="far:x", dimension=4)

    async def embed(self, texts: Sequence[str], role: str) -> Any:
        return self.function(list(texts))

    async def aclose(self) -> None: ...


def planted(book: gk.Book, folder: Path) -> None:
    """What is true from chapter 11 on only."""
    book.people.add(name="Ada Stone", role="protagonist", traits=["exact"], arc="She learns to trust.")
    book.people.edit("Ada Stone", from_chapter=11, arc="zealarc", description="zealperson")
    book.people.add(name="Zealname", since_chapter=11)
    book.people.add(name="Bo Reed")
    book.people.relate("Ada Stone", "zealbond", "Bo Reed", since_chapter=11)
    book.bible.add("Mill", "place", "A mill by the wells.")
    book.bible.edit("Mill", from_chapter=11, description="zealplace")
    source = folder / "late.txt"
    source.write_text("The lamp at the mill and the green stone, by the wells: zealsource. " * 3, "utf-8")
    book.sources.add(source, since_chapter=11)


def all_of(found: Retrieval) -> str:
    return repr([*(hit.as_dict() for hit in found.hits), *found.dropped, *found.notes])


async def asked_anew(desk: Desk, book: gk.Book, folder: Path) -> list[str]:
    """The prompts for 10.1, written anew when all that comes later is written."""
    async with gk.background():
        await book.outline()
    planted(book, folder)
    await write(book)
    desk.provider.requests.clear()
    async with gk.background():
        await book.rewrite("10.1")
    asked = [request for request in desk.provider.requests if "10.1" in place_of(request)]
    assert asked
    return ["\n".join(message.text for message in request.messages) for request in asked]


async def test_words_alone_are_searched_within_the_same_bounds(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(texts: list[str]) -> Any:
        raise Unreachable("No answer.", retryable=True)

    monkeypatch.setattr("tests.desk.QUICK", replace(QUICK, rag=RAGConfig(embedder=Embeds(down))))
    desk.answer = tells
    for told in await asked_anew(desk, desk.create(chapters=CHAPTERS), tmp_path):
        assert "<passage" in told
        assert "zeal" not in told.lower()


@pytest.mark.parametrize("mode", ["hybrid", "full", "basic"])
async def test_no_secret_of_a_later_chapter_reaches_an_earlier_section_or_search(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    rag = RAGConfig(embedding_model="hashing", mode=mode, rerank_model="none", similarity_threshold=-1)
    monkeypatch.setattr("tests.desk.QUICK", replace(QUICK, rag=rag))
    desk.answer = tells
    book = desk.create(chapters=CHAPTERS)
    for told in await asked_anew(desk, book, tmp_path):
        assert ("<passage" in told) == (mode != "basic")
        assert "zeal" not in told.lower()
    found = await book.search(ASKED, as_of="10.1", top_k=50)
    assert found.hits
    assert all((hit.chunk.chapter_num or 0) <= 10 for hit in found.hits)
    assert "zeal" not in all_of(found).lower()
    whole = all_of(await book.search(ASKED, top_k=50))
    seen = {one for one in ("zealprose", "zealsource") if one in whole}
    assert seen == {"zealprose", "zealsource"}  # they are there to be found
    late = (await book.context_of("12.2")).as_dict()
    assert "zealarc" in repr(late)
