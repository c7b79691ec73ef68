"""The DuckDB that questions are asked of: in memory, closed off from files, and filled through Arrow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import duckdb
    import polars

MEMORY_LIMIT: Final = "2GB"
_CONFIG: Final[Mapping[str, Any]] = {
    "memory_limit": MEMORY_LIMIT,
    "temp_directory": "",  # what does not fit is an error, and fills no disk
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,  # or `select * from name` would read the variables of whoever calls
}


def open_memory() -> duckdb.DuckDBPyConnection:
    """A new, empty database in memory; `close_off` it before anybody's SQL is run."""
    import duckdb

    connection = duckdb.connect(":memory:", config={**_CONFIG, "threads": min(4, os.cpu_count() or 1)})
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def close_off(connection: duckdb.DuckDBPyConnection, *, errors_as_json: bool = False) -> None:
    """No files, no extensions, no network, and no setting that could bring them back."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET allow_community_extensions = false")
    if errors_as_json:
        connection.execute("SET GLOBAL errors_as_json = true")
    connection.execute("SET lock_configuration = true")


class ArrowStream:
    """A polars frame as an Arrow stream: DuckDB would otherwise look for pyarrow, which nobody else needs."""

    def __init__(self, frame: polars.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._frame.schema.__arrow_c_schema__()


class ArrowResult:
    """A relation as an Arrow stream and nothing more: polars remembers the classes it was given, and DuckDB's leave a
    page of complaints on stderr when they outlive it."""

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self._relation = relation

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._relation.__arrow_c_stream__(requested_schema)


class Staging:
    """Rows on their way into tables; `with Staging(…) as staged` gives the name to select from.

    `schema` names polars' types.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, schema: Mapping[str, str], rows: Sequence[Sequence[Any]]
    ) -> None:
        import polars as pl

        columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(schema)
        data = dict(zip(schema, columns, strict=True))
        frame = pl.DataFrame(
            {name: pl.Series(name, data[name], dtype=_polars_type(dtype)) for name, dtype in schema.items()}
        )
        self._connection, self._stream = connection, ArrowStream(frame)

    def __enter__(self) -> str:
        self._connection.register("staged", self._stream)
        return "staged"

    def __exit__(self, *_: object) -> None:
        self._connection.unregister("staged")


def _polars_type(name: str) -> Any:
    import polars as pl

    return pl.List(pl.Float32) if name == "List(Float32)" else getattr(pl, name)
