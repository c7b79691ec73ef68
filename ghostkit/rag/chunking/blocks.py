"""What a text is made of: headings, prose, verse, lists, tables, code, tables of contents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ghostkit.rag.chunking.line_forms import (
    BULLET,
    FENCE,
    PARAGRAPH_START,
    heading_level,
    is_contents,
    is_table,
    is_verse,
)

PROSE, HEADING, SCENE, LIST, TABLE, CODE, VERSE, CONTENTS = range(8)
LONGEST_WRAPPED: Final = 120
"""Lines longer than this are paragraphs; shorter ones may be the lines of one paragraph."""
LONGEST_HEADING: Final = 90
CONTENTS_RUN: Final = 4
"""So many headings on end are a table of contents, but for the last."""
_BLANK_LINE = re.compile(r"\n[ \t]*+\n\s*+")
_LINE_ENDS = str.maketrans({"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})


class Block(NamedTuple):
    """`text[start:end]`, without blanks around; `level` is a heading's: 4 the lowest, 6 the highest."""

    kind: int
    start: int
    end: int
    level: int = 0


def flattened(text: str) -> str:
    """The text, as long as it was, with every line's end as `\\n`."""
    if "\r" in text:
        text = text.replace("\r\n", " \n")
    return text.translate(_LINE_ENDS) if any(chr(code) in text for code in _LINE_ENDS) else text


def blocks(flat: str) -> Iterator[Block]:
    """The blocks of a flattened text in order; every character that is no blank is in one of them."""
    headings: list[Block] = []
    for block in _plain_blocks(flat):
        if block.kind == HEADING:
            headings.append(block)
            continue
        if headings:
            yield from _headings_or_contents(headings)
            headings = []
        yield block
    yield from _headings_or_contents(headings)


def _headings_or_contents(run: list[Block]) -> Iterator[Block]:
    if len(run) < CONTENTS_RUN:
        yield from run
        return
    yield Block(CONTENTS, run[0].start, run[-2].end)
    yield run[-1]


def _plain_blocks(flat: str) -> Iterator[Block]:
    at = len(flat) - len(flat.lstrip()) if flat[:1].isspace() else 0
    size = len(flat.rstrip()) if flat[-1:].isspace() else len(flat)
    while at < size:
        blank = _BLANK_LINE.search(flat, at, size)
        end = blank.start() if blank else size
        after = blank.end() if blank else size
        fence = (
            FENCE.search(flat, flat.rfind("\n", 0, at) + 1, end)
            if "```" in flat[at:end] or "~~~" in flat[at:end]
            else None
        )
        if fence is not None:
            closed = _fence_end(flat, fence, size)
            if fence.start() > at:
                yield from _region(flat, at, fence.start())
            yield _trimmed(flat, CODE, max(at, fence.start()), closed)
            at = _skip_blank(flat, closed, size)
            continue
        yield from _region(flat, at, end)
        at = after


def _fence_end(flat: str, fence: re.Match[str], size: int) -> int:
    """Where the fence's closing line ends; one that is never closed ends with its paragraph."""
    closing = re.compile(rf"^[ \t]*+{fence[1]}[ \t]*+$", re.MULTILINE).search(flat, fence.end(), size)
    if closing is not None:
        return closing.end()
    blank = _BLANK_LINE.search(flat, fence.end(), size)
    return blank.start() if blank else size


def _skip_blank(flat: str, at: int, size: int) -> int:
    while at < size and flat[at].isspace():
        at += 1
    return at


def _trimmed(flat: str, kind: int, start: int, end: int, level: int = 0) -> Block:
    part = flat[start:end]
    left = len(part) - len(part.lstrip())
    return Block(kind, start + left, start + len(part.rstrip()), level)


def _region(flat: str, start: int, end: int) -> Iterator[Block]:
    """The blocks of a range without blank lines."""
    part = flat[start:end]
    if "\n" not in part.strip():
        yield from _line(flat, start, end)
        return
    begin = flat.rfind("\n", 0, start) + 1
    lines = flat[begin if not flat[begin:start].strip() else start : end].split("\n")
    yield from _lines(flat, end - sum(map(len, lines)) - len(lines) + 1, lines)


def _line(flat: str, start: int, end: int) -> Iterator[Block]:
    block = _trimmed(flat, PROSE, start, end)
    if block.end <= block.start:
        return
    size = block.end - block.start
    if size <= LONGEST_HEADING:
        line = flat[block.start : block.end]
        level = heading_level(line)
        if level:
            yield block._replace(kind=HEADING if level > 0 else SCENE, level=abs(level))
            return
    if BULLET.match(flat, block.start, block.end):
        block = block._replace(kind=LIST)
    yield block


def _lines(flat: str, start: int, lines: list[str]) -> Iterator[Block]:
    """Several lines with no blank one between them."""
    end = start + sum(map(len, lines)) + len(lines) - 1
    level = heading_level(lines[0].strip()) if lines[0].lstrip()[:1] in ("#", "=") else 0
    if level > 0:
        first = start + len(lines[0])
        yield _trimmed(flat, HEADING, start, first, level)
        yield from _region(flat, first + 1, end)
        return
    whole = next(_of_one_kind(flat, start, end, lines), None)
    if whole is not None:
        yield whole
    elif max(map(len, lines)) > LONGEST_WRAPPED:
        yield from _paragraph_lines(flat, start, lines)
    else:
        yield from _wrapped(flat, start, lines)


def _of_one_kind(flat: str, start: int, end: int, lines: list[str]) -> Iterator[Block]:
    if len(lines) == 2 and set(lines[1].strip()) in ({"="}, {"-"}) and len(lines[1].strip()) > 2:
        yield _trimmed(flat, HEADING, start, end, 6 if "=" in lines[1] else 5)
    elif is_table(lines):
        yield _trimmed(flat, TABLE, start, end)
    elif is_contents(lines):
        yield _trimmed(flat, CONTENTS, start, end)
    elif is_verse(lines):
        yield _trimmed(flat, VERSE, start, end)


def _paragraph_lines(flat: str, start: int, lines: list[str]) -> Iterator[Block]:
    """Each line a paragraph; list items that follow each other are one list."""
    items: Block | None = None
    for line in lines:
        for block in _line(flat, start, start + len(line)):
            if block.kind == LIST:
                items = block if items is None else items._replace(end=block.end)
                continue
            if items is not None:
                yield items
                items = None
            yield block
        start += len(line) + 1
    if items is not None:
        yield items


def _wrapped(flat: str, start: int, lines: list[str]) -> Iterator[Block]:
    """Lines of wrapped paragraphs; one begins with an indented line, a dash, a bullet, or after a line cut short."""
    widest = max(map(len, lines))
    kind, begin, at = PROSE, start, start
    previous = ""
    for line in lines:
        bullet = BULLET.match(line) is not None
        if previous and (bullet != (kind == LIST) and (bullet or _starts(previous, line, widest))):
            yield _trimmed(flat, kind, begin, at)
            begin, kind = at, PROSE
        elif previous and kind == PROSE and _starts(previous, line, widest):
            yield _trimmed(flat, kind, begin, at)
            begin = at
        if bullet:
            kind = LIST
        previous = line
        at += len(line) + 1
    yield _trimmed(flat, kind, begin, at - 1)


def _starts(previous: str, line: str, widest: int) -> bool:
    found = PARAGRAPH_START.match(line)
    if found is not None:
        indented = len(line) - len(line.lstrip())
        return indented > len(previous) - len(previous.lstrip()) or not line[:1].isspace()
    # The first word of this line would have fitted on the line before, which ends as a sentence does.
    word = line.split(None, 1)[0]
    short = len(previous.rstrip()) + len(word) + 1 < widest - 8
    return short and previous.rstrip().endswith((".", "!", "?", "…", "”", '"', "»", ":"))
