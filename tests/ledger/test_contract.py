"""What every ledger keeps, in a file and in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ghostkit.errors import IllegalTransition, LeaseLost, LedgerError
from ghostkit.events import EventType
from ghostkit.ledger import (
    ATTEMPT_TRANSITIONS,
    STEP_TRANSITIONS,
    AttemptState,
    FileRecord,
    Ledger,
    Origin,
    Slot,
    SqliteLedger,
    StaleBase,
    StepState,
    Who,
    text_hash,
)
from ghostkit.ledger import values as ledger_values

from .makers import SLOT, WHO, answer, event, intent, run_record, written

ENDED_BADLY = [AttemptState(s) for s in ("length", "truncated", "refused", "cancelled", "error", "in_doubt")]


def types(ledger: Ledger) -> list[str]:
    return [stored.type for stored in ledger.events()]


def blobs(ledger: SqliteLedger) -> int:
    with ledger._connection.reading() as sql:
        return int(sql.execute("SELECT count(*) FROM blob").fetchone()[0])


# ── states ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("now", list(StepState))
@pytest.mark.parametrize("then", list(StepState))
def test_a_step_moves_only_as_the_design_draws_it(now: StepState, then: StepState) -> None:
    drawn = {
        ("pending", "open"), ("open", "done"), ("open", "stopped"), ("stopped", "open"), ("done", "superseded"),
    }  # fmt: skip
    if (str(now), str(then)) in drawn:
        ledger_values.check_transition(STEP_TRANSITIONS, now, then, "step")
    else:
        with pytest.raises(IllegalTransition, match=f"can't go from {now} to {then}"):
            ledger_values.check_transition(STEP_TRANSITIONS, now, then, "step")


@pytest.mark.parametrize("now", list(AttemptState))
@pytest.mark.parametrize("then", list(AttemptState))
def test_an_attempt_ends_once_and_never_changes_after(now: AttemptState, then: AttemptState) -> None:
    if now is AttemptState.OPEN and then is not AttemptState.OPEN:
        ledger_values.check_transition(ATTEMPT_TRANSITIONS, now, then, "attempt")
    else:
        with pytest.raises(IllegalTransition):
            ledger_values.check_transition(ATTEMPT_TRANSITIONS, now, then, "attempt")


@pytest.mark.parametrize("first", list(AttemptState)[1:])
@pytest.mark.parametrize("second", [AttemptState.COMPLETE, AttemptState.IN_DOUBT])
def test_closing_an_attempt_twice_is_refused_and_changes_nothing(
    ledger: SqliteLedger, first: AttemptState, second: AttemptState
) -> None:
    opened = ledger.open_attempt(intent(), WHO)
    ledger.close_attempt(opened.id, answer("first", state=first), WHO)
    before = (ledger.attempts(SLOT), ledger.step(SLOT), ledger.head("s-1", "section"))
    with pytest.raises(IllegalTransition):
        ledger.close_attempt(opened.id, answer("second", state=second), WHO, [event(n=1)])
    assert (ledger.attempts(SLOT), ledger.step(SLOT), ledger.head("s-1", "section")) == before
    assert ledger.partial_text(opened.id) == "first"
    assert types(ledger) == []


def test_a_step_that_is_open_is_not_opened_again(ledger: SqliteLedger) -> None:
    ledger.open_attempt(intent(), WHO)
    with pytest.raises(LedgerError, match=r"s-1/section/0 is open already"):
        ledger.open_attempt(intent(), WHO)
    assert len(ledger.attempts(SLOT)) == 1


def test_a_step_that_is_done_is_not_opened_again(ledger: SqliteLedger) -> None:
    written(ledger)
    with pytest.raises(IllegalTransition, match="from done to open"):
        ledger.open_attempt(intent(), WHO)
    assert len(ledger.attempts(SLOT)) == 1
    assert ledger.finished_text(SLOT) == "Ada went home."


@pytest.mark.parametrize("state", ["none", "open", *ENDED_BADLY])
def test_only_a_done_step_is_superseded(ledger: SqliteLedger, state: Any) -> None:
    if state == "none":
        ledger.supersede(SLOT)
        assert ledger.step(SLOT) is None
        return
    opened = ledger.open_attempt(intent(), WHO)
    if state != "open":
        ledger.close_attempt(opened.id, answer(state=state), WHO)
    before = ledger.step(SLOT)
    with pytest.raises(IllegalTransition):
        ledger.supersede(SLOT)
    assert ledger.step(SLOT) == before


def test_unknown_attempts_are_named(ledger: SqliteLedger) -> None:
    with pytest.raises(LedgerError, match="no attempt a-none"):
        ledger.close_attempt("a-none", answer(), WHO)
    with pytest.raises(LedgerError, match="no attempt a-none"):
        ledger.request("a-none")
    assert ledger.partial_text("a-none") == ""


# ── the way of one step ───────────────────────────────────────────────────────────────────────────────────────


def test_the_intent_is_there_before_any_result(ledger: SqliteLedger) -> None:
    asked = intent(ceiling=0.5)
    opened = ledger.open_attempt(asked, WHO, [event(type=EventType.GENERATION_STARTED)])
    step = ledger.step(SLOT)
    assert step is not None
    assert (step.state, step.fingerprint, step.actor, step.run_id, step.ghostkit_version) == (
        "open", asked.fingerprint, "Ada", "r-1", "9.9.9",
    )  # fmt: skip
    assert (opened.id, opened.number, opened.state, opened.cost_ceiling_usd) == (asked.attempt_id, 1, "open", 0.5)
    assert ledger.attempts(SLOT) == [opened]
    assert types(ledger) == ["generation_started"]
    assert ledger.finished_text(SLOT) is None
    assert ledger.head("s-1", "section") is None


def test_a_complete_answer_becomes_the_head_and_is_served_without_a_call(ledger: SqliteLedger) -> None:
    opened = ledger.open_attempt(intent(), WHO)
    closed, revision = ledger.close_attempt(opened.id, answer(), WHO)
    assert revision is not None
    assert (closed.state, closed.cost_usd, closed.input_tokens, closed.output_tokens, closed.usage_source) == (
        "complete", 0.01, 12, 4, "reported",
    )  # fmt: skip
    assert (closed.first_token_s, closed.total_s) == (0.2, 1.5)
    assert (revision.text, revision.text_hash) == ("Ada went home.", text_hash("Ada went home."))
    assert (revision.origin, revision.author, revision.base_id, revision.attempt_id, revision.model) == (
        Origin.GENERATED, "Ada", None, opened.id, "scripted:x",
    )  # fmt: skip
    assert ledger.head("s-1", "section") == revision
    assert ledger.heads() == [revision]
    assert ledger.finished_text(SLOT) == "Ada went home."
    assert [step.state for step in ledger.steps()] == ["done"]


@pytest.mark.parametrize("state", ENDED_BADLY)
def test_any_other_ending_keeps_its_text_and_leaves_the_step_resumable(
    ledger: SqliteLedger, state: AttemptState
) -> None:
    opened = ledger.open_attempt(intent(), WHO)
    closed, revision = ledger.close_attempt(opened.id, answer("Ada we", state=state, error="because"), WHO)
    assert (closed.state, closed.error, revision) == (state, "because", None)
    assert ledger.partial_text(opened.id) == "Ada we"
    assert ledger.finished_text(SLOT) is None
    assert ledger.heads() == []
    step = ledger.step(SLOT)
    assert step is not None
    assert step.state is StepState.STOPPED
    again = ledger.open_attempt(intent(), WHO)
    ledger.close_attempt(again.id, answer(), WHO)
    assert [(a.number, a.state) for a in ledger.attempts(SLOT)] == [(1, state), (2, "complete")]
    assert ledger.finished_text(SLOT) == "Ada went home."


def test_partials_join_in_order_and_give_way_to_the_result(ledger: SqliteLedger) -> None:
    opened = ledger.open_attempt(intent(), WHO)
    for seq, piece in ((20, "home."), (3, "Ada "), (10, "went ")):
        ledger.add_partial(opened.id, seq, piece)
    assert ledger.partial_text(opened.id) == "Ada went home."
    ledger.add_partial(opened.id, 20, "away.")
    assert ledger.partial_text(opened.id) == "Ada went away."
    ledger.close_attempt(opened.id, answer("Ada went far away."), WHO)
    assert ledger.partial_text(opened.id) == "Ada went far away."
    ledger.add_partial(opened.id, 30, "late")
    assert ledger.partial_text(opened.id) == "Ada went far away."


def test_an_ending_without_text_keeps_the_partial_that_was_flushed(ledger: SqliteLedger) -> None:
    opened = ledger.open_attempt(intent(), WHO)
    ledger.add_partial(opened.id, 1, "Ada ")
    ledger.close_attempt(opened.id, answer("", state=AttemptState.ERROR), WHO)
    assert ledger.partial_text(opened.id) == "Ada "


def test_an_answer_that_was_never_sent_for_is_recorded_at_once_or_not_at_all(ledger: SqliteLedger) -> None:
    asked, events = intent(ceiling=0.0), [event("a"), event(type=EventType.CACHE_HIT)]
    attempt, revision = ledger.add_answer(asked, answer("Kept.", cost_usd=0.0, input_tokens=0), WHO, events)
    assert (attempt.id, attempt.state, attempt.cost_usd) == (asked.attempt_id, AttemptState.COMPLETE, 0.0)
    assert revision is not None
    assert (ledger.finished_text(SLOT), ledger.head("s-1", "section")) == ("Kept.", revision)
    assert [e.type for e in ledger.events()] == ["section_completed", "cache_hit"]
    with pytest.raises(IllegalTransition):
        ledger.add_answer(intent(), answer("Again."), WHO, [event("b")])
    other = Slot(object_id="s-2", kind="section")
    with pytest.raises(IllegalTransition):
        ledger.add_answer(intent(other), answer(state=AttemptState.OPEN), WHO, [event("c")])
    assert (ledger.step(other), ledger.attempts(other), len(ledger.events())) == (None, [], 2)


def test_variants_and_kinds_of_one_object_are_steps_of_their_own(ledger: SqliteLedger) -> None:
    slots = [SLOT, Slot(object_id="s-1", kind="section", variant=1), Slot(object_id="s-1", kind="summary")]
    for place, slot in enumerate(slots):
        written(ledger, f"text {place}", slot)
    assert [ledger.finished_text(slot) for slot in slots] == ["text 0", "text 1", "text 2"]
    assert [str(step.slot) for step in ledger.steps()] == ["s-1/section/0", "s-1/section/1", "s-1/summary/0"]


def test_superseding_makes_room_and_keeps_what_was(ledger: SqliteLedger) -> None:
    first = written(ledger, "first")
    ledger.supersede(SLOT)
    assert ledger.step(SLOT) is None
    assert ledger.finished_text(SLOT) is None
    head = ledger.head("s-1", "section")
    assert head is not None
    assert head.text == "first"
    second = written(ledger, "second")
    assert [a.id for a in ledger.attempts(SLOT)] == [first, second]
    assert ledger.finished_text(SLOT) == "second"
    assert [r.text for r in ledger.history("s-1", "section")] == ["first", "second"]
    assert ledger.totals().steps == {"superseded": 1, "done": 1}


# ── recovery ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_recovery_turns_open_attempts_into_doubtful_ones_at_their_ceiling_and_keeps_their_text(
    ledger: SqliteLedger,
) -> None:
    other = Slot(object_id="s-2", kind="section")
    opened = ledger.open_attempt(intent(ceiling=0.75), WHO)
    ledger.add_partial(opened.id, 1, "Ada we")
    written(ledger, slot=other)
    doubtful = ledger.recover(Who(actor="Bo", run_id="r-2"))
    assert [a.id for a in doubtful] == [opened.id]
    now = ledger.attempts(SLOT)[0]
    assert (now.state, now.cost_usd) == ("in_doubt", 0.75)
    assert ledger.partial_text(opened.id) == "Ada we"
    step = ledger.step(SLOT)
    assert step is not None
    assert step.state is StepState.STOPPED
    assert ledger.finished_text(other) == "Ada went home."
    told = ledger.events()
    assert [(e.type, dict(e.data), e.actor, e.run_id) for e in told] == [
        ("generation_in_doubt", {"slot": "s-1/section/0", "attempt": opened.id, "most_usd": 0.75}, "Bo", "r-2")
    ]
    assert ledger.recover(WHO) == []
    assert len(ledger.events()) == 1


def test_recovery_ends_the_runs_of_dead_processes_but_not_ones_own(ledger: SqliteLedger) -> None:
    ledger.start_run(run_record("r-dead"), WHO)
    ledger.start_run(run_record("r-ended"), WHO)
    ledger.end_run("r-ended", "done", "", WHO)
    ledger.start_run(run_record("r-mine"), WHO)
    ledger.recover(Who(run_id="r-mine"))
    assert [(r.id, r.state, r.ended_at is None) for r in ledger.runs()] == [
        ("r-dead", "interrupted", False), ("r-ended", "done", False), ("r-mine", "running", True),
    ]  # fmt: skip


# ── requests and blobs ────────────────────────────────────────────────────────────────────────────────────────


def test_a_request_comes_back_as_it_was_sent(ledger: SqliteLedger) -> None:
    messages = (("system", ("Ты писатель.", "a & <b> \x00 \n\n ")), ("user", ("", "水", "Ты писатель.")))
    asked = intent(messages=messages, parameters={"max_tokens": 7, "stop": ["\n"], "temperature": 0.7})
    ledger.open_attempt(asked, WHO)
    request = ledger.request(asked.attempt_id)
    assert request["messages"] == [{"role": role, "parts": list(parts)} for role, parts in messages]
    assert request["parameters"] == {"max_tokens": 7, "stop": ["\n"], "temperature": 0.7}
    assert request["inputs"] == {"brief": text_hash("a brief")}
    assert (request["model"], request["base_url"], request["template"], request["actor"]) == (
        "scripted:x", "http://localhost/v1", "section@1:abcd1234", "Ada",
    )  # fmt: skip


def test_a_part_that_is_sent_many_times_is_stored_once(ledger: SqliteLedger) -> None:
    shared = ("the system " * 200, "the book " * 500)
    for number in range(20):
        slot = Slot(object_id=f"s-{number}", kind="section")
        messages = (("system", (shared[0],)), ("user", (shared[1], f"Write {number}.")))
        opened = ledger.open_attempt(intent(slot, messages=messages), WHO)
        ledger.close_attempt(opened.id, answer("the same answer"), WHO)
    assert blobs(ledger) == 2 + 20 + 1
    assert all(ledger.request(a.id)["messages"][1]["parts"][0] == shared[1] for a in ledger.attempts(SLOT))


def test_a_purged_text_leaves_its_hash_and_every_reader_copes(ledger: SqliteLedger) -> None:
    attempt_id = written(ledger, "to be forgotten")
    digest = text_hash("to be forgotten")
    assert ledger.purge(digest, "asked for by Ada")
    assert not ledger.purge(digest, "again")
    assert not ledger.purge(text_hash("never stored"), "nothing there")
    assert ledger.purge(text_hash("Be brief."), "the prompt too")
    head = ledger.head("s-1", "section")
    assert head is not None
    assert (head.text, head.text_hash, head.purged) == ("", digest, True)
    assert ledger.finished_text(SLOT) == ""
    assert ledger.partial_text(attempt_id) == ""
    assert [(r.text, r.purged) for r in ledger.history("s-1", "section")] == [("", True)]
    assert ledger.text_of(digest) is None
    assert ledger.text_of(text_hash("never stored")) is None
    assert ledger.request(attempt_id)["messages"][0]["parts"] == ["[purged]"]
    assert ledger.totals().cost_usd == pytest.approx(0.01)
    with ledger._connection.reading() as sql:
        reasons = sql.execute("SELECT purge_reason FROM blob WHERE data IS NULL ORDER BY id").fetchall()
    assert sorted(row[0] for row in reasons) == ["asked for by Ada", "the prompt too"]


# ── revisions ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_persons_text_becomes_the_head_on_the_base_it_was_read_from(ledger: SqliteLedger) -> None:
    written(ledger, "by the model")
    base = ledger.head("s-1", "section")
    assert base is not None
    mine = ledger.add_human_revision("s-1", "section", "by me", Who(actor="Mira"), base_id=base.id, events=[event("e")])
    assert (mine.origin, mine.author, mine.base_id, mine.attempt_id, mine.model) == (
        Origin.HUMAN, "Mira", base.id, None, "",
    )  # fmt: skip
    assert ledger.head("s-1", "section") == mine
    assert ledger.finished_text(SLOT) == "by the model"
    assert [(r.text, r.base_id) for r in ledger.history("s-1", "section")] == [
        ("by the model", None),
        ("by me", base.id),
    ]
    assert types(ledger) == ["section_completed"]


@pytest.mark.parametrize("base", [None, 999])
def test_a_revision_on_another_base_is_refused_with_its_events(ledger: SqliteLedger, base: int | None) -> None:
    written(ledger, "by the model")
    count = blobs(ledger)
    with pytest.raises(StaleBase, match="section of s-1 has changed"):
        ledger.add_human_revision("s-1", "section", "too late", WHO, base_id=base, events=[event("e")])
    assert [r.text for r in ledger.history("s-1", "section")] == ["by the model"]
    assert types(ledger) == []
    assert blobs(ledger) == count


def test_a_first_text_may_be_a_persons_and_needs_no_lease(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    mine = ledger.add_human_revision("s-1", "section", "by me", WHO, base_id=None)
    assert ledger.heads() == [mine]
    with pytest.raises(StaleBase):
        ledger.add_human_revision("s-1", "section", "by me too", WHO, base_id=None)
    ledger.close()


# ── events ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_event_with_a_key_is_there_exactly_once_and_the_first_stays(ledger: SqliteLedger) -> None:
    first, second, plain = event("k", n=1), event("k", n=2), event(None, n=3)
    assert ledger.record([first, second, plain, plain], WHO) == [first, plain, plain]
    assert ledger.record([second], WHO) == []
    assert [e.data["n"] for e in ledger.events()] == [1, 3, 3]


def test_events_come_in_commit_order_and_by_type_place_and_number(ledger: SqliteLedger) -> None:
    kinds = [EventType.SECTION_STARTED, EventType.SECTION_COMPLETED]
    ledger.record([event(None, kinds[n % 2], n=n, text="Ёлка 水") for n in range(6)], WHO)
    every = ledger.events()
    assert [e.data["n"] for e in every] == list(range(6))
    assert [e.seq for e in every] == sorted({e.seq for e in every})
    assert every[0].data["text"] == "Ёлка 水"
    assert [e.data["n"] for e in ledger.events(after=every[2].seq)] == [3, 4, 5]
    assert [e.data["n"] for e in ledger.events(types=["section_started"])] == [0, 2, 4]
    assert [e.data["n"] for e in ledger.events(limit=2)] == [0, 1]
    assert [e.data["n"] for e in ledger.events(limit=2, newest=True)] == [4, 5]
    assert [e.data["n"] for e in ledger.events(types=["section_completed"], limit=1, newest=True)] == [5]
    assert (every[0].actor, every[0].run_id, every[0].ghostkit_version, every[0].source) == (
        "Ada", "r-1", "9.9.9", "test",
    )  # fmt: skip


class Boom(Exception):
    pass


@pytest.mark.parametrize(
    "what",
    ["open", "close", "human", "propose", "accept", "reject", "restore", "judge", "purge", "start_run", "end_run",
     "record"],
)  # fmt: skip
def test_a_change_and_its_events_are_both_there_or_neither(
    ledger: SqliteLedger, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log takes the event and then fails: the change that came before it must go too."""
    from ghostkit.ledger import journal

    opened = ledger.open_attempt(intent(Slot(object_id="s-9", kind="section")), WHO)
    ledger.start_run(run_record("r-9"), WHO)
    first = ledger.add_human_revision("s-4", "section", "first", WHO, base_id=None)
    waits = ledger.add_proposal("s-4", "section", "better", WHO, base_id=first.id, source="editor")
    plain = journal.insert

    def failing(*args: Any) -> Any:
        plain(*args)
        raise Boom

    def state() -> Any:
        with ledger._connection.reading() as sql:
            tables = (
                "step",
                "attempt",
                "name",
                "digest",
                "proposal",
                "judgement",
                "revision",
                "head",
                "event",
                "run",
                "blob",
                "partial",
            )
            return {table: [tuple(row) for row in sql.execute(f"SELECT * FROM {table}")] for table in tables}

    acts = {
        "open": lambda: ledger.open_attempt(intent(), WHO, [event()]),
        "close": lambda: ledger.close_attempt(opened.id, answer("new text"), WHO, [event()]),
        "human": lambda: ledger.add_human_revision("s-3", "section", "mine", WHO, base_id=None, events=[event()]),
        "propose": lambda: ledger.add_proposal(
            "s-4", "section", "mine", WHO, base_id=first.id, source="editor", events=[event()]
        ),
        "accept": lambda: ledger.accept(waits.id, WHO, events=[event()]),
        "reject": lambda: ledger.reject(waits.id, WHO, events=[event()]),
        "restore": lambda: ledger.move_head("s-4", "section", waits.id, WHO, base_id=first.id, events=[event()]),
        "judge": lambda: ledger.judge(first.id, {"brief": text_hash("b")}, WHO, events=[event()]),
        "purge": lambda: ledger.purge(text_hash("first"), "asked for", WHO, [event()]),
        "start_run": lambda: ledger.start_run(run_record("r-2"), WHO, [event()]),
        "end_run": lambda: ledger.end_run("r-9", "done", "", WHO, [event()]),
        "record": lambda: ledger.record([event()], WHO),
    }
    before = state()
    monkeypatch.setattr(journal, "insert", failing)
    with pytest.raises(Boom):
        acts[what]()
    assert state() == before
    monkeypatch.setattr(journal, "insert", plain)
    acts[what]()
    assert state() != before
    assert types(ledger)[-1] == "section_completed"
    assert types(ledger).count("section_completed") == 1


# ── runs, sums, files ─────────────────────────────────────────────────────────────────────────────────────────


def test_runs_come_back_as_they_were_recorded(ledger: SqliteLedger) -> None:
    ledger.start_run(run_record("r-1"), WHO, [event("run")])
    ledger.start_run(run_record("r-2", model="other:y"), WHO)
    ledger.end_run("r-1", "failed", "no key", WHO, [event("end")])
    first, second = ledger.runs()
    assert (first.id, first.state, first.reason, first.goal, first.model, first.actor) == (
        "r-1", "failed", "no key", {"text": "the whole book", "until": [2, 3]}, "scripted:x", "Ada",
    )  # fmt: skip
    assert first.started_at == run_record().started_at
    assert first.ended_at is not None
    assert (second.state, second.ended_at) == ("running", None)
    assert len(ledger.events()) == 2


def test_sums_count_doubtful_and_open_calls_apart(ledger: SqliteLedger) -> None:
    assert ledger.totals() == type(ledger.totals())()
    written(ledger, slot=Slot(object_id="s-1", kind="section"))
    stopped = ledger.open_attempt(intent(Slot(object_id="s-2", kind="section"), ceiling=0.5), WHO)
    ledger.close_attempt(stopped.id, answer("x", state=AttemptState.LENGTH, cost_usd=0.02, total_s=0.5), WHO)
    ledger.open_attempt(intent(Slot(object_id="s-3", kind="section"), ceiling=0.25), WHO)
    ledger.recover(WHO)
    ledger.open_attempt(intent(Slot(object_id="s-4", kind="section"), ceiling=0.125), Who(run_id="r-2"))
    totals = ledger.totals()
    assert (totals.calls, totals.input_tokens, totals.output_tokens) == (4, 24, 8)
    assert totals.cost_usd == pytest.approx(0.03)
    assert totals.in_doubt_usd == pytest.approx(0.375)
    assert totals.seconds == pytest.approx(2.0)
    assert totals.attempts == {"complete": 1, "length": 1, "in_doubt": 1, "open": 1}
    assert totals.steps == {"done": 1, "stopped": 2, "open": 1}
    assert ledger.totals("r-2").calls == 1
    assert ledger.cost_by_object() == pytest.approx({"s-1": 0.01, "s-2": 0.02, "s-3": 0.25, "s-4": 0.0})


def test_files_are_remembered_as_last_noted(ledger: SqliteLedger) -> None:
    one = FileRecord(
        path="chapters/Ё.md", size=3, mtime_ns=2**62, text_hash=text_hash("a"), rendered_hash=text_hash("b")
    )
    two = FileRecord(path="outline.md", size=0, mtime_ns=0, text_hash=text_hash(""), rendered_hash=text_hash(""))
    ledger.note_files([one, two])
    assert ledger.file_records() == {one.path: one, two.path: two}
    newer = FileRecord(path=one.path, size=4, mtime_ns=5, text_hash=two.text_hash, rendered_hash=two.text_hash)
    ledger.note_files([newer])
    assert ledger.file_records() == {one.path: newer, two.path: two}


# ── who may write ─────────────────────────────────────────────────────────────────────────────────────────────


def test_without_the_lease_no_step_is_run_but_people_may_act(ledger: SqliteLedger) -> None:
    opened = ledger.open_attempt(intent(), WHO)
    ledger.release_lease()
    before = ledger.attempts(SLOT)
    for act in (
        lambda: ledger.open_attempt(intent(Slot(object_id="s-2", kind="section")), WHO),
        lambda: ledger.add_partial(opened.id, 1, "x"),
        lambda: ledger.close_attempt(opened.id, answer(), WHO),
        lambda: ledger.recover(WHO),
        lambda: ledger.supersede(SLOT),
        ledger.heartbeat,
    ):
        with pytest.raises(LeaseLost):
            act()
    assert ledger.attempts(SLOT) == before
    assert ledger.partial_text(opened.id) == ""
    ledger.add_human_revision("s-5", "section", "mine", WHO, base_id=None)
    ledger.record([event()], WHO)
    ledger.release_lease()  # a second time is harmless


def test_the_fencing_token_rises_with_every_holder(ledger: SqliteLedger) -> None:
    tokens = []
    for _ in range(3):
        ledger.release_lease()
        tokens.append(ledger.acquire_lease({"goal": "again"}))
    assert tokens == [2, 3, 4]
    holder = ledger.lease_holder()
    assert (holder["goal"], holder["released"]) == ("again", False)
    ledger.heartbeat()
    ledger.release_lease()
    assert ledger.lease_holder()["released"] is True
