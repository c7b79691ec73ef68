"""The tables that follow from events, each as one statement over the events since a number.

Event data is whatever was recorded, by whatever version: every value is cast so that a wrong one reads as empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

_PLACE = "LEFT JOIN kept.places AS p ON p.book = e.book AND p.object = {object}"
_SINCE = "e.book = $book AND e.seq > $after AND e.type"


def _text(path: str) -> str:
    return f"coalesce(e.data->>'$.{path}', '')"


def _number(path: str, kind: str = "BIGINT", of: str = "e.data") -> str:
    return f"TRY_CAST({of}->>'$.{path}' AS {kind})"


_OBJECT, _KIND = f"split_part({_text('slot')}, '/', 1)", f"split_part({_text('slot')}, '/', 2)"
_IN_PLACE = _PLACE.format(object=_OBJECT)

_LOOKUPS = f"""
INSERT INTO cache_lookups SELECT e.book, e.seq, e.recorded_at, {_text("kind")}, e.type = 'cache_hit', {_text("key")},
  {_OBJECT}, {_KIND}, p.chapter, p.section, {_text("attempt")}, e.run_id
FROM events AS e {_IN_PLACE} WHERE {_SINCE} IN ('cache_hit', 'cache_miss')"""

_RETRIES = f"""
INSERT INTO retries SELECT e.book, e.seq, e.recorded_at, {_text("slot")}, {_OBJECT}, {_KIND}, p.chapter, p.section,
  {_number("attempt")}, {_text("reason")}, {_number("delay_s", "DOUBLE")}, {_text("model")}, e.run_id
FROM events AS e {_IN_PLACE} WHERE {_SINCE} = 'generation_retry'"""

_METRICS = f"""
INSERT INTO metrics SELECT e.book, e.seq, e.recorded_at, {_text("section")}, p.chapter, p.section, {_text("attempt")},
  m.key, TRY_CAST(m.value AS DOUBLE), e.run_id
FROM (SELECT *, unnest(map_entries(TRY_CAST(data->'$.measures' AS MAP(VARCHAR, VARCHAR)))) AS m FROM events AS e
  WHERE {_SINCE} = 'section_completed') AS e {_PLACE.format(object=_text("section"))}"""

_ID = "coalesce(nullif(e.data->>'$.retrieval', ''), 'event-' || e.seq)"
_HITS = "CASE WHEN json_type(e.data, '$.hits') = 'ARRAY' THEN CAST(e.data->'$.hits' AS JSON[]) END"
_RETRIEVALS = f"""
INSERT INTO retrievals SELECT e.book, e.seq, e.recorded_at, {_ID}, {_text("slot")}, {_OBJECT}, {_KIND},
  p.chapter, p.section, {_text("query")}, {_text("config")}, e.data->'$.settings', {_text("embedder")},
  {_number("as_of[0]")}, {_number("as_of[1]")},
  coalesce(len({_HITS}), {_number("hits")}, 0),
  coalesce(len(list_filter({_HITS}, lambda hit: hit->>'$.kept' = 'true')), 0), NULL,
  coalesce({_number("ms.total", "DOUBLE")}, {_number("ms", "DOUBLE")}), e.data->'$.ms',
  coalesce({_number("cache_hit", "BOOLEAN")}, false),
  {_number("shares.core")}, {_number("shares.retrieved")}, {_number("shares.summaries")}, {_number("shares.budget")},
  '', e.run_id
FROM events AS e {_IN_PLACE} WHERE {_SINCE} = 'rag_retrieval_completed'"""

_VECTOR_LOOKUPS = f"""
INSERT INTO cache_lookups SELECT e.book, e.seq, e.recorded_at, 'query_vectors', {_number("cache_hit", "BOOLEAN")}, '',
  {_OBJECT}, {_KIND}, p.chapter, p.section, '', e.run_id
FROM events AS e {_IN_PLACE} WHERE {_SINCE} = 'rag_retrieval_completed'
  AND {_text("embedder")} != '' AND {_number("cache_hit", "BOOLEAN")} IS NOT NULL"""


def _of_hit(path: str, kind: str = "BIGINT") -> str:
    return _number(path, kind, "e.hit")


_RETRIEVAL_HITS = f"""
INSERT INTO retrieval_hits SELECT e.book, e.id, coalesce({_of_hit("rank")}, e.nth), coalesce(e.hit->>'$.chunk', ''),
  coalesce(e.hit->>'$.document', ''), {_of_hit("chapter")}, {_of_hit("section")}, {_of_hit("start")}, {_of_hit("end")},
  {_of_hit("score", "DOUBLE")}, e.hit->'$.parts', {_of_hit("tokens")},
  coalesce({_of_hit("kept", "BOOLEAN")}, false), coalesce(e.hit->>'$.why', ''), NULL, NULL, ''
FROM (SELECT e.book, {_ID} AS id, unnest({_HITS}) AS hit, generate_subscripts({_HITS}, 1) AS nth FROM events AS e
  WHERE {_SINCE} = 'rag_retrieval_completed') AS e"""

# A section's text is held against what was last retrieved for it before the text was finished.
_USE = f"""
CREATE OR REPLACE TEMP TABLE use_of_chunks AS
SELECT e.book, r.retrieval, e.u.key AS chunk, TRY_CAST(e.u.value->>'$.used' AS BOOLEAN) AS used,
  TRY_CAST(e.u.value->>'$.score' AS DOUBLE) AS score, coalesce(e.u.value->>'$.how', '') AS how, e.seq,
  {_text("attempt")} AS attempt
FROM (SELECT *, data->>'$.section' AS object, unnest(map_entries(TRY_CAST(data->'$.used' AS MAP(VARCHAR, JSON)))) AS u
  FROM events AS e WHERE {_SINCE} = 'section_completed') AS e
ASOF JOIN (SELECT book, object, seq, retrieval FROM retrievals WHERE book = $book AND kind = 'section') AS r
  ON r.book = e.book AND r.object = e.object AND r.seq < e.seq
QUALIFY row_number() OVER (PARTITION BY r.retrieval, e.u.key ORDER BY e.seq DESC) = 1"""
_USE_OF_HITS = """
UPDATE retrieval_hits AS h SET used = u.used, use_score = u.score, use_how = u.how FROM use_of_chunks AS u
WHERE h.book = u.book AND h.retrieval = u.retrieval AND h.chunk = u.chunk"""
_USE_OF_RETRIEVALS = """
UPDATE retrievals AS r SET used = u.used, attempt = u.attempt FROM (
  SELECT h.book, h.retrieval, count(*) FILTER (WHERE h.kept AND h.used) AS used, any_value(t.attempt) AS attempt
  FROM retrieval_hits AS h JOIN (
    SELECT book, retrieval, arg_max(attempt, seq) AS attempt FROM use_of_chunks GROUP BY ALL) AS t
  USING (book, retrieval) GROUP BY ALL
) AS u WHERE r.book = u.book AND r.retrieval = u.retrieval"""

# Requests for vectors are told by several events each: their rows are made anew from all of them.
_VECTOR_ID = "coalesce(e.data->>'$.embedding', e.data->>'$.id', '')"
_VECTOR_TYPES = "('embedding_started', 'embedding_completed', 'embedding_failed')"
_TOUCHED = f"SELECT {_VECTOR_ID} FROM events AS e WHERE {_SINCE} IN {_VECTOR_TYPES}"
_FORGET_EMBEDDINGS = f"DELETE FROM embeddings WHERE book = $book AND id IN ({_TOUCHED})"


def _last(value: str) -> str:
    return f"last({value} ORDER BY e.seq) FILTER (WHERE {value} IS NOT NULL)"


_KNOWN = f"coalesce({_last(_number('cost_known', 'BOOLEAN'))}, {_last(_number('cost_usd', 'DOUBLE'))} IS NOT NULL)"
_ENDED = "bool_or(e.type != 'embedding_started')"
_EMBEDDINGS = f"""
INSERT INTO embeddings SELECT e.book, {_VECTOR_ID} AS id, min(e.recorded_at),
  coalesce(split_part({_last("e.data->>'$.model'")}, ':', 1), ''), coalesce({_last("e.data->>'$.model'")}, ''),
  coalesce({_last("e.data->>'$.role'")}, ''), {_last(_number("texts"))}, {_last(_number("characters"))},
  {_last("coalesce(TRY_CAST(e.data->>'$.tokens' AS BIGINT), TRY_CAST(e.data->>'$.input_tokens' AS BIGINT))")},
  {_last(_number("ms", "DOUBLE"))},
  CASE WHEN NOT {_ENDED} THEN 0.0 WHEN {_KNOWN} THEN coalesce({_last(_number("cost_usd", "DOUBLE"))}, 0.0) END,
  CASE WHEN {_ENDED} THEN {_KNOWN} ELSE true END,
  CASE WHEN {_ENDED} THEN 0.0 ELSE coalesce({_last(_number("most_usd", "DOUBLE"))}, 0.0) END,
  CASE WHEN bool_or(e.type = 'embedding_completed') THEN 'complete'
       WHEN bool_or(e.type = 'embedding_failed') THEN 'error' ELSE 'open' END,
  coalesce({_last("e.data->>'$.reason'")}, ''), any_value(e.run_id)
FROM events AS e WHERE e.book = $book AND e.type IN {_VECTOR_TYPES} AND {_VECTOR_ID} IN ({_TOUCHED})
GROUP BY e.book, {_VECTOR_ID}"""

_FOLLOWS: Final[tuple[tuple[frozenset[str], tuple[str, ...]], ...]] = (
    (frozenset({"cache_hit", "cache_miss"}), (_LOOKUPS,)),
    (frozenset({"generation_retry"}), (_RETRIES,)),
    (frozenset({"rag_retrieval_completed"}), (_RETRIEVALS, _RETRIEVAL_HITS, _VECTOR_LOOKUPS)),
    (frozenset({"section_completed"}), (_METRICS, _USE, _USE_OF_HITS, _USE_OF_RETRIEVALS)),
    (
        frozenset({"embedding_started", "embedding_completed", "embedding_failed"}),
        (_FORGET_EMBEDDINGS, _EMBEDDINGS),
    ),
)
"""Types of events, and what to run where one of them is new; in order."""


def derive(cursor: duckdb.DuckDBPyConnection, book: str, after: int, types: set[str]) -> None:
    """Fill the tables that follow from the book's events after the number `after`, of which the types are given."""
    for wanted, statements in _FOLLOWS:
        if wanted & types:
            for statement in statements:
                names = {"book": book, "after": after} if "$after" in statement else {}
                cursor.execute(statement, names)
