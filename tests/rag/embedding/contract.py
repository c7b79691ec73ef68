"""What every embedder must do: a class of tests to derive from, with a fixture `embedder`."""

from __future__ import annotations

from typing import ClassVar

import anyio
import numpy as np

from ghostkit.rag.embedding.contract import Embedder

TEXTS = [
    "The courier rode along the salt road until the lanterns of the town came into sight.",
    "Rain.",
    "Курьер ехал вдоль берега, пока не увидел огни города.",
    "信使沿着海岸走着。",
    "A much longer text: " + "the tide took the causeway, and nobody crossed before morning; " * 12,
]


class EmbedderContract:
    """`tolerance`: how far a row may move with what stands beside it; 0 where nothing is padded."""

    tolerance: ClassVar[float] = 0.0

    async def test_rows_are_float32_of_the_dimension_said_and_of_length_one(self, embedder: Embedder) -> None:
        info = await embedder.info()
        for role in ("query", "passage"):
            rows = await embedder.embed(TEXTS, role)
            assert rows.dtype == np.float32
            assert rows.shape == (len(TEXTS), info.dimension)
            assert np.allclose(np.linalg.norm(rows.astype(np.float64), axis=1), 1.0, atol=1e-5)

    async def test_its_key_stays_the_same_and_says_name_and_dimension(self, embedder: Embedder) -> None:
        before = await embedder.info()
        await embedder.embed(TEXTS[:2], "passage")
        after = await embedder.info()
        assert before == after
        assert before.name in before.key
        assert before.key.endswith(f"/{before.dimension}")

    async def test_an_empty_or_blank_text_is_a_row_of_zeros_among_others(self, embedder: Embedder) -> None:
        rows = await embedder.embed(["", TEXTS[0], " \n\t\u00a0", TEXTS[1]], "passage")
        assert [bool(row.any()) for row in rows] == [False, True, False, True]
        assert not (await embedder.embed(["", ""], "query")).any()

    async def test_no_texts_are_no_rows(self, embedder: Embedder) -> None:
        assert (await embedder.embed([], "passage")).shape == (0, (await embedder.info()).dimension)

    async def test_equal_texts_have_equal_rows_whatever_stands_beside_them(self, embedder: Embedder) -> None:
        together = await embedder.embed([*TEXTS, TEXTS[1]], "passage")
        assert np.abs(together[1] - together[-1]).max() <= self.tolerance
        for place, text in enumerate(TEXTS):
            alone = (await embedder.embed([text], "passage"))[0]
            assert np.abs(alone - together[place]).max() <= self.tolerance

    async def test_different_texts_have_different_rows(self, embedder: Embedder) -> None:
        rows = (await embedder.embed(TEXTS, "passage")).astype(np.float64)
        likeness = rows @ rows.T
        np.fill_diagonal(likeness, 0)
        assert likeness.max() < 0.9999

    async def test_half_of_a_surrogate_pair_is_no_harm(self, embedder: Embedder) -> None:
        rows = await embedder.embed(["a word \ud83d and another", TEXTS[0]], "passage")
        assert np.isfinite(rows).all()
        assert rows.any(axis=1).all()

    async def test_a_text_of_two_megabytes_has_a_row(self, embedder: Embedder) -> None:
        rows = await embedder.embed(["the tide took the causeway " * 80_000], "passage")
        assert np.isfinite(rows).all()
        assert rows.any()

    async def test_several_tasks_may_ask_at_once(self, embedder: Embedder) -> None:
        alone = await embedder.embed(TEXTS, "passage")
        found: dict[int, np.ndarray] = {}

        async def ask(number: int) -> None:
            found[number] = await embedder.embed(TEXTS[number:] + TEXTS[:number], "passage")

        async with anyio.create_task_group() as tasks:
            for number in range(4):
                tasks.start_soon(ask, number)
        for number, rows in found.items():
            assert np.abs(np.roll(rows, number, axis=0) - alone).max() <= self.tolerance
