"""What the ledger remembers of tokens and costs: kept as told, remembered in order, and unharmed in older ledgers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ghostkit.ledger import AttemptState, Slot, SqliteLedger

from .makers import WHO, answer, intent

BEFORE_COSTS = 5
"""The last version without the columns."""


def slot(number: int) -> Slot:
    return Slot(object_id=f"s-{number}", kind="section")


def test_every_token_and_whether_the_cost_is_known_is_read_back_as_it_was_told(ledger: SqliteLedger) -> None:
    characters = {"latin": 120, "cyrillic": 7}
    asked = intent(characters=characters, cost_known=False)
    ledger.open_attempt(asked, WHO)
    assert ledger.attempt(asked.attempt_id).cost_known is False
    ledger.close_attempt(
        asked.attempt_id,
        answer(cache_write_tokens=2, reasoning_tokens=1, request_id="req-1", cost_known=True),
        WHO,
    )
    (kept,) = ledger.attempts(asked.slot)
    assert (kept.cached_tokens, kept.cache_write_tokens, kept.reasoning_tokens, kept.request_id) == (3, 2, 1, "req-1")
    assert kept.cost_known is True
    assert kept.characters == characters


def test_calls_of_unknown_cost_are_counted_beside_the_sum(ledger: SqliteLedger) -> None:
    for number, known in enumerate((True, False, False)):
        asked = intent(slot(number))
        ledger.open_attempt(asked, WHO)
        ledger.close_attempt(asked.attempt_id, answer(cost_usd=0.5 if known else 0.0, cost_known=known), WHO)
    totals = ledger.totals()
    assert (totals.calls, totals.cost_usd, totals.unpriced) == (3, 0.5, 2)
    assert ledger.totals("r-1").unpriced == 2


def test_only_what_a_vendor_counted_is_remembered_oldest_first_and_not_more_than_asked(ledger: SqliteLedger) -> None:
    told = [
        ({"latin": 10}, answer(input_tokens=5)),
        ({"latin": 20}, answer(input_tokens=6, usage_source="estimated")),
        ({}, answer(input_tokens=7)),
        ({"han": 40}, answer(input_tokens=0)),
        ({"han": 50}, answer(input_tokens=9, state=AttemptState.LENGTH)),
        ({"han": 60}, answer(input_tokens=10)),
    ]
    for number, (characters, outcome) in enumerate(told):
        asked = intent(slot(number), characters=characters)
        ledger.open_attempt(asked, WHO)
        ledger.close_attempt(asked.attempt_id, outcome, WHO)
    ledger.open_attempt(intent(slot(99), characters={"latin": 1}), WHO)
    everything = [("scripted:x", {"latin": 10}, 5), ("scripted:x", {"han": 50}, 9), ("scripted:x", {"han": 60}, 10)]
    assert ledger.reported_usage() == everything
    assert ledger.reported_usage(2) == everything[1:]


def test_an_in_doubt_call_of_unknown_price_stays_unknown(ledger: SqliteLedger) -> None:
    ledger.open_attempt(intent(ceiling=0.0, cost_known=False), WHO)
    (doubtful,) = ledger.recover(WHO)
    assert ledger.attempt(doubtful.id).cost_known is False
    assert ledger.totals().unpriced == 1


def test_an_attempt_of_an_older_ledger_has_a_known_cost_and_nothing_to_learn_from(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    SqliteLedger(path, upto=BEFORE_COSTS).close()
    with sqlite3.connect(path) as sql:
        sql.execute("INSERT INTO who (actor, run_id, version) VALUES ('Ada', 'r', '0.1')")
        sql.execute(
            "INSERT INTO step (object, kind, variant, state, who_id, created_at, updated_at) "
            "VALUES ('s-1', 'section', 0, 'done', 1, 1.0, 1.0)"
        )
        sql.execute(
            "INSERT INTO attempt (uid, step_id, number, state, model, base_url, template, fingerprint, request, "
            "cost_ceiling_usd, cost_usd, input_tokens, usage_source, started_at, who_id) "
            "VALUES ('a-old', 1, 1, 'complete', 'm:x', '', '', x'00', '', 0.2, 0.1, 50, 'reported', 1.0, 1)"
        )
    sql.close()
    ledger = SqliteLedger(path)
    old = ledger.attempt("a-old")
    assert (old.cost_usd, old.cost_known, old.characters, old.request_id) == (0.1, True, {}, "")
    assert ledger.reported_usage() == []
    assert ledger.totals().unpriced == 0
    ledger.close()


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    made = SqliteLedger(tmp_path / "ledger.sqlite")
    made.acquire_lease({})
    return made
