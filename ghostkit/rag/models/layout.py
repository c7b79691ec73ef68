"""What a model's folder holds, in the layout of Hugging Face: weights, tokenizer, pooling, prompts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ONNX: Final = ("onnx/model.onnx", "model.onnx")
QUANTISED: Final = (
    "onnx/model_quantized.onnx", "onnx/model_int8.onnx", "onnx/model_uint8.onnx", "model_quantized.onnx",
)  # fmt: skip
MODES: Final = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
"""In the order in which several are joined."""
_OLD_KEYS: Final = {
    "pooling_mode_cls_token": "cls", "pooling_mode_max_tokens": "max", "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}  # fmt: skip
_LARGEST_JSON: Final = 5_000_000
_NO_LIMIT: Final = 1_000_000
"""Tokenizers say 10³⁰ where they know no limit."""


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """What is there to run it with, and how its vectors are made.

    `max_tokens` None: its files don't say. `other_layers` are those that only sentence-transformers can run.
    """

    onnx: Path | None
    quantised: bool
    safetensors: bool
    tokenizer: bool
    bytes: int
    classifies: bool
    """A cross-encoder: it scores pairs and makes no vectors."""
    pooling: tuple[str, ...]
    pooling_said: bool
    """Whether its files say so; `mean` otherwise."""
    prompts: tuple[str, str] | None
    """(query, passage), if its files say."""
    max_tokens: int | None
    lower_case: bool
    pad_token: str
    other_layers: tuple[str, ...] = ()


def looks_like_a_model(path: Path) -> bool:
    return (path / "config.json").is_file() or any((path / name).is_file() for name in ONNX)


def model_files(path: Path) -> ModelFiles:
    """Reads the folder's small files; never the weights."""
    onnx = next((path / name for name in (*ONNX, *QUANTISED) if (path / name).is_file()), None)
    config = _read(path / "config.json")
    tokenizer = _read(path / "tokenizer_config.json")
    sentence = _read(path / "sentence_bert_config.json")
    layers = [str(one.get("type", "")).rpartition(".")[2] for one in _list(path / "modules.json")]
    pooling = _pooling(path)
    return ModelFiles(
        onnx=onnx,
        quantised=onnx is not None and onnx.name != "model.onnx",
        safetensors=any(path.glob("*.safetensors")),
        tokenizer=(path / "tokenizer.json").is_file(),
        bytes=_size(path),
        classifies=any("ForSequenceClassification" in str(one) for one in config.get("architectures") or ()),
        pooling=pooling or ("mean",),
        pooling_said=bool(pooling),
        prompts=_prompts(_read(path / "config_sentence_transformers.json")),
        max_tokens=_max_tokens(sentence, tokenizer, config),
        lower_case=sentence.get("do_lower_case") is True,
        pad_token=_pad_token(tokenizer),
        other_layers=tuple(one for one in layers if one and one not in ("Transformer", "Pooling", "Normalize")),
    )


def _pooling(path: Path) -> tuple[str, ...]:
    for folder in sorted(path.glob("*_Pooling")):
        config = _read(folder / "config.json")
        said = config.get("pooling_mode")
        names = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        names += [mode for key, mode in _OLD_KEYS.items() if config.get(key) is True]
        found = tuple(mode for mode in MODES if mode in names)
        if found:
            return found
    return ()


def _prompts(config: dict[str, Any]) -> tuple[str, str] | None:
    """Empty ones say nothing: newer exports write them for every model."""
    prompts = config.get("prompts")
    if not isinstance(prompts, dict):
        return None
    texts = {str(name): text for name, text in prompts.items() if isinstance(text, str) and text}
    default = texts.get(str(config.get("default_prompt_name")), "")
    query = texts.get("query", default)
    passage = next((texts[name] for name in ("passage", "document", "corpus") if name in texts), default)
    return (query, passage) if query or passage else None


def _max_tokens(sentence: dict[str, Any], tokenizer: dict[str, Any], config: dict[str, Any]) -> int | None:
    positions = _whole(config.get("max_position_embeddings"))
    if positions is not None and config.get("model_type") in ("roberta", "xlm-roberta", "mpnet", "camembert"):
        positions -= 2  # the first two places of these stand for padding
    limits = (_whole(sentence.get("max_seq_length")), _whole(tokenizer.get("model_max_length")), positions)
    return min((one for one in limits if one is not None), default=None)


def _whole(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 2 < value < _NO_LIMIT
    return value if fits else None


def _pad_token(tokenizer: dict[str, Any]) -> str:
    token = tokenizer.get("pad_token")
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def _read(path: Path) -> dict[str, Any]:
    found = _json(path)
    return found if isinstance(found, dict) else {}


def _list(path: Path) -> list[dict[str, Any]]:
    found = _json(path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > _LARGEST_JSON:
            return None
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _size(path: Path) -> int:
    try:
        return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    except OSError:
        return 0
