"""What of a passage is in a section's prose, where the section was told other things besides."""

from __future__ import annotations

from ghostkit.writing.material import Material
from ghostkit.writing.retrieval.evidence import overlap_by_passage, plain_passage

PASSAGE = "Mira hid the copper compass under the third step of the lighthouse stairs at Port Lorn."
PROSE = "At dawn she remembered: Mira hid the copper compass under the third step of the lighthouse stairs. She ran."


def made(*told: str) -> Material:
    return Material(
        template="section",
        variables={"language": "en", "section_material": "She runs.", "window": list(told), "retrieved": [PASSAGE]},
        inputs={},
        max_tokens=100,
    )


def test_words_of_a_passage_in_the_prose_are_overlap() -> None:
    found = overlap_by_passage({"s-1:c1": PASSAGE}, made(), PROSE)
    assert found["c1"]["overlaps"]


def test_what_the_section_was_told_elsewhere_is_no_sign_of_the_passage() -> None:
    found = overlap_by_passage({"s-1:c1": PASSAGE}, made(PASSAGE), PROSE)
    assert not found["c1"]["overlaps"]


def test_a_passage_is_compared_without_the_tag_it_is_shown_in() -> None:
    assert plain_passage(f'<passage from="2.1 The Step">\n{PASSAGE}\n</passage>') == PASSAGE
    assert plain_passage(PASSAGE) == PASSAGE
