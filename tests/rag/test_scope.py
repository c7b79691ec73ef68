"""What a question may see, against a definition written a second time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.errors import InputError
from ghostkit.rag.scope import Placed, Scope

PLACES = st.one_of(st.none(), st.tuples(st.integers(1, 5), st.integers(1, 3)))


@given(
    PLACES,
    st.one_of(st.none(), st.integers(1, 5)),
    st.one_of(st.none(), st.tuples(st.integers(1, 6), st.integers(0, 3))),
)
def test_only_what_stands_before_is_seen(
    place: tuple[int, int] | None, since: int | None, before: tuple[int, int] | None
) -> None:
    chapter, section = place or (None, None)
    seen = Scope(before=before).sees(
        Placed(id="x", kind="manuscript", chapter=chapter, section=section, since_chapter=since)
    )
    if before is None:
        assert seen
    elif place is not None:
        assert seen == (place < before)
    else:
        assert seen == (since is None or since <= before[0])


def test_a_whole_chapter_is_not_seen_by_its_own_sections() -> None:
    whole = Placed(id="c", kind="manuscript", chapter=5)
    assert not Scope(before=(5, 3)).sees(whole)
    assert Scope(before=(6, 0)).sees(whole)


def test_filters_are_all_of_them() -> None:
    source = Placed(id="s", kind="reference", tags=("a", "b"), metadata={"author": "X", "rating": 4})
    assert Scope(kinds=frozenset({"reference"}), tags=frozenset({"a"}), metadata={"rating": 4}).sees(source)
    assert not Scope(tags=frozenset({"a", "c"})).sees(source)
    assert not Scope(metadata={"author": "Y"}).sees(source)
    assert not Scope(kinds=frozenset({"manuscript"})).sees(source)
    assert not Scope(without=frozenset({"s"})).sees(source)
    assert not Scope(documents=frozenset({"t"})).sees(source)
    assert Scope(chapters=(2, 3)).sees(source)  # it stands in no chapter
    assert not Scope(chapters=(2, 3)).sees(Placed(id="m", kind="manuscript", chapter=4, section=1))


def test_scopes_that_see_the_same_have_one_key() -> None:
    assert Scope(tags=frozenset({"b", "a"})).key == Scope(tags=frozenset({"a", "b"})).key
    assert (
        len({Scope().key, Scope(before=(5, 0)).key, Scope(before=(5, 1)).key, Scope(without=frozenset("x")).key}) == 4
    )
    with pytest.raises(InputError, match="no range"):
        Scope(chapters=(3, 2))
