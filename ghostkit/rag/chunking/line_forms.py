"""What a line, or a few lines, look like: a heading, verse, a table, an entry of a table of contents."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

BULLET = re.compile(r"[ \t]*+(?:[-*+•‣▪◦]|\(?\d{1,3}[.)]|\(?[a-zа-я]\))[ \t]++(?=\S)")
SPOKEN = re.compile(r"[ \t]*+(?:—|–|―|--?)[ \t]")
HIGHEST, MIDDLE, LOWEST = 6, 5, 4
_DIVISIONS: Final = (
    "chapter part book act volume prologue epilogue preface introduction foreword afterword contents appendix"
    " глава часть книга том действие пролог эпилог предисловие послесловие введение оглавление содержание приложение"
    " розділ частина kapitel teil buch prolog vorwort chapitre partie livre tome capítulo parte libro capitolo"
    " hoofdstuk deel boek"
)
_SUBDIVISIONS: Final = (
    "scene section letter canto stave adventure явление сцена песнь письмо параграф szene szenario scène"
)
_COUNTED: Final = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty first second third fourth fifth sixth seventh eighth ninth tenth last"
    r" перв\w+ втор\w+ трет\w+ четв[её]рт\w+ пят\w+ шест\w+ седьм\w+ восьм\w+ девят\w+ десят\w+ последн\w+"
    r" eins zwei drei erste\w* zweite\w* dritte\w* premi\w+ deuxième seconde? troisième primer\w* segund\w+ tercer\w*"
    " prim[oa] second[oa] terz[oa]"
)
_NUMBER: Final = rf"(?:\d{{1,3}}|(?-i:[IVXLCDM]{{1,7}})|{'|'.join(_COUNTED.split())})"
_DIVISION = re.compile(
    rf"(?:the )?(?P<name>{'|'.join(_DIVISIONS.split())}|(?P<low>{'|'.join(_SUBDIVISIONS.split())}))"
    rf"(?:\s+(?:the\s+)?{_NUMBER}\b.{{0,70}}|[ .:]*)",
    re.IGNORECASE,
)
_ORDINAL_DIVISION = re.compile(
    r"(?:[А-ЯЁа-яёA-Za-z]+)\s+(?:глава|часть|книга|том|действие|chapter|part|book|act)\.?", re.IGNORECASE
)
_CJK_DIVISION = re.compile(
    r"第[0-9０-９一二三四五六七八九十百千零〇两]{1,6}[章回节節部卷編编話话篇幕].{0,40}|序章|終章|终章|目录|目次"
)
_ROMAN = re.compile(r"[IVXLC]{1,7}\.?|\d{1,3}\.?")
_SCENE = re.compile(r"(?:[*⁂※§~•·#—–_=-][ \t]*){1,15}")
_MARKDOWN = re.compile(r"(#{1,6})[ \t]+\S|(={1,6})[ \t].*\S")
_NUMBERED_TITLE = re.compile(
    rf"(?:{'|'.join(_DIVISIONS.split())})\s+{_NUMBER}\b|(?-i:[IVXLC]{{1,7}})\.\s+\S", re.IGNORECASE
)
_TITLE_LETTERS: Final = frozenset("IVXLC") | {name[0] for name in (_DIVISIONS + _DIVISIONS.upper()).split()}
LONGEST_ENTRY: Final = 90
_WIDEST_VERSE: Final = 64
_TAIL: Final = 10


def heading_level(line: str) -> int:
    """6 to 4 for a heading (a book's part or chapter; what is below it), -4 for a break between scenes, else 0."""
    first = line[:1]
    if first in "#=" and (found := _MARKDOWN.match(line)):
        return max(LOWEST, HIGHEST + 1 - len(found[1] or found[2]))
    if not first.isalnum():
        return -LOWEST if _SCENE.fullmatch(line) else 0
    if _CJK_DIVISION.fullmatch(line):
        return HIGHEST
    if found := _DIVISION.fullmatch(line):
        return 0 if line.endswith((",", ";")) else LOWEST if found["low"] else HIGHEST
    if _ORDINAL_DIVISION.fullmatch(line):
        return HIGHEST
    if _ROMAN.fullmatch(line):
        return LOWEST
    return LOWEST if line.isupper() and len(line) > 5 and not line.endswith(("!", "?", ",", '"', "”")) else 0


def is_table(lines: list[str]) -> bool:
    """Cells between bars."""
    return all(line.count("|") >= 2 for line in lines)


def is_contents(lines: list[str]) -> bool:
    """Three lines and more, most of them a title with its page, or numbered titles."""
    if len(lines) < 3 or not any(_is_entry(lines[at]) for at in (-1, 1, len(lines) // 2)):
        return False
    return sum(map(_is_entry, lines)) >= 0.6 * len(lines)


def _is_entry(line: str) -> bool:
    bare = line.strip()
    if len(bare) > LONGEST_ENTRY:
        return False
    title = bare.rstrip("0123456789")
    if len(title) < len(bare):
        gap = title[len(title.rstrip(" .…·\t")) :]
        return "..." in gap.replace(" ", "") or "…" in gap or len(gap) > 2
    return bare[:1] in _TITLE_LETTERS and _NUMBERED_TITLE.match(bare) is not None


def is_verse(lines: list[str]) -> bool:
    """Short lines that the width of the page did not end.

    Wrapped prose breaks where the next word would not have fitted, and few of its lines begin with a capital letter.
    """
    lines = [line.strip() for line in lines]
    if len(lines) < 2 or max(map(len, lines)) > _WIDEST_VERSE:
        return False
    if sum(BULLET.match(line) is not None or line[0] in "—–-" for line in lines) * 2 > len(lines):
        return False
    widest = max(map(len, lines))
    capital = sum(_begins_capital(line) for line in lines)
    breaks = list(pairwise(lines))
    free = sum(len(one) + len(other.split(None, 1)[0]) + 1 < widest - _TAIL / 2 for one, other in breaks)
    if capital >= 0.8 * len(lines):
        return len(lines) > 2 or widest <= 50
    return len(lines) > 2 and free >= 0.6 * len(breaks) and widest <= 60


def _begins_capital(line: str) -> bool:
    bare = line.lstrip("\"'“‘«„—–-_ ([")
    return bare[:1].isupper() or not bare[:1].isalpha()
