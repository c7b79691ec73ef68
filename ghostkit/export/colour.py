"""A book's two colours and its ornament's seed, from its identifier: the same book always looks the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import cos, pi, sin


@dataclass(frozen=True, kw_only=True)
class Palette:
    """`#rrggbb` colours; `ink` on `ground` and `accent` on `ground` have the contrast WCAG asks of text."""

    ground: str
    ink: str
    accent: str
    shade: str


def seed(identifier: str) -> bytes:
    """32 bytes that follow from `identifier` alone."""
    return hashlib.sha256(identifier.encode()).digest()


def palette(identifier: str) -> Palette:
    """Deep ground with pale ink, or pale ground with deep ink; the accent stands across the colour wheel."""
    digest = seed(identifier)
    hue = int.from_bytes(digest[:2], "big") / 65536 * 2 * pi
    across = hue + pi * (0.75 + digest[2] / 255 * 0.5)
    if digest[3] % 3:
        return Palette(
            ground=_hex(0.27, 0.065, hue),
            ink=_hex(0.96, 0.015, across),
            accent=_hex(0.80, 0.105, across),
            shade=_hex(0.34, 0.075, hue),
        )
    return Palette(
        ground=_hex(0.945, 0.022, hue),
        ink=_hex(0.26, 0.05, hue),
        accent=_hex(0.47, 0.12, across),
        shade=_hex(0.89, 0.035, hue),
    )


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two `#rrggbb` colours, 1 to 21.

    Source: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """OKLCH to sRGB; colours outside the gamut are clipped.

    Source: https://bottosson.github.io/posts/oklab/
    """
    a, b = chroma * cos(hue), chroma * sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(channel)):02x}" for channel in linear)


def _gamma(channel: float) -> float:
    channel = min(max(channel, 0.0), 1.0)
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
