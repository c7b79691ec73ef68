"""What a cache is; `tests/cache/test_contract.py` runs on every implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

Kind = Literal["embeddings", "summaries", "generations"]
KINDS: Final[tuple[Kind, ...]] = ("embeddings", "summaries", "generations")


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What a cache holds of one kind: entries that have not expired, and the bytes of their values."""

    entries: int = 0
    bytes: int = 0


class Cache(Protocol):
    """Values by kind and key; kinds never mix. The least recently used go first where a bound is reached.

    Methods are synchronous and safe to call from several threads. A value that has expired, or was damaged, is as
    if it had never been there. Only what the disk or the network refuses raises, as `StorageError`.
    """

    name: str
    waits: bool
    """True where calls wait for a disk or a network: call them in a worker thread then."""

    def get(self, kind: Kind, key: str) -> bytes | None:
        """The value, which thereby is the most recently used; None where there is none."""
        ...

    def put(self, kind: Kind, key: str, value: bytes, expire_s: float | None = None) -> None:
        """Keep `value`, for `expire_s` seconds if given; an earlier one under this key is replaced."""
        ...

    def delete(self, kind: Kind, key: str) -> bool:
        """Forget one entry; says whether there was one."""
        ...

    def keys(self, kind: Kind, pattern: str = "*") -> list[str]:
        """The keys that match a glob (`chapter:*`), sorted."""
        ...

    def clear(self, kind: Kind, pattern: str = "*") -> int:
        """Forget every entry whose key matches; how many there were."""
        ...

    def holding(self, kind: Kind) -> Holding: ...

    def close(self) -> None: ...
