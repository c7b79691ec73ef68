"""Scores of a section as it was written: computed from what it was made from, kept in the ledger, open to others."""

from __future__ import annotations

from dataclasses import replace

import pytest

import ghostkit as gk
from ghostkit.writing.material import Material
from ghostkit.writing.measures import MEASURES, known_names

from ..desk import QUICK, Desk, write

pytestmark = pytest.mark.anyio


def made(**variables: object) -> Material:
    return Material(template="section", variables=variables, inputs={}, max_tokens=1)


@pytest.mark.parametrize(("text", "share"), [
    ("Then Ada met Bo.", 1.0), ("Then Ada met Cy.", 0.5), ("Then she met Cy and Dee.", 0.0), ("Nobody came.", 1.0),
    ("Later Ada and Wren walked.", 1.0),
])  # fmt: skip
def test_the_share_of_names_that_something_named_before(text: str, share: float) -> None:
    assert known_names(made(people='[{"name": "Ada"}]', plan="Bo waits.", manuscript=["And Wren sang."]), text) == share


async def test_scores_are_kept_with_each_section_and_others_join_them(desk: Desk) -> None:
    desk.create().close()
    desk.leave()
    words = {"words": lambda material, text: float(len(text.split())), **MEASURES}
    book = gk.Book.open(desk.path("."), services=replace(QUICK, measures=words))
    try:
        await write(book)
        frame = book.measures()
        assert frame["section"].unique().sort().to_list() == ["1.1", "1.2", "2.1", "2.2"]
        scores = {(row["section"], row["measure"]): row["value"] for row in frame.to_dicts()}
        assert scores["1.1", "words"] == book.section("1.1").value.word_count
        assert scores["1.1", "known_names"] == 1.0
    finally:
        book.close()
