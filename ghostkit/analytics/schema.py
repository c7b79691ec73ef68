"""The tables of the projection: one description, of which DDL, comments and `docs/analytics.md` are made.

Raise `VERSION` with every change of a column, of what goes into one, or of a view (the file has them, too): files of
another version are made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

VERSION: Final = 2

# Times are in UTC and without a zone: DuckDB hands those with one to Python by way of pytz, which nobody has.
_TEXT, _INT, _REAL, _FLAG, _TIME = "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP"


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """A table; with `query` it is a view that adds nothing of its own."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    query: str = ""

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def _table(name: str, meaning: str, *columns: tuple[str, str, str], query: str = "") -> Table:
    first = ("book", _TEXT, "the book's id; every table has it, so that several books can be asked at once")
    return Table(name, meaning, tuple(Column(*column) for column in (first, *columns)), query)


_PLACE = (
    ("chapter", _INT, "number of its chapter as displayed now; empty for the book's own, and for what was taken out"),
    ("section", _INT, "number within the chapter; empty for what belongs to a whole chapter or the book"),
)
_SLOT = (
    ("object", _TEXT, "permanent id of the book, chapter or section it is about"),
    ("kind", _TEXT, "kind of text: section, chapter_outline, chapter_summary …"),
)
_WHEN = ("recorded_at", _TIME, "when, in UTC")
_SEQ = ("seq", _INT, "number of the event in the book's ledger; rises in the order of recording")
_RUN = ("run_id", _TEXT, "the run it belongs to; empty outside of runs")
_COST = (
    ("cost_usd", _REAL, "what it cost in US dollars; empty where nobody knows, 0 while it is open or in doubt"),
    ("cost_known", _FLAG, "whether the vendor or a price list says what it cost"),
    ("in_doubt_usd", _REAL, "the most it can have cost, as long as that is open or in doubt; else 0"),
)
_TOKENS = (
    ("input_tokens", _INT, "tokens sent, those of a prompt cache included"),
    ("output_tokens", _INT, "tokens received, reasoning included"),
    ("cached_tokens", _INT, "of the input: read from the vendor's prompt cache"),
)

TABLES: Final[tuple[Table, ...]] = (
    _table(
        "books",
        "One row a book, as it stands.",
        ("title", _TEXT, "its title"),
        ("language", _TEXT, "language code"),
        ("genre", _TEXT, "fiction or non-fiction"),
        ("style", _TEXT, "name of its style guide"),
        ("model", _TEXT, "the model chosen for it; empty if none was"),
        ("folder", _TEXT, "name of its folder"),
        ("chapters", _INT, "chapters in its outline"),
        ("sections", _INT, "sections in its outline"),
        ("written", _INT, "of these: sections that have a text"),
        ("words", _INT, "words in the current texts of its sections"),
        ("created_at", _TIME, "when it was made, in UTC"),
    ),
    _table(
        "sections",
        "One row a section of the outline, with its current text's figures.",
        ("id", _TEXT, "permanent id"),
        *_PLACE,
        ("place", _TEXT, "chapter and section as people say it: 2.3"),
        ("title", _TEXT, "its title"),
        ("chapter_title", _TEXT, "its chapter's title"),
        ("locked", _FLAG, "whether models may not touch it"),
        ("revision", _INT, "id of its current revision; empty: not written"),
        ("revisions", _INT, "how many revisions it has, proposals included"),
        ("origin", _TEXT, "generated or human: where the current text is from"),
        ("model", _TEXT, "model of the current text; empty for a person's"),
        ("words", _INT, "words in the current text"),
        ("characters", _INT, "characters in the current text"),
        ("written_at", _TIME, "when the current text was recorded, in UTC"),
    ),
    _table(
        "revisions",
        "Every text that the book has or had, or that was proposed to it: sections, outlines, summaries …",
        ("id", _INT, "number of the revision"),
        *_SLOT,
        *_PLACE,
        ("state", _TEXT, "current, earlier, open (a proposal that waits) or rejected"),
        ("base", _INT, "the revision it was made on; empty for a first one"),
        ("origin", _TEXT, "generated or human"),
        ("author", _TEXT, "who recorded it"),
        ("source", _TEXT, "of a proposal: rewrite, variant, editor, conflict …; else empty"),
        ("attempt", _TEXT, "id of the generation it came from; empty for a person's"),
        ("model", _TEXT, "provider:model of that generation"),
        _RUN,
        ("created_at", _TIME, "when it was recorded, in UTC"),
        ("words", _INT, "words, told apart by blanks"),
        ("characters", _INT, "characters"),
        ("text", _TEXT, "the text; empty if it was purged"),
        ("text_hash", _TEXT, "SHA-256 of the text (hex), also of a purged one"),
        ("purged", _FLAG, "whether the text was taken out for good"),
    ),
    _table(
        "chunks",
        "What retrieval can find: the pieces of the manuscript and of the sources beside it.",
        ("id", _TEXT, "stable id of the chunk"),
        ("index_id", _TEXT, "the index it belongs to: one for each way of cutting texts up"),
        ("document", _TEXT, "id of the section, or name of the source"),
        ("kind", _TEXT, "manuscript or reference"),
        ("chapter_num", _INT, "chapter as displayed when it was indexed; empty for a source outside the order"),
        ("section_num", _INT, "section within the chapter"),
        ("position", _INT, "number in its document, from 0"),
        ("start_offset", _INT, "offset of its first character in the document"),
        ("end_offset", _INT, "offset behind its last character"),
        ("importance_score", _REAL, "computed importance, 0 to 1"),
        ("language", _TEXT, "language code; empty if unknown"),
        ("revision", _INT, "revision of the section that was cut up; empty for a source"),
        ("content", _TEXT, "the text of the chunk"),
        ("embedding", "FLOAT[]", "its vector, where one was kept with it; else empty"),
    ),
    _table(
        "generations",
        "One row a request to a model: what it used, what it cost, how it ended. Answers from the cache are here too.",
        ("attempt", _TEXT, "id of the attempt; travels to the vendor as its idempotency key"),
        ("number", _INT, "of the attempts at this text, from 1"),
        *_SLOT,
        ("variant", _INT, "0 for the text itself, else the number of a variant"),
        *_PLACE,
        ("provider", _TEXT, "who was asked"),
        ("model", _TEXT, "provider:model, as ghostkit names it"),
        ("template", _TEXT, "prompt template with version and hash"),
        ("fingerprint", _TEXT, "SHA-256 (hex) of what was sent"),
        _RUN,
        ("actor", _TEXT, "who ran it"),
        ("version", _TEXT, "ghostkit's version"),
        ("started_at", _TIME, "when the request was recorded, in UTC"),
        (
            "ending",
            _TEXT,
            "complete, length, truncated, refused, cancelled, error or in_doubt; open while it is under way",
        ),
        *_TOKENS,
        ("cache_write_tokens", _INT, "of the input: written to the vendor's prompt cache"),
        ("reasoning_tokens", _INT, "of the output: thoughts"),
        ("usage_source", _TEXT, "reported by the vendor, or estimated"),
        ("ms", _REAL, "milliseconds from the request to its end"),
        ("first_token_ms", _REAL, "milliseconds to the first piece of text"),
        *_COST,
        ("cache_hit", _FLAG, "whether ghostkit's own cache answered and nothing was sent"),
        ("retries", _INT, "how many failures of the same asking came before it"),
        ("retrieval", _TEXT, "id of the retrieval that its context was made with; empty for none"),
        ("retrieval_config", _TEXT, "config id of that retrieval; empty for none"),
        ("request_id", _TEXT, "the vendor's own number"),
        ("error", _TEXT, "one sentence if it failed"),
    ),
    _table(
        "embeddings",
        "One row a request for vectors to a vendor.",
        ("id", _TEXT, "id of the request"),
        _WHEN,
        ("provider", _TEXT, "who was asked"),
        ("model", _TEXT, "provider:model"),
        ("role", _TEXT, "passage or query"),
        ("texts", _INT, "how many texts were sent"),
        ("characters", _INT, "their characters"),
        ("input_tokens", _INT, "their tokens as the vendor counted"),
        ("ms", _REAL, "milliseconds"),
        *_COST,
        ("ending", _TEXT, "complete or error; open while it is under way, or if the process ended meanwhile"),
        ("error", _TEXT, "one sentence if it failed"),
        _RUN,
    ),
    _table(
        "retrievals",
        "One row a search on behalf of a text.",
        _SEQ,
        _WHEN,
        ("retrieval", _TEXT, "id of the retrieval"),
        ("slot", _TEXT, "object/kind/variant it was made for"),
        *_SLOT,
        *_PLACE,
        ("query", _TEXT, "what was searched for"),
        ("config", _TEXT, "id of the settings: equal for equal settings"),
        ("settings", "JSON", "the settings themselves"),
        ("embedder", _TEXT, "key of the embedder; empty where none was used"),
        ("as_of_chapter", _INT, "nothing from this place on could be found: chapter"),
        ("as_of_section", _INT, "nothing from this place on could be found: section"),
        ("hits", _INT, "chunks found"),
        ("kept", _INT, "of these: chunks that went into the context"),
        (
            "overlapping",
            _INT,
            "of the kept ones: those that the prose overlaps with; empty as long as nothing was measured",
        ),
        ("ms", _REAL, "milliseconds in all"),
        ("ms_parts", "JSON", "milliseconds by stage"),
        ("cache_hit", _FLAG, "whether the query's vector was known already"),
        ("core_tokens", _INT, "tokens of the context's core"),
        ("retrieved_tokens", _INT, "tokens of what was retrieved"),
        ("summaries_tokens", _INT, "tokens of summaries"),
        ("budget_tokens", _INT, "tokens there was room for"),
        ("attempt", _TEXT, "the generation whose text was measured for overlap; empty before that"),
        _RUN,
    ),
    _table(
        "retrieval_hits",
        "One row a chunk that a retrieval found.",
        ("retrieval", _TEXT, "id of the retrieval"),
        ("rank", _INT, "from 1"),
        ("chunk", _TEXT, "id of the chunk"),
        ("document", _TEXT, "section or source it is from"),
        ("chapter", _INT, "chapter it is from, as displayed then"),
        ("section", _INT, "section it is from"),
        ("start_offset", _INT, "offset of its first character in the document"),
        ("end_offset", _INT, "offset behind its last character"),
        ("score", _REAL, "what it was ranked by"),
        ("parts", "JSON", "the scores that one came from, by name"),
        ("tokens", _INT, "tokens it takes in the context"),
        ("kept", _FLAG, "whether it went into the context"),
        ("why", _TEXT, "why not, if it didn't"),
        ("overlapping", _FLAG, "whether the prose overlaps with it; empty as long as nothing was measured"),
        ("overlap", _REAL, "how much of it is in the prose, 0 to 1"),
        ("overlap_how", _TEXT, "verbatim, or the overlap, in words"),
    ),
    _table(
        "cache_lookups",
        "One row a look into ghostkit's own caches on the book's behalf.",
        _SEQ,
        _WHEN,
        ("cache", _TEXT, "which cache: generations, summaries … or query_vectors"),
        ("hit", _FLAG, "whether it had the answer"),
        ("key", _TEXT, "of the entry"),
        *_SLOT,
        *_PLACE,
        ("attempt", _TEXT, "the generation it stands for, if it was a hit"),
        _RUN,
    ),
    _table(
        "retries",
        "One row a failure after which the same was asked again.",
        _SEQ,
        _WHEN,
        ("slot", _TEXT, "object/kind/variant"),
        *_SLOT,
        *_PLACE,
        ("attempt", _INT, "number of the attempt to come, of the same asking"),
        ("reason", _TEXT, "kind of failure: rate, overloaded, timeout, server …"),
        ("delay_s", _REAL, "seconds waited"),
        ("model", _TEXT, "the fallback that was asked next; empty for the same model again"),
        _RUN,
    ),
    _table(
        "summaries",
        "Every summary of a chapter or of several; a part of `revisions`.",
        ("revision", _INT, "number of the revision"),
        *_SLOT,
        ("chapter", _INT, "the chapter it is of; of several, the last"),
        ("state", _TEXT, "current, earlier, open or rejected"),
        ("origin", _TEXT, "generated or human"),
        ("model", _TEXT, "provider:model; empty for a person's"),
        ("created_at", _TIME, "when it was recorded, in UTC"),
        ("words", _INT, "words"),
        ("text", _TEXT, "the text; empty if it was purged"),
        query="SELECT book, id, object, kind, chapter, state, origin, model, created_at, words, text FROM revisions "
        "WHERE kind LIKE '%summary'",
    ),
    _table(
        "metrics",
        "One row a score of a section, computed when it was written.",
        _SEQ,
        _WHEN,
        ("object", _TEXT, "the section's permanent id"),
        *_PLACE,
        ("attempt", _TEXT, "the generation that was scored"),
        ("name", _TEXT, "name of the measure"),
        ("value", _REAL, "the score; better when higher"),
        _RUN,
    ),
    _table(
        "runs",
        "One row a run.",
        ("run_id", _TEXT, "its id"),
        ("goal", "JSON", "what it was to write"),
        ("state", _TEXT, "running, done, stopped, failed, interrupted …"),
        ("model", _TEXT, "provider:model"),
        ("actor", _TEXT, "who started it"),
        ("version", _TEXT, "ghostkit's version"),
        ("started_at", _TIME, "in UTC"),
        ("ended_at", _TIME, "in UTC; empty while it runs"),
        ("reason", _TEXT, "one sentence, or empty"),
    ),
    _table(
        "events",
        "Everything that happened, as recorded; the other tables are made of it and of the ledger's rows.",
        _SEQ,
        ("type", _TEXT, "what happened"),
        _WHEN,
        ("source", _TEXT, "part of ghostkit that told it"),
        _RUN,
        ("actor", _TEXT, "who did it"),
        ("version", _TEXT, "ghostkit's version"),
        ("data", "JSON", "the event's data; `data->>'$.slot'` reads one of them"),
    ),
    _table(
        "costs",
        "One row a thing that was paid or may have to be: generations and requests for vectors.",
        ("what", _TEXT, "generation or embedding"),
        ("id", _TEXT, "attempt, or id of the request"),
        _WHEN,
        ("day", "DATE", "the day, in UTC"),
        *_SLOT,
        *_PLACE,
        ("provider", _TEXT, "who was asked"),
        ("model", _TEXT, "provider:model"),
        *_TOKENS,
        *_COST,
        _RUN,
        query="SELECT book, 'generation', attempt, started_at, CAST(started_at AS DATE), object, kind, chapter, "
        "section, provider, model, input_tokens, output_tokens, cached_tokens, cost_usd, cost_known, in_doubt_usd, "
        "run_id FROM generations WHERE NOT cache_hit UNION ALL "
        "SELECT book, 'embedding', id, recorded_at, CAST(recorded_at AS DATE), '', 'embedding', NULL, NULL, provider, "
        "model, input_tokens, 0, 0, cost_usd, cost_known, in_doubt_usd, run_id FROM embeddings",
    ),
)
"""In the order of the documentation."""

STORED: Final = tuple(table for table in TABLES if not table.query)
"""Those that hold rows; the others are views."""
PLACED: Final = ("generations", "revisions", "retrievals", "cache_lookups", "retries", "metrics")
"""Those whose chapter and section follow from `object`, as the book is now."""


def statements() -> Iterator[str]:
    """The SQL that makes everything in an empty database, comments included."""
    from ghostkit.analytics.views import VIEWS

    yield "CREATE SCHEMA kept"
    yield "CREATE TABLE kept.places (book VARCHAR, object VARCHAR, chapter BIGINT, section BIGINT)"
    yield "CREATE TABLE kept.marks (book VARCHAR, mark VARCHAR)"
    for table in TABLES:
        yield from _made(table)
    for view in VIEWS:
        yield from _made(view)


def _made(table: Table) -> Iterator[str]:
    if table.query:
        names = ", ".join(f'"{name}"' for name in table.names)
        yield f"CREATE VIEW {table.name} ({names}) AS {table.query}"
    else:
        columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
        yield f"CREATE TABLE {table.name} ({columns})"
    yield f"COMMENT ON {'VIEW' if table.query else 'TABLE'} {table.name} IS {_quoted(table.meaning)}"
    for column in table.columns:
        yield f'COMMENT ON COLUMN {table.name}."{column.name}" IS {_quoted(column.meaning)}'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
