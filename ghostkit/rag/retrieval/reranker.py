"""Re-rankers: they read a query and a text together, and say how well the one answers the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ghostkit.errors import InputError
from ghostkit.rag.retrieval.stand_in import call


class Reranker(Protocol):
    """`rerank` gives one score a text, in the texts' order; greater is better, on any scale.

    It may be called from several tasks, and blocks no event loop. `aclose` lets go of a model.
    """

    @property
    def name(self) -> str: ...

    async def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]: ...

    async def aclose(self) -> None: ...


class FunctionReranker:
    """A user's `f(query, texts) -> scores`, sync (run in a worker thread) or async."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.name = f"function:{getattr(function, '__name__', type(function).__name__)}"

    async def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        answer: Sequence[float] = await call(self._function, query, list(texts))
        return answer

    async def aclose(self) -> None:
        return


def checked_scores(scores: Any, count: int, name: str) -> list[float]:
    """Raises `InputError` unless there is one finite number a text."""
    try:
        numbers = [float(score) for score in scores]
    except (TypeError, ValueError):
        raise _unusable(name, "something that is no list of numbers", count) from None
    if len(numbers) != count:
        raise _unusable(name, f"{len(numbers)} scores", count)
    if not all(map(math.isfinite, numbers)):
        raise _unusable(name, "a score that is no finite number", count)
    return numbers


def _unusable(name: str, what: str, count: int) -> InputError:
    return InputError(f"The re-ranker {name} gave {what} for {count} texts.", fix="It must return one number a text.")
