"""A typographic cover as SVG: the title, the author, and an ornament drawn from the book's identifier."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin

from ghostkit.export.colour import Palette, palette, seed
from ghostkit.export.language import writes_without_spaces
from ghostkit.export.markup import element, escape
from ghostkit.export.tree import Metadata
from ghostkit.export.typesetting import Setting, fit

WIDTH, HEIGHT = 1600, 2560
_MARGIN = 150
_MEASURE = WIDTH - 2 * _MARGIN
_TITLE_TOP, _TITLE_HEIGHT = 1310, 760
_SERIF = "Iowan Old Style, Palatino Linotype, Palatino, Book Antiqua, Georgia, Noto Serif, Noto Serif CJK SC, serif"
_SANS = "Avenir Next, Avenir, Optima, Gill Sans, Helvetica Neue, Noto Sans, Arial, sans-serif"


def cover_svg(meta: Metadata) -> str:
    """A complete SVG document of 1600 × 2560 units; refers to nothing outside itself."""
    colours = palette(meta.identifier)
    digest = seed(meta.identifier)
    parts = [
        element("title", escape(_spoken(meta))),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours.ground}"/>',
        _ORNAMENTS[digest[4] % len(_ORNAMENTS)](digest, colours),
        *_words(meta, colours),
    ]
    svg = element(
        "svg",
        "\n".join(["", *parts, ""]),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=str(WIDTH),
        height=str(HEIGHT),
        xml_lang=meta.language,
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg}\n'


def _spoken(meta: Metadata) -> str:
    return ", ".join([meta.title, *meta.authors])


def _words(meta: Metadata, colours: Palette) -> list[str]:
    spaced = not writes_without_spaces(meta.language)
    title = fit(
        meta.title,
        width=_MEASURE,
        height=_TITLE_HEIGHT,
        sizes=(220, 190, 164, 142, 122, 106, 92, 80, 70),
        leading=1.16,
        spaced=spaced,
    )
    below = _TITLE_TOP + round(len(title.lines) * title.size * 1.16)
    parts = [_lines(meta, title, _TITLE_TOP, 1.16, colours.ink, _SERIF)]
    if meta.subtitle:
        subtitle = fit(meta.subtitle, width=_MEASURE, height=150, sizes=(64, 56, 48), leading=1.3, spaced=spaced)
        parts.append(_lines(meta, subtitle, below + 40, 1.3, colours.accent, _SERIF))
    if meta.authors:
        author = fit(
            ", ".join(meta.authors), width=_MEASURE, height=150, sizes=(72, 60, 50), leading=1.25, spaced=spaced
        )
        top = HEIGHT - _MARGIN - round(len(author.lines) * author.size * 1.25)
        parts.append(_lines(meta, author, top, 1.25, colours.ink, _SANS))
    return parts


def _lines(meta: Metadata, setting: Setting, top: int, leading: float, fill: str, family: str) -> str:
    rtl = meta.direction == "rtl"
    first = top + round(setting.size * 0.86)
    step = round(setting.size * leading)
    return element(
        "text",
        "".join(
            element("tspan", escape(line), x=str(WIDTH - _MARGIN if rtl else _MARGIN), y=str(first + at * step))
            for at, line in enumerate(setting.lines)
        ),
        fill=fill,
        direction=meta.direction if rtl else "",
        **{"font-family": family, "font-size": str(setting.size)},
    )


def _sun(digest: bytes, colours: Palette) -> str:
    """A disc behind a horizon of lines that close up towards it."""
    radius = 330 + digest[5]
    across = _MARGIN + radius + digest[6] / 255 * (_MEASURE - 2 * radius)
    middle = 640
    parts = [f'<circle cx="{across:.0f}" cy="{middle}" r="{radius}" fill="{colours.accent}"/>']
    top, gap = middle + 40.0, 16.0
    while top < 1200:
        parts.append(f'<rect x="0" y="{top:.0f}" width="{WIDTH}" height="{gap * 0.62:.0f}" fill="{colours.ground}"/>')
        parts.append(f'<rect x="{_MARGIN}" y="{top:.0f}" width="{_MEASURE}" height="3" fill="{colours.shade}"/>')
        top, gap = top + gap * 1.9, gap * 1.22
    return "\n".join(parts)


def _orbits(digest: bytes, colours: Palette) -> str:
    """Circles about one centre, with a small body on some of them."""
    x, y = (_MARGIN, 250) if digest[5] % 2 else (WIDTH - _MARGIN, 250)
    parts = []
    for ring in range(9):
        radius = 150 + ring * 118
        stroke = f'fill="none" stroke="{colours.shade}" stroke-width="{4 + ring % 3 * 5}"'
        parts.append(f'<circle cx="{x}" cy="{y}" r="{radius}" {stroke}/>')
        if digest[6 + ring] % 2:
            angle = pi * (0.12 + digest[16 + ring] / 255 * 0.32)
            side = 1 if x < WIDTH / 2 else -1
            at_x, at_y = x + side * radius * cos(angle), y + radius * sin(angle)
            if at_y < 1180 and _MARGIN / 2 < at_x < WIDTH - _MARGIN / 2:
                size = 16 + digest[25] % 3 * 6 + ring * 2
                parts.append(f'<circle cx="{at_x:.0f}" cy="{at_y:.0f}" r="{size}" fill="{colours.accent}"/>')
    parts.append(f'<circle cx="{x}" cy="{y}" r="84" fill="{colours.accent}"/>')
    return "\n".join(parts)


def _tiles(digest: bytes, colours: Palette) -> str:
    """Quarter circles in a grid, each turned one of four ways."""
    side, parts = _MEASURE // 5, []
    for place in range(20):
        row, column = divmod(place, 5)
        x, y = _MARGIN + column * side, _MARGIN + row * side
        turn = digest[6 + place] % 4
        fill = colours.accent if digest[5 + place] % 5 == 0 else colours.shade
        start_x, start_y = x + side * (turn in (1, 2)), y + side * (turn in (2, 3))
        to_x, to_y = x + side * (turn in (0, 3)), y + side * (turn in (0, 1))
        parts.append(
            f'<path fill="{fill}" d="M{start_x} {start_y} L{to_x} {start_y} '
            f'A{side} {side} 0 0 {1 if turn % 2 == 0 else 0} {start_x} {to_y} Z"/>'
        )
    return "\n".join(parts)


def _ridges(digest: bytes, colours: Palette) -> str:
    """Hills behind hills under a small moon."""
    moon = f'<circle cx="{300 + digest[5] * 4}" cy="{300 + digest[6]}" r="92" fill="{colours.accent}"/>'
    parts = [moon]
    for layer in range(4):
        base = 700 + layer * 120
        points = [f"M0 1190 L0 {base}"]
        for step in range(9):
            rise = digest[8 + layer * 5 + step % 5] - 128
            x = step * WIDTH // 8
            points.append(f"S{x - 100} {base + rise} {x} {base + rise // 2}")
        opacity = ("0.35", "0.55", "0.78", "1")[layer]
        parts.append(f'<path fill="{colours.shade}" fill-opacity="{opacity}" d="{" ".join(points)} L{WIDTH} 1190 Z"/>')
    parts.append(f'<rect x="0" y="1184" width="{WIDTH}" height="6" fill="{colours.accent}"/>')
    return "\n".join(parts)


def _columns(digest: bytes, colours: Palette) -> str:
    """Upright bars of unequal height, like books on a shelf."""
    count = 13
    step = _MEASURE / count
    parts = []
    for bar in range(count):
        height = 260 + digest[6 + bar] * 2.9
        fill = colours.accent if bar == digest[5] % count else colours.shade
        parts.append(
            f'<rect x="{_MARGIN + bar * step:.0f}" y="{1170 - height:.0f}" width="{step * 0.82:.0f}" '
            f'height="{height:.0f}" fill="{fill}"/>'
        )
    parts.append(f'<rect x="{_MARGIN}" y="1182" width="{_MEASURE}" height="5" fill="{colours.ink}"/>')
    return "\n".join(parts)


_ORNAMENTS: tuple[Callable[[bytes, Palette], str], ...] = (_sun, _orbits, _tiles, _ridges, _columns)
