"""Summaries are never longer than asked, by the provider's own count, and never paid for twice."""

from __future__ import annotations

import pytest

from ghostkit.errors import IncompleteEnding, InputError
from ghostkit.providers import Ending, Message, Request

from .lab import Lab, lab

pytestmark = pytest.mark.anyio

ANSWERS = [
    "One sentence only.",
    "First it rained. Then it stopped! Did it? It did… And the sea came back, slowly, over forty years.",
    "a" * 400,
    "Ёлка " * 90 + ". И море.",
    "水" * 60 + "。" + "海" * 60,
    "word\n\nword\tword  word " * 40,
    "No end of sentence but very many words " * 30,
]


async def count(it: Lab, text: str) -> int:
    request = Request(model="x", messages=(Message(role="user", parts=(text,)),), max_tokens=1)
    return (await it.provider.count_tokens(request)).tokens


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("most", [1, 2, 5, 17, 40, 1000])
async def test_a_summary_is_at_most_as_long_as_asked(answer: str, most: int) -> None:
    with lab(answer) as it:
        text = await it.service.summarize_content("A long text.", most, model="scripted:x")
        assert await count(it, text) <= most
        assert answer.startswith(text[:1])
        if most == 1000:
            assert text.split() == answer.split()
        it.settled()


async def test_whole_sentences_are_kept_where_they_fit() -> None:
    with lab("First it rained. Then it stopped! And the sea came back.") as it:
        assert await it.service.summarize_content("x", 9, model="scripted:x") == "First it rained. Then it stopped!"


async def test_the_same_summary_again_is_free_and_another_length_or_text_is_not() -> None:
    with lab("Short.") as it:
        for content, most in (("a", 10), ("a", 10), ("a", 11), ("b", 10), ("b", 10)):
            await it.service.summarize_content(content, most, model="scripted:x")
        assert it.calls == 3
        assert "<material>\na\n</material>" in it.provider.requests[0].messages[1].text


@pytest.mark.parametrize("most", [0, -1])
async def test_no_room_at_all_is_refused(most: int) -> None:
    with lab("x") as it:
        with pytest.raises(InputError, match=f"max_tokens is {most}"):
            await it.service.summarize_content("a", most, model="scripted:x")
        assert it.calls == 0


async def test_an_incomplete_summary_is_an_error() -> None:
    with lab(["Half a ", Ending.REFUSED]) as it, pytest.raises(IncompleteEnding):
        await it.service.summarize_content("a", 10, model="scripted:x")
