"""A section's file and a chapter's `content.md`: text to value and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ghostkit.book.files import normalise_newlines
from ghostkit.book.model import Chapter, Section

_SECTION_HEADING: Final = re.compile(r"^##(?:[ \t]+(.*))?$")
_CHAPTER_HEADING: Final = re.compile(r"^#(?:[ \t]+(.*))?$")
_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_BLANK: Final = " \t\n"
# All that Unicode calls a space, and the byte-order mark, which is one that shows nothing.
_EDGES: Final = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)


def tidy_title(title: str) -> str:
    """A title as one line: runs of blanks and line breaks become one space; a no-break space inside stays."""
    return re.sub(r"[ \t\r\n\f\v]+", " ", title).strip(_EDGES)


def tidy_body(body: str) -> str:
    """Prose as a file holds it: no blank lines before or blanks after; everything between stays as it is."""
    text = normalise_newlines(body).rstrip(_BLANK)
    return re.sub(r"\A(?:\ufeff|[ \t]*\n)+", "", text)


def render_section(section: Section) -> str:
    """`## title`, a blank line, the prose, and a newline at the end."""
    return _section_text(section.title, section.content)


def parse_section(text: str) -> tuple[str | None, str]:
    """The title, or None where the heading is missing, and the prose of a section's file."""
    body = tidy_body(text)
    first, _, rest = body.partition("\n")
    heading = _SECTION_HEADING.match(first)
    if heading is None:
        return None, body
    return tidy_title(heading[1] or ""), tidy_body(rest)


def render_content(chapter: Chapter) -> str:
    """`# title`, then the text of each section's file, with a blank line between."""
    parts = [f"# {tidy_title(chapter.title)}".rstrip() + "\n"]
    parts += [render_section(section) for section in chapter.sections]
    return "\n".join(parts)


def parse_content(text: str, chapter: Chapter) -> list[tuple[str, str, str]] | None:
    """(section id, title, prose) of every section, in the chapter's order.

    None where the text can't be matched to the sections for certain: another number of section headings, prose
    of the chapter that itself has such headings, text before the first of them, or titles swapped in part.
    """
    if any(_headings(tidy_body(section.content)) for section in chapter.sections):
        return None
    lines = tidy_body(text).split("\n")
    starts = _headings("\n".join(lines))
    if len(starts) != len(chapter.sections) or _preamble(lines[: starts[0] if starts else None]):
        return None
    found = [parse_section("\n".join(lines[start:end])) for start, end in pairwise([*starts, len(lines)])]
    order = _match([title or "" for title, _ in found], [tidy_title(s.title) for s in chapter.sections])
    if order is None:
        return None
    matched = [found[place] for place in order]
    pairs = zip(chapter.sections, matched, strict=True)
    return [(section.id, title or "", body) for section, (title, body) in pairs]


def content_title(text: str) -> str | None:
    """The chapter's title in the text of a `content.md`, or None where that heading is missing."""
    heading = _CHAPTER_HEADING.match(tidy_body(text).partition("\n")[0])
    return tidy_title(heading[1] or "") if heading else None


def _section_text(title: str, body: str) -> str:
    heading = f"## {tidy_title(title)}".rstrip() + "\n"
    tidy = tidy_body(body)
    return f"{heading}\n{tidy}\n" if tidy else heading


def _headings(text: str) -> list[int]:
    """The numbers of the lines that are section headings, code blocks left out."""
    found: list[int] = []
    fence = ""
    for number, line in enumerate(text.split("\n")):
        mark = _FENCE.match(line)
        if fence:
            closes = mark and mark[1].startswith(fence) and not mark[2].strip(_BLANK)
            fence = "" if closes else fence
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
        elif _SECTION_HEADING.match(line):
            found.append(number)
    return found


def _preamble(lines: Sequence[str]) -> str:
    """What stands before the first section besides the chapter's heading."""
    text = tidy_body("\n".join(lines))
    first, _, rest = text.partition("\n")
    return tidy_body(rest) if _CHAPTER_HEADING.match(first) else text


def _match(found: list[str], known: list[str]) -> list[int] | None:
    """For each known title the place of its text, or None where that is a guess.

    Headings that kept their place or got a new name are matched by place; sections moved about whole are matched
    by name.
    """
    if found == known:
        return list(range(len(known)))
    if sorted(found) == sorted(known):
        return [found.index(title) for title in known] if len(set(known)) == len(known) else None
    for place, title in enumerate(found):
        if title != known[place] and title in known:
            return None
    return list(range(len(known)))
