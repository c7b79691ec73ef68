"""Set a title in lines: how wide signs are about, where a line may break, and the largest size that fits.

No font is at hand when a cover is made, so widths are estimates, taken a little wide on purpose.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf

ELLIPSIS = "…"
# Signs that must not begin or end a line; after JIS X 4051's kinsoku classes, cut down to what titles hold.
_NOT_FIRST = frozenset(
    "、。，．・：；？！ー々ゝゞヽヾ」』）〉》】〕”’…‥,.:;?!)]}»%‰ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
)
_NOT_LAST = frozenset("「『（〈《【〔“‘([{«¿¡")
_CLAUSE_ENDS = frozenset("、。，；：！？;:!?—")
_LONGEST = 1000  # no cover holds more signs
_NARROW = frozenset("iljftrI.,:;!|'‘’()[]{}/-’“”\"іїļłſ")
_BROAD = frozenset("mwMWЖШЩЮжшщюфФЫы@%—…")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Lines of text and the size, in pixels, they are set in."""

    lines: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class _Unit:
    """What stays together on a line; `gap` is the width of the space before it when it doesn't begin one."""

    text: str
    width: float
    gap: float


def fit(
    text: str, *, width: float, height: float, sizes: Sequence[int], leading: float, spaced: bool = True
) -> Setting:
    """`text` in the largest of `sizes` (descending) at which it fits `width` × `height`, its lines balanced.

    A size that keeps words whole goes before a larger one that breaks them. What fits at no size is cut at the
    smallest, with an ellipsis. `spaced` False allows a break between any two signs.
    """
    text = text[:_LONGEST]
    for keep_words in (True, False):
        for size in sizes:
            em, most = width / size, _most_lines(height, size, leading)
            units, broken = _units(text, em, spaced)
            count = _count_lines(units, em)
            if count <= most and not (keep_words and broken):
                return Setting(lines=_balanced(units, em, count), size=size)
    size = sizes[-1]
    units, _ = _units(text, width / size, spaced)
    return Setting(lines=_cut(units, width / size, _most_lines(height, size, leading)), size=size)


def _most_lines(height: float, size: int, leading: float) -> int:
    return max(1, int(height / (size * leading)))


def text_width(text: str) -> float:
    """The estimated width of `text` in ems."""
    return sum(map(_sign_width, text))


def clusters(text: str) -> list[str]:
    """`text` in user-perceived characters, near enough: combining signs and joined emoji stay whole."""
    found: list[str] = []
    for sign in text:
        if found and (_attaches(sign) or found[-1].endswith("\u200d") or _pairs(found[-1], sign)):
            found[-1] += sign
        else:
            found.append(sign)
    return found


def _attaches(sign: str) -> bool:
    return unicodedata.category(sign) in ("Mn", "Me", "Mc", "Cf") or "\U0001f3fb" <= sign <= "\U0001f3ff"


def _pairs(before: str, sign: str) -> bool:
    """Two regional indicators make one flag."""
    return len(before) == 1 and all("\U0001f1e6" <= c <= "\U0001f1ff" for c in (before, sign))


@cache
def _sign_width(sign: str) -> float:
    category = unicodedata.category(sign)
    if category in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(sign) in ("W", "F"):
        return 1.05
    for width, holds in ((0.36, sign in _NARROW), (0.98, sign in _BROAD), (0.34, sign.isspace())):
        if holds:
            return width
    return 0.78 if category == "Lu" else 0.62


def _units(text: str, em: float, spaced: bool) -> tuple[list[_Unit], bool]:
    """The units of `text`, and whether a word that should stay whole had to be broken for lines of `em`."""
    units: list[_Unit] = []
    broken = False
    for word in text.split():
        free = _breaks_anywhere(word, spaced)
        whole = not free and text_width(word) <= em
        broken = broken or not (free or whole)
        gap = _sign_width(" ")
        for piece in [word] if whole else _pieces(word, em):
            units.append(_Unit(piece, text_width(piece), gap))
            gap = 0.0
    return units, broken


def _breaks_anywhere(word: str, spaced: bool) -> bool:
    """Han and kana break between any two signs; Hangul keeps its words where the language has spaces."""
    wide = any(unicodedata.east_asian_width(sign) in ("W", "F") and sign.isalpha() for sign in word)
    return wide and not (spaced and any("\uac00" <= sign <= "\ud7a3" for sign in word))


def _pieces(word: str, em: float) -> list[str]:
    """`word` in pieces, each of which may stand at a line's start and end."""
    pieces: list[str] = []
    for cluster in clusters(word):
        joined = pieces and (cluster[0] in _NOT_FIRST or pieces[-1][-1] in _NOT_LAST)
        if joined and text_width(pieces[-1] + cluster) <= em:
            pieces[-1] += cluster
        else:
            pieces.append(cluster)
    return pieces


def _line_width(units: Sequence[_Unit]) -> float:
    return sum(unit.width + unit.gap for unit in units) - (units[0].gap if units else 0.0)


def _count_lines(units: list[_Unit], em: float) -> int:
    count, used = 1, 0.0
    for unit in units:
        if used and used + unit.gap + unit.width > em:
            count, used = count + 1, 0.0
        used += unit.width + (unit.gap if used else 0.0)
    return count


def _balanced(units: list[_Unit], em: float, count: int) -> tuple[str, ...]:
    """The `count` lines whose lengths differ least: dynamic programming over the squares of the space left."""
    best: list[list[tuple[float, int]]] = [[(inf, 0)] * (len(units) + 1) for _ in range(count + 1)]
    best[0][0] = (0.0, 0)
    for line in range(1, count + 1):
        for end in range(1, len(units) + 1):
            for start in range(end - 1, -1, -1):
                width = _line_width(units[start:end])
                if width > em and start < end - 1:
                    break
                cost = best[line - 1][start][0] + _raggedness(units[end - 1], em - width, last=end == len(units))
                if cost < best[line][end][0]:
                    best[line][end] = (cost, start)
    lines: list[str] = []
    end = len(units)
    for line in range(count, 0, -1):
        start = best[line][end][1]
        lines.insert(0, _text(units[start:end]))
        end = start
    return tuple(lines)


def _raggedness(unit: _Unit, left: float, *, last: bool) -> float:
    """What a line costs that ends with `unit` and leaves `left` ems; one that ends a clause costs less."""
    return left**2 * (0.55 if not last and unit.text[-1] in _CLAUSE_ENDS else 1.0)


def _cut(units: list[_Unit], em: float, most: int) -> tuple[str, ...]:
    lines: list[list[_Unit]] = [[]]
    for unit in units:
        room = em - (text_width(ELLIPSIS) if len(lines) == most else 0.0)
        if lines[-1] and _line_width([*lines[-1], unit]) > room:
            if len(lines) == most:
                break
            lines.append([])
        lines[-1].append(unit)
    return (*map(_text, lines[:-1]), _text(lines[-1]) + ELLIPSIS)


def _text(units: Sequence[_Unit]) -> str:
    return "".join((" " if unit.gap and at else "") + unit.text for at, unit in enumerate(units))
