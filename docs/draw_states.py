"""Draw the state pictures of docs/states.md from the code's own transition tables; `--check` says if they are old."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from ghostkit.book.status import CHAPTER_TRANSITIONS, SECTION_TRANSITIONS
from ghostkit.ledger import ATTEMPT_TRANSITIONS, STEP_TRANSITIONS
from ghostkit.workbench import RUN_TRANSITIONS

TARGET = Path(__file__).with_name("states.md")
PICTURES: Mapping[str, tuple[str, Mapping[Any, Any]]] = {
    "A step of the ledger": ("ghostkit/ledger/values.py", STEP_TRANSITIONS),
    "An attempt": ("ghostkit/ledger/values.py", ATTEMPT_TRANSITIONS),
    "A run": ("ghostkit/workbench/run_state.py", RUN_TRANSITIONS),
    "A chapter": ("ghostkit/book/status.py", CHAPTER_TRANSITIONS),
    "A section": ("ghostkit/book/status.py", SECTION_TRANSITIONS),
}


def picture(table: Mapping[StrEnum, frozenset[StrEnum]]) -> str:
    """A Mermaid state diagram; the first state begins, states without a way out end."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(table))}"]
    for state, following in table.items():
        lines += [f"    {state} --> {then}" for then in sorted(following)]
        if not following:
            lines.append(f"    {state} --> [*]")
    return "\n".join([*lines, "```"])


def page() -> str:
    parts = ["# States", "", "Drawn from the code's transition tables by `make docs`; not edited by hand.", ""]
    for title, (where, table) in PICTURES.items():
        parts += [f"## {title}", "", f"The table: `{where}`.", "", picture(table), ""]
    return "\n".join(parts)


def main() -> int:
    if "--check" in sys.argv[1:]:
        return int(not TARGET.exists() or TARGET.read_text(encoding="utf-8") != page())
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
