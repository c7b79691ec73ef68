"""Ways to break the engine in a scenario's process, so that a test can see the drill notice."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def apply(name: str) -> None:
    """Break what `name` says, in this process."""
    SABOTAGES[name]()


def send_before_the_intent() -> None:
    """The request leaves, and only then is its intent recorded."""
    from ghostkit.ledger import SqliteLedger

    kept = SqliteLedger.open_attempt

    def open_attempt(self: SqliteLedger, intent: Any, who: Any, events: Any = ()) -> Any:
        line = {"event": "begun", "slot": str(intent.slot), "attempt_id": intent.attempt_id, "at": ""}
        with open(os.environ["GHOSTKIT_REHEARSAL_BILL"], "a", encoding="utf-8") as bill:
            bill.write(json.dumps(line) + "\n")
        return kept(self, intent, who, events)

    SqliteLedger.open_attempt = open_attempt  # type: ignore[method-assign]


def forget_what_was_open() -> None:
    """A dead runner's open attempts are left as they are."""
    from ghostkit.ledger import SqliteLedger

    SqliteLedger.recover = lambda self, who: []  # type: ignore[method-assign]


def throw_an_answer_away() -> None:
    """Every run begins by taking the newest section for not written."""
    from ghostkit.ledger import SqliteLedger

    kept = SqliteLedger.recover

    def recover(self: SqliteLedger, who: Any) -> Any:
        found = kept(self, who)
        with self._connection.transaction() as sql:
            newest = "SELECT max(id) FROM step WHERE kind = 'section' AND state = 'done'"
            row = sql.execute(f"SELECT object FROM step WHERE id = ({newest})").fetchone()
            if row:
                sql.execute(f"UPDATE step SET state = 'superseded' WHERE id = ({newest})")
                sql.execute("DELETE FROM head WHERE object = ? AND kind = 'section'", row[:])
        return found

    SqliteLedger.recover = recover  # type: ignore[method-assign]


def tear_files() -> None:
    """Files are written in place, half of them first."""
    from ghostkit import faults
    from ghostkit.book import files

    kept = os.replace

    def replace(source: Any, target: Any) -> None:
        text = Path(source).read_bytes()
        with open(target, "wb") as handle:
            handle.write(text[: len(text) // 2])
        faults.point("file.section.renamed")
        kept(source, target)

    files.os.replace = replace  # type: ignore[attr-defined]


SABOTAGES: dict[str, Callable[[], None]] = {
    "send_before_the_intent": send_before_the_intent,
    "forget_what_was_open": forget_what_was_open,
    "throw_an_answer_away": throw_an_answer_away,
    "tear_files": tear_files,
}
