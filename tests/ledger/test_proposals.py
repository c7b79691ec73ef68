"""Variants become proposals; proposals are decided once, on the text they were made for; heads can be moved back."""

from __future__ import annotations

from typing import Any

import pytest

from ghostkit.errors import UnknownName
from ghostkit.ledger import (
    AttemptState,
    NothingToChange,
    Origin,
    ProposalState,
    Revision,
    Slot,
    SqliteLedger,
    StaleBase,
    Who,
    text_hash,
)

from .makers import SLOT, WHO, answer, event, intent, written

VARIANT = Slot(object_id="s-1", kind="section", variant=1)
MIRA = Who(actor="Mira", run_id="", ghostkit_version="9.9.9")


def types(ledger: SqliteLedger) -> list[str]:
    return [stored.type for stored in ledger.events()]


def head(ledger: SqliteLedger) -> Revision:
    found = ledger.head("s-1", "section")
    assert found is not None
    return found


def redrawn(ledger: SqliteLedger, text: str = "Ada ran home.", **more: Any) -> Revision:
    opened = ledger.open_attempt(intent(VARIANT, **more), WHO)
    _, revision = ledger.close_attempt(opened.id, answer(text), WHO)
    assert revision is not None
    return revision


# ── variants ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_variants_answer_waits_as_a_proposal_with_its_receipt_and_the_head_stays(ledger: SqliteLedger) -> None:
    written(ledger)
    before = head(ledger)
    revision = redrawn(ledger, note="make her run")
    assert head(ledger) == before
    (proposal,) = ledger.proposals()
    assert (proposal.revision, proposal.id, proposal.state) == (revision, revision.id, ProposalState.OPEN)
    assert (proposal.source, proposal.note, proposal.decided_at, proposal.decided_by) == (
        "rewrite", "make her run", None, "",
    )  # fmt: skip
    assert (revision.base_id, revision.text, revision.origin) == (before.id, "Ada ran home.", Origin.GENERATED)
    assert ledger.request(str(revision.attempt_id))["model"] == "scripted:x"
    assert ledger.finished_text(VARIANT) == "Ada ran home."
    told = ledger.events()[-1]
    assert (told.type, told.data) == (
        "revision_proposed",
        {"object": "s-1", "kind": "section", "revision": revision.id, "base": before.id, "source": "rewrite"},
    )


def test_a_variants_base_is_what_the_intent_said_or_the_head_of_that_moment(ledger: SqliteLedger) -> None:
    written(ledger, "first")
    first = head(ledger)
    opened = ledger.open_attempt(intent(VARIANT), WHO)
    second = ledger.add_human_revision("s-1", "section", "second", MIRA, base_id=first.id)
    _, revision = ledger.close_attempt(opened.id, answer("late"), WHO)
    assert revision is not None
    assert (revision.base_id, head(ledger)) == (first.id, second)
    ledger.supersede(VARIANT)
    assert redrawn(ledger, base_id=first.id).base_id == first.id


@pytest.mark.parametrize("state", [AttemptState.LENGTH, AttemptState.ERROR, AttemptState.IN_DOUBT])
def test_a_variant_that_ends_badly_proposes_nothing(ledger: SqliteLedger, state: AttemptState) -> None:
    written(ledger)
    opened = ledger.open_attempt(intent(VARIANT), WHO)
    assert ledger.close_attempt(opened.id, answer("Ada r", state=state), WHO)[1] is None
    assert ledger.proposals(None) == []


def test_a_text_made_again_becomes_the_head_at_once_only_on_its_base(ledger: SqliteLedger) -> None:
    written(ledger, "first")
    again = redrawn(ledger, "second", becomes_head=True)
    assert head(ledger) == again
    assert ledger.proposals(None) == []
    ledger.supersede(VARIANT)
    opened = ledger.open_attempt(intent(VARIANT, becomes_head=True), WHO)
    mine = ledger.add_human_revision("s-1", "section", "mine", MIRA, base_id=again.id)
    ledger.close_attempt(opened.id, answer("third"), WHO)
    assert head(ledger) == mine
    assert [p.revision.text for p in ledger.proposals()] == ["third"]


def test_what_a_person_wrote_while_the_model_did_stays_and_the_models_text_waits(ledger: SqliteLedger) -> None:
    opened = ledger.open_attempt(intent(), WHO)
    mine = ledger.add_human_revision("s-1", "section", "mine", MIRA, base_id=None)
    ledger.close_attempt(opened.id, answer("the model's"), WHO)
    assert head(ledger) == mine
    (proposal,) = ledger.proposals()
    assert (proposal.source, proposal.revision.text, proposal.revision.base_id) == ("conflict", "the model's", mine.id)


# ── deciding ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_accepting_makes_the_proposal_the_head_and_says_who_did(ledger: SqliteLedger) -> None:
    written(ledger)
    revision = redrawn(ledger)
    assert ledger.accept(revision.id, MIRA, events=[event("more")]) == revision
    assert head(ledger) == revision
    assert ledger.proposals() == []
    (proposal,) = ledger.proposals(None)
    assert (proposal.state, proposal.decided_by) == (ProposalState.ACCEPTED, "Mira")
    assert proposal.decided_at is not None
    assert types(ledger)[-2:] == ["proposal_accepted", "section_completed"]
    assert [r.text for r in ledger.history("s-1", "section")] == ["Ada went home.", "Ada ran home."]


def test_accepting_twice_is_the_same_as_once(ledger: SqliteLedger) -> None:
    written(ledger)
    revision = redrawn(ledger)
    ledger.accept(revision.id, MIRA)
    count = len(ledger.events())
    assert ledger.accept(revision.id, WHO, events=[event()]) == revision
    assert len(ledger.events()) == count


def test_a_proposal_whose_base_moved_is_refused_saying_what_changed_unless_over(ledger: SqliteLedger) -> None:
    written(ledger)
    base = head(ledger)
    revision = redrawn(ledger)
    mine = ledger.add_human_revision("s-1", "section", "mine", MIRA, base_id=base.id)
    with pytest.raises(StaleBase) as refused:
        ledger.accept(revision.id, WHO)
    assert f"made for revision {base.id} by Ada, but the book has revision {mine.id} by Mira" in refused.value.message
    assert "--over" in refused.value.fix
    assert (head(ledger), len(ledger.proposals())) == (mine, 1)
    assert ledger.accept(revision.id, WHO, over=True) == revision
    assert head(ledger) == revision


def test_rejecting_keeps_the_text_in_the_history_and_what_was_said(ledger: SqliteLedger) -> None:
    written(ledger)
    before = head(ledger)
    revision = redrawn(ledger)
    ledger.reject(revision.id, MIRA, note="too fast")
    ledger.reject(revision.id, MIRA, note="again")
    (proposal,) = ledger.proposals(None)
    assert (proposal.state, proposal.decision, proposal.decided_by) == (ProposalState.REJECTED, "too fast", "Mira")
    assert head(ledger) == before
    assert ledger.history("s-1", "section")[-1] == revision
    assert types(ledger).count("proposal_rejected") == 1
    with pytest.raises(NothingToChange, match=r"was rejected by Mira on \d{4}-"):
        ledger.accept(revision.id, WHO)


def test_an_accepted_proposal_is_not_rejected_and_one_that_was_replaced_is_restored_not_accepted(
    ledger: SqliteLedger,
) -> None:
    written(ledger)
    first = head(ledger)
    revision = redrawn(ledger)
    ledger.accept(revision.id, MIRA)
    with pytest.raises(NothingToChange, match="was accepted by Mira"):
        ledger.reject(revision.id, WHO)
    ledger.move_head("s-1", "section", first.id, WHO, base_id=revision.id)
    with pytest.raises(NothingToChange, match="was accepted") as refused:
        ledger.accept(revision.id, WHO)
    assert "restore" in refused.value.fix


def test_an_editors_text_is_proposed_on_the_base_it_was_read_from(ledger: SqliteLedger) -> None:
    written(ledger)
    base = head(ledger)
    proposal = ledger.add_proposal(
        "s-1", "section", "shorter", MIRA, base_id=base.id, source="editor", note="cut", events=[event("e")]
    )
    assert head(ledger) == base
    assert (proposal.source, proposal.note, proposal.revision.author, proposal.revision.origin) == (
        "editor", "cut", "Mira", Origin.HUMAN,
    )  # fmt: skip
    assert [p.id for p in ledger.proposals(object_id="s-1")] == [proposal.id]
    assert ledger.proposals(object_id="s-2") == []
    assert ledger.proposal(proposal.id) == proposal


@pytest.mark.parametrize("number", [0, -1, 999, 2**70])
def test_ids_that_are_nobodys_are_named(ledger: SqliteLedger, number: int) -> None:
    written(ledger)
    for act in (
        lambda: ledger.accept(number, WHO),
        lambda: ledger.reject(number, WHO),
        lambda: ledger.move_head("s-1", "section", number, WHO, base_id=1),
        lambda: ledger.judge(number, {}, WHO),
        lambda: ledger.purge(number, "x", WHO),
        lambda: ledger.revision(number),
    ):
        with pytest.raises(UnknownName, match=str(number)):
            act()


# ── restoring ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_restoring_moves_the_head_and_deletes_nothing(ledger: SqliteLedger) -> None:
    written(ledger, "first")
    first = head(ledger)
    second = ledger.add_human_revision("s-1", "section", "second", MIRA, base_id=first.id)
    assert ledger.move_head("s-1", "section", first.id, MIRA, base_id=second.id) == first
    assert head(ledger) == first
    assert ledger.history("s-1", "section") == [first, second]
    told = ledger.events()[-1]
    assert (told.type, told.data["before"], told.actor) == ("revision_restored", second.id, "Mira")
    with pytest.raises(NothingToChange, match=f"Revision {first.id} is the text the book has"):
        ledger.move_head("s-1", "section", first.id, MIRA, base_id=first.id)
    with pytest.raises(StaleBase, match=f"it is revision {first.id} by Ada now"):
        ledger.move_head("s-1", "section", second.id, MIRA, base_id=second.id)


def test_another_texts_revision_is_not_restored_here(ledger: SqliteLedger) -> None:
    written(ledger)
    other = ledger.add_human_revision("s-2", "section", "other", MIRA, base_id=None)
    with pytest.raises(UnknownName, match="not one of the section of s-1"):
        ledger.move_head("s-1", "section", other.id, WHO, base_id=head(ledger).id)


def test_restoring_what_waits_accepts_it(ledger: SqliteLedger) -> None:
    written(ledger)
    revision = redrawn(ledger)
    ledger.move_head("s-1", "section", revision.id, MIRA, base_id=head(ledger).id)
    assert [str(p.state) for p in ledger.proposals(None)] == ["accepted"]


def test_a_revision_of_any_origin_may_keep_a_receipt(ledger: SqliteLedger) -> None:
    attempt = written(ledger, "one two")
    half = ledger.add_revision("s-2", "section", "two", MIRA, base_id=None, origin=Origin.GENERATED, attempt_id=attempt)
    assert (half.origin, half.attempt_id, half.model) == (Origin.GENERATED, attempt, "scripted:x")
    assert ledger.judged_inputs()["s-2", "section"].inputs == {"brief": text_hash("a brief")}
    with pytest.raises(StaleBase):
        ledger.add_revision("s-2", "section", "x", MIRA, base_id=None, origin=Origin.HUMAN)


# ── what a text agrees with ───────────────────────────────────────────────────────────────────────────────────


def test_a_text_agrees_with_what_it_was_made_of_until_it_is_judged(ledger: SqliteLedger) -> None:
    made_of = {"brief": text_hash("a brief"), "text:s-0": text_hash("Write 1.1."), "Ёлка": text_hash("水")}
    opened = ledger.open_attempt(intent(inputs=made_of), WHO)
    ledger.close_attempt(opened.id, answer(), WHO)
    found = ledger.judged_inputs()["s-1", "section"]
    assert (found.inputs, found.by, found.revision_id) == (made_of, "attempt", head(ledger).id)
    assert list(found.inputs) == sorted(made_of)
    mine = ledger.add_human_revision("s-1", "section", "mine", MIRA, base_id=head(ledger).id)
    found = ledger.judged_inputs()["s-1", "section"]
    assert (found.inputs, found.by, found.revision_id) == (made_of, "attempt", mine.id)
    now = {"brief": text_hash("a brief"), "text:s-9": text_hash("9")}
    ledger.judge(mine.id, {"other": text_hash("x")}, MIRA)
    ledger.judge(mine.id, now, MIRA, note="read it, it is fine")
    found = ledger.judged_inputs()["s-1", "section"]
    assert (found.inputs, found.by, found.note) == (now, "judgement", "read it, it is fine")
    assert types(ledger)[-1] == "staleness_accepted"
    ledger.add_human_revision("s-1", "section", "mine, again", MIRA, base_id=mine.id)
    assert ledger.judged_inputs()["s-1", "section"].inputs == now


def test_a_persons_text_from_nowhere_agrees_with_nothing_known(ledger: SqliteLedger) -> None:
    ledger.add_human_revision("s-1", "section", "mine", MIRA, base_id=None)
    found = ledger.judged_inputs()["s-1", "section"]
    assert (dict(found.inputs), found.by) == ({}, "nothing")


def test_a_stored_text_is_found_by_its_hash(ledger: SqliteLedger) -> None:
    written(ledger)
    assert ledger.text_of(text_hash("Be brief.")) == "Be brief."
    assert ledger.text_of(text_hash("Ada went home.")) == "Ada went home."
    assert ledger.text_of(text_hash("a brief")) is None
    assert ledger.step(SLOT) is not None
