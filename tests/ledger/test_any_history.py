"""Any sequence of acts leaves the ledger as a small model of it says."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ghostkit.errors import GhostkitError
from ghostkit.ledger import AttemptState, NothingToChange, Slot, SqliteLedger, StaleBase, Who, text_hash

from .makers import WHO, answer, event, intent

SLOTS = [Slot(object_id=f"s-{n}", kind="section", variant=v) for n in range(2) for v in range(3)]
PLACES = sorted({(slot.object_id, slot.kind) for slot in SLOTS})
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
BAD = st.sampled_from([AttemptState(s) for s in ("length", "truncated", "refused", "cancelled", "error")])
Place = tuple[str, str]


def place_of(slot: Slot) -> Place:
    return slot.object_id, slot.kind


class Histories(RuleBasedStateMachine):
    """The model keeps, for each slot, its state, its attempts' states and its partial text; for each text its
    revisions by id, its head, and what waits; what each revision agrees with."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "ledger.sqlite"
        self.state: dict[Slot, str] = {}
        self.attempts: dict[Slot, list[str]] = {slot: [] for slot in SLOTS}
        self.open: dict[Slot, str] = {}
        self.base: dict[Slot, int | None] = {}
        self.at_once: dict[Slot, bool] = {}
        self.inputs: dict[Slot, dict[str, str]] = {}
        self.partial: dict[Slot, list[str]] = {}
        self.revisions: dict[Place, dict[int, str]] = {place: {} for place in PLACES}
        self.human: set[int] = set()
        self.bases: dict[int, int | None] = {}
        self.head: dict[Place, int | None] = dict.fromkeys(PLACES)
        self.proposals: dict[int, str] = {}
        self.agrees_with: dict[int, dict[str, str]] = {}
        self.served: dict[Slot, str] = {}
        self.spent = self.doubtful = 0.0
        self.keys: list[str] = []

    @initialize()
    def begin(self) -> None:
        self.ledger = SqliteLedger(self.path, synchronous="OFF")
        self.ledger.acquire_lease({})

    # ── steps ─────────────────────────────────────────────────────────────────────────────────────────────

    @rule(slot=st.sampled_from(SLOTS), key=st.sampled_from("abc"), at_once=st.booleans(), word=st.sampled_from("xyz"))
    def open_attempt(self, slot: Slot, key: str, at_once: bool, word: str) -> None:
        inputs = {"brief": text_hash("a brief"), f"text:{word}": text_hash(word), "prompt": text_hash("Be brief.")}
        asked = intent(slot, ceiling=0.5, becomes_head=at_once, inputs=inputs)
        if self.state.get(slot) in ("open", "done"):
            with pytest.raises(GhostkitError):
                self.ledger.open_attempt(asked, WHO, [event(key)])
            return
        self.ledger.open_attempt(asked, WHO, [event(key)])
        if key not in self.keys:
            self.keys.append(key)
        self.state[slot], self.open[slot], self.partial[slot] = "open", asked.attempt_id, []
        self.base[slot], self.at_once[slot], self.inputs[slot] = self.head[place_of(slot)], at_once, inputs
        self.attempts[slot].append("open")

    @rule(slot=st.sampled_from(SLOTS), text=TEXTS)
    def flush(self, slot: Slot, text: str) -> None:
        if slot in self.open:
            self.ledger.add_partial(self.open[slot], len(self.partial[slot]), text)
            self.partial[slot].append(text)
            assert self.ledger.partial_text(self.open[slot]) == "".join(self.partial[slot])

    @rule(slot=st.sampled_from(SLOTS), text=TEXTS)
    def complete(self, slot: Slot, text: str) -> None:
        if slot not in self.open:
            return
        _, revision = self.ledger.close_attempt(self.open.pop(slot), answer(text, cost_usd=0.25), WHO)
        assert revision is not None
        self.attempts[slot][-1], self.state[slot], self.served[slot] = "complete", "done", text
        self.spent += 0.25
        head = self.head[place_of(slot)]
        moved = self.base[slot] != head
        waits = (moved or not self.at_once[slot]) if slot.variant else (moved and head in self.human)
        self._added(place_of(slot), revision.id, text, self.base[slot] if slot.variant else head, waits)
        self.agrees_with[revision.id] = self.inputs[slot]

    def _added(self, place: Place, number: int, text: str, base: int | None, waits: bool) -> None:
        self.revisions[place][number] = text
        self.bases[number] = base
        if waits:
            self.proposals[number] = "open"
        else:
            self.head[place] = number

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

    # ── people ────────────────────────────────────────────────────────────────────────────────────────────

    @rule(place=st.sampled_from(PLACES), text=TEXTS, fresh=st.booleans())
    def edit(self, place: Place, text: str, fresh: bool) -> None:
        base = self.head[place]
        if not fresh:
            with pytest.raises(StaleBase):
                self.ledger.add_human_revision(*place, text, WHO, base_id=(base or 0) + 1000)
            return
        revision = self.ledger.add_human_revision(*place, text, WHO, base_id=base)
        self.human.add(revision.id)
        self._added(place, revision.id, text, base, waits=False)

    @rule(place=st.sampled_from(PLACES), text=TEXTS)
    def propose(self, place: Place, text: str) -> None:
        base = self.head[place]
        proposal = self.ledger.add_proposal(*place, text, WHO, base_id=base, source="editor", note="a note")
        self.human.add(proposal.id)
        self._added(place, proposal.id, text, base, waits=True)

    @precondition(lambda self: self.proposals)
    @rule(data=st.data(), over=st.booleans())
    def accept(self, data: st.DataObject, over: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.proposals)))
        place = next(place for place in PLACES if number in self.revisions[place])
        if self.proposals[number] == "accepted" and self.head[place] == number:
            assert self.ledger.accept(number, WHO, over=over).id == number
        elif self.proposals[number] != "open":
            with pytest.raises(NothingToChange):
                self.ledger.accept(number, WHO, over=over)
        elif not over and self.bases[number] != self.head[place]:
            with pytest.raises(StaleBase):
                self.ledger.accept(number, WHO)
        else:
            assert self.ledger.accept(number, WHO, over=over).id == number
            self.proposals[number], self.head[place] = "accepted", number

    @precondition(lambda self: self.proposals)
    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.proposals)))
        if self.proposals[number] == "accepted":
            with pytest.raises(NothingToChange):
                self.ledger.reject(number, WHO)
            return
        self.ledger.reject(number, WHO, note="no")
        self.proposals[number] = "rejected"

    @precondition(lambda self: any(self.revisions.values()))
    @rule(data=st.data(), fresh=st.booleans())
    def restore(self, data: st.DataObject, fresh: bool) -> None:
        place = data.draw(st.sampled_from([place for place in PLACES if self.revisions[place]]))
        number = data.draw(st.sampled_from(sorted(self.revisions[place])))
        if number == self.head[place]:
            with pytest.raises(NothingToChange):
                self.ledger.move_head(*place, number, WHO, base_id=self.head[place])
        elif not fresh:
            with pytest.raises(StaleBase):
                self.ledger.move_head(*place, number, WHO, base_id=(self.head[place] or 0) + 1000)
        else:
            self.ledger.move_head(*place, number, WHO, base_id=self.head[place])
            self.head[place] = number
            if self.proposals.get(number) == "open":
                self.proposals[number] = "accepted"

    @precondition(lambda self: any(self.revisions.values()))
    @rule(data=st.data(), words=st.lists(st.sampled_from(["x", "y", "a brief", "Be brief.", "Ёлка"]), max_size=4))
    def judge(self, data: st.DataObject, words: list[str]) -> None:
        number = data.draw(st.sampled_from(sorted(n for by_id in self.revisions.values() for n in by_id)))
        inputs = {f"text:{word}": text_hash(word) for word in words}
        self.ledger.judge(number, inputs, WHO, "it is fine")
        self.agrees_with[number] = inputs

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

    # ── what must hold ────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def steps_agree(self) -> None:
        if not hasattr(self, "ledger"):
            return
        assert {step.slot: str(step.state) for step in self.ledger.steps()} == self.state
        for slot in SLOTS:
            assert [str(a.state) for a in self.ledger.attempts(slot)] == self.attempts[slot]
            assert self.ledger.finished_text(slot) == self.served.get(slot)
        for slot, attempt in self.open.items():
            assert self.ledger.request(attempt)["inputs"] == self.inputs[slot]
        totals = self.ledger.totals()
        assert totals.calls == sum(map(len, self.attempts.values()))
        assert totals.cost_usd == pytest.approx(self.spent)
        assert totals.in_doubt_usd == pytest.approx(self.doubtful + 0.5 * len(self.open))
        recorded = [e for e in self.ledger.events() if e.type == "section_completed"]
        assert len(recorded) == len(self.keys)

    @invariant()
    def revisions_agree(self) -> None:
        """Every revision ever written is reachable; the head is always one of them."""
        if not hasattr(self, "ledger"):
            return
        for place in PLACES:
            history = self.ledger.history(*place)
            assert {r.id: r.text for r in history} == self.revisions[place]
            assert {r.id: r.base_id for r in history} == {n: self.bases[n] for n in self.revisions[place]}
            head = self.ledger.head(*place)
            assert (head.id if head else None) == self.head[place]
            assert head is None or head in history
        assert {p.id: str(p.state) for p in self.ledger.proposals(None)} == self.proposals
        waiting = [n for n, state in self.proposals.items() if state == "open"]
        assert [p.id for p in self.ledger.proposals()] == sorted(waiting)

    @invariant()
    def judgements_agree(self) -> None:
        if not hasattr(self, "ledger"):
            return
        judged = self.ledger.judged_inputs()
        assert judged.keys() == {place for place in PLACES if self.head[place] is not None}
        for place, found in judged.items():
            at = self.head[place]
            while at is not None and at not in self.agrees_with:
                at = self.bases[at]
            assert (found.revision_id, found.inputs) == (self.head[place], self.agrees_with[at] if at else {})

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.release_lease()
            self.ledger.close()
        self.folder.cleanup()


class TestHistories(Histories.TestCase):
    settings = settings(max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
