"""Who is computing which vector right now: tasks and threads of one process that want the same one compute it once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from weakref import WeakValueDictionary

from ghostkit.rag.embedding.contract import Role

_What = tuple[str, Role, str]
"""(embedder key, role, text digest)"""


class Claims:
    """The texts being computed whose vectors go to one store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[_What, threading.Event] = {}

    def take(self, key: str, role: Role, digests: Sequence[str]) -> Claim:
        """Claim those that nobody computes. To be released in any case."""
        claim = Claim(self, key, role)
        with self._lock:
            for digest in digests:
                flight = self._flights.get((key, role, digest))
                if flight is None:
                    self._flights[key, role, digest] = threading.Event()
                    claim.mine[digest] = None
                else:
                    claim.waits.append(flight.wait)
        return claim

    def _release(self, whats: Iterable[_What]) -> None:
        with self._lock:
            for what in whats:
                self._flights.pop(what).set()


class Claim:
    """`mine` are the digests to compute, in order; `waits` return once others have kept, or given up, theirs."""

    def __init__(self, claims: Claims, key: str, role: Role) -> None:
        self.mine: dict[str, None] = {}
        self.waits: list[Callable[[], object]] = []
        self._claims, self._key, self._role = claims, key, role

    def release(self, digests: Iterable[str] | None = None) -> None:
        """Let others have these, or all; what was released already is left alone."""
        gone = [digest for digest in (list(self.mine) if digests is None else digests) if digest in self.mine]
        for digest in gone:
            del self.mine[digest]
        self._claims._release((self._key, self._role, digest) for digest in gone)


_by_file: WeakValueDictionary[Path, Claims] = WeakValueDictionary()
_registry = threading.Lock()


def claims_for(path: Path | None) -> Claims:
    """One for all stores of a process that share a file; a store in memory has its own."""
    if path is None:
        return Claims()
    place = path.absolute()
    with _registry:
        found = _by_file.get(place)
        if found is None:
            found = _by_file[place] = Claims()
        return found
