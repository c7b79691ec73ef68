"""`RAGService` and the hybrid manager: any texts, any book, contexts with their shares and where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ghostkit as gk
from ghostkit.errors import ConfigError, ContextTooLong, InputError
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document
from ghostkit.rag.scope import Scope
from ghostkit.writing.fitting import Priority

pytestmark = pytest.mark.anyio
HASHING = RAGConfig(embedding_model="hashing")


def legacy(chapters: int = 12, sentences: int = 40) -> dict[str, Any]:
    """A book as older programs keep it; each chapter has a key of its own."""
    return {
        "title": "Keys",
        "summary": "A book of keys.",
        "toc": {
            "chapters": [
                {
                    "title": f"Key {n}",
                    "content": f"The key of chapter {n} hangs in the {'abcdefghijklmnop'[n] * 4} tower. " * sentences,
                }
                for n in range(1, chapters + 1)
            ]
        },
    }


async def test_texts_are_indexed_searched_replaced_and_filtered() -> None:
    async with gk.RAGService(config=HASHING) as service:
        first = await service.index_content("Mira holds the bell key.", {"id": "notes", "author": "A", "tags": ["k"]})
        assert (first.changed, first.chunks, first.embedded) == (1, 1, 1)
        await service.index_content(["The harbour is closed in winter.", Document(id="d", text="Salt is dear.")])
        assert (await service.search("who holds the bell key?", 1)).hits[0].chunk.metadata.document == "notes"
        again = await service.index_content("Mira holds the bell key.", {"id": "notes", "author": "A", "tags": ["k"]})
        assert not again.did_something
        changed = await service.update_index("Tomas holds the bell key now.", {"id": "notes"})
        assert (changed.changed, changed.gone) == (1, 0)
        assert "Tomas" in (await service.search("bell key", 1)).hits[0].chunk.content
        only = await service.search("key", scope=Scope(documents=frozenset({"d"})))
        assert {hit.chunk.metadata.document for hit in only.hits} <= {"d"}
        with pytest.raises(InputError, match="can't share one id"):
            await service.index_content(["a", "b"], {"id": "x"})
        with pytest.raises(InputError, match="no text"):
            await service.index_content([3])  # type: ignore[list-item]
        with pytest.raises(InputError, match="int is no text"):
            await service.index_content(3)  # type: ignore[arg-type]


async def test_a_book_becomes_what_is_indexed_and_an_index_on_disk_is_there_again(tmp_path: Path) -> None:
    async with gk.RAGService(tmp_path, HASHING) as service:
        assert (await service.update_index(legacy(4))).documents == 4
    async with gk.RAGService(tmp_path, HASHING) as service:
        again = await service.update_index(legacy(4))
        assert (again.changed, again.embedded) == (0, 0)
        fewer = await service.update_index(legacy(3))
        assert (fewer.gone, fewer.documents) == (1, 3)
        assert (await service.search("cccc tower", 1)).hits[0].chunk.chapter_num == 2


async def test_a_context_of_a_book_leaves_the_texts_that_were_added_beside_it() -> None:
    async with gk.RAGService(config=HASHING, max_tokens=20_000) as service:
        await service.index_content("The bell of Zanzibar is of copper.", {"id": "notes"})
        await service.prepare_context(legacy(12, 120), 12, "the cccc tower")
        context = await service.prepare_context(legacy(11, 120), 11, "the copper bell of Zanzibar")
        assert "notes" in {hit.chunk.metadata.document for hit in context.retrieval.hits}  # type: ignore[union-attr]
        assert "chapter:12" not in (await service.engine.store()).known()


async def test_a_context_has_core_passages_and_summaries_and_nothing_of_what_comes_later() -> None:
    asked: list[str] = []

    async def summarize(text: str, tokens: int) -> str:
        asked.append(text)
        return f"Summed up: {text[:30]}"

    manager = gk.create_hybrid_manager(None, None, HASHING.with_changes(top_k=2), 20_000)
    manager.summarize = summarize
    context = await manager.prepare_context(legacy(12, 120), 12, None, "the key in the cccc tower")
    names = [part.name for part in context.parts]
    assert names[:2] == ["title", "summary"] or names[0] == "title"
    assert names[-1].startswith("retrieved:")
    assert any(name.startswith("summary:") for name in names)
    assert asked
    assert context.retrieval is not None
    assert context.retrieval.hits[0].chunk.chapter_num == 2
    assert context.tokens <= context.budget_tokens
    assert context.shares.total <= context.budget_tokens
    early = await manager.prepare_context(legacy(12, 120), 3, None, "the key in the mmmm tower")
    assert "mmmm tower" not in str(early)
    assert early.retrieval is None or all((h.chunk.chapter_num or 0) < 3 for h in early.retrieval.hits)
    await manager.aclose()


async def test_nothing_is_summed_up_while_the_raw_text_fits_its_share() -> None:
    async def summarize(text: str, tokens: int) -> str:
        raise AssertionError("nobody should have asked")

    manager = gk.create_hybrid_manager(None, None, HASHING, 128_000)
    manager.summarize = summarize
    context = await manager.prepare_context(legacy(12, 10), 12)
    assert {f"chapter:{n}" for n in range(1, 13)} <= {part.name for part in context.parts}
    await manager.aclose()


@pytest.mark.parametrize(
    ("mode", "has"), [("disabled", (False, False)), ("basic", (False, True)), ("hybrid", (True, True))]
)
async def test_modes(mode: str, has: tuple[bool, bool]) -> None:
    async def summarize(text: str, tokens: int) -> str:
        return "Summed up."

    manager = gk.create_hybrid_manager(None, None, HASHING.with_changes(mode=mode), 20_000)
    manager.summarize = summarize
    context = await manager.prepare_context(legacy(12, 120), 12, None, "the key in the cccc tower")
    names = [part.name for part in context.parts]
    assert (any(n.startswith("retrieved:") for n in names), any(n.startswith("summary:") for n in names)) == has
    await manager.aclose()


async def test_cutting_the_window_drops_the_lowest_priority_first() -> None:
    manager = gk.create_hybrid_manager(None, None, HASHING.with_changes(mode="basic"), 128_000)
    seen: list[set[str]] = []
    for tokens in (40_000, 12_000, 6_000, 3_000):
        manager.max_tokens, manager.reserved_tokens = tokens, 500
        context = await manager.prepare_context(legacy(8, 60), 8)
        seen.append({part.name for part in context.parts if part.name.startswith("chapter:")})
        assert {p.name for p in context.of(Priority.ESSENTIAL)} >= {"title", "summary"}
    assert [len(names) for names in seen] == sorted((len(names) for names in seen), reverse=True)
    assert all("chapter:8" in names for names in seen)
    manager.max_tokens, manager.reserved_tokens = 520, 500
    with pytest.raises(ContextTooLong, match="Title, summary"):
        await manager.prepare_context(legacy(8, 60), 8)


async def test_a_users_functions_stand_in_for_ours() -> None:
    def lines(text: str) -> list[str]:
        return text.splitlines()

    def vowels(texts: list[str]) -> Any:
        return np.array([[text.count(v) for v in "aeiou"] for text in texts], dtype=float) + 0.01

    config = RAGConfig(chunker=lines, embedder=vowels, fusion="semantic", similarity_threshold=-1)
    async with gk.RAGService(config=config) as service:
        report = await service.index_content("aaa aaa\neee eee\niii iii", {"id": "v"})
        assert report.chunks == 3
        assert (await service.search("ee e", 1)).hits[0].chunk.content == "eee eee"


async def test_settings_may_be_a_dictionary_and_are_checked() -> None:
    assert gk.create_hybrid_manager(config={"mode": "basic", "top_k": 3}).config.top_k == 3
    with pytest.raises(ConfigError, match="top_k is 0"):
        gk.create_hybrid_manager(config={"top_k": 0})
    with pytest.raises(InputError, match="no chapter 99"):
        await gk.create_hybrid_manager(config=HASHING).prepare_context(legacy(3), 99)


async def test_texts_added_by_themselves_are_found_for_a_book_that_is_read_in_full() -> None:
    async with gk.RAGService(config=HASHING) as service:
        await service.index_content("The bell key hangs in the zzzz tower.", {"id": "notes", "title": "Notes"})
        context = await service.prepare_context(legacy(3, 5), 3, "the zzzz tower")
        assert [part.name for part in context.parts][-1].startswith("retrieved:")
        assert "zzzz tower" in context.parts[-1].text


async def test_one_manager_keeps_two_books_apart() -> None:
    manager = gk.create_hybrid_manager(None, None, HASHING, 20_000)
    await manager.prepare_context(legacy(12, 120), 12, None, "the cccc tower")
    other = {**legacy(12, 120), "title": "Another"}
    other["toc"] = {"chapters": [{"title": f"Salt {n}", "content": f"Salt of pan {n}. " * 400} for n in range(1, 13)]}
    found = (await manager.prepare_context(other, 12, None, "the cccc tower and the salt")).retrieval
    assert found is not None
    assert "tower" not in "".join(hit.chunk.content for hit in found.hits)
    await manager.aclose()
