"""A user's function as an embedder."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ghostkit.errors import EmbedderError, GhostkitError
from ghostkit.rag.embedding.contract import EmbedderInfo, Role
from ghostkit.rag.embedding.rows import is_blank, unit_rows
from ghostkit.rag.embedding.threads import in_thread
from ghostkit.rag.source_hash import source_hash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PROBE = "A word or two."


class FunctionEmbedder:
    """`function(texts)` or `function(texts, role)`, sync or async, gives one row of numbers a text.

    A sync function runs in a worker thread. Rows are normalised here. Raises `EmbedderError` for what can't be
    vectors: another shape, NaN, another dimension than before, or an exception of the function's.
    """

    chosen_because = "It was given in the settings."

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._name = f"function:{getattr(function, '__name__', type(function).__name__)}"
        self._takes_role = _takes_role(function)
        self._dimension: int | None = None

    async def info(self) -> EmbedderInfo:
        """Asks the function for one short text, the first time, to learn the dimension."""
        if self._dimension is None:
            await self._asked([_PROBE], "passage")
        assert self._dimension is not None
        return EmbedderInfo(name=self._name, dimension=self._dimension, revision=source_hash(self._function))

    async def embed(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        import numpy as np

        given = [text for text in texts if not is_blank(text)]
        if not given:
            return np.zeros((len(texts), (await self.info()).dimension), dtype=np.float32)
        found = await self._asked(given, role)
        rows = np.zeros((len(texts), found.shape[1]), dtype=np.float32)
        rows[[place for place, text in enumerate(texts) if not is_blank(text)]] = found
        return rows

    async def aclose(self) -> None:
        """The function is its owner's."""

    async def _asked(self, texts: list[str], role: Role) -> NDArray[np.float32]:
        arguments: tuple[Any, ...] = (texts, role) if self._takes_role else (texts,)
        try:
            found = await self._called(arguments)
        except GhostkitError:
            raise
        except Exception as error:
            raise EmbedderError(
                f"{self._name} failed: {type(error).__name__}: {error}", fix="Correct the function and try again."
            ) from error
        rows = unit_rows(found, texts=len(texts), dimension=self._dimension, who=self._name)
        self._dimension = int(rows.shape[1])
        return rows

    async def _called(self, arguments: tuple[Any, ...]) -> Any:
        function = self._function
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
            return await function(*arguments)
        (found,) = await in_thread(lambda: (function(*arguments),))  # trio takes no coroutine from a thread
        return await found if inspect.isawaitable(found) else found


def _takes_role(function: Callable[..., Any]) -> bool:
    """Has it a second argument that can be given by place?"""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    by_place = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return len(by_place) > 1 and (by_place[1].name == "role" or by_place[1].default is inspect.Parameter.empty)
