"""What the page shows: each part's tables as queries, and what to draw of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ghostkit.analytics.connecting import Analytics


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Bars of `y` over `x`; `series` are further columns drawn beside `y` in their own colour. `unit`: of `y`."""

    x: str
    y: tuple[str, ...]
    unit: str
    across: bool = False
    """Lying bars, for names that are long."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A chapter of the page; `empty` is said where no piece has a row."""

    @dataclass(frozen=True, kw_only=True)
    class Piece:
        title: str
        query: str
        picture: Picture | None = None

    title: str
    meaning: str
    pieces: tuple[Piece, ...]
    empty: str


_Piece = Part.Piece
_SPENT: Final = (
    'calls, input_tokens AS "tokens in", cached_tokens AS "of these cached", output_tokens AS "tokens out", '
    'round(cost_usd, 4) AS "cost, $", unpriced AS "calls of unknown cost", round(in_doubt_usd, 4) AS "in doubt, $"'
)
_USE: Final = (
    'retrievals AS "searches", hits AS found, kept, measured, overlapping, '
    'round(100 * overlapping_share, 1) AS "overlapping, %", '
    'round(ms, 1) AS "median ms"'
)
_CHAPTER: Final = "coalesce(CAST(chapter AS VARCHAR), 'book') AS chapter"

PARTS: Final[tuple[Part, ...]] = (
    Part(
        title="Cost and tokens",
        meaning="Requests that went out. Answers from ghostkit's own cache cost nothing and are not among them.",
        pieces=(
            _Piece(
                title="By chapter",
                query=f"SELECT {_CHAPTER}, {_SPENT} FROM cost_by_chapter ORDER BY cost_by_chapter.chapter NULLS FIRST",
                picture=Picture(x="chapter", y=("cost, $",), unit="cost in $"),
            ),
            _Piece(
                title="By model",
                query=f"SELECT model, {_SPENT} FROM cost_by_model",
                picture=Picture(x="model", y=("tokens in", "tokens out"), unit="tokens", across=True),
            ),
            _Piece(
                title="By day",
                query=f"SELECT CAST(day AS VARCHAR) AS day, {_SPENT} FROM cost_by_day ORDER BY 1",
                picture=Picture(x="day", y=("tokens in", "tokens out"), unit="tokens"),
            ),
        ),
        empty="Nothing was asked of a model yet.",
    ),
    Part(
        title="Waiting",
        meaning="Milliseconds of whole answers: half of them took at most the median.",
        pieces=(
            _Piece(
                title="By model",
                query='SELECT model, calls, round(p50_ms) AS "median", round(p90_ms) AS "90 %", round(p99_ms) AS '
                '"99 %", round(first_token_p50_ms) AS "first text, median", '
                'round(tokens_per_second, 1) AS "tokens a second" FROM latency_by_model',
                picture=Picture(x="model", y=("median", "90 %", "99 %"), unit="milliseconds", across=True),
            ),
        ),
        empty="No answer has been timed yet.",
    ),
    Part(
        title="Cache",
        meaning="How often an answer was there already.",
        pieces=(
            _Piece(
                title="By kind of text",
                query="SELECT kind || ' (' || cache || ')' AS kind, lookups, hits, "
                'round(100 * hit_rate, 1) AS "hit rate, %" FROM cache_by_kind',
                picture=Picture(x="kind", y=("hit rate, %",), unit="hit rate in %", across=True),
            ),
            _Piece(
                title="By chapter",
                query=f'SELECT {_CHAPTER}, lookups, hits, round(100 * hit_rate, 1) AS "hit rate, %" '
                "FROM cache_by_chapter ORDER BY cache_by_chapter.chapter NULLS FIRST",
            ),
        ),
        empty="No cache was asked.",
    ),
    Part(
        title="Retrieval",
        meaning="What was found for each text, what of it had room, and what of that the prose overlaps with: a "
        "computed measure, which misses free paraphrases.",
        pieces=(
            _Piece(
                title="By chapter",
                query=f"SELECT {_CHAPTER}, {_USE} FROM retrieval_by_chapter "
                "ORDER BY retrieval_by_chapter.chapter NULLS FIRST",
                picture=Picture(x="chapter", y=("found", "kept", "overlapping"), unit="chunks"),
            ),
            _Piece(title="By settings", query=f"SELECT config AS settings, {_USE} FROM retrieval_by_config"),
            _Piece(title="By embedder", query=f"SELECT embedder, {_USE} FROM retrieval_by_embedder"),
        ),
        empty="Nothing was retrieved.",
    ),
    Part(
        title="Trouble",
        meaning="Failures that were tried again, how requests ended, and money that may be gone without an answer.",
        pieces=(
            _Piece(
                title="Retries",
                query='SELECT reason, retries, round(waited_s, 1) AS "seconds waited" FROM retries_by_reason',
                picture=Picture(x="reason", y=("retries",), unit="retries", across=True),
            ),
            _Piece(
                title="In doubt",
                query='SELECT model, kind, calls, round(most_usd, 4) AS "at most, $" FROM money_in_doubt',
            ),
            _Piece(title="Endings", query="SELECT model, ending, calls FROM endings"),
        ),
        empty="None.",
    ),
    Part(
        title="Sections",
        meaning="The book as it stands, with the scores of its sections.",
        pieces=(
            _Piece(
                title="Words and scores",
                query="SELECT s.place, s.title, s.words, s.revisions, s.origin, s.model, q.scores FROM sections AS s "
                "LEFT JOIN (SELECT place, string_agg(name || ' ' || round(value, 2), ', ' ORDER BY name) AS scores "
                "FROM quality_by_section GROUP BY place) AS q USING (place) ORDER BY s.chapter, s.section",
                picture=Picture(x="place", y=("words",), unit="words"),
            ),
        ),
        empty="There is no outline yet.",
    ),
)


def key_figures(analytics: Analytics) -> list[tuple[str, str]]:
    """(name, figure) of what people look for first."""
    words, written, sections = _row(analytics, "SELECT sum(words), sum(written), sum(sections) FROM books")
    calls, cost, unpriced, doubt = _row(
        analytics,
        "SELECT count(*), coalesce(sum(cost_usd), 0), count(*) FILTER (WHERE NOT cost_known), "
        "coalesce(sum(in_doubt_usd), 0) FROM costs",
    )
    looked, rate = _row(analytics, "SELECT count(*), avg(CAST(hit AS INTEGER)) FROM cache_lookups")
    (median,) = _row(
        analytics,
        "SELECT median(ms) FROM generations WHERE ending IN ('complete', 'length') AND NOT cache_hit",
    )
    measured, overlapping = _row(
        analytics,
        "SELECT count(*), avg(CAST(overlapping AS INTEGER)) FROM retrieval_hits WHERE kept AND overlapping IS NOT NULL",
    )
    (retries,) = _row(analytics, "SELECT count(*) FROM retries")
    return [
        ("words", f"{words or 0:,}"),
        ("sections written", f"{written or 0:,} of {sections or 0:,}"),
        ("calls", f"{calls:,}"),
        ("cost", f"${cost:,.4f}" + (f" and {unpriced:,} of unknown cost" if unpriced else "")),
        ("in doubt", f"${doubt:,.4f}"),
        ("median wait", "–" if median is None else f"{median:,.0f} ms"),
        ("served by the cache", "–" if not looked else f"{rate:.0%}"),
        ("of what was retrieved, overlapping", "–" if not measured else f"{overlapping:.0%}"),
        ("retries", f"{retries:,}"),
    ]


def _row(analytics: Analytics, query: str) -> tuple[Any, ...]:
    return analytics.frame(query).row(0)
