"""What people are to each other: every kind has its other side, and names are told apart as people do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.book.kinds import INVERSES, RelationshipKind, inverse, meaning, name_key, near_miss


@pytest.mark.parametrize("kind", RelationshipKind)
def test_the_other_side_of_the_other_side_is_the_kind_itself(kind: RelationshipKind) -> None:
    assert INVERSES[INVERSES[kind]] is kind
    assert meaning(str(kind)) is kind


def test_the_pairs_are_what_people_say() -> None:
    assert inverse("mother") is RelationshipKind.CHILD
    assert inverse("Mentor") is RelationshipKind.STUDENT
    assert inverse("сестра") is RelationshipKind.SIBLING
    assert inverse("enemy") is RelationshipKind.ENEMY
    assert inverse("owes money to") is None


def test_a_slip_of_the_pen_is_told_and_free_text_is_left_alone() -> None:
    assert near_miss("mentr") == "mentor"
    assert near_miss("mentor") is None
    assert near_miss("owes money to") is None
    assert near_miss(" ") is None


@pytest.mark.parametrize("name", ["Mira Vale", "mira  vale", " MIRA-VALE ", "Mira\tVale", "Mira\u2010Vale"])
def test_a_name_is_the_same_however_it_is_spaced_and_capitalised(name: str) -> None:
    assert name_key(name) == "mira-vale"


def test_a_letter_and_its_accent_are_one_letter() -> None:
    assert name_key("Zoe\u0308") == name_key("Zo\u00eb")
    assert name_key("Miravale") != name_key("Mira Vale")


@given(st.text(max_size=20))
def test_a_key_is_the_key_of_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)
