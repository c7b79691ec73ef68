"""Settings of retrieval: checked as they are made, with ids that equal ones share."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.errors import ConfigError, InputError
from ghostkit.rag.config import PRESETS, RAGConfig, RAGMode
from ghostkit.rag.source_hash import source_hash


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mode": "magic"}, "mode is 'magic'"),
        ({"chunk_size": 0}, "chunk_size is 0"),
        ({"chunk_size": True}, "chunk_size is True"),
        ({"chunk_size": 100, "chunk_overlap": 100}, "chunk_overlap .* is not below chunk_size"),
        ({"chunk_overlap": -1}, "chunk_overlap is -1"),
        ({"top_k": 0}, "top_k is 0"),
        ({"similarity_threshold": 1.5}, "similarity_threshold is 1.5"),
        ({"similarity_threshold": float("nan")}, "similarity_threshold is nan"),
        ({"fusion": "sum"}, "fusion is 'sum'"),
        ({"mmr_lambda": 2}, "mmr_lambda is 2"),
        ({"core_context_ratio": 0.5}, "add up to 1.1"),
        ({"embedding_model": " "}, "embedding_model is ' '"),
        ({"embedding_model": 3}, "embedding_model is 3"),
        ({"chunker": 3}, "chunker is 3, which can't be called"),
        ({"query_cache_ttl_s": float("inf")}, "query_cache_ttl_s is inf"),
    ],
)
def test_what_can_not_be_is_named(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        RAGConfig(**wrong)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, InputError)
    assert caught.value.fix


@given(st.floats(0, 1), st.floats(0, 1))
def test_shares_are_taken_exactly_if_they_add_up_to_one(core: float, retrieved: float) -> None:
    summaries = 1 - core - retrieved
    shares = {"core_context_ratio": core, "rag_context_ratio": retrieved, "summary_context_ratio": summaries}
    if summaries >= 0:
        assert RAGConfig(**shares).core_context_ratio == core
    else:
        with pytest.raises(ValueError, match="summary_context_ratio"):
            RAGConfig(**shares)


def test_equal_settings_have_equal_ids_in_every_process() -> None:
    code = "from ghostkit.rag.config import RAGConfig; print(RAGConfig(top_k=4, mode='FULL').config_id)"
    ids = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout}
    assert ids == {RAGConfig(top_k=4, mode=RAGMode.FULL).config_id + "\n"}


def test_each_setting_has_its_part_in_the_id_and_only_some_in_the_index() -> None:
    plain = RAGConfig()
    changes: list[dict[str, Any]] = [
        {"mode": "basic"}, {"embedding_model": "hashing"}, {"chunk_size": 500}, {"chunk_overlap": 10},
        {"chunk_unit": "tokens"}, {"chunk_strategy": "recursive"}, {"top_k": 3}, {"similarity_threshold": 0.3},
        {"fusion": "rrf"}, {"rrf_k": 10}, {"candidates": 50}, {"mmr_lambda": 0.5}, {"importance_weight": 0.1},
        {"recency_weight": 0.1}, {"dedupe": False}, {"merge_overlaps": False}, {"rerank_model": "none"},
        {"contextual_headers": True}, {"spoiler_safe": False}, {"query_cache_size": 1},
    ]  # fmt: skip
    made = [RAGConfig(**change) for change in changes]
    assert len({config.config_id for config in (plain, *made)}) == len(changes) + 1
    assert {next(iter(c)) for c, config in zip(changes, made, strict=True) if config.index_id != plain.index_id} == {
        "embedding_model", "chunk_size", "chunk_overlap", "chunk_unit", "chunk_strategy", "contextual_headers",
    }  # fmt: skip
    assert len({plain, RAGConfig(), RAGConfig(top_k=10)}) == 1  # hashable


def test_a_config_survives_json() -> None:
    config = RAGConfig.preset("guide", mode="full", top_k=3)
    assert RAGConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config
    assert (config.core_context_ratio, config.rag_context_ratio, config.summary_context_ratio) == PRESETS["guide"]
    with pytest.raises(ConfigError, match="no setting 'topk'"):
        RAGConfig.from_dict({"topk": 3})
    with pytest.raises(ConfigError, match="no preset 'mine'"):
        RAGConfig.preset("mine")


def test_a_function_joins_the_id_by_its_source() -> None:
    def one(text: str) -> list[str]:
        return text.split("\n")

    def other(text: str) -> list[str]:
        return text.split("\n\n")

    plain, first, second = RAGConfig(), RAGConfig(chunker=one), RAGConfig(chunker=other)
    assert len({plain.config_id, first.config_id, second.config_id}) == 3
    assert len({plain.index_id, first.index_id, second.index_id}) == 3
    assert plain.index_id == RAGConfig(reranker=one).index_id
    assert first.as_dict()["functions"] == {"chunker": source_hash(one)}
    assert first.differences() == {"functions": {"chunker": source_hash(one)}}


def test_a_function_without_source_is_told_apart_by_its_code() -> None:
    made: dict[str, Any] = {}
    exec("def f(t):\n return t[:1]\ndef g(t):\n return t[:2]", made)
    assert source_hash(made["f"]) != source_hash(made["g"])
    assert source_hash(len) == source_hash(len)


def test_headers_follow_the_mode_unless_somebody_says() -> None:
    assert (RAGConfig().contextual_headers, RAGConfig(mode="full").contextual_headers) == (False, True)
    assert RAGConfig().with_changes(mode="full").contextual_headers is True
    assert RAGConfig(mode="full").with_changes(mode="hybrid", contextual_headers=True).contextual_headers is True


def test_an_embedder_may_be_an_object_of_its_own_kind() -> None:
    from ghostkit.rag.embedding import HashingEmbedder

    assert RAGConfig(embedder=HashingEmbedder()).functions[0][0] == "embedder"  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="embedder is 3"):
        RAGConfig(embedder=3)  # type: ignore[arg-type]
