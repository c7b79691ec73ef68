"""`glossary.md` comes back as the terms it was made from, and takes what a person writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.book.model import Term
from ghostkit.book.rendering import parse_glossary, render_glossary, tidy_title
from ghostkit.errors import BookDamaged

from ..writers import texts

WORDS = texts(6).map(lambda text: tidy_title(text)).filter(bool)
TERMS = st.lists(st.builds(Term, term=WORDS, definition=WORDS), max_size=4).map(tuple)

PLAIN = st.lists(
    st.builds(
        Term,
        term=st.from_regex(r"[\w*-]+( [\w*-]+)?", fullmatch=True),
        definition=st.from_regex(r"\w[\w ,.*:-]*\w", fullmatch=True),
    ),
    max_size=4,
)

GLOSSARY = """\
# Glossary

**leaven**: Flour and water in which wild yeast lives.

**proof**: The second rise.
"""


def test_a_glossary_reads_as_promised() -> None:
    terms = parse_glossary(GLOSSARY)
    assert [term.term for term in terms] == ["leaven", "proof"]
    assert render_glossary(terms) == GLOSSARY


@given(TERMS)
def test_any_glossary_that_can_be_read_comes_back(terms: tuple[Term, ...]) -> None:
    text = render_glossary(terms)
    try:
        again = parse_glossary(text)
    except BookDamaged:
        return
    assert render_glossary(parse_glossary(render_glossary(again))) == render_glossary(again)


@given(PLAIN)
def test_words_come_back_as_they_are(terms: list[Term]) -> None:
    wanted = [Term(term=tidy_title(t.term), definition=tidy_title(t.definition)) for t in terms]
    assert list(parse_glossary(render_glossary(terms))) == wanted


@pytest.mark.parametrize(
    "line",
    [
        "**leaven**: Flour and water.",
        "**leaven:** Flour and water.",
        "- **leaven** – Flour and water.",
        "* **leaven** Flour\n  and water.",
        "**leaven**\n\nFlour\n\nand water.",
    ],
)
def test_a_person_may_write_it_their_way(line: str) -> None:
    assert parse_glossary(f"# Words\n\n{line}\n") == (Term(term="leaven", definition="Flour and water."),)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# Glossary\n\nleaven: flour\n", 3, "it belongs to no term"),
        ("**leaven**:\n\n**proof**: The second rise.\n", 1, "the term 'leaven' has no definition"),
    ],
)
def test_what_can_t_be_read_is_told_by_line(text: str, line: int, said: str) -> None:
    with pytest.raises(BookDamaged) as caught:
        parse_glossary(text, "b/glossary.md")
    assert caught.value.message == f"b/glossary.md can't be read: line {line}: {said}."
    assert caught.value.line == line
