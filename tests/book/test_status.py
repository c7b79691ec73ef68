"""States change as the tables say and no other way."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise, product
from typing import Any

import pytest

from ghostkit.book.status import (
    CHAPTER_TRANSITIONS,
    SECTION_TRANSITIONS,
    ChapterStatus,
    SectionStatus,
    check_transition,
)
from ghostkit.errors import IllegalTransition

TABLES = [(CHAPTER_TRANSITIONS, ChapterStatus), (SECTION_TRANSITIONS, SectionStatus)]


@pytest.mark.parametrize(("table", "states"), TABLES)
def test_every_state_has_its_row_and_every_one_can_be_reached(table: Mapping[Any, Any], states: type[StrEnum]) -> None:
    assert set(table) == set(states)
    reached = set().union(*table.values())
    assert reached == set(states) - {states("pending")}
    assert all(isinstance(state, states) for row in (table, *table.values()) for state in row)


@pytest.mark.parametrize(("table", "states"), TABLES)
def test_a_change_is_legal_exactly_where_the_table_has_it(table: Mapping[Any, Any], states: type[StrEnum]) -> None:
    for now, then in product(states, states):
        if now is then or then in table[now]:
            check_transition(table, now, then, "Section 2.3")
        else:
            with pytest.raises(IllegalTransition, match=f"Section 2.3 can't go from {now} to {then}"):
                check_transition(table, now, then, "Section 2.3")


def test_the_way_of_a_book_is_open() -> None:
    c = ChapterStatus
    way = [c.PENDING, c.OUTLINED, c.WRITING, c.COMPLETE, c.EDITED]
    for now, then in pairwise(way):
        check_transition(CHAPTER_TRANSITIONS, now, then, "Chapter 1")
