"""A question in SQL that anybody may have written: one SELECT, read-only, bounded in time, told as one sentence."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from ghostkit.errors import GhostkitError, InputError

if TYPE_CHECKING:
    import duckdb

    from ghostkit.analytics.connecting import Analytics

LONGEST_QUERY: Final = 20_000
DEEPEST_QUERY: Final = 200
"""Brackets open at once: DuckDB's parser takes a minute over 5,000 that are never closed, and hears no interrupt."""


class QueryError(InputError):
    """A query that can't be run."""

    code = "query"


class QueryStopped(GhostkitError):
    """A query that took too long."""

    code = "query_stopped"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`types` are DuckDB's; `more` says that there were more rows than were asked for."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    more: bool = False


def ask(analytics: Analytics, query: str, *, limit: int | None = None, timeout_s: float | None = None) -> Answer:
    """The answer to one SELECT (or DESCRIBE, SUMMARIZE, VALUES …): at most `limit` rows.

    Raises `QueryError` for anything else and for what DuckDB refuses, `QueryStopped` after `timeout_s` seconds.
    """
    import duckdb

    cursor = analytics.connection.cursor()
    try:
        text = _only_statement(cursor, query)
        cursor.execute("BEGIN TRANSACTION READ ONLY")

        def fetch() -> Answer:
            cursor.execute(text)
            described = cursor.description or []
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
            return Answer(
                columns=[str(column[0]) for column in described], types=[str(column[1]) for column in described],
                rows=rows if limit is None else rows[:limit], more=limit is not None and len(rows) > limit,
            )  # fmt: skip

        return _interruptible(fetch, cursor.interrupt, timeout_s)
    except duckdb.Error as error:
        raise _told(error, query) from error
    finally:
        cursor.close()


def _depth(query: str) -> int:
    """At most so many brackets are open at once; those in quotes count too."""
    steps = (1 if character in "([{" else -1 for character in query if character in "([{)]}")
    return max(accumulate(steps), default=0)


def _interruptible(work: Callable[[], Answer], interrupt: Callable[[], None], timeout_s: float | None) -> Answer:
    """Work in a thread of its own, so that Ctrl-C and the clock are heeded while DuckDB is busy."""
    answers, errors, done = list[Answer](), list[BaseException](), threading.Event()

    def run() -> None:
        try:
            answers.append(work())
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    worker = threading.Thread(target=run, name="ghostkit-query", daemon=True)
    until = None if timeout_s is None else time.monotonic() + timeout_s
    worker.start()
    try:
        while not done.wait(0.05):
            if until is not None and time.monotonic() > until:
                interrupt()
    except BaseException:  # Ctrl-C: it is asked to stop until it has (an interrupted `join` forgets that it hasn't)
        while not done.wait(0.05):
            interrupt()
        raise
    finally:
        worker.join()
    if answers:
        return answers[0]
    if until is not None and time.monotonic() > until:
        raise QueryStopped(
            f"The query was stopped after {timeout_s:g} seconds.", fix="Ask for less, or allow it more time."
        ) from errors[0]
    raise errors[0]


def _only_statement(cursor: duckdb.DuckDBPyConnection, query: str) -> str:
    """The text of the one SELECT in `query`, as DuckDB's own parser sees it."""
    import duckdb

    if len(query) > LONGEST_QUERY:
        raise QueryError(f"The query has {len(query):,} characters.", fix=f"At most {LONGEST_QUERY:,} are taken.")
    if _depth(query) > DEEPEST_QUERY:
        raise QueryError(
            f"More than {DEEPEST_QUERY} brackets are open at once in the query.", fix="Ask in a simpler way."
        )
    if "\0" in query:
        raise QueryError("The query holds a NUL character.", fix="Take it out.")
    found = cursor.extract_statements(query)
    if not found:
        raise QueryError("The query is empty.", fix="For example: select place, title, words from sections")
    if len(found) > 1:
        raise QueryError(f"These are {len(found)} statements.", fix="Ask one thing at a time.")
    if found[0].type != duckdb.StatementType.SELECT:
        kind = str(found[0].type).rpartition(".")[2].replace("_", " ")
        raise QueryError(
            f"Only questions are answered here, and this is {kind}.", fix="Begin with SELECT, FROM, WITH or DESCRIBE."
        )
    return str(found[0].query)


def _told(error: duckdb.Error, query: str) -> QueryError:
    """DuckDB's message as one sentence, with line and column where it names a place."""
    text = str(error)
    if "pytz" in text:
        return QueryError(
            "A time with a zone can't be shown.", fix="CAST(… AS TIMESTAMP) makes it one in UTC, as all times here are."
        )
    _, _, tail = text.partition(": ")
    fix = ""
    try:
        found = json.loads(tail)
        message, place = str(found["exception_message"]), found.get("position")
    except (ValueError, KeyError, TypeError):
        message, place = tail or text, None
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if len(lines) > 1 and lines[1].startswith(("Did you mean", "Candidate bindings")):
        fix = lines[1].rstrip(".?") + ("?" if lines[1].startswith("Did") else ".")
    sentence = re.sub(r"\s+", " ", lines[0] if lines else type(error).__name__).rstrip("!. ")[:400]
    return QueryError(f"The query can't be run{_place(query, place)}: {sentence}.", fix=fix or _fix(error))


def _place(query: str, position: Any) -> str:
    """`position` is an offset in bytes of UTF-8."""
    try:
        before = query.encode("utf-8", "replace")[: int(position)].decode("utf-8", "ignore")
    except (TypeError, ValueError):
        return ""
    return f" (line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))})"


def _fix(error: duckdb.Error) -> str:
    import duckdb

    if isinstance(error, duckdb.OutOfMemoryException):
        return "Ask for less at a time: it may use at most 2 GB."
    if isinstance(error, duckdb.PermissionException):
        return "Queries reach the tables of the projection alone: no files, no network."
    return "`ghostkit sql PATH --tables` lists what there is."
