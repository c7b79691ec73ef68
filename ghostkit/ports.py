"""Small protocols that let floors meet without leaning up."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Spawner(Protocol):
    """Starts a background task on whatever loop the caller lives on; a host or a task group provides one."""

    def __call__(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None: ...


class Display(Protocol):
    """Turns a live run into a mime bundle for a notebook; a host provides one."""

    def __call__(self, run: Any) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, kw_only=True)
class FoundContext:
    """`passages` by name, in the order they are read; `evidence` is JSON-ready and says how they were found.

    `plain` has the passages' own words, where `passages` dress them up.
    """

    passages: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)


class ContextSource(Protocol):
    """Gives a section more to read than its plan does (retrieval, a window); generation knows no more of it.

    Returns named parts, or `FoundContext` with what is to be recorded of the search. Each part's hash becomes an
    input of the step. A source that also has `wants(slot) -> bool` is asked first, before the room is worked out.
    """

    async def context_for(self, slot: str, query: str, budget_tokens: int) -> Mapping[str, str] | FoundContext: ...


_spawner: Spawner | None = None
_display: Display | None = None


def install(*, spawner: Spawner | None = None, display: Display | None = None) -> None:
    """Hosts call this once; what is not given stays as it is."""
    global _spawner, _display
    _spawner = spawner or _spawner
    _display = display or _display


def installed_spawner() -> Spawner | None:
    return _spawner


def installed_display() -> Display | None:
    return _display
