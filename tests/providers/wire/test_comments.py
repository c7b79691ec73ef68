"""Comments are taken out of a stream of events, and nothing else is, however the bytes are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ghostkit.providers.wire.comments import WithoutComments

EVENTS = st.lists(st.sampled_from([b"data: a: b", b"event: x", b"data: :no comment", b"data:", b"id: 7"]), min_size=1)
COMMENTS = st.lists(st.sampled_from([b": ping", b":", b": OPENROUTER PROCESSING", b": data: x"]), max_size=3)
CUTS = st.lists(st.integers(0, 300), max_size=15)


def through(body: bytes, cuts: list[int]) -> bytes:
    filter, came, last = WithoutComments(), [], 0
    for cut in [*sorted(cuts), len(body)]:
        came.append(filter.feed(body[last:cut]))
        last = max(last, cut)
    return b"".join(came)


@given(
    parts=st.lists(st.tuples(COMMENTS, EVENTS), max_size=6), cuts=CUTS, end=st.sampled_from([b"\n", b"\r\n"]),
    after=COMMENTS, apart=st.booleans(),
)  # fmt: skip
def test_only_comments_go_and_with_them_the_empty_line_that_ends_no_event(
    parts: list[tuple[list[bytes], list[bytes]]], cuts: list[int], end: bytes, after: list[bytes], apart: bool
) -> None:
    said = [(comments, b"".join(line + end for line in event) + end) for comments, event in parts]
    gap = end if apart else b""
    noisy = b"".join(b"".join(c + end + gap for c in comments) + event for comments, event in said)
    noisy += b"".join(comment + end + gap for comment in after)
    assert through(noisy, cuts) == b"".join(event for _, event in said)


@given(body=st.binary(max_size=200).filter(lambda b: not b.startswith(b":") and b"\n:" not in b), cuts=CUTS)
def test_what_has_no_comment_is_not_touched(body: bytes, cuts: list[int]) -> None:
    assert through(body, cuts) == body


def test_a_comment_within_an_event_does_not_end_it() -> None:
    assert through(b"event: x\n: ping\ndata: 1\n\n", []) == b"event: x\ndata: 1\n\n"


def test_a_comment_is_taken_out_though_it_comes_byte_by_byte() -> None:
    body = b"data: 1\n\n: ping\n\ndata: 2\n\n"
    assert through(body, list(range(len(body)))) == b"data: 1\n\ndata: 2\n\n"
