"""Bars as SVG, by altair and vl-convert; their colours follow the page's, light or dark."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from ghostkit.analytics.report.figures import Picture

if TYPE_CHECKING:
    import polars

SERIES: Final = ("#3b7dd8", "#e08a2e", "#3aa57a")
"""Readable on light and on dark."""
_INK, _LINES = "#010203", "#040506"
"""Stand for the page's own colours until the picture is drawn."""
_MOST_BARS: Final = 400
_WIDTH, _HEIGHT, _STEP = 640, 220, 26


def available() -> bool:
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def draw(picture: Picture, frame: polars.DataFrame) -> str:
    """The SVG element; empty where there is nothing to see (no row, no figure above 0, or too many bars)."""
    rows = _rows(picture, frame)
    if not any(row["value"] for row in rows) or len(rows) > _MOST_BARS:
        return ""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(_chart(picture, rows).to_dict(), allowed_base_urls=[])
    return _embedded(svg)


def _rows(picture: Picture, frame: polars.DataFrame) -> list[dict[str, Any]]:
    return [
        {"x": _short(str(row[picture.x])), "order": number, "value": float(row[name] or 0), "what": name}
        for number, row in enumerate(frame.iter_rows(named=True))
        for name in picture.y
    ]


def _short(text: str) -> str:
    """A label: a control character in it is no XML, and would end the process that draws."""
    text = "".join(character for character in text if character.isprintable())
    return text if len(text) <= 40 else text[:39] + "…"


def _chart(picture: Picture, rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    names = alt.EncodingSortField(field="order", op="min")
    several = len(picture.y) > 1
    x: Any = alt.X("x:N", sort=names, title=picture.x, axis=alt.Axis(labelAngle=0, labelOverlap="greedy"))
    whole = alt.Axis(tickMinStep=1) if all(row["value"].is_integer() for row in rows) else alt.Axis()
    y: Any = alt.Y("value:Q", title=picture.unit, axis=whole)
    if picture.across:
        x = alt.Y("x:N", sort=names, title=None, axis=alt.Axis(labelLimit=220))
        y = alt.X("value:Q", title=picture.unit, axis=whole)
    offset = (alt.YOffset if picture.across else alt.XOffset)("what:N", sort=list(picture.y), title=None)
    scale = alt.Scale(domain=list(picture.y), range=list(SERIES[: len(picture.y)]))
    legend = alt.Legend(orient="top", title=None) if several else None
    colour = alt.Color("what:N", scale=scale, sort=list(picture.y), legend=legend)
    encoded = {"y" if picture.across else "x": x, "x" if picture.across else "y": y, "color": colour}
    if several:
        encoded["yOffset" if picture.across else "xOffset"] = offset
    bars = len({row["x"] for row in rows}) * len(picture.y)
    height = max(60, bars * (_STEP if not several else 14)) if picture.across else _HEIGHT
    width = _WIDTH if picture.across else min(_WIDTH, max(160, 56 * bars))
    chart = alt.Chart(alt.InlineData(values=rows)).mark_bar(cornerRadiusEnd=2).encode(**encoded)
    return chart.properties(width=width, height=height, background="transparent").configure(
        font="system-ui, sans-serif",
        axis=alt.AxisConfig(
            labelColor=_INK, titleColor=_INK, tickColor=_LINES, domainColor=_LINES, gridColor=_LINES, labelFontSize=12,
            titleFontSize=12, titleFontWeight="normal",
        ),
        legend=alt.LegendConfig(labelColor=_INK, labelFontSize=12),
        view=alt.ViewConfig(stroke=None),
    )  # fmt: skip


def _embedded(svg: str) -> str:
    """As a part of a page: in its colours, as wide as there is room, and no one's id twice."""
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor").replace(_LINES, "var(--line)")
    svg = re.sub(r' id="[^"]*"', "", svg)
    return re.sub(r"<svg ([^>]*?)>", r'<svg role="img" \1>', svg, count=1)
