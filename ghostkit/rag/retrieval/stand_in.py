"""A user's function as retriever: asked in place of both searches, and held to what the question may see."""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from ghostkit.errors import ConfigError, InputError
from ghostkit.rag.document import Chunk
from ghostkit.rag.retrieval.fusion import Candidate
from ghostkit.rag.retrieval.threads import in_thread

_FIX = "Return chunk ids, best first, or pairs of (id, score)."


def wants_chunks(function: Callable[..., Any]) -> bool:
    """Whether it is `(query, chunks, top_k)`; `(query, top_k)` finds its chunks itself.

    Raises `ConfigError` for anything else.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C: nobody can tell
        return True
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    needed = [one for one in positional if one.default is one.empty]
    if any(one.kind is one.VAR_POSITIONAL for one in parameters) or len(positional) >= 3 >= len(needed):
        return True
    if len(positional) == 2:
        return False
    raise ConfigError(
        f"The retriever takes {len(positional)} values.", fix="Write it as f(query, chunks, top_k) or f(query, top_k)."
    )


async def ask(
    function: Callable[..., Any], query: str, chunks: Sequence[Chunk] | None, top_k: int
) -> list[tuple[str, float]]:
    """What it found, best first as it said, each id once; where it gave no scores they are 1, 1/2, 1/3 …

    A plain function runs in a worker thread. Raises `InputError` for an answer that is neither ids nor pairs.
    """
    values = (query, top_k) if chunks is None else (query, chunks, top_k)
    answer = await call(function, *values)
    if answer is None or isinstance(answer, str | bytes):
        raise InputError(f"The retriever gave {type(answer).__name__}, and no list.", fix=_FIX)
    try:
        found = list(answer)
    except TypeError:
        raise InputError(f"The retriever gave {type(answer).__name__}, and no list.", fix=_FIX) from None
    scores: dict[str, float] = {}
    for rank, one in enumerate(found, start=1):
        chunk_id, score = _pair(one, rank)
        scores.setdefault(chunk_id, score)
    return list(scores.items())


async def call(function: Callable[..., Any], *values: Any) -> Any:
    """Call a sync function in a worker thread, or await an async one."""
    run = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    if inspect.iscoroutinefunction(run):
        return await cast("Callable[..., Awaitable[Any]]", function)(*values)
    answer = await in_thread(function, *values)
    return await answer if inspect.isawaitable(answer) else answer


def candidates_of(found: Sequence[tuple[str, float]]) -> list[Candidate]:
    return [Candidate(chunk_id, score, {"retriever": score}) for chunk_id, score in found]


def _pair(one: Any, rank: int) -> tuple[str, float]:
    if isinstance(one, Chunk):
        return one.id, 1.0 / rank
    if isinstance(one, str):
        return one, 1.0 / rank
    if isinstance(one, tuple | list) and len(one) == 2 and isinstance(one[0], str):
        try:
            score = float(one[1])
        except (TypeError, ValueError):
            score = math.nan
        if math.isfinite(score):
            return one[0], score
    raise InputError(
        f"The retriever gave {type(one).__name__} at place {rank}, or a score that is no number.", fix=_FIX
    )
