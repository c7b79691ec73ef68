"""SQL by anybody: it reads the tables and nothing else, ends in time, and its mistakes are told in one sentence."""

# ruff: noqa: E501  # queries and events read best on one line
from __future__ import annotations

import time
from pathlib import Path

import pytest

from ghostkit.analytics import Analytics, ask, connect_for_strangers
from ghostkit.analytics.asking import QueryError, QueryStopped

from .histories import make_book, write_section


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Analytics:
    desk = make_book(tmp_path_factory.mktemp("asked") / "book")
    write_section(desk, "s-1-1", "a-1")
    desk.close()
    return connect_for_strangers(desk.folder.root)


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('{file}')", "select * from read_text('{file}')", "select * from read_blob('{file}')",
        "select * from '{file}'", "select * from read_json('{file}')", "select * from read_parquet('{file}')",
        "select * from glob('{folder}/*')", "select * from sniff_csv('{file}')", "copy sections to '{file}.out'",
        "copy (select 1) to '{file}.out'", "attach '{file}.db'", "attach '{file}.db' as x (type sqlite)",
        "export database '{folder}/out'", "import database '{folder}'", "install httpfs", "load httpfs", "load '{file}'",
        "set enable_external_access = true", "set lock_configuration = false", "reset lock_configuration",
        "set memory_limit = '100GB'", "pragma enable_profiling", "pragma memory_limit='100GB'", "call pragma_version()",
        "create table x (a int)", "drop table events", "delete from events", "insert into events select * from events",
        "update sections set words = 0", "with d as (delete from events returning *) select * from d", "truncate events",
        "create secret (type s3)", "prepare p as select 1", "begin", "checkpoint", "vacuum", "use memory", "detach memory",
        "explain analyze delete from events", "select 1; drop table events", "create macro f() as 1", "alter table events rename to e",
        "select * from secret", "select * from asked", "select nextval('x')", "", ";", "-- nothing", "select '\0'",
        "select " + "(" * 15_000, "select " + "1+" * 9_000 + "1", "from read_csv('http://127.0.0.1:1/x.csv')",
    ],
)  # fmt: skip
def test_a_query_reaches_the_tables_and_nothing_else(asked: Analytics, tmp_path: Path, query: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\nthe,secret\n")
    before = asked.frame("events").rows()
    with pytest.raises(QueryError) as caught:
        ask(asked, query.replace("{file}", str(secret)).replace("{folder}", str(tmp_path)), timeout_s=30)
    assert "\n" not in caught.value.message
    assert "the,secret" not in str(caught.value)
    assert asked.frame("events").rows() == before
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


@pytest.mark.parametrize(
    "query",
    ["select 1", "from sections", "with x as (select 1 as a) select a from x", "values (1), (2)", "describe sections",
     "summarize metrics", "show tables", "select count(*) from events -- all of them", "table books;"],
)  # fmt: skip
def test_questions_are_answered(asked: Analytics, query: str) -> None:
    found = ask(asked, query)
    assert found.rows
    assert len(found.columns) == len(found.types) == len(found.rows[0])


@pytest.mark.parametrize(
    ("query", "place", "about"),
    [
        ("selec 1", "(line 1, column 1)", "selec"),
        ("select 1,\n  nope from sections", "(line 2, column 3)", '"nope"'),
        ("select 'Ж😀', nope from sections", "(line 1, column 14)", '"nope"'),
        ("select * from section", "(line 1, column 15)", "section"),
        ("select cast('x' as int)", "(line 1, column 8)", "'x'"),
    ],
)
def test_a_mistake_is_told_with_its_place(asked: Analytics, query: str, place: str, about: str) -> None:
    with pytest.raises(QueryError) as caught:
        ask(asked, query)
    assert place in caught.value.message
    assert about in caught.value.message
    assert caught.value.fix


def test_a_query_without_end_is_stopped(asked: Analytics) -> None:
    began = time.monotonic()
    with pytest.raises(QueryStopped, match=r"after 0\.3 seconds"):
        ask(asked, "select count(*) from range(100000000000) a, range(100000) b", timeout_s=0.3)
    assert time.monotonic() - began < 10
    assert ask(asked, "select 1").rows == [(1,)], "the connection is as good as before"


def test_only_as_many_rows_as_were_asked_for_are_made(asked: Analytics) -> None:
    found = ask(asked, "select * from range(1000000000000)", limit=3, timeout_s=30)
    assert (found.rows, found.more) == ([(0,), (1,), (2,)], True)
    assert not ask(asked, "select * from range(3)", limit=3).more


def test_memory_is_bounded(asked: Analytics) -> None:
    with pytest.raises(QueryError, match=r"[Mm]emory|allocate") as caught:
        ask(asked, "select length(string_agg(repeat('x', 1000000), '')) from range(100000)", timeout_s=60)
    assert "2 GB" in caught.value.fix
