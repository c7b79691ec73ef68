"""What a notebook's cell shows of a retrieval: short, and harmless whatever the texts say."""

from __future__ import annotations

import pytest

import ghostkit as gk
from ghostkit.rag.config import RAGConfig

pytestmark = pytest.mark.anyio
NASTY = "<script>alert(1)</script> The bell key is with Mira."


async def test_a_retrieval_is_shown_in_a_line_and_as_a_safe_table() -> None:
    async with gk.RAGService(config=RAGConfig(embedding_model="hashing")) as service:
        await service.index_content(f"{NASTY} " * 20, {"id": "notes", "title": "<b>Notes</b>"})
        found = await service.search("who holds the <i>bell</i> key? " * 50)
        context = await service.prepare_context({"title": "T", "toc": {"chapters": [{"title": "A"}]}}, 1, "bell")
    assert found.hits
    assert len(repr(found)) < 250
    assert len(repr(found.hits[0])) < 100
    assert "<b>Notes</b> [0–" in repr(found.hits[0])
    assert len(repr(context)) < 150
    shown = found._repr_html_()
    assert "&lt;script&gt;" in shown
    assert not [tag for tag in ("<script", "<b>Notes", "<i>") if tag in shown]
    assert len(shown) < 4000


async def test_nothing_found_is_said() -> None:
    async with gk.RAGService(config=RAGConfig(embedding_model="hashing")) as service:
        found = await service.search("bell")
    assert "0 hits" in repr(found)
    assert "Nothing was found." in found._repr_html_()
