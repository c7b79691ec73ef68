"""What texts are embedded for, said by whoever knows it and read where it is put on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from ghostkit.providers.embeddings import Role


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """`what` in a word or two (index, search, context …); `slot` is the text that it is for, if it is for one."""

    what: str = ""
    slot: str = ""


_current: ContextVar[Purpose | None] = ContextVar("ghostkit_embedding_purpose", default=None)
_BY_ROLE: Final = {"query": Purpose(what="search"), "passage": Purpose(what="index")}


@contextmanager
def embedding_for(what: str, slot: str = "") -> Iterator[None]:
    """Calls made in this context are recorded as being for that."""
    token = _current.set(Purpose(what=what, slot=slot))
    try:
        yield
    finally:
        _current.reset(token)


def current_purpose(role: Role) -> Purpose:
    """What was said, else what texts of that role are for."""
    return _current.get() or _BY_ROLE[role]
