"""Receipts are packed small and come back whole, whatever is in them and in whatever order they were written."""

from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.ledger import Slot, SqliteLedger, blobs, interning, packing, receipts, text_hash

from .makers import WHO, answer, intent

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MESSAGES = st.lists(st.tuples(st.sampled_from(["system", "user"]), st.lists(WORDS, max_size=6)), max_size=3)
REQUESTS = st.tuples(
    MESSAGES,
    st.dictionaries(WORDS, st.one_of(st.integers(), st.floats(allow_nan=False), WORDS, st.none()), max_size=4),
    st.dictionaries(WORDS, WORDS.map(text_hash), max_size=8),
)


@given(st.lists(st.integers(0, 2**40), max_size=40))
def test_numbers_come_back(values: list[int]) -> None:
    reader = packing.Reader(packing.numbers(values))
    assert [reader.number() for _ in values] == values


@settings(deadline=None, max_examples=30)
@given(st.lists(REQUESTS, max_size=30))
def test_any_series_of_requests_comes_back_as_it_was(requests: list[Any]) -> None:
    ledger = SqliteLedger(None)
    ledger.acquire_lease({})
    sent = []
    for number, (messages, parameters, inputs) in enumerate(requests):
        asked = intent(
            Slot(object_id=f"s-{number}", kind="section"), parameters=parameters, inputs=inputs,
            messages=tuple((role, tuple(parts)) for role, parts in messages),
        )  # fmt: skip
        ledger.open_attempt(asked, WHO)
        sent.append(asked)
    for asked in sent:
        request = ledger.request(asked.attempt_id)
        assert request["parameters"] == asked.parameters
        assert request["inputs"] == asked.inputs
        assert [(m["role"], tuple(m["parts"])) for m in request["messages"]] == list(asked.messages)
    ledger.close()


def test_names_and_digests_that_share_a_number_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interning, "NAME_NUMBERS", 50)
    monkeypatch.setattr(interning, "DIGEST_NUMBERS", 50)
    ledger = SqliteLedger(None)
    ledger.acquire_lease({})
    inputs = {f"name {n}": text_hash(f"digest {n}") for n in range(45)}
    asked = intent(inputs=inputs)
    ledger.open_attempt(asked, WHO)
    assert ledger.request(asked.attempt_id)["inputs"] == inputs
    ledger.close()


def book_of_receipts(ledger: SqliteLedger, chapters: int, sections: int, at_once: int) -> list[dict[str, str]]:
    """What a long book's sections read: everything of 7 chapters, 50 inputs by name; chapters written side by side."""
    chance, made = random.Random(1), []
    shared = [f"shared part {n}" for n in range(6)]
    texts = {(c, s): f"text {c}.{s}" for c in range(chapters) for s in range(sections)}
    facts = {f"people:p{n}": text_hash(f"person {n}") for n in range(16)}
    order = [
        (c, s) for first in range(0, chapters, at_once) for s in range(sections) for c in range(first, first + at_once)
    ]
    for chapter, section in order:
        if chance.random() < 0.1:
            facts[f"people:p{chance.randrange(16)}"] = text_hash(str(chance.random()))
        window = [texts[c, s] for c in range(max(0, chapter - 10), chapter) for s in range(sections)]
        window += [texts[chapter, s] for s in range(section)]
        near = [(c, s) for c in range(max(0, chapter - 7), chapter) for s in range(sections)]
        inputs = {**facts, **{f"text:{c}.{s}": text_hash(texts[c, s]) for c, s in near}}
        inputs |= {f"{name}:s-{chapter}-{section}": text_hash(f"{name} {chapter}.{section}") for name in ("brief",)}
        inputs |= {name: text_hash(name) for name in ("style", "plan", "template")}
        slot = Slot(object_id=f"s-{chapter}-{section}", kind="section")
        messages = (("system", tuple(shared[:2])), ("user", (*shared[2:], *window, f"brief {chapter}.{section}")))
        opened = ledger.open_attempt(intent(slot, inputs=inputs, messages=messages), WHO)
        ledger.close_attempt(opened.id, answer(texts[chapter, section]), WHO)
        made.append(inputs)
    return made


@pytest.mark.parametrize(("at_once", "limit"), [(1, 115), (4, 140)])
def test_fifty_inputs_and_sixty_parts_cost_well_under_150_bytes_a_section(at_once: int, limit: int) -> None:
    ledger = SqliteLedger(None)
    ledger.acquire_lease({})
    made = book_of_receipts(ledger, chapters=40, sections=4, at_once=at_once)
    assert max(map(len, made)) >= 48
    with ledger._connection.reading() as sql:
        sizes = [row[0] for row in sql.execute("SELECT length(request) FROM attempt ORDER BY id")]
        names = sql.execute("SELECT total(length(text) + 6) FROM name").fetchone()[0]
        digests = sql.execute("SELECT total(length(hash) + 7) FROM digest").fetchone()[0]
        depths = {receipts._parts(row[0])[1] for row in sql.execute("SELECT request FROM attempt")}
    assert depths == set(range(receipts.CHAIN + 1))
    late = sizes[len(sizes) // 2 :]
    assert sum(late) / len(late) + (names + digests) / len(sizes) < limit
    judged = ledger.judged_inputs()
    assert len(judged) == len(made)
    assert {frozenset(found.inputs.items()) for found in judged.values()} == {frozenset(i.items()) for i in made}
    ledger.close()


def test_an_older_ledgers_receipts_are_packed_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    SqliteLedger(path, upto=3).close()
    sql = sqlite3.connect(path)
    sql.execute("INSERT INTO who (actor, run_id, version) VALUES ('Ada', 'r-1', '0.1')")
    stored = text_hash("part 1")
    for number in range(1, 5):
        blobs.put(sql, f"part {number}")
    sql.execute("INSERT INTO digest (hash) VALUES (?), (?)", (bytes.fromhex(stored), bytes.fromhex(text_hash("x"))))
    for number in range(1, 30):
        request = {"parameters": {"max_tokens": number}, "messages": [["user", [1, number % 4 + 1]]]}
        sql.execute(
            "INSERT INTO step (object, kind, variant, state, who_id, created_at, updated_at) "
            "VALUES (?, 'section', 0, 'done', 1, 1.0, 1.0)",
            (f"s-{number}",),
        )
        sql.execute(
            "INSERT INTO attempt (uid, step_id, number, state, model, base_url, template, fingerprint, request, "
            "cost_ceiling_usd, started_at, who_id, text_id) "
            "VALUES (?, ?, 1, 'complete', 'm:x', '', 't', X'00', ?, 0.5, 1.0, 1, 2)",
            (f"a-{number}", number, json.dumps(request)),
        )  # fmt: skip
        sql.execute("INSERT INTO input VALUES (?, 'stored', 1), (?, 'Ёлка', 2)", (number, number))
    sql.commit()
    sql.close()
    ledger = SqliteLedger(path)
    for number in range(1, 30):
        request = dict(ledger.request(f"a-{number}"))
        assert request["parameters"] == {"max_tokens": number}
        assert request["messages"] == [{"role": "user", "parts": ["part 1", f"part {number % 4 + 1}"]}]
        assert request["inputs"] == {"stored": stored, "Ёлка": text_hash("x")}
    with ledger._connection.reading() as inside:
        tables = {row[0] for row in inside.execute("SELECT name FROM sqlite_master")}
        assert not {"input", "digest_before"} & tables
        assert inside.execute("SELECT count(*) FROM digest").fetchone()[0] == 1
    ledger.close()
