"""What a page is told: few messages, every character at its place, nothing after the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ghostkit.workbench import Run, RunState
from ghostkit_widgets.run_feed import FLUSH_S, STATUS_S, RunFeed

from .conftest import MakeRun


@dataclass
class Desk:
    """A feed with a clock of its own, and what it sent."""

    run: Run
    timed: bool = True
    now: float = 0.0
    sent: list[dict[str, Any]] = field(default_factory=list)
    published: list[dict[str, Any]] = field(default_factory=list)
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.feed = RunFeed(
            self.run, self.sent.append, self.published.append, later=self._later, clock=lambda: self.now
        )
        self.feed.start()
        self.sections = [section.id for _, section in self.run.book.value.sections()]

    def _later(self, delay_s: float, act: Callable[[], None]) -> Callable[[], None] | None:
        if not self.timed:
            return None
        entry = (self.now + delay_s, act)
        self.due.append(entry)
        return lambda: self.due.remove(entry) if entry in self.due else None

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and min(self.due)[0] <= end:
            entry = min(self.due, key=lambda e: e[0])
            self.due.remove(entry)
            self.now = entry[0]
            entry[1]()
        self.now = end

    def kinds(self) -> list[str]:
        return [message["kind"] for message in self.sent]

    def texts(self) -> dict[str, str]:
        """The prose by section, put together as a page does; every delta must continue what is there."""
        texts: dict[str, str] = {}
        for message in self.sent:
            if message["kind"] != "text":
                continue
            for part in (message, *message.get("more", ())):
                assert part["pos"] == len(texts.get(part["section"], ""))
                texts[part["section"]] = texts.get(part["section"], "") + part["delta"]
        return texts


@pytest.fixture
def desk(make_run: MakeRun) -> Desk:
    return Desk(make_run())


def test_pieces_that_come_together_leave_together(desk: Desk) -> None:
    for piece in ("Ada ", "went ", "on."):
        desk.run.add_text(desk.sections[0], piece)
    assert desk.kinds() == ["section"]
    desk.pass_time(FLUSH_S)
    assert desk.kinds() == ["section", "text"]
    assert desk.sent[1]["delta"] == "Ada went on."
    assert desk.sent[1] | {"run": "r-test", "seq": 2, "pos": 0, "section": desk.sections[0]} == desk.sent[1]


def test_every_message_is_counted_from_one(desk: Desk) -> None:
    for _ in range(40):
        desk.run.add_text(desk.sections[0], "word ")
        desk.pass_time(0.05)
    desk.run.end(RunState.DONE)
    assert [message["seq"] for message in desk.sent] == list(range(1, len(desk.sent) + 1))


def test_positions_count_characters_not_bytes(desk: Desk) -> None:
    for piece in ("🙂é", "م", "— end"):
        desk.run.add_text(desk.sections[0], piece)
        desk.pass_time(FLUSH_S)
    assert [m["pos"] for m in desk.sent if m["kind"] == "text"] == [0, 2, 3]


def test_sections_written_side_by_side_share_a_message(desk: Desk) -> None:
    for n in range(100):
        for section in desk.sections:
            desk.run.add_text(section, f"{n} ")
        desk.pass_time(0.01)
    desk.pass_time(1)
    assert sum(kind == "text" for kind in desk.kinds()) <= 26
    assert set(desk.texts().values()) == {"".join(f"{n} " for n in range(100))}


@pytest.mark.parametrize("ending", [RunState.DONE, RunState.CANCELLED, RunState.FAILED, RunState.INCOMPLETE])
def test_what_waits_is_sent_when_the_run_ends(desk: Desk, ending: RunState) -> None:
    desk.run.add_text(desk.sections[0], "Half a sen")
    desk.run.end(ending, "why")
    assert desk.kinds() == ["section", "text", "status"]
    assert desk.texts() == {desk.sections[0]: "Half a sen"}
    assert (desk.sent[-1]["status"]["state"], desk.sent[-1]["status"]["reason"]) == (ending, "why")
    assert desk.published[-1]["status"]["state"] == ending
    assert desk.published[-1]["sections"][0]["text"] == "Half a sen"


def test_nothing_is_left_running_or_listening_after_the_end(desk: Desk) -> None:
    desk.run.add_text(desk.sections[0], "Half")
    desk.run.end(RunState.CANCELLED)
    assert desk.due == []
    assert desk.run._listeners == []
    assert not desk.feed.listening


def test_no_timer_runs_while_no_text_waits(desk: Desk) -> None:
    assert desk.due == []
    desk.run.add_text(desk.sections[0], "word")
    assert len(desk.due) == 1
    desk.pass_time(FLUSH_S)
    assert desk.due == []
    desk.run.move(RunState.PAUSED)
    assert desk.due == []
    assert desk.kinds() == ["section", "text", "status"]


def test_status_is_told_a_few_times_a_second_only(desk: Desk) -> None:
    for _ in range(1000):
        desk.run.add_text(desk.sections[0], "w ")
        desk.pass_time(0.01)
    told = sum(kind == "status" for kind in desk.kinds())
    assert 20 <= told <= 10 / STATUS_S


def test_without_a_timer_text_leaves_with_later_text_and_at_the_end(make_run: MakeRun) -> None:
    desk = Desk(make_run(), timed=False)
    for _ in range(100):
        desk.run.add_text(desk.sections[0], "word ")
        desk.now += 0.01
    assert 20 <= desk.kinds().count("text") <= 26
    desk.run.end(RunState.CANCELLED)
    assert desk.texts() == {desk.sections[0]: "word " * 100}


def test_a_resync_gives_what_the_page_lacks(desk: Desk) -> None:
    first, second = desk.sections[:2]
    desk.run.add_text(first, "0123456789")
    desk.run.add_text(second, "abc")
    desk.feed.resync("p", {first: 4})
    answer = desk.sent[-1]
    assert answer["kind"] == "snapshot"
    assert [(s["section"], s["pos"], s["text"]) for s in answer["sections"]] == [
        (first, 4, "456789"),
        (second, 0, "abc"),
    ]
    assert [s["number"] for s in answer["sections"]] == ["1.1", "1.2"]


@pytest.mark.parametrize("have", [{"unknown": 3}, {"FIRST": 10**9}, {"FIRST": -5}])
def test_a_resync_with_nonsense_is_answered_soundly(desk: Desk, have: dict[str, int]) -> None:
    desk.run.add_text(desk.sections[0], "0123")
    desk.feed.resync("p", {name.replace("FIRST", desk.sections[0]): n for name, n in have.items()})
    section = desk.sent[-1]["sections"][0]
    assert "0123"[section["pos"] :] == section["text"]


def test_after_the_last_page_left_nothing_is_sent_or_heard(desk: Desk) -> None:
    desk.feed.resync("a", {})
    desk.feed.resync("b", {})
    desk.feed.leave("a")
    assert len(desk.run._listeners) == 1
    desk.feed.leave("b")
    assert desk.run._listeners == []
    before = len(desk.sent)
    desk.run.add_text(desk.sections[0], "unseen ")
    desk.pass_time(1)
    assert len(desk.sent) == before
    desk.feed.resync("c", {})
    assert desk.sent[-1]["sections"][0]["text"] == "unseen "
    desk.run.add_text(desk.sections[0], "seen")
    desk.pass_time(FLUSH_S)
    text = next(message for message in reversed(desk.sent) if message["kind"] == "text")
    assert (text["pos"], text["delta"]) == (7, "seen")


def test_a_page_that_comes_after_the_end_gets_the_partial_text(desk: Desk) -> None:
    desk.feed.resync("a", {})
    desk.feed.leave("a")
    desk.run.add_text(desk.sections[0], "cut off")
    desk.run.end(RunState.CANCELLED)
    desk.feed.resync("b", {})
    assert [s["text"] for s in desk.sent[-1]["sections"]] == ["cut off"]
    assert desk.sent[-1]["status"]["state"] == "cancelled"
    assert desk.run._listeners == []


def test_a_feed_that_starts_in_mid_sentence_goes_on_at_the_right_place(make_run: MakeRun) -> None:
    run = make_run()
    section = next(section.id for _, section in run.book.value.sections())
    run.add_text(section, "Before. ")
    desk = Desk(run)
    assert desk.feed.snapshot()["sections"][0]["text"] == "Before. "
    run.add_text(section, "After.")
    desk.pass_time(FLUSH_S)
    assert (desk.sent[-1]["pos"], desk.sent[-1]["delta"]) == (8, "After.")


def test_two_feeds_of_one_run_are_told_the_same(make_run: MakeRun) -> None:
    run = make_run()
    desks = [Desk(run), Desk(run)]
    run.add_text(desks[0].sections[0], "Both see this.")
    run.end(RunState.DONE)
    assert desks[0].texts() == desks[1].texts() == {desks[0].sections[0]: "Both see this."}
