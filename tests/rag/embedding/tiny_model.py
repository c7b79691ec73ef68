"""A model of sentences small enough to be written by hand: ONNX as its protobuf, a tokenizer of whole words.

Each token's state is tanh(its embedding + the mean embedding of the text's tokens), so the attention mask matters.
Source of the field numbers: onnx.proto of the ONNX repository.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_WORDS = """[PAD] [UNK] [CLS] [SEP] the courier rode along salt road until lanterns of town came into sight rain a much
longer text tide took causeway and nobody crossed before morning word another query passage fox"""
WORDS = _WORDS.split()
DIMENSION = 8
TABLE = np.random.default_rng(7).standard_normal((len(WORDS), DIMENSION)).astype(np.float32)


def make_model(folder: Path, *, pooling: Mapping[str, Any] | None = None, **files: Any) -> Path:
    """A model's folder in the layout of Hugging Face; `files` are further JSON files by name without ending."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "onnx").mkdir(exist_ok=True)
    (folder / "onnx" / "model.onnx").write_bytes(model_bytes())
    written = {
        "config": {"architectures": ["TinyModel"], "max_position_embeddings": 512},
        "tokenizer_config": {"model_max_length": 64, "pad_token": "[PAD]"},
        "1_Pooling/config": dict(pooling or {"pooling_mode_mean_tokens": True}),
        **files,
    }
    for name, content in written.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content), "utf-8")
    return folder


def states(words: list[str]) -> np.ndarray:
    """The oracle, float64 (tokens, d): what the model says of one text by itself, [CLS] and [SEP] included."""
    ids = [2, *(WORDS.index(word) if word in WORDS else 1 for word in words), 3]
    rows = TABLE[ids].astype(np.float64)
    return np.tanh(rows + rows.mean(axis=0))


def model_bytes() -> bytes:
    """Opset 17: Gather, Cast, Unsqueeze, Mul, ReduceSum, Div, Add, Tanh."""
    nodes = [
        _node("Gather", ["table", "input_ids"], "e"),
        _node("Cast", ["attention_mask"], "m", _int("to", 1)),
        _node("Unsqueeze", ["m", "two"], "m3"),
        _node("Mul", ["e", "m3"], "em"),
        _node("ReduceSum", ["em", "one"], "s", _int("keepdims", 1)),
        _node("ReduceSum", ["m3", "one"], "c", _int("keepdims", 1)),
        _node("Div", ["s", "c"], "mean"),
        _node("Add", ["e", "mean"], "sum"),
        _node("Tanh", ["sum"], "last_hidden_state"),
    ]
    constants = [_tensor("table", TABLE), _tensor("one", np.array([1])), _tensor("two", np.array([2]))]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, b"tiny")
    graph += b"".join(_bytes(5, constant) for constant in constants)
    graph += _bytes(11, _value("input_ids", 7, ["n", "l"])) + _bytes(11, _value("attention_mask", 7, ["n", "l"]))
    graph += _bytes(12, _value("last_hidden_state", 1, ["n", "l", DIMENSION]))
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, 17))


def _node(kind: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
    names = b"".join(_bytes(1, name.encode()) for name in inputs) + _bytes(2, output.encode())
    return names + _bytes(4, kind.encode()) + (_bytes(5, attribute) if attribute else b"")


def _int(name: str, value: int) -> bytes:
    return _bytes(1, name.encode()) + _number(3, value) + _number(20, 2)


def _tensor(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(_number(1, size) for size in values.shape)
    kind = 1 if values.dtype == np.float32 else 7
    return dims + _number(2, kind) + _bytes(8, name.encode()) + _bytes(9, values.tobytes())


def _value(name: str, kind: int, shape: list[str | int]) -> bytes:
    dims = [_number(1, one) if isinstance(one, int) else _bytes(2, one.encode()) for one in shape]
    tensor = _number(1, kind) + _bytes(2, b"".join(_bytes(1, dim) for dim in dims))
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += struct.pack("B", value & 127 | 128)
        value >>= 7
    return out + struct.pack("B", value)
