from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from ghostkit.errors import InputError
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.embedding import HashingEmbedder
from ghostkit.rag.evaluation import RETRIEVERS, Trial, read_collection

MakeFolder = Callable[..., Path]


class Counting(HashingEmbedder):
    """Which texts it was asked for, by role."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, list[str]] = {"query": [], "passage": []}

    async def embed(self, texts: Sequence[str], role: Any) -> Any:
        self.asked[role] += texts
        return await super().embed(texts, role)


async def test_each_retriever_ranks_whole_documents(beir: MakeFolder):
    trial = Trial(read_collection(beir()), HashingEmbedder())
    try:
        await trial.prepare()
        for retriever in RETRIEVERS:
            found = await trial.run(retriever)
            assert [found.rankings[query][0] for query in "abc"] == ["1", "2", "3"]
            assert found.notes == ()
            assert found.ms.keys() == found.rankings.keys()
            assert found.ms_per_query > 0
            for query, ids in found.rankings.items():
                assert len(set(ids)) == len(ids) == len(found.scores[query])
            if retriever != "keyword":
                assert set(found.rankings["a"]) == {"1", "2", "3", "4"}  # no threshold, nothing left out
        assert len((await trial.run("hybrid", depth=2)).rankings["a"]) == 2
        by_ranks = await trial.run("hybrid", settings=RAGConfig(fusion="rrf"))
        assert max(by_ranks.scores["a"]) < 0.1
    finally:
        await trial.aclose()


async def test_what_is_kept_is_neither_cut_nor_embedded_again_and_queries_always_are(beir: MakeFolder, tmp_path: Path):
    collection = read_collection(beir())
    embedders = [Counting(), Counting()]
    ranked = []
    for embedder in embedders:
        trial = Trial(collection, embedder, folder=tmp_path / "kept")
        await trial.prepare()
        ranked.append((await trial.run("semantic")).scores)
        await trial.aclose()
    assert len(embedders[0].asked["passage"]) == 4
    assert embedders[1].asked["passage"] == []
    assert set(embedders[1].asked["query"]) == set(collection.queries.values())
    assert ranked[0] == ranked[1]


async def test_words_alone_need_no_embedder(beir: MakeFolder):
    trial = Trial(read_collection(beir()), None)
    try:
        await trial.prepare()
        assert (await trial.run("keyword")).rankings["b"][0] == "2"
        with pytest.raises(InputError, match="hybrid needs an embedder"):
            await trial.run("hybrid")
    finally:
        await trial.aclose()


async def test_progress_is_told_stage_by_stage(beir: MakeFolder):
    told: list[tuple[str, int, int]] = []
    trial = Trial(read_collection(beir()), HashingEmbedder(), on_progress=lambda *one: told.append(one))
    try:
        await trial.prepare()
        await trial.run("keyword")
    finally:
        await trial.aclose()
    assert [stage for stage in dict.fromkeys(stage for stage, _, _ in told)] == ["indexing", "embedding", "keyword"]
    assert told[-1] == ("keyword", 3, 3)


async def test_a_cancelled_run_leaves_a_folder_that_can_be_gone_on_with(beir: MakeFolder, tmp_path: Path):
    collection = read_collection(beir())

    class Stuck(HashingEmbedder):
        async def embed(self, texts: Sequence[str], role: Any) -> Any:
            tasks.cancel_scope.cancel()
            await anyio.sleep_forever()

    trial = Trial(collection, Stuck(), folder=tmp_path / "kept")
    async with anyio.create_task_group() as tasks:
        await trial.prepare()
    assert tasks.cancel_scope.cancelled_caught
    await trial.aclose()
    again = Trial(collection, HashingEmbedder(), folder=tmp_path / "kept")
    await again.prepare()
    assert (await again.run("semantic")).rankings["b"][0] == "2"
    await again.aclose()
