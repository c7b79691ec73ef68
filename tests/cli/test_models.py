"""`ghostkit models`: what is there, fetched on request, removed; and what doctor says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.rag.embedding.tiny_model import make_model


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GHOSTKIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def test_an_empty_machine_says_what_can_be_had(ghostkit: Command) -> None:
    listed = ghostkit("models")
    assert "There is no model here" in listed.out
    assert "multilingual-e5-small" in listed.out
    assert ghostkit("models", "list", "--json").json["models"] == []


def test_a_model_is_listed_with_where_it_is_and_what_runs_it_and_removed(ghostkit: Command, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "models" / "sentence-transformers--all-MiniLM-L6-v2")
    (row,) = ghostkit("models", "list", "--json").json["models"]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert (row["name"], row["bytes"], row["runs"]) == ("all-MiniLM-L6-v2", size, "onnx")
    assert (row["languages"], row["source"], row["weights"]) == (["en"], "ghostkit", ["onnx"])
    assert "onnx:all-MiniLM-L6-v2" in ghostkit("models").out
    doctor = {check["name"]: check["message"] for check in ghostkit("doctor", "--json").json["checks"]}
    assert doctor["embedder"].startswith("auto takes onnx:all-MiniLM-L6-v2.")
    assert "all-MiniLM-L6-v2" in doctor["models"]
    assert ghostkit("models", "remove", "all-MiniLM-L6-v2", "--json").json["bytes"] == size
    assert not folder.exists()
    assert ghostkit("models", "remove", "all-MiniLM-L6-v2").code == 1


def test_a_folder_s_name_cannot_move_the_cursor(ghostkit: Command, tmp_path: Path) -> None:
    make_model(tmp_path / "models" / "org--\x1b[2Jmodel")
    assert "\x1b" not in ghostkit("models").out


@pytest.mark.parametrize("name", ["nobody-knows", "../../etc", "a/b/c"])
def test_a_name_that_is_none_is_a_sentence(ghostkit: Command, name: str) -> None:
    ran = ghostkit("models", "fetch", name, "--json")
    assert ran.code == 1
    assert ran.error["code"] == "embedder"
    assert ran.error["fix"]


def test_offline_is_a_sentence(ghostkit: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE" in ghostkit("models", "fetch", "bge-m3").err
