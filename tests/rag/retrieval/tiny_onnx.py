"""A cross-encoder of four operations, written byte by byte: nothing but onnxruntime is needed to test with it.

Its logit is scale · Σ(input_ids · token_type_ids) + shift: only the passage's tokens count, and padding never does.
Source of the field numbers: onnx.proto3 (IR version 7, operators of version 11).
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "compass", "ferry", "mira", "salt", "silver", "the", "weir", "who")
SCALE, SHIFT = 0.05, -1.0
_INT64, _FLOAT = 7, 1


def expected_logit(passage: str) -> float:
    ids = [WORDS.index(word) if word in WORDS else 1 for word in passage.lower().split()]
    return SCALE * (sum(ids) + WORDS.index("[SEP]")) + SHIFT


def write_cross_encoder(folder: Path, *, outputs: int = 1) -> Path:
    """A model's folder as Hugging Face has it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    folder.mkdir(parents=True)
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 64, "pad_token": "[PAD]"}))
    config = {"architectures": ["BertForSequenceClassification"], "max_position_embeddings": 64}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.onnx").write_bytes(_model(outputs))
    return folder


def _model(outputs: int) -> bytes:
    nodes = [
        _node("Mul", ["input_ids", "token_type_ids"], "counted"),
        _node("Cast", ["counted"], "numbers", [_attribute("to", _FLOAT)]),
        _node("ReduceSum", ["numbers"], "sum", [_attribute("axes", [1]), _attribute("keepdims", 1)]),
        _node("Mul", ["sum", "scale"], "scaled"),
        _node("Add", ["scaled", "shift"], "logits"),
    ]
    graph = b"".join(_bytes(1, node) for node in nodes)
    graph += _bytes(2, b"tiny")
    graph += _bytes(5, _tensor("scale", [SCALE] * outputs)) + _bytes(5, _tensor("shift", [SHIFT] * outputs))
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        graph += _bytes(11, _value(name, _INT64, ["n", "length"]))
    graph += _bytes(12, _value("logits", _FLOAT, ["n", outputs]))
    return _number(1, 7) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, 11))


def _node(kind: str, given: list[str], made: str, attributes: list[bytes] | None = None) -> bytes:
    return (
        b"".join(_bytes(1, one.encode()) for one in given)
        + _bytes(2, made.encode())
        + _bytes(4, kind.encode())
        + b"".join(_bytes(5, one) for one in attributes or [])
    )


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, list):
        return _bytes(1, name.encode()) + b"".join(_number(8, one) for one in value) + _number(20, 7)
    return _bytes(1, name.encode()) + _number(3, value) + _number(20, 2)


def _tensor(name: str, values: list[float]) -> bytes:
    data = struct.pack(f"<{len(values)}f", *values)
    return _number(1, len(values)) + _number(2, _FLOAT) + _bytes(8, name.encode()) + _bytes(9, data)


def _value(name: str, kind: int, shape: list[str | int]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, one) if isinstance(one, int) else _bytes(2, one.encode())) for one in shape)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, dims)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
