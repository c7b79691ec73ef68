"""Batches hold all texts once, in order, within the limits; vectors are taken only if they are what was asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.errors import BadAnswer
from ghostkit.generation.embedding.batches import batches_of, estimated, halved, text_for
from ghostkit.generation.embedding.vectors import checked_vectors
from ghostkit.providers.embedding_models import EmbeddingFacts, checked_dimension, facts_of
from ghostkit.providers.embeddings import EmbeddingModel, split_embedding

TEXTS = st.lists(st.one_of(st.text(max_size=60), st.sampled_from(["", " \n", "соль " * 400, "塩" * 900, "x" * 5000])))


@given(
    texts=TEXTS, most=st.integers(1, 7), tokens=st.integers(1, 3000), limit=st.one_of(st.none(), st.integers(8, 900))
)
def test_every_text_is_in_one_batch_in_order_and_no_batch_is_too_large(
    texts: list[str], most: int, tokens: int, limit: int | None
) -> None:
    known = EmbeddingModel(
        provider="openai", model="text-embedding-3-small", most_texts=most, max_tokens=limit, passage_prefix="p: "
    )
    batches = batches_of(texts, "passage", known, tokens)
    flat = [text for batch in batches for text in batch.texts]
    assert [text.place for text in flat] == [place for place, text in enumerate(texts) if text.strip()]
    for batch in batches:
        assert 1 <= len(batch.texts) <= most
        assert len(batch.texts) == 1 or batch.most_tokens <= tokens
    for text in flat:
        assert text.text.encode()  # every encoding has it
        assert text.tokens <= text.most_tokens
        if limit is not None:
            assert estimated(text.text, known.name)[1] <= limit or len(text.text) == 1
        elif texts[text.place].isprintable():
            assert text.text == "p: " + texts[text.place]


def test_a_text_that_the_vendor_cuts_is_still_not_sent_by_the_megabyte() -> None:
    known = EmbeddingModel(provider="cohere", model="embed-english-v3.0", max_tokens=512, cuts=True)
    huge = text_for(0, "word " * 10_000_000, "passage", known)
    assert len(huge.text) <= 512 * 16
    assert huge.cut
    short = text_for(0, "word " * 100, "passage", known)
    assert not short.cut
    assert len(short.text) == 500


def test_halving_ends() -> None:
    known = EmbeddingModel(provider="openai", model="own")
    (batch,) = batches_of(["a" * 1000, "b"], "passage", known)
    lengths = []
    left = halved(batch, known.name)
    while left is not None:
        lengths.append(max(len(text.text) for text in left.texts))
        left = halved(left, known.name)
    assert lengths == [500, 250, 125, 62, 31, 15, 7, 3, 1]


KNOWN = EmbeddingModel(provider="openai", model="m", dimension=3)


@given(st.lists(st.lists(st.floats(-1e30, 1e30), min_size=3, max_size=3), min_size=1, max_size=5))
def test_vectors_come_out_of_length_one_in_the_direction_they_had(rows: list[list[float]]) -> None:
    if any(not any(np.float64(one) ** 2 for one in row) for row in rows):
        return
    vectors = checked_vectors(rows, len(rows), KNOWN)
    assert vectors.dtype == np.float32
    for row, vector in zip(rows, vectors, strict=True):
        length = math.sqrt(math.fsum(one * one for one in row))
        assert vector == pytest.approx(np.array(row) / length, abs=1e-6)


def test_numbers_and_bytes_give_the_same() -> None:
    row = [0.1, -0.2, 0.3]
    packed = np.array(row, "<f4").tobytes()
    assert np.allclose(checked_vectors([row], 1, KNOWN), checked_vectors([packed], 1, KNOWN), atol=1e-7)


@pytest.mark.parametrize(
    "given",
    [
        [], [[1.0, 2.0, 3.0]] * 3, [[1.0, 2.0, 3.0], [1.0, 2.0]], [[1.0, 2.0]] * 2, [[], []], [b"12", b"34"],
        [["a", "b", "c"]] * 2, [None, None], [{"a": 1}] * 2, [1.0, 2.0], [[[1.0]]] * 2,
        [[1.0, math.nan, 0.0], [1.0, 2.0, 3.0]], [[1.0, math.inf, 0.0], [1.0, 2.0, 3.0]],
        [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]],
    ],
)  # fmt: skip
@pytest.mark.parametrize("dimension", [3, None])
def test_anything_else_is_a_bad_answer(given: list[object], dimension: int | None) -> None:
    known = EmbeddingModel(provider="openai", model="m", dimension=dimension)
    if dimension is None and given == [[1.0, 2.0]] * 2:
        assert checked_vectors(given, 2, known).shape == (2, 2)  # type: ignore[arg-type]
        return
    with pytest.raises(BadAnswer):
        checked_vectors(given, 2, known)  # type: ignore[arg-type]


def test_models_are_known_by_their_names_whoever_serves_them() -> None:
    assert facts_of("openrouter", "openai/text-embedding-3-large").dimension == 3072
    assert facts_of("openrouter", "google/gemini-embedding-001").max_tokens == 2048
    assert facts_of("openrouter", "qwen/qwen3-embedding-8b").query_prefix.startswith("Instruct: ")
    assert facts_of("cohere", "embed-multilingual-light-v3.0").dimension == 384
    assert facts_of("gemini", "models/gemini-embedding-2").query_prefix == "task: search result | query: "
    assert facts_of("ollama", "snowflake-arctic-embed2:568m").query_prefix == "query: "
    assert facts_of("openai", "intfloat/multilingual-e5-base").passage_prefix == "passage: "
    assert facts_of("openai", "BAAI/bge-m3") == EmbeddingFacts()
    assert facts_of("openai", "unheard-of") == EmbeddingFacts()


def test_a_name_may_ask_for_a_dimension() -> None:
    assert split_embedding("openai:text-embedding-3-small@512") == ("openai", "text-embedding-3-small", 512)
    assert split_embedding("ollama:qwen3-embedding:8b") == ("ollama", "qwen3-embedding:8b", None)
    assert split_embedding("openai:org@model") == ("openai", "org@model", None)
    assert checked_dimension(EmbeddingFacts(), "openai:own", 77) == 77
