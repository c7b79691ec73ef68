from __future__ import annotations

import pytest

from ghostkit.rag.retrieval.likeness import are_near_duplicates, shingles_of

PASSAGE = "The ferry left before the bell and nobody on the quay had counted the passengers twice that morning " * 1


def alike(one: str, other: str) -> bool:
    return are_near_duplicates(shingles_of(one), shingles_of(other))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (PASSAGE, PASSAGE.upper(), True),
        (PASSAGE, PASSAGE.replace(" ", "\n  ") + "!", True),
        (PASSAGE, PASSAGE.replace("morning", "evening"), True),
        (PASSAGE, "Quite another passage about quite another morning, with nobody on the quay at all.", False),
        (PASSAGE, PASSAGE + "and then there came many more words that nobody had heard before " * 2, False),
        ("Ja.", "ja", True),
        ("Ja.", "Nein.", False),
        ("…", "!!!", False),
        ("他没有数过渡船上的乘客。", "他没有数过渡船上的乘客!", True),
        ("他没有数过渡船上的乘客。", "她昨天在码头上等了一整天。", False),
        ("Паром ушёл до колокола, и никто не считал.", "ПАРОМ УШЁЛ ДО КОЛОКОЛА — и никто не считал", True),
    ],
)
def test_texts_that_say_the_same_are_told(one, other, expected):
    assert alike(one, other) is expected
    assert alike(other, one) is expected


def test_nothing_is_like_a_text_of_blanks_but_another():
    assert alike("   ", "\n")
    assert not alike("   ", PASSAGE)
