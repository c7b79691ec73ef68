"""`onnx:NAME` against NumPy: pooling, prompts, truncation, padding, and folders that won't do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ghostkit.errors import EmbedderError
from ghostkit.rag.embedding import create_embedder

from .tiny_model import TABLE, WORDS, make_model, states

pytest.importorskip("onnxruntime")
TEXT = "the courier rode along the salt road"


def unit(row: np.ndarray) -> np.ndarray:
    return row / np.linalg.norm(row)


def prompted(prompts: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"config_sentence_transformers": {"prompts": prompts, **more}}


ORACLES = {
    "pooling_mode_cls_token": lambda rows: rows[0],
    "pooling_mode_mean_tokens": lambda rows: rows.mean(axis=0),
    "pooling_mode_max_tokens": lambda rows: rows.max(axis=0),
    "pooling_mode_mean_sqrt_len_tokens": lambda rows: rows.sum(axis=0) / np.sqrt(len(rows)),
    "pooling_mode_weightedmean_tokens": lambda rows: np.average(rows, axis=0, weights=np.arange(1, len(rows) + 1)),
    "pooling_mode_lasttoken": lambda rows: rows[-1],
}


@pytest.mark.parametrize("mode", ORACLES)
async def test_it_pools_as_the_files_say(tmp_path: Path, mode: str) -> None:
    folder = make_model(tmp_path / "m", pooling={mode: True})
    rows = await create_embedder(f"onnx:{folder}").embed([TEXT, "rain", "a much longer text of the town"], "passage")
    assert np.allclose(rows[0], unit(ORACLES[mode](states(TEXT.split()))), atol=1e-6)
    assert np.allclose(rows[1], unit(ORACLES[mode](states(["rain"]))), atol=1e-6)


async def test_the_newer_way_of_naming_and_several_at_once(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m", pooling={"pooling_mode": ["mean", "cls"]})
    rows = await create_embedder(f"onnx:{folder}").embed([TEXT], "passage")
    tokens = states(TEXT.split())
    assert np.allclose(rows[0], unit(np.concatenate([tokens[0], tokens.mean(axis=0)])), atol=1e-6)


@pytest.mark.parametrize(
    ("files", "name", "query", "passage"),
    [
        (prompted({"query": "query ", "document": "passage "}), "m", "query", "passage"),
        (prompted({"all": "query "}, default_prompt_name="all"), "m", "query", "query"),
        (prompted({"query": "", "document": ""}), "m", "", ""),
        ({}, "m", "", ""),
        ({}, "multilingual-e5-small", "query :", "passage :"),
    ],
)  # fmt: skip
async def test_prompts_are_the_files_own_or_known_by_name(
    tmp_path: Path, files: Any, name: str, query: str, passage: str
) -> None:
    made = create_embedder(f"onnx:{make_model(tmp_path / name, **files)}")
    for role, prompt in (("query", query), ("passage", passage)):
        rows = await made.embed(["rain"], role)  # type: ignore[arg-type]
        assert np.allclose(rows[0], unit(states([*prompt.split(), "rain"]).mean(axis=0)), atol=1e-6)


async def test_what_is_too_long_is_cut_at_the_model_s_length(tmp_path: Path) -> None:
    made = create_embedder(f"onnx:{make_model(tmp_path / 'm', sentence_bert_config={'max_seq_length': 6})}")
    assert (await made.info()).max_tokens == 6
    rows = await made.embed([TEXT, "rain " * 100_000], "passage")
    assert np.allclose(rows[0], unit(states(TEXT.split()[:4]).mean(axis=0)), atol=1e-6)
    assert np.allclose(rows[1], unit(states(["rain"] * 4).mean(axis=0)), atol=1e-6)


async def test_padding_changes_nothing(tmp_path: Path) -> None:
    made = create_embedder(f"onnx:{make_model(tmp_path / 'm')}")
    texts = [" ".join(WORDS[4 + (at * 3) % 30] for at in range(count)) for count in range(1, 61)] * 3
    together = await made.embed(texts, "passage")
    for text, row in zip(texts[:60], together, strict=False):
        assert np.allclose(row, unit(states(text.split()).mean(axis=0)), atol=1e-5)
    assert np.array_equal(together[:60], together[120:]) or np.abs(together[:60] - together[120:]).max() < 1e-5


async def test_its_revision_is_of_weights_and_of_how_they_are_used(tmp_path: Path) -> None:
    async def revision(name: str, **files: Any) -> str:
        return (await create_embedder(f"onnx:{make_model(tmp_path / name, **files)}").info()).revision

    same = await revision("one")
    assert same == await revision("two")
    others = [
        await revision("three", pooling={"pooling_mode_cls_token": True}),
        await revision("four", sentence_bert_config={"max_seq_length": 6}),
        await revision("five", config_sentence_transformers={"prompts": {"query": "query "}}),
    ]
    weights = make_model(tmp_path / "six") / "onnx" / "model.onnx"
    data = weights.read_bytes()
    place = data.index(TABLE.tobytes()) + 40
    weights.write_bytes(data[:place] + b"\0\0\0\0" + data[place + 4 :])
    others.append((await create_embedder(f"onnx:{tmp_path / 'six'}").info()).revision)
    assert len({same, *others}) == 5


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer.json"),
        (lambda folder: (folder / "onnx" / "model.onnx").unlink(), "no ONNX file"),
        (lambda folder: (folder / "onnx" / "model.onnx").write_bytes(b"garbage" * 100), "failed"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "failed"),
        (lambda folder: (folder / "modules.json").write_text('[{"type": "x.models.Dense"}]'), "a layer"),
    ],
)
async def test_a_folder_that_will_not_do_is_told_in_a_sentence(tmp_path: Path, harm: Any, says: str) -> None:
    folder = make_model(tmp_path / "m")
    harm(folder)
    with pytest.raises(EmbedderError) as caught:
        await create_embedder(f"onnx:{folder}").info()
    assert says in caught.value.message
    assert caught.value.fix


async def test_it_is_loaded_again_after_it_was_closed(tmp_path: Path) -> None:
    made = create_embedder(f"onnx:{make_model(tmp_path / 'm')}")
    before = await made.embed([TEXT], "query")
    await made.aclose()
    assert np.array_equal(await made.embed([TEXT], "query"), before)
