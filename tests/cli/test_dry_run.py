"""`write --dry-run`: what it says comes true, and saying it costs and records nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def _state(path: Path) -> dict[str, str]:
    """Every file of a book but SQLite's own bookkeeping, by hash."""
    files = [f for f in path.rglob("*") if f.is_file() and not f.name.startswith("ledger.")]
    return {str(f.relative_to(path)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_it_records_nothing_and_takes_no_lease(ghostkit: Command, fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = fresh.parent / "bill"
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_BILL", str(bill))
    before = _state(fresh), ghostkit("events", fresh, "--all", "--json").out
    ran = ghostkit("write", fresh, "--dry-run", "--model", "rehearsal:teacher", "--show-prompt", "1.1", "--budget", 1)
    assert ran.code == 0
    assert ran.err == ""
    assert (_state(fresh), ghostkit("events", fresh, "--all", "--json").out) == before
    stats = ghostkit("stats", fresh, "--json").json
    assert stats["calls"] == 0
    assert not bill.exists()


def test_its_calls_and_sections_are_those_that_are_made(ghostkit: Command, fresh: Path) -> None:
    found = ghostkit("write", fresh, "--dry-run", "--json").json
    assert found["dry_run"]
    assert [s["number"] for s in found["sections"]] == ["1.1", "1.2", "2.1", "2.2"]
    assert found["tokens"]["input_source"] == "estimated"
    assert ghostkit("write", fresh, "--quiet").code == 0
    assert ghostkit("stats", fresh, "--json").json["calls"] == found["calls"]


def test_the_cost_lies_within_the_range(ghostkit: Command, fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_PRICE", "3,15")
    cost = ghostkit("write", fresh, "--dry-run", "--json").json["cost_usd"]
    text = ghostkit("write", fresh, "--dry-run", "--budget", "0.0001").out
    assert "will be reached before the end" in text
    ghostkit("write", fresh, "--quiet")
    paid = ghostkit("stats", fresh, "--json").json["cost_usd"]
    assert 0 < cost["low"] <= paid <= cost["high"]


def test_the_messages_shown_are_those_that_are_sent(ghostkit: Command, fresh: Path) -> None:
    ghostkit("write", fresh, "--quiet", "--until", "1.1")
    shown = ghostkit("write", fresh, "--dry-run", "--show-prompt", "1.2", "--json").json["prompt"]
    assert shown["known"]
    text = ghostkit("write", fresh, "--dry-run", "--show-prompt", "1.2").out
    assert shown["messages"][-1]["parts"][-1] in text
    ghostkit("write", fresh, "--quiet")
    receipt = ghostkit("receipt", fresh, "1.2", "--json").json
    assert receipt["request"]["messages"] == shown["messages"]
    assert receipt["request"]["parameters"] == shown["parameters"]
    assert receipt["fingerprint"] == shown["fingerprint"]


@pytest.mark.parametrize(
    ("until", "section", "says", "do"),
    [
        ("", "2.1", "The book must be outlined first", "ghostkit outline"),
        ("1.1", "2.2", "Section 1.2 must be written first", "ghostkit write"),
        ("2.1", "2.2", "", ""),
        ("1.1", "1.1", "is written already", "ghostkit receipt"),
    ],
)
def test_a_prompt_that_can_not_be_known_yet_says_what_must_come_first(
    ghostkit: Command, fresh: Path, until: str, section: str, says: str, do: str
) -> None:
    if until:
        ghostkit("write", fresh, "--quiet", "--until", until)
    ran = ghostkit("write", fresh, "--dry-run", "--show-prompt", section)
    assert ran.code == 0
    assert says in ran.out
    assert do in ran.out
    assert ghostkit("write", fresh, "--dry-run", "--show-prompt", section, "--json").json["prompt"]["known"] == (
        not says
    )


def test_the_section_before_must_be_written_first(ghostkit: Command, fresh: Path) -> None:
    ghostkit("outline", fresh, "--quiet")
    ran = ghostkit("write", fresh, "--dry-run", "--show-prompt", "1.2")
    assert "Section 1.1 must be written first" in ran.out


def test_a_finished_book_needs_no_call(ghostkit: Command, finished: Path) -> None:
    assert (
        ghostkit("write", finished, "--dry-run").out
        == "Nothing is left to write of the whole book: no call, no cost.\n"
    )
    assert ghostkit("write", finished, "--dry-run", "--json").json["calls"] == 0


def test_spans_of_sections_are_folded() -> None:
    from ghostkit.cli.dry_run import _spans

    assert _spans([]) == "none"
    assert _spans(["1.1"]) == "1.1 (1)"
    assert _spans(["1.3", "1.4", "2.1", "3.1", "3.2"]) == "1.3 to 1.4, 2.1, 3.1 to 3.2 (5)"
    assert _spans([f"{n}.1" for n in range(1, 10)]) == "1.1, 2.1, 3.1, 4.1, 5.1, …, 9.1 (9)"
