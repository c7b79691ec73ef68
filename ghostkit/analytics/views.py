"""What people ask first, as views; each is documented like a table."""

from __future__ import annotations

from typing import Final

from ghostkit.analytics.schema import Column, Table

_BOOK = ("book", "VARCHAR", "the book's id")
_CHAPTER = ("chapter", "BIGINT", "number as displayed now; empty for the book's own texts")
_MODEL = ("model", "VARCHAR", "provider:model")
_DAY = ("day", "DATE", "in UTC")
_SPENT = (
    ("calls", "BIGINT", "requests that went out; answers from the cache are none"),
    ("input_tokens", "BIGINT", "tokens sent"),
    ("cached_tokens", "BIGINT", "of these: read from the vendor's prompt cache"),
    ("output_tokens", "BIGINT", "tokens received"),
    ("cost_usd", "DOUBLE", "known cost in US dollars"),
    ("unpriced", "BIGINT", "calls whose cost nobody knows"),
    ("in_doubt_usd", "DOUBLE", "the most that may come on top"),
)
_SUMS = (
    "count(*), CAST(sum(input_tokens) AS BIGINT), CAST(sum(cached_tokens) AS BIGINT), "
    "CAST(sum(output_tokens) AS BIGINT), coalesce(sum(cost_usd), 0), count(*) FILTER (WHERE NOT cost_known), "
    "sum(in_doubt_usd)"
)
_RATE = (
    ("lookups", "BIGINT", "looks into a cache"),
    ("hits", "BIGINT", "of these: answered"),
    ("hit_rate", "DOUBLE", "hits as a share of lookups"),
)
_RATES = "count(*), count(*) FILTER (WHERE hit), count(*) FILTER (WHERE hit) / count(*)"
_OVERLAP = (
    ("retrievals", "BIGINT", "searches"),
    ("hits", "BIGINT", "chunks found"),
    ("kept", "BIGINT", "chunks that went into a context"),
    ("measured", "BIGINT", "of the kept: those whose overlap with the prose was measured"),
    ("overlapping", "BIGINT", "of the measured: those that the prose overlaps with"),
    ("overlapping_share", "DOUBLE", "these as a share of measured; empty where nothing was measured"),
    ("ms", "DOUBLE", "milliseconds of a search, the median"),
)
_OVERLAPS = (
    "count(*), CAST(coalesce(sum(r.hits), 0) AS BIGINT), CAST(coalesce(sum(h.kept), 0) AS BIGINT), "
    "CAST(coalesce(sum(h.measured), 0) AS BIGINT), CAST(coalesce(sum(h.overlapping), 0) AS BIGINT), "
    "sum(h.overlapping) / nullif(sum(h.measured), 0), median(r.ms) FROM retrievals AS r LEFT JOIN ("
    "SELECT book, retrieval, count(*) FILTER (WHERE kept) AS kept, "
    "count(*) FILTER (WHERE kept AND overlapping IS NOT NULL) AS measured, "
    "count(*) FILTER (WHERE kept AND overlapping) AS overlapping "
    "FROM retrieval_hits GROUP BY ALL) AS h USING (book, retrieval)"
)


def _view(name: str, meaning: str, query: str, *columns: tuple[str, str, str]) -> Table:
    return Table(name, meaning, tuple(Column(*column) for column in (_BOOK, *columns)), query)


VIEWS: Final[tuple[Table, ...]] = (
    _view(
        "cache_by_kind", "Cache hit rate by cache and kind of text.",
        f"SELECT book, cache, kind, {_RATES} FROM cache_lookups GROUP BY ALL ORDER BY ALL",
        ("cache", "VARCHAR", "which cache"), ("kind", "VARCHAR", "kind of text"), *_RATE,
    ),
    _view(
        "cache_by_chapter", "Cache hit rate by chapter.",
        f"SELECT book, chapter, {_RATES} FROM cache_lookups GROUP BY ALL ORDER BY ALL",
        _CHAPTER, *_RATE,
    ),
    _view(
        "cost_by_model", "Tokens and cost by model.",
        f"SELECT book, model, {_SUMS} FROM costs GROUP BY ALL ORDER BY ALL",
        _MODEL, *_SPENT,
    ),
    _view(
        "cost_by_chapter", "Tokens and cost by chapter.",
        f"SELECT book, chapter, {_SUMS} FROM costs GROUP BY ALL ORDER BY ALL",
        _CHAPTER, *_SPENT,
    ),
    _view(
        "cost_by_day", "Tokens and cost by day.",
        f"SELECT book, day, {_SUMS} FROM costs GROUP BY ALL ORDER BY ALL",
        _DAY, *_SPENT,
    ),
    _view(
        "latency_by_model", "How long whole answers took: medians and slow ends, by model.",
        "SELECT book, model, count(*), quantile_cont(ms, 0.5), quantile_cont(ms, 0.9), quantile_cont(ms, 0.99), "
        "quantile_cont(first_token_ms, 0.5), quantile_cont(first_token_ms, 0.9), "
        "sum(output_tokens) / nullif(sum(ms) / 1000, 0) FROM generations "
        "WHERE ending IN ('complete', 'length') AND NOT cache_hit AND ms IS NOT NULL GROUP BY ALL ORDER BY ALL",
        _MODEL, ("calls", "BIGINT", "answers"), ("p50_ms", "DOUBLE", "half took at most so many milliseconds"),
        ("p90_ms", "DOUBLE", "nine in ten took at most so many"), ("p99_ms", "DOUBLE", "99 of 100 did"),
        ("first_token_p50_ms", "DOUBLE", "to the first piece of text: half"),
        ("first_token_p90_ms", "DOUBLE", "to the first piece of text: nine in ten"),
        ("tokens_per_second", "DOUBLE", "output tokens a second of waiting"),
    ),
    _view(
        "retrieval_by_chapter",
        "What was retrieved, and what the prose overlaps with, by the chapter it was retrieved for.",
        f"SELECT r.book, r.chapter, {_OVERLAPS} GROUP BY ALL ORDER BY ALL",
        _CHAPTER, *_OVERLAP,
    ),
    _view(
        "retrieval_by_config", "What was retrieved, and what the prose overlaps with, by the settings of retrieval.",
        f"SELECT r.book, r.config, {_OVERLAPS} GROUP BY ALL ORDER BY ALL",
        ("config", "VARCHAR", "id of the settings"), *_OVERLAP,
    ),
    _view(
        "retrieval_by_embedder", "What was retrieved, and what the prose overlaps with, by embedder.",
        f"SELECT r.book, r.embedder, {_OVERLAPS} GROUP BY ALL ORDER BY ALL",
        ("embedder", "VARCHAR", "key of the embedder; empty: by words alone"), *_OVERLAP,
    ),
    _view(
        "chunks_without_overlap", "Chunks that went into contexts most often without a trace in the prose.",
        "SELECT book, chunk, document, count(*), count(*) FILTER (WHERE overlapping) FROM retrieval_hits "
        "WHERE kept AND overlapping IS NOT NULL GROUP BY ALL HAVING count(*) > count(*) FILTER (WHERE overlapping) "
        "ORDER BY count(*) - count(*) FILTER (WHERE overlapping) DESC, chunk",
        ("chunk", "VARCHAR", "id of the chunk"), ("document", "VARCHAR", "section or source"),
        ("kept", "BIGINT", "contexts it was in"), ("overlapping", "BIGINT", "of these: texts that overlap with it"),
    ),
    _view(
        "retries_by_reason", "Failures that were tried again, by reason.",
        "SELECT book, reason, count(*), sum(delay_s) FROM retries GROUP BY ALL ORDER BY 3 DESC, 2",
        ("reason", "VARCHAR", "kind of failure"), ("retries", "BIGINT", "how many"),
        ("waited_s", "DOUBLE", "seconds waited in all"),
    ),
    _view(
        "money_in_doubt", "What may have been paid without an answer on record, by model and kind of text.",
        "SELECT book, model, kind, count(*), sum(in_doubt_usd) FROM costs WHERE in_doubt_usd > 0 "
        "GROUP BY ALL ORDER BY 5 DESC, 2, 3",
        _MODEL, ("kind", "VARCHAR", "kind of text"), ("calls", "BIGINT", "how many"),
        ("most_usd", "DOUBLE", "the most they can have cost"),
    ),
    _view(
        "endings", "How requests ended, by model.",
        "SELECT book, model, ending, count(*) FROM generations WHERE NOT cache_hit GROUP BY ALL ORDER BY ALL",
        _MODEL, ("ending", "VARCHAR", "complete, length, error …"), ("calls", "BIGINT", "how many"),
    ),
    _view(
        "words_by_day", "New texts of sections by day: every revision counts, proposals too.",
        "SELECT book, CAST(created_at AS DATE), origin, count(*), CAST(sum(words) AS BIGINT) FROM revisions "
        "WHERE kind = 'section' GROUP BY ALL ORDER BY ALL",
        _DAY, ("origin", "VARCHAR", "generated or human"), ("texts", "BIGINT", "revisions"),
        ("words", "BIGINT", "words in them"),
    ),
    _view(
        "quality_by_section", "The newest score of each section, by measure.",
        "SELECT m.book, s.place, s.title, m.name, arg_max(m.value, m.seq) FROM metrics AS m "
        "JOIN sections AS s ON s.book = m.book AND s.id = m.object "
        "GROUP BY m.book, s.chapter, s.section, s.place, s.title, m.name ORDER BY m.book, s.chapter, s.section, m.name",
        ("place", "VARCHAR", "chapter and section: 2.3"), ("title", "VARCHAR", "the section's title"),
        ("name", "VARCHAR", "name of the measure"), ("value", "DOUBLE", "the score"),
    ),
)  # fmt: skip
"""In the order of the documentation."""
