"""The states of chapters and sections, and the one table of how they may change."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from ghostkit.errors import IllegalTransition

_State = TypeVar("_State", bound=StrEnum)


class ChapterStatus(StrEnum):
    PENDING = "pending"
    OUTLINED = "outlined"
    WRITING = "writing"
    COMPLETE = "complete"
    FAILED = "failed"
    EDITED = "edited"


class SectionStatus(StrEnum):
    PENDING = "pending"
    WRITING = "writing"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"
    EDITED = "edited"


C, S = ChapterStatus, SectionStatus

CHAPTER_TRANSITIONS: Mapping[ChapterStatus, frozenset[ChapterStatus]] = {
    C.PENDING: frozenset({C.OUTLINED, C.FAILED}),
    C.OUTLINED: frozenset({C.WRITING, C.EDITED, C.FAILED}),
    C.WRITING: frozenset({C.COMPLETE, C.FAILED, C.EDITED}),
    C.FAILED: frozenset({C.OUTLINED, C.WRITING}),
    C.COMPLETE: frozenset({C.EDITED, C.WRITING}),
    C.EDITED: frozenset({C.WRITING, C.COMPLETE}),
}
SECTION_TRANSITIONS: Mapping[SectionStatus, frozenset[SectionStatus]] = {
    S.PENDING: frozenset({S.WRITING, S.EDITED}),
    S.WRITING: frozenset({S.COMPLETE, S.STOPPED, S.FAILED, S.EDITED}),
    S.STOPPED: frozenset({S.WRITING, S.EDITED}),
    S.FAILED: frozenset({S.WRITING, S.EDITED}),
    S.COMPLETE: frozenset({S.EDITED, S.WRITING}),
    S.EDITED: frozenset({S.WRITING}),
}
# Two tables, not one: members of different StrEnums with the same value are equal, so one mapping would merge them.


def check_transition(table: Mapping[_State, frozenset[_State]], now: _State, then: _State, what: str) -> None:
    """Raise `IllegalTransition` unless `table` allows `now` → `then`; staying put is always allowed."""
    if now is not then and then not in table[now]:
        raise IllegalTransition(
            f"{what} can't go from {now} to {then}.",
            fix=f"From {now} it may become: {', '.join(sorted(table[now])) or 'nothing'}.",
        )
