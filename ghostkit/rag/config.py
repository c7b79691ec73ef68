"""`RAGConfig`: every setting of retrieval, checked as it is made, with an id that two equal ones share."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from ghostkit.errors import ConfigError
from ghostkit.rag.source_hash import source_hash


class RAGMode(StrEnum):
    """What a section reads of the book besides the chapters just before it."""

    DISABLED = "disabled"
    """Nothing: the window alone, and no file is made."""
    BASIC = "basic"
    """Summaries; no embedder is ever loaded."""
    HYBRID = "hybrid"
    """Summaries, and passages found by meaning and by words."""
    FULL = "full"
    """Also re-ranked by a cross-encoder, from chunks that know their chapter."""


PRESETS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {"architecture": (0.4, 0.3, 0.3), "guide": (0.4, 0.4, 0.2)}
)
"""Shares of core, retrieved and summaries by name."""
TOLERANCE = 1e-6
_INDEXING = (
    "embedding_model", "chunk_size", "chunk_overlap", "chunk_unit", "chunk_strategy", "contextual_headers",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RAGConfig:
    """How a book is cut, searched and read. Equal settings have equal ids, on every machine.

    Functions given as `chunker`, `embedder`, `retriever` or `reranker` stand in for ours; the hash of their source
    joins the id. Raises `ConfigError` (an `InputError` and a `ValueError`) that names the field.
    """

    mode: RAGMode | str = RAGMode.HYBRID
    embedding_model: str = "auto"
    """`auto`, `hashing`, `sentence-transformers:NAME`, `onnx:NAME`, or a vendor's: `openai:NAME`, `ollama:NAME` …"""
    chunk_size: int = 1000
    chunk_overlap: int = 128
    chunk_unit: Literal["characters", "tokens"] = "characters"
    chunk_strategy: Literal["sentence", "recursive", "spacy"] = "sentence"
    top_k: int = 10
    similarity_threshold: float | None = None
    """Least cosine of a hit by meaning, -1 to 1; None: the embedder's own."""
    fusion: Literal["convex", "rrf", "semantic", "keyword"] = "convex"
    semantic_weight: float | None = None
    """Of the convex combination; keywords weigh the rest. None: 0.5, and 0.2 where the embedder is a lexical one."""
    rrf_k: int = 60
    candidates: int = 100
    """How many each of the two searches brings."""
    mmr_lambda: float | None = None
    """1: relevance alone, 0: variety alone; None: off, as MMR costs relevance."""
    importance_weight: float = 0.0
    recency_weight: float = 0.0
    """0 to 1: how far a chunk of importance 0, or one as far back as can be, loses score."""
    dedupe: bool = True
    merge_overlaps: bool = True
    rerank_model: str = "auto"
    """A cross-encoder for `full`; `auto` takes one that is there; `none`."""
    rerank_depth: int = 50
    contextual_headers: bool | None = None
    """Whether a chunk is embedded under its book, chapter and section titles; None: in `full`."""
    core_context_ratio: float = 0.4
    rag_context_ratio: float = 0.3
    summary_context_ratio: float = 0.3
    spoiler_safe: bool = True
    query_cache_size: int = 256
    query_cache_ttl_s: float = 600.0
    chunker: Callable[..., Any] | None = field(default=None, compare=False)
    embedder: Callable[..., Any] | None = field(default=None, compare=False)
    retriever: Callable[..., Any] | None = field(default=None, compare=False)
    reranker: Callable[..., Any] | None = field(default=None, compare=False)
    functions: tuple[tuple[str, str], ...] = field(init=False, default=())
    """(name, hash of its source) of each function that stands in."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mode", _mode(self.mode))
        stand_ins = {name: getattr(self, name) for name in ("chunker", "embedder", "retriever", "reranker")}
        for name, made in stand_ins.items():
            if made is not None and not callable(made) and not (name == "embedder" and _embeds(made)):
                raise ConfigError(f"{name} is {made!r:.60}, which can't be called.", fix="Give a function, or None.")
        hashes = tuple((name, source_hash(made)) for name, made in stand_ins.items() if made is not None)
        object.__setattr__(self, "functions", hashes)
        if self.contextual_headers is None:
            object.__setattr__(self, "contextual_headers", self.mode is RAGMode.FULL)
        _check(self)

    @classmethod
    def preset(cls, name: str, **changes: Any) -> RAGConfig:
        """With the shares of `architecture` (the default) or `guide`."""
        if name not in PRESETS:
            raise ConfigError(f"There is no preset {name!r}.", fix=f"Choose one of {', '.join(PRESETS)}.")
        core, retrieved, summaries = PRESETS[name]
        shares = {"core_context_ratio": core, "rag_context_ratio": retrieved, "summary_context_ratio": summaries}
        return cls(**{**shares, **changes})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RAGConfig:
        """What `as_dict` gave; stand-in functions don't come back."""
        known = {one.name for one in fields(cls) if one.init}
        unknown = [name for name in values if name not in known and name != "functions"]
        if unknown:
            raise ConfigError(f"Retrieval has no setting {unknown[0]!r}.", fix=f"There are {', '.join(sorted(known))}.")
        return cls(**{name: value for name, value in values.items() if name in known})

    def with_changes(self, **changes: Any) -> RAGConfig:
        """A copy with these fields changed. A mode's own defaults (`contextual_headers`) follow the mode."""
        if "mode" in changes and "contextual_headers" not in changes:
            changes["contextual_headers"] = None
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; functions by the hash of their source."""
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.compare and one.init}
        plain["mode"] = str(self.mode)
        if self.functions:
            plain["functions"] = dict(self.functions)
        return plain

    def differences(self) -> dict[str, Any]:
        """The settings that are not the defaults; JSON-ready."""
        usual = RAGConfig().as_dict()
        return {name: value for name, value in self.as_dict().items() if usual.get(name) != value}

    @property
    def config_id(self) -> str:
        """12 hex digits; the same for equal settings."""
        return _digest(self.as_dict())

    @property
    def index_id(self) -> str:
        """12 hex digits of what an index depends on; configs that differ elsewhere share one."""
        values = self.as_dict()
        functions = {name: made for name, made in self.functions if name in ("chunker", "embedder")}
        return _digest({name: values[name] for name in _INDEXING} | functions)


def _embeds(made: object) -> bool:
    """Whether it is an `Embedder`, by its methods."""
    return all(callable(getattr(made, method, None)) for method in ("info", "embed", "aclose"))


def _digest(values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _mode(value: RAGMode | str) -> RAGMode:
    try:
        return RAGMode(str(value).lower())
    except ValueError:
        raise ConfigError(f"mode is {value!r}.", fix=f"Choose one of {', '.join(RAGMode)}.") from None


def _check(config: RAGConfig) -> None:
    for name, choices in (
        ("chunk_unit", ("characters", "tokens")),
        ("chunk_strategy", ("sentence", "recursive", "spacy")),
        ("fusion", ("convex", "rrf", "semantic", "keyword")),
    ):
        if getattr(config, name) not in choices:
            raise ConfigError(f"{name} is {getattr(config, name)!r}.", fix=f"Choose one of {', '.join(choices)}.")
    for name, least, most in (
        ("chunk_size", 20, 100_000), ("chunk_overlap", 0, 100_000), ("top_k", 1, 1000), ("rrf_k", 1, 10_000),
        ("candidates", 1, 10_000), ("rerank_depth", 1, 1000), ("query_cache_size", 0, 1_000_000),
    ):  # fmt: skip
        _whole(config, name, least, most)
    for name, low, high in (
        ("similarity_threshold", -1, 1), ("semantic_weight", 0, 1), ("mmr_lambda", 0, 1), ("importance_weight", 0, 1),
        ("recency_weight", 0, 1), ("core_context_ratio", 0, 1), ("rag_context_ratio", 0, 1),
        ("summary_context_ratio", 0, 1), ("query_cache_ttl_s", 0, 1e9),
    ):  # fmt: skip
        _number(config, name, low, high)
    if config.chunk_overlap >= config.chunk_size:
        raise ConfigError(
            f"chunk_overlap ({config.chunk_overlap}) is not below chunk_size ({config.chunk_size}).",
            fix="A tenth to a fifth of the size is usual.",
        )
    shares = config.core_context_ratio + config.rag_context_ratio + config.summary_context_ratio
    if abs(shares - 1) > TOLERANCE:
        raise ConfigError(
            f"core_context_ratio, rag_context_ratio and summary_context_ratio add up to {shares:g}.",
            fix="They must add up to 1, as 0.4, 0.3 and 0.3 do.",
        )
    if not isinstance(config.embedding_model, str) or not config.embedding_model.strip():
        raise ConfigError(
            f"embedding_model is {config.embedding_model!r:.60}.", fix="Give a name, such as auto or hashing."
        )


def _whole(config: RAGConfig, name: str, least: int, most: int) -> None:
    value = getattr(config, name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigError(f"{name} is {value!r}.", fix=f"Give a whole number from {least} to {most}.")


def _number(config: RAGConfig, name: str, low: float, high: float) -> None:
    value = getattr(config, name)
    if value is None and name in ("similarity_threshold", "semantic_weight", "mmr_lambda"):
        return
    fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not fine or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}.", fix=f"Give a number from {low:g} to {high:g}.")
