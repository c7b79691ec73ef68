"""`ghostkit cache`, and what `write`, `stats`, `status`, `receipt` and `doctor` say of the cache."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from .conftest import Command, words_of

MISSING = "The Redis cache needs the package redis, which isn't installed."
BRIEF_OPTIONS = ("--chapters", 2, "--sections", 2, "--words", 60, "--model", "rehearsal")


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.settings import get_settings

    get_settings().cache_backend = "file"


def wipe(book: Path) -> None:
    """Begin anew: everything of the book goes but its cache."""
    for path in book.iterdir():
        if path.name != "cache":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.usefixtures("on_disk")
def test_the_same_book_again_with_a_warm_cache_calls_nobody(
    ghostkit: Command, tmp_path: Path, brief: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, bill = tmp_path / "book", tmp_path / "bill.jsonl"
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_BILL", str(bill))
    assert ghostkit("new", book, "--brief", brief, *BRIEF_OPTIONS).code == 0
    first = ghostkit("write", book, "--quiet", "--json").json
    assert (first["calls"], first["cached"]) == (len(bill.read_text().splitlines()) // 2, 0)
    texts = words_of(book)
    entries = ghostkit("cache", book, "--json").json["entries"]
    assert len(entries) == first["calls"]

    wipe(book)
    bill.unlink()
    assert ghostkit("new", book, "--brief", brief, *BRIEF_OPTIONS).code == 0
    again = ghostkit("write", book)
    assert again.code == 0
    assert f"0 calls and {first['calls']} from the cache" in " ".join(again.out.split())
    assert not bill.exists()
    assert words_of(book) == texts
    cache = ghostkit("stats", book, "--json").json["cache"]
    events = ghostkit("events", book, "--all", "--json").json
    hits = [event for event in events if event["type"] == "cache_hit"]
    assert (cache["backend"], cache["hits"], cache["misses"], cache["hit_rate"]) == ("file", len(hits), 0, 1.0)
    assert len(hits) == first["calls"]
    assert not [event for event in events if event["type"] in ("cache_miss", "generation_started")]
    assert f"{len(hits)} of {len(hits)} look-ups served (100%)" in ghostkit("stats", book).out
    assert f"{len(hits)} from the cache · 0 calls" in ghostkit("status", book).out
    receipt = ghostkit("receipt", book, "1.1", "--json").json
    assert (receipt["served_by"], receipt["cost_usd"], receipt["attempts"][0]["state"]) == ("cache", 0.0, "complete")

    wipe(book)
    assert ghostkit("new", book, "--brief", brief, *BRIEF_OPTIONS).code == 0
    paid = ghostkit("write", book, "--no-cache", "--quiet", "--json").json
    assert (paid["calls"], paid["cached"]) == (first["calls"], 0)
    assert ghostkit("stats", book, "--json").json["cache"]["misses"] == 0
    assert ghostkit("receipt", book, "1.1", "--json").json["served_by"] == "provider"


@pytest.mark.usefixtures("on_disk")
def test_it_lists_and_clears_by_glob_and_kind(ghostkit: Command, fresh: Path) -> None:
    assert "0 entries, 0.0 MB" in ghostkit("cache", fresh).out
    assert ghostkit("write", fresh, "--quiet").code == 0
    listed = ghostkit("cache", fresh, "list")
    assert "generations  chapter:1:section:2:" in listed.out
    assert "summaries    chapter:1:chapter_summary:" in listed.out
    assert "generations  book:outline:" in listed.out
    found = ghostkit("cache", fresh, "--pattern", "chapter:1:section:*", "--kind", "generations", "--json").json
    assert len(found["entries"]) == 2
    everything = len(ghostkit("cache", fresh, "--json").json["entries"])
    assert "2 entries cleared" in ghostkit("cache", fresh, "clear", "--pattern", "chapter:1:section:*").out
    cleared = ghostkit("cache", fresh, "clear", "--kind", "summaries", "--json").json
    assert cleared["removed"] == cleared["kinds"]["summaries"] > 0
    rest = ghostkit("cache", fresh, "clear", "--json").json["removed"]
    assert rest == everything - 2 - cleared["removed"]
    assert ghostkit("cache", fresh, "clear", "--json").json["removed"] == 0
    assert ghostkit("status", fresh, "--json").json["state"] == "complete"


def test_a_memory_cache_leaves_no_files_and_the_command_says_what_would(ghostkit: Command, fresh: Path) -> None:
    assert ghostkit("write", fresh, "--quiet").code == 0
    ran = ghostkit("cache", fresh)
    assert "0 entries" in ran.out
    assert "CACHE_BACKEND is memory" in ran.out
    assert "CACHE_BACKEND=file ghostkit write" in " ".join(ran.out.split())


def test_bad_arguments_are_told_in_a_sentence(ghostkit: Command, fresh: Path, tmp_path: Path) -> None:
    assert "no kind of cache called 'prompts'" in ghostkit("cache", fresh, "--kind", "prompts").sentence
    assert "The pattern is empty" in ghostkit("cache", fresh, "clear", "--pattern", "").sentence
    assert "does not exist" in ghostkit("cache", tmp_path / "nowhere").sentence
    assert ghostkit("cache", fresh, "sweep").code == 2


def test_redis_without_its_package_is_refused_in_a_sentence_and_nothing_is_written(
    ghostkit: Command, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ghostkit.settings import get_settings

    monkeypatch.setitem(sys.modules, "redis", None)
    get_settings().cache_backend = "redis"
    ran = ghostkit("write", fresh, "--quiet")
    assert (ran.code, ran.sentence) == (2, MISSING)
    assert ghostkit("stats", fresh, "--json").json["calls"] == 0
    checks = ghostkit("doctor", fresh, "--json").json["checks"]
    assert [check["message"] for check in checks if check["name"] == "cache"] == [MISSING]
    assert ghostkit("write", fresh, "--no-cache", "--quiet").code == 0


@pytest.mark.usefixtures("on_disk")
def test_the_doctor_tells_whether_the_folder_can_be_written(ghostkit: Command, fresh: Path) -> None:
    def finding() -> dict[str, str]:
        return next(check for check in ghostkit("doctor", fresh, "--json").json["checks"] if check["name"] == "cache")

    assert ghostkit("write", fresh, "--quiet").code == 0
    good = finding()
    assert good["state"] == "ok"
    assert "is writable; " in good["message"]
    shutil.rmtree(fresh / "cache")
    (fresh / "cache").write_text("a file", "utf-8")
    assert finding()["state"] == "warn"
    assert "goes on without it" in finding()["fix"]
    assert json.loads(ghostkit("doctor", fresh, "--json").out)["ok"] is True


@pytest.mark.usefixtures("on_disk")
def test_a_book_is_written_though_its_cache_folder_is_a_file(ghostkit: Command, fresh: Path) -> None:
    shutil.rmtree(fresh / "cache")
    (fresh / "cache").write_text("a file", "utf-8")
    ran = ghostkit("write", fresh, "--quiet", "--json")
    assert (ran.code, ran.json["state"]) == (0, "done")
    told = [e for e in ghostkit("events", fresh, "--all", "--json").json if e["type"] == "error_occurred"]
    assert len(told) == 1
    assert "cache" in json.dumps(told[0])
