"""Any sequence of acts leaves the ledger as a small model of it says."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ghostkit.errors import GhostkitError
from ghostkit.ledger import AttemptState, Slot, SqliteLedger, StaleBase, Who

from .makers import WHO, answer, event, intent

SLOTS = [Slot(object_id=f"s-{n}", kind="section") for n in range(3)]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
BAD = st.sampled_from([AttemptState(s) for s in ("length", "truncated", "refused", "cancelled", "error")])


class Histories(RuleBasedStateMachine):
    """The model keeps, for each slot, its state, its attempts' states, its partial text and its revisions."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "ledger.sqlite"
        self.state: dict[Slot, str] = {}
        self.attempts: dict[Slot, list[str]] = {slot: [] for slot in SLOTS}
        self.open: dict[Slot, str] = {}
        self.partial: dict[Slot, list[str]] = {}
        self.revisions: dict[Slot, list[str]] = {slot: [] for slot in SLOTS}
        self.served: dict[Slot, str] = {}
        self.spent = self.doubtful = 0.0
        self.keys: list[str] = []

    @initialize()
    def begin(self) -> None:
        self.ledger = SqliteLedger(self.path, synchronous="OFF")
        self.ledger.acquire_lease({})

    @rule(slot=st.sampled_from(SLOTS), key=st.sampled_from("abc"))
    def open_attempt(self, slot: Slot, key: str) -> None:
        asked = intent(slot, ceiling=0.5)
        if self.state.get(slot) in ("open", "done"):
            with pytest.raises(GhostkitError):
                self.ledger.open_attempt(asked, WHO, [event(key)])
            return
        self.ledger.open_attempt(asked, WHO, [event(key)])
        if key not in self.keys:
            self.keys.append(key)
        self.state[slot], self.open[slot], self.partial[slot] = "open", asked.attempt_id, []
        self.attempts[slot].append("open")

    @rule(slot=st.sampled_from(SLOTS), text=TEXTS)
    def flush(self, slot: Slot, text: str) -> None:
        if slot in self.open:
            self.ledger.add_partial(self.open[slot], len(self.partial[slot]), text)
            self.partial[slot].append(text)
            assert self.ledger.partial_text(self.open[slot]) == "".join(self.partial[slot])

    @rule(slot=st.sampled_from(SLOTS), text=TEXTS)
    def complete(self, slot: Slot, text: str) -> None:
        if slot in self.open:
            self.ledger.close_attempt(self.open.pop(slot), answer(text, cost_usd=0.25), WHO)
            self.attempts[slot][-1], self.state[slot] = "complete", "done"
            self.revisions[slot].append(text)
            self.served[slot] = text
            self.spent += 0.25

    @rule(slot=st.sampled_from(SLOTS), state=BAD, text=st.one_of(st.just(""), TEXTS))
    def end_badly(self, slot: Slot, state: AttemptState, text: str) -> None:
        if slot in self.open:
            attempt = self.open.pop(slot)
            self.ledger.close_attempt(attempt, answer(text, state=state, cost_usd=0.125), WHO)
            self.attempts[slot][-1], self.state[slot] = str(state), "stopped"
            assert self.ledger.partial_text(attempt) == (text or "".join(self.partial[slot]))
            self.spent += 0.125

    @rule(slot=st.sampled_from(SLOTS))
    def supersede(self, slot: Slot) -> None:
        if self.state.get(slot) in ("open", "stopped"):
            with pytest.raises(GhostkitError):
                self.ledger.supersede(slot)
            return
        self.ledger.supersede(slot)
        self.state.pop(slot, None)
        self.served.pop(slot, None)

    @rule(slot=st.sampled_from(SLOTS), text=TEXTS, fresh=st.booleans())
    def edit(self, slot: Slot, text: str, fresh: bool) -> None:
        head = self.ledger.head(slot.object_id, slot.kind)
        base = head.id if head else None
        if not fresh:
            with pytest.raises(StaleBase):
                self.ledger.add_human_revision(slot.object_id, slot.kind, text, WHO, base_id=(base or 0) + 1000)
            return
        self.ledger.add_human_revision(slot.object_id, slot.kind, text, WHO, base_id=base)
        self.revisions[slot].append(text)

    @rule()
    def die_and_recover(self) -> None:
        """Another runner opens the file as it is; nothing was given back."""
        self.ledger._lease._drop_os_lock()
        old, self.ledger = self.ledger, SqliteLedger(self.path, synchronous="OFF")
        self.ledger.acquire_lease({})
        doubtful = self.ledger.recover(Who(run_id="r-next"))
        assert {a.id for a in doubtful} == set(self.open.values())
        for slot in self.open:
            self.attempts[slot][-1], self.state[slot] = "in_doubt", "stopped"
            self.doubtful += 0.5
        self.open.clear()
        old.close()

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "ledger"):
            return
        steps = {step.slot: str(step.state) for step in self.ledger.steps()}
        assert steps == self.state
        for slot in SLOTS:
            assert [str(a.state) for a in self.ledger.attempts(slot)] == self.attempts[slot]
            assert [r.text for r in self.ledger.history(slot.object_id, slot.kind)] == self.revisions[slot]
            head = self.ledger.head(slot.object_id, slot.kind)
            assert (head.text if head else None) == (self.revisions[slot][-1] if self.revisions[slot] else None)
            assert self.ledger.finished_text(slot) == self.served.get(slot)
        totals = self.ledger.totals()
        assert totals.calls == sum(map(len, self.attempts.values()))
        assert totals.cost_usd == pytest.approx(self.spent)
        assert totals.in_doubt_usd == pytest.approx(self.doubtful + 0.5 * len(self.open))
        recorded = [e for e in self.ledger.events() if e.type == "section_completed"]
        assert len(recorded) == len(self.keys)

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.release_lease()
            self.ledger.close()
        self.folder.cleanup()


class TestHistories(Histories.TestCase):
    settings = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
