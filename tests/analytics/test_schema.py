"""One description of the tables: the database, its comments and the page of the docs all say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ghostkit.analytics import TABLES, VIEWS, Analytics, connect
from ghostkit.analytics.documentation import described

from .histories import make_book

PAGE = Path(__file__).parents[2] / "docs" / "analytics.md"
ASKED_FOR = {
    "books", "sections", "revisions", "chunks", "generations", "retrievals", "retrieval_hits", "cache_lookups",
    "summaries", "metrics", "events", "costs",
}  # fmt: skip


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Analytics:
    desk = make_book(tmp_path_factory.mktemp("empty") / "book")
    desk.close()
    return connect(desk.folder.root, memory=True)


def test_every_table_and_column_is_as_described(empty: Analytics) -> None:
    assert {table.name for table in TABLES} >= ASKED_FOR
    for table in (*TABLES, *VIEWS):
        found = [(row[0], row[1]) for row in empty.execute(f"DESCRIBE {table.name}").fetchall()]
        assert found == [(column.name, column.type) for column in table.columns], table.name


def test_comments_say_what_the_description_says(empty: Analytics) -> None:
    query = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal AND schema_name = 'main'"
    found = {(table, column): comment for table, column, comment in empty.execute(query).fetchall()}
    wanted = {(table.name, column.name): column.meaning for table in (*TABLES, *VIEWS) for column in table.columns}
    assert found == wanted
    query = (
        "SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'main' UNION ALL "
        "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal AND NOT temporary"
    )
    assert dict(empty.execute(query).fetchall()) == {table.name: table.meaning for table in (*TABLES, *VIEWS)}


def test_no_name_has_to_be_quoted(empty: Analytics) -> None:
    for table in (*TABLES, *VIEWS):
        empty.execute(
            f"SELECT {', '.join(f't.{name}, {name}' for name in table.names)} FROM {table.name} AS t"
        ).fetchall()


def test_the_page_is_made_of_the_description() -> None:
    assert described() in PAGE.read_text(encoding="utf-8"), "python -m ghostkit.analytics.documentation writes it"


def test_an_empty_book_shows_itself(empty: Analytics) -> None:
    assert repr(empty) == "<Analytics of b-1: 6 sections, 0 generations, 0 events>"
    assert "<code>retrieval_hits</code>" in empty._repr_html_()
    assert empty.tables().filter(name="sections").row(0)[1:3] == ("table", 6)
