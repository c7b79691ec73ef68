"""Tell a user's function from an earlier version of it: by the hash of its source."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from typing import Any


def source_hash(function: Callable[..., Any]) -> str:
    """12 hex digits of a function's, or an object's class's, source.

    Where Python kept no source (typed at its prompt, compiled), the bytecode, constants and names stand for it.
    """
    target: Any = function if inspect.isroutine(function) or inspect.isclass(function) else type(function)
    try:
        said = inspect.getsource(target)
    except (OSError, TypeError):
        code = getattr(target, "__code__", None)
        named = f"{getattr(target, '__module__', '')}.{getattr(target, '__qualname__', target)}"
        said = repr((code.co_code, code.co_consts, code.co_names)) if code is not None else named
    return hashlib.sha256(said.encode()).hexdigest()[:12]
