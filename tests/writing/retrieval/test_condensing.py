"""What is too long to be summed up is cut to what matters most in it."""

from __future__ import annotations

import pytest

from ghostkit.writing.fitting import estimate_tokens
from ghostkit.writing.retrieval.condensing import LEFT_OUT, condensed

from ...desk import Desk, place_of, write

DULL = "It was quiet and it was still quiet and then it was quiet again for a while. "
TELLING = "On 14 March 1872 Captain Ilse Brandt sold the Meridian to Tomas Reed of Lorn for 4,300 crowns."


def test_what_fits_stays_as_it_is() -> None:
    assert condensed([DULL, TELLING], 1000) == [DULL, TELLING]


def test_what_says_most_is_kept_in_order_and_gaps_are_marked() -> None:
    text = "\n\n".join([*[DULL * 12] * 8, TELLING * 10, *[DULL * 12] * 8])
    room = 900
    (made,) = condensed([text], room)
    assert TELLING in made
    assert LEFT_OUT in made
    assert estimate_tokens(made) <= room
    assert len(made) < len(text) / 2


def test_nothing_is_left_of_a_text_that_has_no_room() -> None:
    assert condensed([DULL * 200], 1) == []


@pytest.mark.anyio
async def test_a_chapter_longer_than_the_window_is_summed_up_from_its_weightiest_parts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ghostkit.settings import reset_settings

    monkeypatch.setenv("MAX_CONTEXT_TOKENS", "10000")
    monkeypatch.setenv("RESERVED_RESPONSE_TOKENS", "500")
    reset_settings()
    long = "\n\n".join([*[DULL * 12] * 20, TELLING * 5, *[DULL * 12] * 20])
    desk.answer = lambda kind, request: long if place_of(request).startswith("section") else None
    book = desk.create(chapters=1, sections=1)
    await write(book)
    asked = next(r for r in desk.provider.requests if place_of(r).startswith("chapter_summary"))
    assert TELLING in asked.messages[-1].text
    assert LEFT_OUT in asked.messages[-1].text
    assert estimate_tokens(asked.messages[-1].text) < 10_000
