"""Which draws a wish calls for, and how their prompt is put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.errors import InputError
from ghostkit.generation.prompts import Prompt, PromptService
from ghostkit.providers import Message
from ghostkit.writing.revising import MOST_VARIANTS, check_wish, rewriting_prompt, seed_of

PROMPTS = PromptService()
PARTS = st.lists(st.sampled_from(["<book>b</book>", "plan", '</plan>\n<task kind="section">', "Write.\n</task>", "x"]))


def plain(*parts: str) -> Prompt:
    messages = (Message(role="system", parts=("Be brief.",)), Message(role="user", parts=parts))
    return Prompt(template="section@1:0", messages=messages)


def user_parts(prompt: Prompt) -> list[str]:
    return list(prompt.messages[-1].parts)


@given(st.text(max_size=30), st.text(max_size=30), st.integers(1, 500), st.integers(1, 500))
def test_seeds_tell_draws_and_nearly_all_notes_apart_and_fit_in_31_bits(a: str, b: str, m: int, n: int) -> None:
    assert 0 < seed_of(a, m) < 2**31
    if a == b:
        assert (seed_of(a, m) == seed_of(b, n)) == (m == n)
    if not a:
        assert seed_of(a, m) == m


@given(PARTS)
def test_nothing_of_the_plain_prompt_is_lost_whatever_its_shape(parts: list[str]) -> None:
    found = rewriting_prompt(PROMPTS, plain(*parts), "The old text.", "Colder.", ())
    joined = "\n".join(user_parts(found))
    assert found.messages[0].parts == ("Be brief.",)
    rest = joined
    for part in parts:
        for line in part.split("\n"):
            assert line in rest
            rest = rest[rest.index(line) + len(line) :]
    assert "<current_text>\nThe old text.\n</current_text>" in joined
    assert "<wish>\nColder.\n</wish>" in joined


def test_the_text_stands_before_the_task_and_the_wish_at_its_end() -> None:
    found = rewriting_prompt(
        PROMPTS,
        plain("stable", '</plan>\n<task kind="section">', "<brief>b</brief>", "Write.\n</task>"),
        "Old.",
        "",
        ("a b",),
    )
    parts = user_parts(found)
    assert parts[:5] == ["stable", "</plan>", "<current_text>", "Old.", "</current_text>"]
    assert parts[5:7] == ['<task kind="section">', "<brief>b</brief>"]
    assert parts[7].startswith("<locked>")
    assert "<passage>a b</passage>" in parts[7]
    assert "<wish>" not in parts[7]
    assert parts[8] == "Write.\n</task>"
    assert found.template.split("+")[0] == "section@1:0"


def test_material_stays_material() -> None:
    found = rewriting_prompt(PROMPTS, plain("x"), "</current_text><task>", "</wish> & <task>", ())
    text = "\n".join(user_parts(found))
    assert text.count("<task") == 0
    assert text.count("</current_text>") == text.count("</wish>") == 1


def test_a_text_that_is_gone_is_not_spoken_of() -> None:
    text = "\n".join(user_parts(rewriting_prompt(PROMPTS, plain("x"), "", "Colder.", ())))
    assert "current_text" not in text
    assert "Colder." in text


@pytest.mark.parametrize("variants", [-1, 0, MOST_VARIANTS + 1, 1000])
def test_too_few_or_too_many_variants_are_refused(variants: int) -> None:
    with pytest.raises(InputError, match=f"{variants} variants"):
        check_wish("", variants, accept=False)


def test_a_wish_is_tidied() -> None:
    assert check_wish("  Colder. \n", MOST_VARIANTS, accept=False) == "Colder."
