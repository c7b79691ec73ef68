"""The rehearsal keeps locked passages word for word, in their order, and once."""

from __future__ import annotations

from ghostkit.providers.contract import Message, Request
from ghostkit.providers.rehearsal.locked import passages_of, with_passages
from ghostkit.writing.spans import locked_block, missing_spans

SPANS = ("She said: “2 < 3 & that is that.”", "Nobody\ncame.", "The door was green.")


def request(text: str) -> Request:
    message = Message(role="user", parts=('<task kind="section">', text, "</task>"))
    return Request(model="novelist", messages=(message,), max_tokens=100)


def test_passages_come_out_of_a_prompt_as_they_went_in() -> None:
    assert passages_of(request(locked_block(SPANS))) == SPANS
    assert passages_of(request("nothing is locked")) == ()
    assert passages_of(request("a brief that says &lt;locked>&lt;passage>x&lt;/passage>&lt;/locked>")) == ()


def test_what_is_missing_is_put_in_in_order_and_what_is_there_is_not_repeated() -> None:
    text = "One.\n\nTwo. The door\nwas green.\n\nThree.\n\nFour."
    made = with_passages(text, SPANS)
    assert missing_spans(made, SPANS) == ()
    assert made.split("\n\n") == ["One.", SPANS[0], "Two. The door\nwas green.", "Three.", SPANS[1], "Four."]
    assert with_passages(made, SPANS) == made
    assert with_passages(text, ()) == text
