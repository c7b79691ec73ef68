"""`KeptEmbedder`: no text is computed twice, whatever is killed, cancelled or asked for at the same time."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from ghostkit.cache import CacheManager
from ghostkit.errors import EmbedderError, StorageError
from ghostkit.rag.document import text_digest
from ghostkit.rag.embedding import EmbedderInfo, KeptEmbedder, Role, VectorStore
from ghostkit.rag.embedding.hashing import HashingEmbedder

from .test_embedders import drawn

ROOT = Path(__file__).parents[3]


class Scripted:
    """Counts how often each text was computed; `before` is awaited before each batch."""

    def __init__(self, before: Callable[[list[str]], Awaitable[None]] | None = None) -> None:
        self.computed: Counter[str] = Counter()
        self.batches: list[list[str]] = []
        self._before = before

    async def info(self) -> EmbedderInfo:
        return EmbedderInfo(name="scripted", dimension=16, revision="1")

    async def embed(self, texts: Sequence[str], role: Role) -> Any:
        self.batches.append(list(texts))
        if self._before is not None:
            await self._before(list(texts))
        self.computed.update(texts)
        return drawn(list(texts))

    async def aclose(self) -> None: ...


def expected(texts: Sequence[str]) -> np.ndarray:
    rows = drawn(list(texts))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors.sqlite"


async def test_each_text_is_computed_once_and_counted(path: Path) -> None:
    inner, seen = Scripted(), []
    kept = KeptEmbedder(inner, VectorStore(path), batch_texts=2, on_progress=lambda *one: seen.append(one))
    rows = await kept.embed(["a", "b", "a", "", "c"], "passage")
    assert np.allclose(rows[[0, 1, 2, 4]], expected(["a", "b", "a", "c"]), atol=1e-6)
    assert not rows[3].any()
    assert inner.batches == [["a", "b"], ["c"]]
    assert seen == [(2, 3), (3, 3)]
    again = KeptEmbedder(inner, VectorStore(path))
    assert np.array_equal(
        await again.embed(["c", "d", "a"], "passage"), [rows[4], (await again.embed(["d"], "passage"))[0], rows[0]]
    )
    assert inner.computed == Counter("abcd")
    assert (again.counts.asked, again.counts.kept, again.counts.computed) == (4, 3, 1)
    assert (kept.counts.asked, kept.counts.blank, kept.counts.repeated, kept.counts.computed) == (5, 1, 1, 3)


async def test_roles_are_computed_apart(path: Path) -> None:
    inner = Scripted()
    kept = KeptEmbedder(inner, VectorStore(path))
    await kept.embed(["a"], "passage")
    await kept.embed(["a"], "query")
    assert inner.computed["a"] == 2


async def test_batches_are_bounded_in_texts_and_in_characters(path: Path) -> None:
    inner = Scripted()
    kept = KeptEmbedder(inner, VectorStore(path), batch_texts=3, batch_characters=10)
    await kept.embed(["a", "bb", "cc", "dd", "e" * 9, "f" * 40, "g" * 2], "passage")
    assert all(len(batch) <= 3 for batch in inner.batches)
    assert all(sum(map(len, batch)) <= 10 or len(batch) == 1 for batch in inner.batches)
    assert sum(map(len, inner.batches)) == 7


async def test_a_cancelled_call_keeps_every_batch_before_the_one_it_was_in(path: Path) -> None:
    texts = [f"text {number:02}" for number in range(12)]
    reached = anyio.Event()

    async def before(batch: list[str]) -> None:
        if texts[6] in batch:
            reached.set()
            await anyio.sleep_forever()

    inner = Scripted(before)
    kept = KeptEmbedder(inner, VectorStore(path), batch_texts=3)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kept.embed, texts, "passage")
        await reached.wait()
        tasks.cancel_scope.cancel()
    inner._before = None
    with anyio.fail_after(10):  # what was claimed is free again
        await KeptEmbedder(inner, kept.store, batch_texts=3).embed(texts, "passage")
    assert inner.computed == Counter(texts)


def test_a_killed_process_loses_one_batch_at_most(path: Path) -> None:
    code = """if True:
        import os, sys, anyio, numpy as np
        from ghostkit.rag.embedding import KeptEmbedder, VectorStore, create_embedder
        done = []
        def embed(texts):
            if len(done) == 4:
                os.kill(os.getpid(), 9)
            done.append(texts)
            return [[float(len(texts)), 1.0]] * len(texts)
        kept = KeptEmbedder(create_embedder(function=embed), VectorStore(sys.argv[1]), batch_texts=5)
        anyio.run(kept.embed, [f"text {n:03}" for n in range(100)], "passage")"""
    killed = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, timeout=60)
    assert killed.returncode == -9, killed.stderr.decode()
    assert VectorStore(path).count() == 15  # one call learnt the dimension, three batches of five came through


async def test_tasks_that_want_the_same_texts_have_them_computed_once(path: Path) -> None:
    texts = [f"text {number}" for number in range(30)]
    inner = Scripted(lambda _: anyio.sleep(0.01))
    one, other = (
        KeptEmbedder(inner, VectorStore(path), batch_texts=4),
        KeptEmbedder(inner, VectorStore(path), batch_texts=7),
    )
    found = []

    async def ask(kept: KeptEmbedder, wanted: list[str]) -> None:
        found.append(np.allclose(await kept.embed(wanted, "passage"), expected(wanted), atol=1e-6))

    async with anyio.create_task_group() as tasks:
        for kept, wanted in ((one, texts), (other, texts[::-1]), (one, texts[10:]), (other, texts[:20])):
            tasks.start_soon(ask, kept, wanted)
    assert found == [True] * 4
    assert inner.computed == Counter(texts)
    assert one.counts.waited + other.counts.waited > 0


async def test_threads_with_loops_of_their_own_compute_a_text_once(path: Path) -> None:
    texts = [f"text {number}" for number in range(20)]
    inner = Scripted(lambda _: anyio.sleep(0.005))

    def in_a_loop() -> None:
        anyio.run(KeptEmbedder(inner, VectorStore(path), batch_texts=3).embed, texts, "passage")

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(anyio.to_thread.run_sync, in_a_loop)
    assert inner.computed == Counter(texts)


async def test_who_waited_computes_it_where_the_other_failed(path: Path) -> None:
    started, fails = anyio.Event(), [True]

    async def before(batch: list[str]) -> None:
        if fails:
            fails.clear()
            started.set()
            await anyio.sleep(0.02)
            raise EmbedderError("The model fell over.")

    kept = KeptEmbedder(Scripted(before), VectorStore(path))
    errors, rows = [], []

    async def first() -> None:
        try:
            await kept.embed(["a", "b"], "passage")
        except EmbedderError as error:
            errors.append(error.message)

    async def second() -> None:
        await started.wait()
        rows.append(await kept.embed(["b", "c"], "passage"))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            tasks.start_soon(second)
    assert errors == ["The model fell over."]
    assert np.allclose(rows[0], expected(["b", "c"]), atol=1e-6)


async def test_a_vendor_s_batches_are_kept_as_they_come(path: Path) -> None:
    class Vendor(Scripted):
        async def embed(self, texts: Sequence[str], role: Role, *, on_batch: Any = None) -> Any:  # type: ignore[override]
            self.computed.update(texts[1:3])
            await on_batch([1, 2], drawn(list(texts[1:3])))
            raise EmbedderError("The quota is used up.")

    texts = ["a", "b", "c", "d"]
    with pytest.raises(EmbedderError, match="quota"):
        await KeptEmbedder(Vendor(), VectorStore(path)).embed(texts, "passage")
    inner = Scripted()
    rows = await KeptEmbedder(inner, VectorStore(path)).embed(texts, "passage")
    assert inner.computed == Counter("ad")
    assert np.allclose(rows, expected(texts), atol=1e-6)


@pytest.mark.parametrize(
    ("answer", "says"),
    [([[1.0] * 16], "shape (1, 16) for 2 texts"), ([[1.0, 2.0]] * 2, "vectors of 2 numbers"),
     ([[float("nan")] * 16] * 2, "NaN"), ("no numbers", "rows of numbers")],
)  # fmt: skip
async def test_what_is_no_vector_is_never_kept(path: Path, answer: Any, says: str) -> None:
    class Bad(Scripted):
        async def embed(self, texts: Sequence[str], role: Role) -> Any:
            return answer

    store = VectorStore(path)
    with pytest.raises(EmbedderError) as caught:
        await KeptEmbedder(Bad(), store).embed(["a", "b"], "passage")
    assert says in str(caught.value)
    assert store.count() == 0


# ── the cache that books share, and a disk that refuses ───────────────────────────────────────────────────────────


async def test_another_book_finds_the_vector_in_the_cache(path: Path) -> None:
    inner, cache = Scripted(), CacheManager("memory")
    here = await KeptEmbedder(inner, VectorStore(path), cache=cache).embed(["a", "b"], "passage")
    other = KeptEmbedder(inner, VectorStore(), cache=cache)
    assert np.array_equal(
        await other.embed(["b", "a", "c"], "passage"), [*here[::-1], (await other.embed(["c"], "passage"))[0]]
    )
    assert inner.computed == Counter("abc")
    assert (other.counts.cached, other.counts.computed) == (2, 1)
    assert other.store.count() == 3  # and is its own from now on


async def test_a_wrong_vector_in_the_cache_is_computed_again(path: Path) -> None:
    inner, cache = Scripted(), CacheManager("memory")
    await KeptEmbedder(inner, VectorStore(), cache=cache).embed(["a", "b"], "passage")
    for key, wrong in zip(cache.keys("embeddings"), ([1.0, 2.0], [float("nan")] * 16), strict=True):
        cache.put_embedding(key, wrong)
    rows = await KeptEmbedder(inner, VectorStore(path), cache=cache).embed(["a", "b"], "passage")
    assert np.allclose(rows, expected(["a", "b"]), atol=1e-6)
    assert inner.computed == Counter(a=2, b=2)


async def test_a_cache_that_fails_is_trouble_and_no_failure(path: Path) -> None:
    class Broken(CacheManager):
        def get_embedding(self, key: str) -> Any:
            raise StorageError("The cache can't be reached.")

        def put_embedding(self, key: str, vector: Any, expire_s: float | None = None) -> None:
            raise StorageError("The cache can't be reached.")

    kept = KeptEmbedder(Scripted(), VectorStore(path), cache=Broken("memory"))
    assert np.allclose(await kept.embed(["a"], "passage"), expected(["a"]), atol=1e-6)
    assert kept.trouble == "The cache can't be reached."


async def test_a_question_is_answered_where_nothing_can_be_written_and_a_passage_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = VectorStore(path)

    def refuse(*_: Any) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(store, "put_many", refuse)
    kept = KeptEmbedder(Scripted(), store)
    assert np.allclose(await kept.embed(["a"], "query"), expected(["a"]), atol=1e-6)
    assert kept.trouble == "The disk is full."
    with pytest.raises(StorageError):
        await kept.embed(["a"], "passage")
    with anyio.fail_after(10), pytest.raises(StorageError):  # the claim was given back
        await kept.embed(["a"], "passage")


async def test_the_digest_is_the_one_the_index_asks_by(path: Path) -> None:
    kept = KeptEmbedder(Scripted(), VectorStore(path))
    rows = await kept.embed(["a lone \udc80 half", "b"], "passage")
    info = await kept.info()
    found = kept.store.get_many(info.key, "passage", [text_digest("a lone \udc80 half")])
    assert np.array_equal(found[text_digest("a lone \udc80 half")], rows[0])


async def test_a_question_is_hashed_anew_and_not_kept() -> None:
    store = VectorStore(None)
    kept = KeptEmbedder(HashingEmbedder(), store)
    info = await kept.info()
    question, passage = await kept.embed(["salt and bells"], "query"), await kept.embed(["salt and bells"], "passage")
    assert np.array_equal(question, passage)
    assert (store.count(info.key, "query"), store.count(info.key, "passage")) == (0, 1)
    assert (kept.counts.asked, kept.counts.computed) == (2, 2)
