"""`ghostkit stats` on what went wrong at a provider."""

from __future__ import annotations

from pathlib import Path

from ghostkit.book.folder import ProjectFolder
from ghostkit.events import Event, EventType
from ghostkit.ledger import SqliteLedger, Who
from ghostkit.providers.resilience import BreakerState, StateChange

from .conftest import Command


def test_stats_tell_retries_and_the_last_state_of_each_circuit(ghostkit: Command, tmp_path: Path, brief: Path) -> None:
    book = tmp_path / "book"
    assert ghostkit("new", book, "--brief", brief, "--model", "rehearsal").code == 0
    untroubled = ghostkit("stats", book, "--json").json
    assert (untroubled["retries"], untroubled["circuits"]) == (0, [])
    assert "circuit" not in ghostkit("stats", book).out

    closed, opened, half = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
    key = "openai|https://someone:secret@proxy.example/v1|gpt-5"
    changes = [
        StateChange(key=key, before=before, after=after, failures=5, retry_after_s=30.0)
        for before, after in ((closed, opened), (opened, half), (half, opened))
    ]
    events = [Event(type=EventType.PROVIDER_STATE, data=change.as_data()) for change in changes]
    retry = Event(type=EventType.GENERATION_RETRY, data={"slot": "s", "attempt": 2, "reason": "rate", "delay_s": 1})
    ledger = SqliteLedger(ProjectFolder(book).ledger)
    ledger.record([*events, retry], Who())
    ledger.close()

    found = ghostkit("stats", book, "--json").json
    (circuit,) = found["circuits"]
    assert (circuit["model"], circuit["state"], circuit["opened"]) == ("openai:gpt-5", "open", 2)
    assert found["retries"] == 1
    told = ghostkit("stats", book).out
    assert "circuit  openai:gpt-5 open since 20" in told
    assert "opened 2 times" in told
    answered = {"slot": "s", "attempt": "a", "model": "openai:gpt-5"}
    ledger = SqliteLedger(ProjectFolder(book).ledger)
    ledger.record([Event(type=EventType.GENERATION_COMPLETED, data=answered)], Who())
    ledger.close()
    (circuit,) = ghostkit("stats", book, "--json").json["circuits"]
    assert (circuit["state"], circuit["opened"]) == ("closed", 2), "it answers, so it is not open any more"
    assert "secret" not in told + ghostkit("events", book, "--all", "--json").out
