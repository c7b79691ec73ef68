"""Errors without the frames they came through: an SDK's frames hold headers, and headers hold keys.

A notebook's verbose traceback, rich's with locals and many error trackers show every local of every frame. So what
leaves an adapter begins its traceback there, a cancellation too.
"""

from __future__ import annotations

from typing import TypeVar

from ghostkit.errors import GhostkitError

_Error = TypeVar("_Error", bound=BaseException)


def bare(error: _Error) -> _Error:
    """`error` without its traceback; one of ours also without what it was raised from.

    A cancellation keeps the cancellations below it, which anyio looks at, but none of their frames.
    """
    error.__traceback__ = None
    if isinstance(error, GhostkitError):
        error.__cause__ = error.__context__ = None
        return error
    one: BaseException = error
    seen = {id(one)}
    while one.__context__ is not None and id(one.__context__) not in seen and isinstance(one.__context__, type(error)):
        one.__cause__ = None
        one = one.__context__
        one.__traceback__ = None
        seen.add(id(one))
    one.__cause__ = one.__context__ = None
    return error
