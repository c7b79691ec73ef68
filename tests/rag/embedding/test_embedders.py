"""Every embedder of this machine keeps the contract."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from ghostkit.rag.embedding import Embedder, HashingEmbedder, KeptEmbedder, VectorStore, create_embedder

from .contract import EmbedderContract
from .tiny_model import make_model


def drawn(texts: list[str]) -> np.ndarray:
    """Numbers that depend on the text alone, of any length."""
    seeds = [int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big") for text in texts]
    return np.array([np.random.default_rng(seed).standard_normal(16) * 7 for seed in seeds])


async def drawn_later(texts: list[str], role: str) -> list[list[float]]:
    return drawn([f"{role} {text}" for text in texts]).tolist()


class TestHashing(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return create_embedder("hashing")


class TestFunction(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return create_embedder(function=drawn)


class TestAsyncFunctionWithRole(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return create_embedder(function=drawn_later)


class TestOnnx(EmbedderContract):
    tolerance: ClassVar[float] = 1e-5

    @pytest.fixture
    def embedder(self, tmp_path: Path) -> Embedder:
        pytest.importorskip("onnxruntime")
        return create_embedder(f"onnx:{make_model(tmp_path / 'tiny')}")

    async def test_different_texts_have_different_rows(self, embedder: Embedder) -> None:
        rows = await embedder.embed(["the fox", "rain"], "passage")
        assert rows[0] @ rows[1] < 0.99


class TestKept(EmbedderContract):
    @pytest.fixture
    def embedder(self, tmp_path: Path) -> Embedder:
        return KeptEmbedder(HashingEmbedder(), VectorStore(tmp_path / "vectors.sqlite"), batch_texts=2)


class TestKeptInMemory(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return KeptEmbedder(create_embedder(function=drawn_later), VectorStore())
