"""What a text is made of: headings, prose, verse, lists, tables, code, tables of contents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ghostkit.rag.chunking.fences import code_ranges
from ghostkit.rag.chunking.line_forms import (
    BULLET,
    SPOKEN,
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
_BLANK_LINE = re.compile(r"\n[^\S\n]*+\n\s*+")
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
    at = 0
    for start, end in code_ranges(flat) if "```" in flat or "~~~" in flat else ():
        yield from _between_code(flat, at, start)
        yield _trimmed(flat, CODE, start, end)
        at = end
    yield from _between_code(flat, at, len(flat))


def _between_code(flat: str, start: int, end: int) -> Iterator[Block]:
    part = flat[start:end] if start or end < len(flat) else flat
    at = start + len(part) - len(part.lstrip())
    end = start + len(part.rstrip())
    while at < end:
        blank = _BLANK_LINE.search(flat, at, end)
        yield from _region(flat, at, blank.start() if blank else end)
        at = blank.end() if blank else end


def _trimmed(flat: str, kind: int, start: int, end: int, level: int = 0) -> Block:
    part = flat[start:end]
    left = len(part) - len(part.lstrip())
    return Block(kind, start + left, start + len(part.rstrip()), level)


def _region(flat: str, start: int, end: int) -> Iterator[Block]:
    """The blocks of a range without blank lines."""
    end = start + len(flat[start:end].rstrip())
    if flat.find("\n", start, end) < 0:
        yield from _line(flat, start, end)
        return
    begin = flat.rfind("\n", 0, start) + 1
    lines = flat[begin if not flat[begin:start].strip() else start : end].split("\n")
    at = end - sum(map(len, lines)) - len(lines) + 1
    if not any(line.lstrip()[:1] in ("#", "=") for line in lines):
        yield from _lines(flat, at, lines)
        return
    run: list[str] = []
    for line in lines:
        level = heading_level(line.strip()) if line.lstrip()[:1] in ("#", "=") else 0
        if level > 0:
            if run:
                yield from _lines(flat, at - sum(map(len, run)) - len(run), run)
                run = []
            yield _trimmed(flat, HEADING, at, at + len(line), level)
        else:
            run.append(line)
        at += len(line) + 1
    if run:
        yield from _lines(flat, end - sum(map(len, run)) - len(run) + 1, run)


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
    if len(lines) == 1:
        yield from _line(flat, start, end)
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
        if kind == LIST:
            starts = not bullet and not line[:1].isspace() and _starts(previous, line, widest)
        else:
            starts = bool(previous) and (bullet or _starts(previous, line, widest))
        if starts:
            yield _trimmed(flat, kind, begin, at)
            begin, kind = at, PROSE
        if bullet:
            kind = LIST
        previous = line
        at += len(line) + 1
    yield _trimmed(flat, kind, begin, at - 1)


def _starts(previous: str, line: str, widest: int) -> bool:
    indented = len(line) - len(line.lstrip())
    if SPOKEN.match(line) or indented > 1 + len(previous) - len(previous.lstrip()):
        return True
    # The first word of this line would have fitted on the line before, which ends as a sentence does.
    word = line.split(None, 1)[0]
    short = len(previous.rstrip()) + len(word) + 1 < widest - 8
    return short and previous.rstrip().endswith((".", "!", "?", "…", "”", '"', "»", ":"))
