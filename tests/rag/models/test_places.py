"""Where models are found, and under which names."""

from __future__ import annotations

from pathlib import Path

import pytest

from ghostkit.rag.models import all_models, find_model, known_model, models_folder, prompts_by_name

from ..embedding.tiny_model import make_model


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GHOSTKIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def test_ghostkit_s_own_folder_goes_before_the_cache(tmp_path: Path) -> None:
    make_model(tmp_path / "hub" / "models--intfloat--multilingual-e5-small" / "snapshots" / "abc")
    own = make_model(tmp_path / "models" / "intfloat--multilingual-e5-small")
    for name in ("multilingual-e5-small", "Multilingual-E5-small", "intfloat/multilingual-e5-small"):
        found = find_model(name)
        assert found is not None
        assert (found.path, found.name, found.source) == (own, "multilingual-e5-small", "ghostkit")
    assert len(all_models()) == 1


def test_the_snapshot_that_main_names_is_taken(tmp_path: Path) -> None:
    base = tmp_path / "hub" / "models--org--model"
    wanted = make_model(base / "snapshots" / "wanted")
    make_model(base / "snapshots" / "newer")
    (base / "refs").mkdir()
    (base / "refs" / "main").write_text("wanted\n")
    found = find_model("org/model")
    assert found is not None
    assert found.path == wanted


def test_a_folder_s_path_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_model(tmp_path / "here" / "mine")
    monkeypatch.chdir(tmp_path / "here")
    for name in (str(tmp_path / "here" / "mine"), "./mine", "mine"):
        found = find_model(name)
        assert found is not None
        assert (found.name, found.source) == ("mine", "folder")
    assert find_model("./absent") is None
    assert find_model("../../etc/passwd") is None


def test_damaged_files_are_no_harm(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "models" / "org--model")
    for name in ("config.json", "modules.json", "1_Pooling/config.json", "tokenizer_config.json"):
        (folder / name).write_bytes(b"\xff{[" * 100)
    found = find_model("org/model")
    assert found is not None
    assert found.files.pooling == ("mean",)
    assert found.files.max_tokens is None


def test_the_folder_is_the_user_s_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ghostkit.settings import reset_settings

    monkeypatch.delenv("GHOSTKIT_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("sys.platform", "linux")
    reset_settings()
    assert models_folder() == tmp_path / "data" / "ghostkit" / "models"


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("intfloat/multilingual-e5-large", "query: ", "passage: "),
        ("e5-small-v2", "query: ", "passage: "),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("BAAI/bge-m3", "", ""),
        ("sentence-transformers/all-MiniLM-L6-v2", "", ""),
    ],
)
def test_prompts_by_name(name: str, query: str, passage: str) -> None:
    assert prompts_by_name(name) == (query, passage)


def test_minilm_is_known_to_be_english() -> None:
    known = known_model("all-minilm-l6-v2")
    assert known is not None
    assert known.languages == {"en"}
    assert known_model("nobody/knows") is None
