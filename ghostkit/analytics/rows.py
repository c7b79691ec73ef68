"""How rows of a ledger become rows of the projection: what is staged, and the statements that take it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ghostkit.ledger.streamed import ATTEMPT_COLUMNS, EVENT_COLUMNS, REVISION_COLUMNS, RUN_COLUMNS

_REALS: Final = frozenset({
    "at", "started_at", "ended_at", "created_at", "cost_ceiling_usd", "cost_usd", "first_token_s", "total_s", "before",
})  # fmt: skip
_WHOLE: Final = frozenset({
    "seq", "id", "variant", "number", "cost_known", "input_tokens", "output_tokens", "cached_tokens",
    "cache_write_tokens", "reasoning_tokens", "base", "purged", "words", "characters", "chapter", "section",
})  # fmt: skip


def _schema(*names: str, **others: str) -> Mapping[str, str]:
    types = {name: "Float64" if name in _REALS else "Int64" if name in _WHOLE else "String" for name in names}
    return {**types, **others}


EVENTS: Final = _schema(*EVENT_COLUMNS)
ATTEMPTS: Final = _schema(*ATTEMPT_COLUMNS)
REVISIONS: Final = _schema(*REVISION_COLUMNS, "words", "characters")
RUNS: Final = _schema(*RUN_COLUMNS, id="String")
PLACES: Final = _schema("object", "chapter", "section")
OUTLINE: Final = _schema("id", "chapter", "section", "place", "title", "chapter_title", id="String", locked="Boolean")
STANDING: Final = _schema("id", "state", "source")
NUMBERS: Final = _schema("id")

INSERT_EVENTS: Final = """
INSERT INTO events SELECT $book, seq, type, to_timestamp("at"), source, run_id, actor, version,
  coalesce(TRY_CAST(data AS JSON), to_json(data)) FROM staged ORDER BY seq"""

FORGET_ATTEMPTS: Final = "DELETE FROM generations WHERE book = $book AND attempt IN (SELECT uid FROM staged)"
INSERT_ATTEMPTS: Final = """
INSERT INTO generations
SELECT $book, s.uid, s.number, s.object, s.kind, s.variant, p.chapter, p.section, split_part(s.model, ':', 1), s.model,
  s.template, s.fingerprint, s.run_id, s.actor, s.version, to_timestamp(s.started_at), s.state,
  s.input_tokens, s.output_tokens, s.cached_tokens, s.cache_write_tokens, s.reasoning_tokens, s.usage_source,
  s.total_s * 1000, s.first_token_s * 1000,
  CASE WHEN s.state IN ('open', 'in_doubt') THEN 0 WHEN s.cost_known THEN s.cost_usd END, s.cost_known != 0,
  CASE s.state WHEN 'open' THEN s.cost_ceiling_usd WHEN 'in_doubt' THEN s.cost_usd ELSE 0 END,
  c.attempt IS NOT NULL,
  CASE WHEN t.recorded_at >= coalesce(to_timestamp(s.before), t.recorded_at) THEN t.attempt - 1 ELSE 0 END,
  coalesce(r.retrieval, ''), coalesce(r.config, ''), s.request_id, s.error
FROM (SELECT *, to_timestamp(started_at) AS start, object || '/' || kind || '/' || variant AS slot FROM staged) AS s
LEFT JOIN kept.places AS p ON p.book = $book AND p.object = s.object
LEFT JOIN (SELECT DISTINCT attempt FROM cache_lookups WHERE book = $book AND hit AND attempt != '') AS c
  ON c.attempt = s.uid
ASOF LEFT JOIN (SELECT slot, run_id, recorded_at, retrieval, config FROM retrievals WHERE book = $book) AS r
  ON r.slot = s.slot AND r.run_id = s.run_id AND r.recorded_at <= s.start
ASOF LEFT JOIN (SELECT slot, run_id, recorded_at, attempt FROM retries WHERE book = $book) AS t
  ON t.slot = s.slot AND t.run_id = s.run_id AND t.recorded_at <= s.start
ORDER BY s.id"""

INSERT_REVISIONS: Final = """
INSERT INTO revisions
SELECT $book, s.id, s.object, s.kind, p.chapter, p.section, 'earlier', s.base, s.origin, s.author, '',
  coalesce(s.attempt, ''), coalesce(s.model, ''), s.run_id, to_timestamp(s.created_at), s.words, s.characters, s.text,
  s.hash, s.purged != 0
FROM staged AS s LEFT JOIN kept.places AS p ON p.book = $book AND p.object = s.object ORDER BY s.id"""

STAND: Final = """
UPDATE revisions AS r SET state = n.state, source = n.source
FROM (SELECT o.id, coalesce(s.state, 'earlier') AS state, coalesce(s.source, '') AS source
      FROM revisions AS o LEFT JOIN staged AS s ON s.id = o.id WHERE o.book = $book) AS n
WHERE r.book = $book AND r.id = n.id AND (r.state != n.state OR r.source != n.source)"""

PURGE: Final = """
UPDATE revisions SET text = '', purged = true
WHERE book = $book AND NOT purged AND id IN (SELECT id FROM staged)"""

MOVE: Final = """
UPDATE {table} AS t SET chapter = n.chapter, section = n.section
FROM (SELECT DISTINCT o.object, p.chapter, p.section FROM {table} AS o
      LEFT JOIN kept.places AS p ON p.book = $book AND p.object = o.object WHERE o.book = $book) AS n
WHERE t.book = $book AND t.object = n.object
  AND (t.chapter IS DISTINCT FROM n.chapter OR t.section IS DISTINCT FROM n.section)"""

INSERT_SECTIONS: Final = """
INSERT INTO sections
SELECT $book, s.id, s.chapter, s.section, s.place, s.title, s.chapter_title, s.locked, r.id, coalesce(n.count, 0),
  coalesce(r.origin, ''), coalesce(r.model, ''), coalesce(r.words, 0), coalesce(r.characters, 0), r.created_at
FROM staged AS s
LEFT JOIN (SELECT * FROM revisions WHERE book = $book AND kind = 'section' AND state = 'current') AS r
  ON r.object = s.id
LEFT JOIN (SELECT object, count(*) AS count FROM revisions WHERE book = $book AND kind = 'section' GROUP BY ALL) AS n
  ON n.object = s.id
ORDER BY s.chapter, s.section"""

INSERT_BOOK: Final = """
INSERT INTO books SELECT $book, $title, $language, $genre, $style, $model, $folder, $chapters, count(*),
  count(revision), coalesce(sum(words), 0), CAST($created_at AS TIMESTAMP WITH TIME ZONE)
FROM sections WHERE book = $book"""

INSERT_RUNS: Final = """
INSERT INTO runs SELECT $book, id, coalesce(TRY_CAST(goal AS JSON), to_json(goal)), state, model, actor, version,
  to_timestamp(started_at), to_timestamp(ended_at), reason FROM staged ORDER BY started_at, id"""
