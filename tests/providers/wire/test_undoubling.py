"""Streams that say everything twice are handed on once; others are not touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.errors import BadAnswer
from ghostkit.providers.wire.undoubling import LONGEST_HELD, Undoubled

SSE, NDJSON = "text/event-stream", "application/x-ndjson"
WORDS = st.lists(st.sampled_from([b"ha", b"ho", b"the", b"end"]), max_size=20)
CUTS = st.lists(st.integers(0, 400), max_size=12)


def events(words: list[bytes], kind: str, end: bytes) -> list[bytes]:
    if kind == NDJSON:
        return [b'{"n":%d,"w":"%s"}' % (n == 0, word) + end for n, word in enumerate([b"start", *words])]
    return [b"event: start" + end + b"data: {}" + end * 2, *(b"data: " + word + end * 2 for word in words)]


def through(body: bytes, kind: str, cuts: list[int]) -> bytes:
    filter, came, last = Undoubled(kind), [], 0
    for cut in [*sorted(cuts), len(body)]:
        came.append(filter.feed(body[last:cut]))
        last = max(last, cut)
    return b"".join([*came, filter.rest()])


@given(words=WORDS, cuts=CUTS, kind=st.sampled_from([SSE, NDJSON]), end=st.sampled_from([b"\n", b"\r\n"]))
def test_what_is_said_twice_comes_once_however_it_is_cut(
    words: list[bytes], cuts: list[int], kind: str, end: bytes
) -> None:
    once = events(words, kind, end)
    assert through(b"".join(event * 2 for event in once), kind, cuts) == b"".join(once)


@given(words=WORDS, cuts=CUTS, kind=st.sampled_from([SSE, NDJSON]), end=st.sampled_from([b"\n", b"\r\n"]))
def test_an_ordinary_stream_is_not_touched_whatever_words_it_repeats(
    words: list[bytes], cuts: list[int], kind: str, end: bytes
) -> None:
    body = b"".join(events(words, kind, end)) + b"data: cut o"
    assert through(body, kind, cuts) == body


@given(body=st.binary(max_size=300), cuts=CUTS)
def test_an_answer_that_is_no_stream_is_not_touched(body: bytes, cuts: list[int]) -> None:
    assert through(body, "application/json", cuts) == body


def test_a_stream_that_stops_repeating_itself_after_text_was_left_out_is_told() -> None:
    body = b"data: {}\n\n" * 2 + b"data: ha\n\n" * 2 + b"data: ho\n\ndata: end\n\n"
    with pytest.raises(BadAnswer, match="come twice, and not all of them") as caught:
        through(body, SSE, [])
    assert caught.value.retryable


def test_only_the_first_event_twice_is_one_event() -> None:
    assert (
        through(b"data: {}\n\n" * 2 + b"data: ha\n\ndata: ho\n\n", SSE, []) == b"data: {}\n\ndata: ha\n\ndata: ho\n\n"
    )


def test_the_first_event_is_handed_on_before_the_second_has_come() -> None:
    assert Undoubled(SSE).feed(b"data: 1\n\ndata:") == b"data: 1\n\n"


def test_what_never_ends_is_not_held() -> None:
    filter = Undoubled(SSE)
    assert len(filter.feed(b"x" * (LONGEST_HELD + 1))) == LONGEST_HELD + 1
    assert filter.feed(b"y") == b"y"


def test_an_opening_that_comes_many_times_loses_no_text() -> None:
    for times in (2, 3, 4, 5):
        found = through(b"data: {}\n\n" * times + b"data: a\n\ndata: b\n\ndata: b\n\ndata: c\n\n", SSE, [])
        assert found.replace(b"data: {}\n\n", b"") == b"data: a\n\ndata: b\n\ndata: b\n\ndata: c\n\n"
