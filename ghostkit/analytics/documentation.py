"""The part of `docs/analytics.md` that describes the tables; `python -m ghostkit.analytics.documentation FILE` puts
it there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ghostkit.analytics.schema import TABLES, Table
from ghostkit.analytics.views import VIEWS

BEGIN: Final = "<!-- made from ghostkit/analytics/schema.py and views.py: begin -->"
END: Final = "<!-- end -->"


def described() -> str:
    """Markdown, marks included."""
    lines = [BEGIN, "", "## Tables", "", *_all(TABLES), "## Views", "", *_all(VIEWS), END]
    return "\n".join(lines)


def _all(tables: Iterable[Table]) -> Iterator[str]:
    for table in tables:
        yield f"### `{table.name}`"
        yield ""
        yield table.meaning
        yield ""
        yield "| column | type | meaning |"
        yield "|---|---|---|"
        for column in table.columns:
            yield f"| `{column.name}` | {column.type} | {column.meaning} |"
        yield ""


def main(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(before + described() + after, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
