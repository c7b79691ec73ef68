"""`hashing`: the same vectors everywhere, near for like words in any script, honest about what it is."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.rag.embedding import HashingEmbedder
from ghostkit.rag.embedding import hashing as module
from ghostkit.rag.store.terms import terms_of, tokens_of

ROOT = Path(__file__).parents[3]
FULL = os.environ.get("GHOSTKIT_RETRIEVAL") == "full"


def oracle(text: str) -> np.ndarray:
    """The description in plain Python: a loop over words and their parts."""
    row = [0.0] * 512
    for token, count in Counter(tokens_of(text)).items():
        for term in terms_of(token):
            marked = f"<{token}>"
            grams = [marked[at : at + size] for size in (4, 5) for at in range(len(marked) - size + 1)]
            features = [("w" + term, 1.0)]
            if len(token) > 2:
                features += [("g" + gram, 1.4 / math.sqrt(len(grams))) for gram in grams]
            for feature, weight in features:
                value = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "little")
                row[value % 512] += (1 if value >> 63 else -1) * weight * count**0.75
    length = math.sqrt(math.fsum(one * one for one in row)) or 1.0
    return np.array([one / length for one in row])


async def test_it_is_what_its_description_says() -> None:
    texts = ["The lanterns of Saltmarsh flickered, flickered and flickered.", "Курьеры ехали вдоль берега, и ещё.",
             "信使沿着海岸走着。", "ox at sea 27", "Zoë's naïve café"]  # fmt: skip
    rows = await HashingEmbedder().embed(texts, "passage")
    for text, row in zip(texts, rows, strict=True):
        assert np.abs(row - oracle(text)).max() < 1e-6


async def test_it_says_that_it_is_lexical_local_and_what_made_it() -> None:
    info = await HashingEmbedder().info()
    assert (info.name, info.dimension, info.lexical, info.local) == ("hashing", 512, True, True)
    assert len(info.revision) == 12


def test_another_process_with_other_hashes_makes_the_same_bits() -> None:
    code = """if True:
        import anyio, hashlib
        from ghostkit.rag.embedding import HashingEmbedder
        made = HashingEmbedder()
        rows = anyio.run(made.embed, ["The tide took the causeway. Прилив ушёл. 信使"] * 3, "query")
        print(hashlib.sha256(rows.tobytes()).hexdigest(), anyio.run(made.info).key)"""
    found = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=60,
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1


@pytest.mark.parametrize(
    ("query", "answer", "other"),
    [
        ("where did the couriers ride?", "A courier was riding to the coast.", "The bread was baked at dawn."),
        ("огни города", "Он увидел огонь над городом.", "Хлеб пекли на рассвете."),
        ("海岸的信使", "信使沿着海岸走着。", "早上烤面包。"),
        ("Leuchtturmwärter", "Der alte Leuchtturm und sein Wärter", "Das Brot wurde gebacken."),
    ],
)
async def test_like_words_are_nearer_than_others_in_any_script(query: str, answer: str, other: str) -> None:
    rows = await HashingEmbedder().embed([query, answer, other], "passage")
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.1


async def test_words_of_no_weight_alone_are_a_row_of_zeros() -> None:
    rows = await HashingEmbedder().embed(["the of and", "!!! —"], "query")
    assert not rows.any()


@given(texts=st.lists(st.text(max_size=60), max_size=8))
@settings(max_examples=60, deadline=None)
def test_any_text_has_its_own_row_whatever_stands_beside_it(texts: list[str]) -> None:
    made = HashingEmbedder()
    together = made._rows(texts)
    assert np.isfinite(together).all()
    for text, row in zip(texts, together, strict=True):
        assert np.array_equal(HashingEmbedder()._rows([text])[0], row)


async def test_forgotten_words_and_pieces_change_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [" ".join(f"word{number * 7 % 501}" for number in range(start, start + 400)) for start in range(5)]
    usual = await HashingEmbedder().embed(texts, "passage")
    monkeypatch.setattr(module, "_WORDS_REMEMBERED", 10)
    monkeypatch.setattr(module, "_WORDS_AT_ONCE", 150)
    assert np.array_equal(await HashingEmbedder().embed(texts, "passage"), usual)
    monkeypatch.setattr(module, "_PIECE", 90)
    assert np.abs(await HashingEmbedder().embed(texts, "passage") - usual).max() < 1e-6


@pytest.mark.skipif(not FULL, reason="a text of 50 MB; GHOSTKIT_RETRIEVAL=full")
async def test_a_text_of_fifty_megabytes_takes_bounded_memory() -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = await HashingEmbedder().embed(["the tide took the causeway and nobody crossed " * 1_100_000], "passage")
    assert rows.any()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kB
