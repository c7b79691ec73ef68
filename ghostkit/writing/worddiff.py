"""What changed between two texts, word by word. Pure functions.

A *word* is what a reader would strike out in one go: letters and digits of an alphabet in one piece, each character
of a script written without blanks by itself, punctuation and blanks apart from both.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Op = Literal["same", "out", "in"]

UNSPACED: Final = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, kana and Han: scripts whose words no blanks part."""
_WORD: Final = re.compile(rf"[{UNSPACED}]|(?:(?![{UNSPACED}])\w|['’](?=\w))+|\n+|[^\S\n]+|[^\w\s]", re.UNICODE)
_LONG: Final = 20_000
"""Words beyond which paragraphs are compared first, and words only within those that differ."""


_COMMON_FROM: Final = 4000
"""Words beyond which what is very common no longer begins a match; it still goes on with one."""
_PARAGRAPH: Final = re.compile(r"[^\n]+\n*|\n+")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of words that stayed (`same`), went (`out`) or came (`in`)."""

    op: Op
    text: str


def words_of(text: str) -> list[str]:
    """The text cut into words; joined again they are the text."""
    return _WORD.findall(text)


def word_diff(old: str, new: str) -> tuple[Piece, ...]:
    """The pieces that lead from `old` to `new`, in order; what went stands before what came in its place."""
    before, after = words_of(old), words_of(new)
    if len(before) + len(after) > _LONG:
        return tuple(_merged(_by_paragraph(old, new)))
    return tuple(_merged(_compared(before, after)))


def before(pieces: Iterable[Piece]) -> str:
    """The old text of a diff."""
    return "".join(piece.text for piece in pieces if piece.op != "in")


def after(pieces: Iterable[Piece]) -> str:
    """The new text of a diff."""
    return "".join(piece.text for piece in pieces if piece.op != "out")


def marked(pieces: Iterable[Piece], *, colour: bool = False) -> str:
    """The diff to read: `[-old-]{+new+}`, or in red and green."""
    signs = {"out": ("\x1b[31;9m", "\x1b[0m"), "in": ("\x1b[32m", "\x1b[0m")} if colour else _SIGNS
    return "".join(_between(piece.text, *signs[piece.op]) if piece.op != "same" else piece.text for piece in pieces)


def counts(pieces: Iterable[Piece]) -> tuple[int, int]:
    """How many words went and how many came; blanks and punctuation don't count."""
    out = new = 0
    for piece in pieces:
        number = sum(word[0].isalnum() for word in words_of(piece.text))
        out += number if piece.op == "out" else 0
        new += number if piece.op == "in" else 0
    return out, new


_SIGNS: Final = {"out": ("[-", "-]"), "in": ("{+", "+}")}


def _between(text: str, begin: str, end: str) -> str:
    """Signs around each line of the text, so that no colour runs across a line's end."""
    return "\n".join(f"{begin}{line}{end}" if line else "" for line in text.split("\n"))


def _by_paragraph(old: str, new: str) -> Iterator[Piece]:
    """For long texts: paragraphs first, and words only where paragraphs differ."""
    first, second = _PARAGRAPH.findall(old), _PARAGRAPH.findall(new)
    for op, a, b, c, d in difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        left, right = "".join(first[a:b]), "".join(second[c:d])
        if op == "equal":
            yield Piece(op="same", text=left)
        else:
            yield from _compared(words_of(left), words_of(right))


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    # In a long text a blank or an "and" is everywhere, and comparing each with each would take for ever.
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > _COMMON_FROM)
    for op, a, b, c, d in matcher.get_opcodes():
        left, right = "".join(old[a:b]), "".join(new[c:d])
        if op == "equal":
            yield Piece(op="same", text=left)
            continue
        if left:
            yield Piece(op="out", text=left)
        if right:
            yield Piece(op="in", text=right)


def _merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Changes that only blanks part become one, since nobody wants to read them word for word."""
    out = new = kept = ""
    for piece in pieces:
        if piece.op == "same" and not (piece.text.isspace() and "\n" not in piece.text and (out or new)):
            yield from _change(out, new)
            if kept:
                yield Piece(op="same", text=kept)
            yield piece
            out = new = kept = ""
        elif piece.op == "same":
            kept += piece.text
        else:
            out, new, kept = out + (kept if out or new else ""), new + (kept if out or new else ""), ""
            if piece.op == "out":
                out += piece.text
            else:
                new += piece.text
    yield from _change(out, new)
    if kept:
        yield Piece(op="same", text=kept)


def _change(out: str, new: str) -> Iterator[Piece]:
    if out:
        yield Piece(op="out", text=out)
    if new:
        yield Piece(op="in", text=new)
