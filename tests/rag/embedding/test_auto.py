"""`auto`: the best that is really there; never a download, never a vendor, never a model of another language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ghostkit.errors import ConfigError, EmbedderError
from ghostkit.rag.embedding import auto, create_embedder

from .tiny_model import make_model

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Make a model: `put("intfloat/multilingual-e5-small")`; `cached=True` in the Hugging Face cache."""
    monkeypatch.setenv("GHOSTKIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-4f9d2b7c1e8a6350")

    def make(repository: str, *, cached: bool = False, **files: Any) -> Path:
        name = repository.replace("/", "--")
        if cached:
            return make_model(tmp_path / "hub" / f"models--{name}" / "snapshots" / "abc", **files)
        return make_model(tmp_path / "models" / name, **files)

    return make


def chosen(*languages: str) -> str:
    made = create_embedder("auto", languages=languages)
    assert made.chosen_because  # type: ignore[attr-defined]
    return str(made.name)  # type: ignore[attr-defined]


def test_nothing_there_is_hashing_and_says_so_even_with_a_vendor_s_key(put: Put) -> None:
    made = create_embedder()
    assert made.name == "hashing"  # type: ignore[attr-defined]
    assert "There is no model on this machine." in made.chosen_because  # type: ignore[attr-defined]


def test_an_english_model_is_taken_for_english_and_for_nothing_else(put: Put) -> None:
    put("sentence-transformers/all-MiniLM-L6-v2")
    assert chosen("en") == chosen("en-GB") == chosen() == "onnx:all-MiniLM-L6-v2"
    assert chosen("ru") == chosen("en", "ru") == "hashing"
    assert "don't know ru" in create_embedder(languages=["ru"]).chosen_because  # type: ignore[attr-defined]


def test_a_model_of_many_languages_is_taken_for_any_and_first_where_nobody_knows(put: Put) -> None:
    put("sentence-transformers/all-MiniLM-L6-v2", cached=True)
    put("intfloat/multilingual-e5-small", cached=True)
    for languages in ((), ("ru",), ("en",), ("ja", "de")):
        assert chosen(*languages) == "onnx:multilingual-e5-small"


def test_a_strange_model_is_taken_if_it_was_fetched_and_not_out_of_the_cache(put: Put) -> None:
    put("somebody/sentences", cached=True)
    assert chosen("en") == "hashing"
    put("somebody/other")
    assert chosen("en") == "onnx:somebody/other"


def test_a_reranker_is_no_embedder(put: Put) -> None:
    put("BAAI/bge-reranker-base")
    put("somebody/scores", config={"architectures": ["BertForSequenceClassification"]})
    assert chosen("en") == "hashing"
    with pytest.raises(EmbedderError, match="re-ranker"):
        create_embedder("onnx:bge-reranker-base")


def test_what_cannot_be_run_is_not_taken(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put("intfloat/multilingual-e5-small")
    monkeypatch.setattr(auto, "find_spec", lambda name: None)
    assert chosen("ru") == "hashing"
    assert "can run it" in create_embedder(languages=["ru"]).chosen_because  # type: ignore[attr-defined]


@pytest.mark.parametrize(("gpu", "kind"), [(True, "sentence-transformers"), (False, "onnx")])
def test_torch_is_taken_where_there_is_a_gpu_for_it(
    put: Put, monkeypatch: pytest.MonkeyPatch, gpu: bool, kind: str
) -> None:
    (put("intfloat/multilingual-e5-small") / "model.safetensors").write_bytes(b"")
    monkeypatch.setattr(auto, "find_spec", lambda name: True)
    monkeypatch.setattr(auto, "_has_gpu", lambda: gpu)
    assert chosen("ru") == f"{kind}:multilingual-e5-small"


@pytest.mark.parametrize("name", ["", "hash", "hashing:512", "onnx:", "onnx", "torch:x", "auto:en", "sk-1234:x"])
def test_names_that_are_none_are_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        create_embedder(name)
    assert "sentence-transformers:NAME" in caught.value.fix


def test_a_model_that_is_not_there_says_how_to_get_it(put: Put) -> None:
    with pytest.raises(EmbedderError) as caught:
        create_embedder("onnx:multilingual-e5-small")
    assert "ghostkit models fetch multilingual-e5-small" in caught.value.fix


def test_a_package_that_is_not_there_says_how_to_get_it(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EmbedderError) as caught:
        create_embedder("sentence-transformers:all-MiniLM-L6-v2")
    assert 'pip install "ghostkit[sentence-transformers]"' in caught.value.fix
