"""What calls have used: characters sent, and the input tokens that the vendor counted for them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Final

REMEMBERED: Final = 200
"""So many calls back an estimate of tokens learns from; older ones would count next to nothing."""


def packed(characters: Mapping[str, int]) -> str:
    """Characters by class as they are stored; empty for none."""
    return json.dumps(dict(characters), separators=(",", ":")) if characters else ""


def unpacked(stored: str) -> dict[str, int]:
    return json.loads(stored) if stored else {}


def reported(connection: sqlite3.Connection, limit: int) -> list[tuple[str, Mapping[str, int], int]]:
    """(model, characters by class, reported input tokens) of the last `limit` attempts that have all three."""
    rows = connection.execute(
        "SELECT model, characters, input_tokens FROM attempt "
        "WHERE usage_source = 'reported' AND input_tokens > 0 AND characters != '' ORDER BY id DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return [(row[0], unpacked(row[1]), row[2]) for row in reversed(rows)]
