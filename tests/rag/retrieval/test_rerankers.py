"""Re-rankers: cross-encoders that are really run, functions, and what is said where none is there."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ghostkit.errors import ConfigError, EmbedderError, InputError
from ghostkit.rag.models import find_model
from ghostkit.rag.retrieval.cross_encoder import CrossEncoderReranker, logistic
from ghostkit.rag.retrieval.reranker import FunctionReranker, checked_scores
from ghostkit.rag.retrieval.rerankers import NONE_THERE, find_reranker
from ghostkit.rag.scope import Scope

from .conftest import Shelf
from .tiny_onnx import expected_logit, write_cross_encoder

PASSAGES = ("the silver compass", "Mira", "who who who who at the weir", "")


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No models but those a test puts there."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "ghostkit" / "models"


@pytest.fixture
def onnx(require: Any) -> None:
    require("onnx", find_spec("onnxruntime") and find_spec("tokenizers"), "onnxruntime or tokenizers isn't installed")


def longest_first(query: str, texts: Sequence[str]) -> list[float]:
    return [float(len(text)) for text in texts]


async def earliest_first(query: str, texts: Sequence[str]) -> list[float]:
    return [-float(number) - 5 for number in range(len(texts))]


@pytest.mark.usefixtures("onnx")
async def test_an_onnx_cross_encoder_scores_each_passage_whatever_stands_beside_it(tmp_path: Path):
    folder = write_cross_encoder(tmp_path / "tiny")
    reranker, note = find_reranker(f"onnx:{folder}")
    assert reranker is not None
    assert note == ""
    found = await reranker.rerank("who has the compass", PASSAGES)
    assert found == pytest.approx([1 / (1 + math.exp(-expected_logit(text))) for text in PASSAGES], abs=1e-6)
    assert [(await reranker.rerank("who has the compass", [text]))[0] for text in PASSAGES] == pytest.approx(found)
    await reranker.aclose()
    assert list(await reranker.rerank("who has the compass", PASSAGES)) == list(found)
    await reranker.aclose()


@pytest.mark.usefixtures("onnx")
async def test_endless_queries_and_passages_are_cut(tmp_path: Path):
    reranker, _ = find_reranker(f"onnx:{write_cross_encoder(tmp_path / 'tiny')}")
    assert reranker is not None
    found = await reranker.rerank("who " * 100_000, ["silver " * 100_000, "mira"] * 9)
    assert len(found) == 18
    assert len(set(found)) == 2


@pytest.mark.usefixtures("onnx")
async def test_a_model_that_is_no_reranker_is_refused_in_words(tmp_path: Path):
    three = write_cross_encoder(tmp_path / "three", outputs=3)
    reranker, _ = find_reranker(f"onnx:{three}")
    assert reranker is not None
    with pytest.raises(EmbedderError, match="3 numbers for a pair"):
        await reranker.rerank("who", ["mira"])
    (three / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(EmbedderError, match="is no re-ranker"):
        find_reranker(f"onnx:{three}")
    (three / "config.json").write_text('{"architectures": ["BertForSequenceClassification"]}')
    (three / "model.onnx").write_bytes(b"torn")
    reranker, _ = find_reranker(f"onnx:{three}")
    assert reranker is not None
    with pytest.raises(EmbedderError):
        await reranker.rerank("who", ["mira"])


@pytest.mark.usefixtures("onnx")
def test_auto_takes_what_is_there_and_knows_the_language(models: Path):
    assert find_reranker("auto") == (None, f"{NONE_THERE} `ghostkit models fetch bge-reranker-v2-m3` brings one.")
    write_cross_encoder(models / "cross-encoder--ms-marco-MiniLM-L6-v2")
    found, note = find_reranker("auto", {"en"})
    assert found is not None
    assert (found.name, note) == ("onnx:ms-marco-MiniLM-L6-v2", "")
    assert find_reranker("auto", {"en", "ru"}) == (
        None,
        "The re-ranker ms-marco-MiniLM-L6-v2 does not know all of en, ru, so it was not used.",
    )
    write_cross_encoder(models / "BAAI--bge-reranker-v2-m3")
    found, _ = find_reranker("auto", {"en", "ru"})
    assert found is not None
    assert found.name == "onnx:bge-reranker-v2-m3"


def test_a_named_one_that_is_not_there_is_an_error_and_none_is_none():
    assert find_reranker("none") == (None, "")
    with pytest.raises(EmbedderError, match="no model bge-reranker-base on this machine") as caught:
        find_reranker("onnx:bge-reranker-base")
    assert caught.value.fix == "ghostkit models fetch bge-reranker-base"
    for name in ("cohere:rerank-4", "onnx", "auto:x", ""):
        with pytest.raises(ConfigError, match="There is no re-ranker"):
            find_reranker(name)


async def test_sentence_transformers_runs_from_the_disk_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made: dict[str, Any] = {}

    class CrossEncoder:
        def __init__(self, path: str, **options: Any) -> None:
            made.update(options, path=path)

        def predict(self, pairs: list[tuple[str, str]], **options: Any) -> Any:
            made["activation"] = options["activation_fn"]
            return np.array([float(len(text)) for _, text in pairs])

    torch: Any = ModuleType("torch")
    torch.nn = SimpleNamespace(Identity=lambda: "identity")
    torch.cuda = SimpleNamespace(is_available=lambda: False)
    torch.backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: False))
    package: Any = ModuleType("sentence_transformers")
    package.CrossEncoder = CrossEncoder
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["BertForSequenceClassification"]}')
    (folder / "model.safetensors").write_bytes(b"x")
    model = find_model(str(folder))
    assert model is not None
    found = await CrossEncoderReranker("sentence-transformers", model).rerank("who", ["", "ab"])
    assert found == pytest.approx([0.5, 1 / (1 + math.exp(-2))])
    assert (made["local_files_only"], made["trust_remote_code"], made["device"]) == (True, False, "cpu")
    assert made["activation"] == "identity"


def test_logits_of_one_or_two_classes_become_numbers_from_0_to_1():
    assert logistic(np.array([0.0, 1000.0, -1000.0])) == [0.5, 1.0, 0.0]
    assert logistic(np.array([[2.0]])) == pytest.approx([0.8807970779778823])
    assert logistic(np.array([[1.0, 3.0]])) == pytest.approx([0.8807970779778823])


# ── in a search ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("function", [longest_first, earliest_first])
async def test_a_users_function_orders_the_hits_in_full(shelf: Shelf, function):
    settings = {"mode": "full", "reranker": function, "merge_overlaps": False, "dedupe": False}
    found = await shelf.retriever(**settings).search("the price of salt at the ferry quay", top_k=6)
    plain = await shelf.retriever(merge_overlaps=False, dedupe=False, top_k=50).search(found.query)
    texts = [hit.chunk.content for hit in plain.hits]
    scores = longest_first("", texts) if function is longest_first else await earliest_first("", texts)
    expected = sorted(zip(scores, [hit.chunk.id for hit in plain.hits], strict=True), key=lambda one: (-one[0], one[1]))
    assert [(hit.score, hit.chunk.id) for hit in found.hits] == expected[:6]
    assert all(hit.parts["rerank"] == hit.score for hit in found.hits)
    assert "rerank" in found.ms
    assert found.notes == ()


async def test_only_full_reranks_and_only_so_deep(shelf: Shelf):
    hybrid = await shelf.retriever(mode="hybrid", reranker=longest_first).search("salt")
    assert all("rerank" not in hit.parts for hit in hybrid.hits)
    asked: list[int] = []

    def counting(query: str, texts: Sequence[str]) -> list[float]:
        asked.append(len(texts))
        return [0.0] * len(texts)

    settings = {"mode": "full", "reranker": counting, "rerank_depth": 7, "similarity_threshold": -1.0}
    found = await shelf.retriever(**settings).search("salt", top_k=3)
    assert asked == [7]
    assert {one.why for one in found.dropped} >= {"beyond rerank_depth"}
    assert {hit.chunk.id for hit in found.hits}.isdisjoint(
        one.chunk_id for one in found.dropped if one.why == "beyond rerank_depth"
    )
    await shelf.retriever(**settings).search("salt", top_k=9)
    assert asked == [7, 9]


async def test_full_without_a_reranker_says_so_and_goes_on(shelf: Shelf):
    found = await shelf.retriever(mode="full").search("salt")
    assert found.hits
    assert any(note.startswith(NONE_THERE) for note in found.notes)
    assert (await shelf.retriever(mode="full", rerank_model="none").search("salt")).notes == ()
    with pytest.raises(EmbedderError, match="no model nowhere"):
        await shelf.retriever(mode="full", rerank_model="onnx:nowhere").search("salt")


@pytest.mark.usefixtures("onnx")
async def test_full_reranks_with_what_is_on_the_disk_within_what_may_be_seen(shelf: Shelf, models: Path):
    write_cross_encoder(models / "cross-encoder--ms-marco-MiniLM-L6-v2")
    retriever = shelf.retriever(mode="full", importance_weight=0.5)
    found = await retriever.search("silver compass", scope=Scope(before=(4, 1)))
    await retriever.aclose()
    assert found.notes == ()
    for hit in found.hits:
        assert hit.chunk.chapter_num is None or hit.chunk.chapter_num < 4
        assert hit.score == pytest.approx(hit.parts["rerank"] * (1 - 0.5 * (1 - hit.parts["importance"])))


@pytest.mark.usefixtures("onnx")
async def test_a_torn_reranker_that_auto_came_upon_is_noted_and_one_that_was_named_is_an_error(
    shelf: Shelf, models: Path
):
    folder = write_cross_encoder(models / "cross-encoder--ms-marco-MiniLM-L6-v2")
    (folder / "model.onnx").write_bytes(b"torn")
    found = await shelf.retriever(mode="full").search("silver compass")
    assert [hit.chunk.id for hit in found.hits] == [
        hit.chunk.id for hit in (await shelf.retriever().search("silver compass")).hits
    ]
    assert any(note.endswith("So passages stand in the order of the search.") for note in found.notes)
    with pytest.raises(EmbedderError):
        await shelf.retriever(mode="full", rerank_model="onnx:ms-marco-MiniLM-L6-v2").search("silver compass")


async def test_a_users_function_is_asked_again_each_time(shelf: Shelf):
    asked: list[str] = []

    def remembering(query: str, texts: Sequence[str]) -> list[float]:
        asked.append(query)
        return [1.0] * len(texts)

    retriever = shelf.retriever(mode="full", reranker=remembering)
    await retriever.search("salt")
    await retriever.search("salt")
    assert asked == ["salt", "salt"]


@pytest.mark.parametrize(
    "answer", [[1.0], [math.nan] * 3, ["high"] * 3, None, 3, [1.0, 2.0, math.inf]], ids=lambda one: str(one)[:12]
)
async def test_an_unusable_answer_of_a_function_is_told_in_words(answer):
    scores = await FunctionReranker(lambda query, texts: answer).rerank("who", ["a", "b", "c"])
    with pytest.raises(InputError, match="for 3 texts"):
        checked_scores(scores, 3, "function:mine")
