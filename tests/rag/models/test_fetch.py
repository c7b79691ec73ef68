"""Fetching: only what is needed, each file checked, going on where it broke off; and removing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostkit.errors import EmbedderError
from ghostkit.rag.models import all_models, find_model, models_folder
from ghostkit.rag.models.fetch import RemoteFile, fetch_model, wanted_files
from ghostkit.rag.models.places import download_path
from ghostkit.rag.models.remove import remove_model

from ..embedding.tiny_model import make_model
from .hub import Hub, running

pytest.importorskip("huggingface_hub")
WEIGHTS = bytes(range(256)) * 4000


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GHOSTKIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = make_model(tmp_path / "made")
    files = {str(path.relative_to(made)): path.read_bytes() for path in made.rglob("*") if path.is_file()}
    files |= {"model.safetensors": WEIGHTS, "pytorch_model.bin": b"pickle", "modeling.py": b"import os"}
    one = Hub(files=files, large=frozenset({"model.safetensors", "onnx/model.onnx"}))
    with running(one):
        yield one


def test_what_is_needed_is_fetched_checked_and_put_in_place(hub: Hub) -> None:
    told: list[tuple[str, int, int]] = []
    found = fetch_model("org/model", format="onnx", endpoint=hub.url, on_progress=lambda *one: told.append(one))
    names = {str(path.relative_to(found.path)) for path in found.path.rglob("*") if path.is_file()}
    assert names == {
        "config.json", "tokenizer.json", "tokenizer_config.json", "1_Pooling/config.json", "onnx/model.onnx",
        "ghostkit.json",
    }  # fmt: skip
    assert all((found.path / name).read_bytes() == hub.files[name] for name in names - {"ghostkit.json"})
    assert json.loads((found.path / "ghostkit.json").read_text())["repository"] == "org/model"
    assert (found.name, found.source) == ("org/model", "ghostkit")
    assert told[-1] == ("", told[-1][2], told[-1][2])
    assert [model.name for model in all_models()] == ["org/model"]


def test_safetensors_come_without_pickles_and_code(hub: Hub) -> None:
    found = fetch_model("org/model", format="safetensors", endpoint=hub.url)
    assert (found.path / "model.safetensors").read_bytes() == WEIGHTS
    assert not any(path.suffix in (".bin", ".py", ".onnx") for path in found.path.rglob("*"))


def test_a_download_that_broke_off_goes_on_and_shows_nothing_half(hub: Hub) -> None:
    hub.cut, hub.lies = {"tokenizer.json": 10}, frozenset({"model.safetensors"})
    with pytest.raises(EmbedderError):
        fetch_model("org/model", format="both", endpoint=hub.url)
    assert [name for name, _ in hub.asked].count("tokenizer.json") == 2
    assert find_model("org/model") is None
    assert all_models() == []
    hub.asked, hub.lies = [], frozenset()
    found = fetch_model("org/model", format="both", endpoint=hub.url)
    assert [name for name, _ in hub.asked] == ["model.safetensors"]  # the others were there, whole
    assert (found.path / "tokenizer.json").read_bytes() == hub.files["tokenizer.json"]
    assert not download_path("org/model").exists()


def test_a_file_that_came_out_otherwise_is_refused_and_fetched_anew(hub: Hub) -> None:
    hub.lies = frozenset({"onnx/model.onnx"})
    with pytest.raises(EmbedderError, match=r"onnx/model\.onnx of org/model came out otherwise"):
        fetch_model("org/model", format="onnx", endpoint=hub.url)
    assert find_model("org/model") is None
    hub.lies = frozenset()
    found = fetch_model("org/model", format="onnx", endpoint=hub.url)
    assert (found.path / "onnx/model.onnx").read_bytes() == hub.files["onnx/model.onnx"]


def test_fetching_again_replaces(hub: Hub) -> None:
    fetch_model("org/model", format="onnx", endpoint=hub.url)
    hub.files["config.json"] = b'{"new": 1}'
    found = fetch_model("org/model", format="onnx", endpoint=hub.url)
    assert (found.path / "config.json").read_bytes() == b'{"new": 1}'
    assert [path.name for path in models_folder().iterdir() if not path.name.startswith(".")] == ["org--model"]


@pytest.mark.parametrize(
    ("name", "says"),
    [("org/absent", "no model org/absent"), ("nobody-knows", "no known model"), ("../x", "can't be"),
     ("a/b/c", "can't be"), ("", "can't be")],
)  # fmt: skip
def test_names_that_are_none_are_told(hub: Hub, name: str, says: str) -> None:
    with pytest.raises(EmbedderError, match=says):
        fetch_model(name, endpoint=hub.url)


def test_offline_is_told_and_nothing_is_asked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EmbedderError, match="HF_HUB_OFFLINE"):
        fetch_model("org/model", endpoint=hub.url)
    assert hub.asked == []


def test_no_network_is_told_in_a_sentence() -> None:
    with pytest.raises(EmbedderError) as caught:
        fetch_model("org/model", endpoint="http://127.0.0.1:9")
    assert "could not be fetched" in caught.value.message
    assert "network" in caught.value.fix


def test_a_model_of_pickles_alone_is_refused() -> None:
    with pytest.raises(EmbedderError, match="no weights"):
        wanted_files("org/model", [RemoteFile(name="pytorch_model.bin", size=1)], "auto")


def test_what_was_fetched_is_removed_and_the_cache_of_others_is_not(hub: Hub, tmp_path: Path) -> None:
    size = fetch_model("org/model", format="onnx", endpoint=hub.url).files.bytes
    assert remove_model("org/model") == size
    assert find_model("org/model") is None
    cached = make_model(tmp_path / "hub" / "models--org--model" / "snapshots" / "abc")
    with pytest.raises(EmbedderError, match="Hugging Face cache"):
        remove_model("org/model")
    assert cached.exists()
    with pytest.raises(EmbedderError, match="not on this machine"):
        remove_model("org/other")
