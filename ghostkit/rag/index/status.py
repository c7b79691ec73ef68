"""What an index is right now, for people and for `doctor`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class IndexStatus:
    """`vectors` are those that can be found; `bytes_on_disk` counts all files of the folder."""

    kind: str = "flat"
    """`flat` (exact), `ivf`, `hnsw`, `gpu`."""
    embedder: str = ""
    dimension: int = 0
    vectors: int = 0
    base: int = 0
    delta: int = 0
    tombstones: int = 0
    """Rows of the base that are gone."""
    missing: int = 0
    """Chunks that have no vector yet."""
    recall: float | None = None
    """Recall@10 measured on these vectors when the index was built; 1.0 for an exact one."""
    parameters: Mapping[str, int] = field(default_factory=dict)
    bytes_on_disk: int = 0
    bytes_mapped: int = 0
    epoch: str = ""
    version: int = -1
    """Of the store, as far as the index has caught up."""
    rebuilt_because: str = ""
    """Why the base on disk was not used when the index was opened; empty where it was, or where there was none."""
    notes: tuple[str, ...] = ()
    """Why a faster index is not used, for one."""

    def as_dict(self) -> dict[str, Any]:
        return {name: dict(value) if name == "parameters" else value for name, value in vars(self).items()}
