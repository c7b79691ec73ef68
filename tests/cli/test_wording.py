"""Numbers as people read them, and text that only prints."""

from __future__ import annotations

import json

import pytest

from ghostkit.cli.terminal import json_text, printable
from ghostkit.cli.wording import counted, duration, money, rough_duration, size


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (counted(1, "section"), "1 section"),
        (counted(0, "section"), "0 sections"),
        (counted(12345, "word"), "12,345 words"),
        (counted(2, "summary", "summaries"), "2 summaries"),
        (duration(0.04), "0.0 s"),
        (duration(9.94), "9.9 s"),
        (duration(9.96), "10 s"),
        (duration(59.6), "1 min"),
        (duration(125), "2 min 5 s"),
        (duration(3599.7), "1 h"),
        (duration(4320), "1 h 12 min"),
        (rough_duration(0.2), "1 s"),
        (rough_duration(59.9), "60 s"),
        (rough_duration(89), "1 min"),
        (rough_duration(4321), "1 h 10 min"),
        (money(0), "$0.00"),
        (money(0.00000123), "$1.2e-06"),
        (money(0.0312), "$0.0312"),
        (money(1234.5), "$1,234.50"),
        (size(1), "1 byte"),
        (size(14_200), "14.2 kB"),
        (size(3_100_000), "3.1 MB"),
    ],
)
def test_numbers_are_worded(said: str, expected: str) -> None:
    assert said == expected


def test_printable_keeps_every_script_and_drops_what_moves_the_cursor() -> None:
    kept = "Ünï Красный 海 🧂\nשלום\t\u200dé"
    assert printable(kept) == kept
    assert printable("a\x1b[31mb\x07\x00\x9bc\ud800") == "a[31mbc"


def test_json_survives_half_a_surrogate_pair() -> None:
    assert json_text({"a": "x\ud800"}, indent=None, plain=False).encode()
    assert json.loads(json_text({"a": "ю"}, indent=None, plain=True)) == {"a": "ю"}
    assert json_text({"a": "ю"}, indent=None, plain=True).isascii()
