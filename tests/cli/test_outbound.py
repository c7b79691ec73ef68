"""`ghostkit outbound`: what left this machine, checked against what the provider itself was given."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ghostkit import sync
from ghostkit.cli.commands.outbound import moment
from ghostkit.errors import AuthError, BudgetExceeded, CircuitOpen, InputError, ServerError
from ghostkit.ledger import Intent, Outcome, Slot, SqliteLedger, Who
from ghostkit.ledger.values import AttemptState
from ghostkit.providers import ModelInfo, Request, registry
from ghostkit.providers.this_machine import is_this_machine
from ghostkit.testing import ScriptedProvider
from ghostkit.workbench.outbound import destination, outbound
from tests.cli.conftest import BRIEF, Command


class Away(ScriptedProvider):
    """A provider that says where its requests go."""

    name = "away"
    base_url = "https://api.vendor.example/v1"

    def info(self, model: str) -> ModelInfo:
        from dataclasses import replace

        return replace(super().info(model), base_url=self.base_url)


@pytest.fixture
def away() -> Away:
    provider = Away()
    registry.register_provider("away", lambda: provider)
    return provider


@pytest.fixture
def sent(away: Away, tmp_path: Path) -> Path:
    path = tmp_path / "book"
    book = sync.Book.create(path, brief=BRIEF, chapters=2, sections=2, words=60, model="away:far-1")
    book.write()
    book.live.close()
    return path


def characters(requests: list[Request]) -> int:
    return sum(len(message.text) for request in requests for message in request.messages)


def test_every_request_is_listed_with_host_characters_moment_and_place(
    ghostkit: Command, sent: Path, away: Away
) -> None:
    found = ghostkit("outbound", sent, "--json").json
    assert found["left_this_machine"] is True
    assert len(found["requests"]) == len(away.requests)
    assert found["characters"] == characters(away.requests)
    assert [row["slot"] for row in found["requests"]] == [request.slot for request in away.requests]
    assert [row["characters"] for row in found["requests"]] == [characters([request]) for request in away.requests]
    (host,) = found["hosts"]
    assert (host["host"], host["local"], host["requests"]) == ("api.vendor.example", False, len(away.requests))
    section = next(row for row in found["requests"] if row["number"] == "2.1" and row["text"] == "section")
    assert section["title"] == "Scene 2.1"
    assert (section["model"], section["state"], section["left"]) == ("away:far-1", "complete", "yes")
    assert abs(datetime.fromisoformat(section["at"]) - datetime.now(UTC)) < timedelta(minutes=2)
    text = ghostkit("outbound", sent).out
    assert "section 2.1 Scene 2.1" in text
    assert f"{characters(away.requests):,} characters" in text
    assert "Nothing left" not in text


def test_rehearsal_sends_nothing_and_that_is_said(ghostkit: Command, finished: Path, fresh: Path) -> None:
    found = ghostkit("outbound", finished, "--json").json
    assert (found["left_this_machine"], found["characters"], found["requests"], found["hosts"]) == (False, 0, [], [])
    assert found["stayed"]["rehearsal"] > 5
    said = ghostkit("outbound", finished).out
    assert "by rehearsal" in said
    assert "Nothing left this machine." in said
    assert ghostkit("outbound", fresh).out == "Nothing left this machine.\n"


def test_what_a_cache_answered_is_not_counted(
    ghostkit: Command, sent: Path, away: Away, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHE_BACKEND", "file")
    monkeypatch.setenv("CACHE_DIR", str(tmp_path / "kept"))
    from ghostkit.settings import reset_settings

    reset_settings()
    away.requests.clear()
    paths = [tmp_path / "first", tmp_path / "second"]
    for path in paths:
        book = sync.Book.create(path, title="One", brief=BRIEF, chapters=1, sections=1, words=60, model="away:far-1")
        book.write()
        book.live.close()
    found = [ghostkit("outbound", path, "--json").json for path in paths]
    assert len(found[0]["requests"]) + len(found[1]["requests"]) == len(away.requests)
    assert found[1]["stayed"]["cache"] > 0
    assert "from the cache" in ghostkit("outbound", paths[1]).out


def test_since_and_host_choose_among_them(ghostkit: Command, sent: Path) -> None:
    every = len(ghostkit("outbound", sent, "--json").json["requests"])

    def listed(*options: str) -> int:
        return len(ghostkit("outbound", sent, "--json", *options).json["requests"])

    assert listed("--since", "1h") == listed("--host", "API.vendor.example") == every
    assert listed("--since", (datetime.now() + timedelta(minutes=1)).isoformat()) == 0
    assert listed("--host", "elsewhere.example") == 0
    ran = ghostkit("outbound", sent, "--since", "soon")
    assert ran.code == 2
    assert ran.sentence == "'soon' is no point in time."


def test_a_moment_without_a_zone_is_local_and_ages_count_back() -> None:
    assert moment("2026-11-03").astimezone() == datetime(2026, 11, 3).astimezone()
    assert abs(moment("2w") - (datetime.now(UTC) - timedelta(weeks=2))) < timedelta(seconds=5)
    for bad in ("", "7", "7y", "99999999d", "2026-13-01"):
        with pytest.raises(InputError):
            moment(bad)


FAILURES = {
    "broken": (ServerError("It failed.", status=500, retryable=False), "may have"),
    "answered 401": (AuthError("It does not accept the key.", status=401, rejected=True), "yes"),
    "no key": (AuthError("There is no key.", rejected=True), None),
    "breaker": (CircuitOpen("It is left alone for a while.", retry_after_s=9.0), None),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failed_request_counts_unless_it_never_left(ghostkit: Command, away: Away, tmp_path: Path, case: str) -> None:
    error, left = FAILURES[case]
    away._answer = lambda kind, request: error
    book = sync.Book.create(tmp_path / "b", brief=BRIEF, chapters=1, sections=1, words=60, model="away:far-1")
    with pytest.raises(type(error)):
        book.write()
    book.live.close()
    found = ghostkit("outbound", tmp_path / "b", "--json").json
    assert [row["left"] for row in found["requests"]] == ([left] if left else [])
    assert found["stayed"] == ({} if left else {"never sent": 1})
    if left is None:
        assert "failed before anything was sent" in ghostkit("outbound", tmp_path / "b").out


def test_a_budget_that_refuses_leaves_nothing_to_tell(ghostkit: Command, tmp_path: Path) -> None:
    dear = Away(usd_per_million=1000.0)
    registry.register_provider("away", lambda: dear)
    book = sync.Book.create(tmp_path / "b", brief=BRIEF, chapters=1, sections=1, words=60, model="away:far-1")
    with pytest.raises(BudgetExceeded):
        book.write(budget_usd=0.0001)
    book.live.close()
    assert dear.requests == []
    assert ghostkit("outbound", tmp_path / "b", "--json").json["requests"] == []


def intent(number: int, slot: str, model: str = "away:far-1", base_url: str = Away.base_url) -> Intent:
    return Intent(
        attempt_id=f"a-{number}", slot=Slot(object_id=slot, kind="section"), model=model, base_url=base_url,
        fingerprint=hashlib.sha256(str(number).encode()).hexdigest(), messages=(("user", ("ab", "cde")),),
        parameters={}, inputs={}, cost_ceiling_usd=0.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "left"),
    [
        (None, "may have"),
        (Outcome(state=AttemptState.IN_DOUBT), "may have"),
        (Outcome(state=AttemptState.CANCELLED), "may have"),
        (Outcome(state=AttemptState.CANCELLED, text="some"), "yes"),
        (Outcome(state=AttemptState.TRUNCATED, text="some"), "yes"),
        (Outcome(state=AttemptState.LENGTH, text="some"), "yes"),
        (Outcome(state=AttemptState.REFUSED), "yes"),
    ],
)
def test_what_was_cut_off_is_said_to_have_left_or_that_it_may_have(
    fresh: Path, ghostkit: Command, outcome: Outcome | None, left: str
) -> None:
    ledger = SqliteLedger(fresh / "ledger.sqlite", synchronous="OFF")
    ledger.acquire_lease({"pid": 1})
    ledger.open_attempt(intent(1, "gone"), Who())
    if outcome is not None:
        ledger.close_attempt("a-1", outcome, Who())
    found = outbound(fresh)  # while the ledger is open and its lease held, as in a run
    ledger.close()
    (request,) = found.requests
    assert (request.left, request.characters, request.title) == (left, 7, "no longer in the book")
    if left == "may have":
        assert "(may have left)" in ghostkit("outbound", fresh).out


def test_it_reads_while_another_writes_and_changes_nothing(sent: Path, ghostkit: Command) -> None:
    before = len(outbound(sent).requests)
    writer = sqlite3.connect(sent / "ledger.sqlite", isolation_level=None)
    try:
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("DELETE FROM partial")
        assert len(outbound(sent).requests) == before
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    seen = contents(sent)
    assert ghostkit("outbound", sent).code == 0
    assert contents(sent) == seen


def contents(path: Path) -> dict[str, bytes]:
    """Every file but SQLite's own beside the ledger, which a reader makes too."""
    return {file.name: file.read_bytes() for file in path.iterdir() if file.is_file() and "sqlite-" not in file.name}


def test_a_folder_that_may_not_be_written_is_read(sent: Path, ghostkit: Command) -> None:
    before = outbound(sent).as_dict()
    sent.chmod(0o500)
    try:
        assert outbound(sent).as_dict() == before
    finally:
        sent.chmod(0o700)


@pytest.mark.parametrize("damage", ["cut off", "header gone", "empty", "page of noise", "rows of noise"])
def test_a_damaged_ledger_is_told_in_a_sentence(sent: Path, ghostkit: Command, damage: str) -> None:
    ledger = sent / "ledger.sqlite"
    for extra in sent.glob("ledger.sqlite-*"):
        extra.unlink()
    whole = ledger.read_bytes()
    if damage == "rows of noise":
        with sqlite3.connect(ledger) as sql:
            sql.execute("UPDATE blob SET data = x'00ff00ff'")
        sql.close()
    else:
        noise = whole[:2048] + os.urandom(len(whole) - 2048)
        ledger.write_bytes({"cut off": whole[:5000], "header gone": whole[50:], "empty": b"",
                            "page of noise": noise}[damage])  # fmt: skip
    ran = ghostkit("outbound", sent)
    assert ran.code == 1
    assert "ledger.sqlite" in ran.sentence
    assert ghostkit("outbound", sent, "--json").error["code"] == "ledger_damaged"


@pytest.mark.parametrize(("version", "said"), [(99, "Upgrade"), (1, "Open the book once")])
def test_another_schema_is_told_and_left(sent: Path, ghostkit: Command, version: int, said: str) -> None:
    with sqlite3.connect(sent / "ledger.sqlite") as sql:
        sql.execute(f"PRAGMA user_version = {version}")
    sql.close()
    ran = ghostkit("outbound", sent)
    assert ran.code == 1
    assert said in ran.err


def test_without_a_readable_structure_the_hosts_are_told_all_the_same(sent: Path, ghostkit: Command) -> None:
    (sent / "book.json").write_text("{")
    found = ghostkit("outbound", sent, "--json").json
    assert found["characters"] > 0
    assert {row["number"] for row in found["requests"]} == {""}


def test_a_purged_text_is_told_by_its_size(sent: Path, ghostkit: Command) -> None:
    whole = ghostkit("outbound", sent, "--json").json["characters"]
    with sqlite3.connect(sent / "ledger.sqlite") as sql:
        sql.execute("UPDATE blob SET data = NULL WHERE id = (SELECT id FROM blob ORDER BY size DESC LIMIT 1)")
    sql.close()
    found = ghostkit("outbound", sent, "--json").json
    assert found["characters"] < whole
    assert any(row["purged_bytes"] for row in found["requests"])
    assert "+ purged" in ghostkit("outbound", sent).out


@pytest.mark.parametrize(
    ("model", "base_url", "host", "local"),
    [
        ("openai:gpt-5", "https://api.openai.com/v1", "api.openai.com", False),
        ("openai:gpt-5", "http://user:secret@gateway.example:8080/v1", "gateway.example:8080", False),
        ("ollama:llama4", "http://127.0.0.1:11434", "127.0.0.1:11434", True),
        ("ollama:llama4", "http://localhost:11434", "localhost:11434", True),
        ("ollama:llama4", "http://[::1]:11434", "[::1]:11434", True),
        ("ollama:llama4", "http://192.168.1.7:11434", "192.168.1.7:11434", False),
        ("ollama:gpt-oss:120b-cloud", "http://localhost:11434", "ollama.com (through localhost:11434)", False),
        ("ollama:llama4", "127.0.0.1:11434", "127.0.0.1:11434", True),
        ("plugin:x", "", "(its provider names no host)", False),
        ("plugin:x", "https://host:notaport/", "host", False),
    ],
)
def test_a_host_is_named_and_known_to_be_this_machine_or_not(model: str, base_url: str, host: str, local: bool) -> None:
    assert destination(model, base_url) == (host, local)


def test_only_the_loopback_is_this_machine() -> None:
    assert all(map(is_this_machine, ["localhost", "LOCALHOST.", "x.localhost", "127.8.0.1", "::1", "0.0.0.0"]))
    assert not any(map(is_this_machine, ["localhost.evil.example", "10.0.0.1", "api.openai.com", "2001:db8::1"]))


def test_a_service_on_this_machine_is_marked_and_nothing_left(ghostkit: Command, away: Away, tmp_path: Path) -> None:
    away.base_url = "http://127.0.0.1:11434"
    book = sync.Book.create(tmp_path / "b", brief=BRIEF, chapters=1, sections=1, words=60, model="away:far-1")
    book.write()
    book.live.close()
    found = ghostkit("outbound", tmp_path / "b", "--json").json
    assert (found["left_this_machine"], found["characters"]) == (False, 0)
    assert found["hosts"][0]["local"] is True
    assert found["hosts"][0]["characters"] == characters(away.requests)
    said = ghostkit("outbound", tmp_path / "b").out
    assert "127.0.0.1:11434 (this machine)" in said
    assert "Nothing left this machine." in said
