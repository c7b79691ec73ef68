"""What is derived is no reason to stop: an index that was lost while it was asked is filled and asked again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ghostkit.rag.store.damage import BegunAnew

_T = TypeVar("_T")
TRIES = 3
"""So often a file may be damaged under one question; more is no accident, and the error says so."""


async def again_if_begun_anew(act: Callable[[], Awaitable[_T]]) -> _T:
    """`act`, which brings the index up to date first, done again where the index was damaged and begun anew."""
    for _ in range(TRIES - 1):
        try:
            return await act()
        except BegunAnew:
            continue
    return await act()
