"""`status`, `receipt`, `stats`, `outline`, `events`: the contracts, and the same for people."""

from __future__ import annotations

from pathlib import Path

import pytest

from ghostkit.workbench import Book
from tests.cli.conftest import Command

SECTION_KEYS = {
    "id", "number", "title", "status", "words", "locked", "edited_by_human", "stale", "model", "cost_usd",
}  # fmt: skip


def test_status_has_the_contracts_shape(ghostkit: Command, finished: Path) -> None:
    found = ghostkit("status", finished, "--json").json
    assert found.keys() >= {"title", "state", "language", "chapters", "steps", "attempts", "words", "cost_usd"}
    assert found["steps"].keys() >= {"done", "open", "stopped"}
    assert found["attempts"].keys() >= {"complete", "in_doubt"}
    assert [c.keys() >= {"id", "number", "title", "status", "sections"} for c in found["chapters"]] == [True, True]
    sections = [s for chapter in found["chapters"] for s in chapter["sections"]]
    assert all(s.keys() >= SECTION_KEYS for s in sections)
    assert [s["number"] for s in sections] == ["1.1", "1.2", "2.1", "2.2"]


def test_status_for_people_has_every_section_and_the_next_step(ghostkit: Command, fresh: Path, finished: Path) -> None:
    new = ghostkit("status", fresh)
    assert new.out.splitlines() == [
        "The Salt Pans: new, 0 words, en", "0 texts done · 0 calls · $0.00", f"Next: ghostkit write {fresh}",
    ]  # fmt: skip
    ran = ghostkit("status", finished)
    assert "complete, 4 of 4 sections" in ran.out
    assert all(f"✓ {number} " in ran.out for number in ("1.1", "1.2", "2.1", "2.2"))
    assert not any(line != line.rstrip() for line in ran.out.splitlines())
    assert ran.out.splitlines()[-1] == f"Next: ghostkit export {finished} --format epub"


def test_receipt_has_the_contracts_shape_and_says_the_same_to_people(ghostkit: Command, finished: Path) -> None:
    found = ghostkit("receipt", finished, "2.1", "--json").json
    assert found.keys() >= {
        "slot", "fingerprint", "model", "actor", "request", "inputs", "usage", "cost_usd", "started_at",
        "first_token_s", "total_s", "attempts", "served_by",
    }  # fmt: skip
    assert found["usage"].keys() == {"input_tokens", "output_tokens", "source"}
    ran = ghostkit("receipt", finished, "2.1", "--prompt")
    assert found["fingerprint"] in ran.out
    assert found["request"]["messages"][-1]["parts"][-1] in ran.out


def test_a_section_without_a_receipt_or_none_at_all_is_a_usage_error(ghostkit: Command, fresh: Path) -> None:
    assert ghostkit("receipt", fresh, "1.1").code == 2
    ghostkit("write", fresh, "--quiet", "--until", "1.1")
    assert "no receipt" in ghostkit("receipt", fresh, "1.2").sentence
    assert "'7.7'" in ghostkit("receipt", fresh, "7.7").sentence


def test_stats_has_the_contracts_shape(ghostkit: Command, finished: Path) -> None:
    found = ghostkit("stats", finished, "--json").json
    assert found.keys() >= {"cache", "calls", "tokens", "cost_usd", "seconds"}
    assert found["cache"].keys() == {"backend", "hits", "misses", "hit_rate", "entries", "bytes", "kinds"}
    assert found["tokens"].keys() == {"input", "output"}
    ran = ghostkit("stats", finished)
    assert f"calls    {found['calls']}" in ran.out
    assert f"{found['tokens']['input']:,} in" in ran.out


def test_outline_plans_once_and_then_only_shows(ghostkit: Command, fresh: Path) -> None:
    ran = ghostkit("outline", fresh, "--quiet")
    assert (ran.code, ran.err) == (0, "")
    calls = ghostkit("stats", fresh, "--json").json["calls"]
    assert calls == 4  # the book, its people, two chapters
    again = ghostkit("outline", fresh, "--json")
    assert ghostkit("stats", fresh, "--json").json["calls"] == calls
    assert [len(chapter["sections"]) for chapter in again.json["chapters"]] == [2, 2]
    titles = [s["title"] for chapter in again.json["chapters"] for s in chapter["sections"]]
    assert all(title in ran.out for title in titles)
    assert ghostkit("status", fresh, "--json").json["words"] == 0


def test_events_are_a_list_of_the_newest_or_all_of_them(ghostkit: Command, finished: Path) -> None:
    everything = ghostkit("events", finished, "--all", "--json").json
    assert [event["seq"] for event in everything] == sorted(event["seq"] for event in everything)
    assert ghostkit("events", finished, "--last", 3, "--json").json == everything[-3:]
    done = ghostkit("events", finished, "--type", "section_completed", "--all", "--json").json
    assert [event["data"]["number"] for event in done] == ["1.1", "1.2", "2.1", "2.2"]
    assert len(ghostkit("events", finished, "--last", 5).out.splitlines()) == 5


def test_an_unknown_event_type_is_a_usage_error_with_a_suggestion(ghostkit: Command, finished: Path) -> None:
    ran = ghostkit("events", finished, "--type", "section_complete")
    assert ran.code == 2
    assert "section_completed" in ran.err
    assert ghostkit("events", finished, "--last", 0).code == 2


@pytest.mark.parametrize("command", ["status", "stats", "events", "outline", "write", "export", "receipt"])
def test_a_folder_that_is_no_book_is_told_by_every_command(ghostkit: Command, tmp_path: Path, command: str) -> None:
    more = ("1.1",) if command == "receipt" else ()
    missing = ghostkit(command, tmp_path / "nowhere", *more)
    assert missing.code == 1
    assert "does not exist" in missing.sentence
    empty = ghostkit(command, tmp_path, *more, "--json")
    assert (empty.code, empty.out, empty.error["code"]) == (1, "", "book_not_found")
    (tmp_path / "file").write_text("")
    assert "is a file" in ghostkit(command, tmp_path / "file", *more).sentence


def test_locks_and_edits_are_seen(ghostkit: Command, finished: Path) -> None:
    book = Book.open(finished)
    book.section("1.2").lock()
    book.close()
    path = finished / "chapters/chapter_01/sections/section_01.md"
    path.write_text(path.read_text(encoding="utf-8") + "\nAnd Bo raked on.\n", encoding="utf-8")
    found = ghostkit("status", finished, "--json").json
    first, second = found["chapters"][0]["sections"]
    assert first["edited_by_human"]
    assert second["locked"]
    text = ghostkit("status", finished).out
    assert "✎ 1.1" in text
    assert "locked" in text
    assert "edited by a person" in ghostkit("receipt", finished, "1.1").out
