"""Progress from events alone: exact where the numbers are known, never backwards, robust to one slow section."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.events import Event, EventType, ProgressTracker

T0 = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Story:
    """Feeds a tracker with events at set times; its clock stands at the newest of them unless moved."""

    def __init__(self, total: int | None = None, **arguments: Any) -> None:
        self.now = T0
        self.tracker = ProgressTracker(total, clock=lambda: self.now, **arguments)

    def at(self, second: float) -> Story:
        self.now = T0 + timedelta(seconds=second)
        return self

    def tell(self, type: EventType, run_id: str = "r1", **data: Any) -> Story:
        self.tracker.track_progress(Event(type=type, data=data, timestamp=self.now, run_id=run_id))
        return self

    def section(self, name: str, begun: float, ended: float, words: int = 100) -> Story:
        self.at(begun).tell(EventType.SECTION_STARTED, section=name)
        return self.at(ended).tell(EventType.SECTION_COMPLETED, section=name, words=words)


def test_a_new_tracker_knows_nothing_and_says_so() -> None:
    stats = Story().tracker.get_stats()
    assert (stats.fraction, stats.sections_done, stats.sections_total, stats.eta_s) == (0.0, 0, 0, None)
    assert (stats.elapsed_s, stats.tokens_per_s) == (0.0, 0.0)


def test_a_running_book_has_its_share_words_speed_and_time_left() -> None:
    story = Story(4).tell(EventType.RUN_STARTED, goal="book")
    story.section("s-1", 0, 10, words=300).section("s-2", 10, 22, words=310)
    for n in (1, 2):
        story.tell(EventType.GENERATION_COMPLETED, attempt=f"a{n}", output_tokens=440, cost_usd=0.01)
    stats = story.tracker.get_stats()
    assert story.tracker.get_progress() == stats.fraction == 0.5
    assert (stats.sections_done, stats.sections_total, stats.words, stats.tokens) == (2, 4, 610, 880)
    assert stats.tokens_per_s == pytest.approx(40.0)
    assert stats.elapsed_s == 22.0
    assert stats.eta_s == pytest.approx(22.0)
    assert stats.cost_usd == pytest.approx(0.02)
    assert stats.as_dict()["sections_done"] == 2


def test_the_clock_runs_on_between_events_and_the_time_left_falls() -> None:
    story = Story(3).tell(EventType.RUN_STARTED).section("s-1", 0, 10)
    story.at(10).tell(EventType.SECTION_STARTED, section="s-2")
    told = [story.at(second).tracker.get_stats() for second in (10, 13, 19, 40)]
    assert [stats.elapsed_s for stats in told] == [10, 13, 19, 40]
    assert [stats.eta_s for stats in told] == [20, 17, 11, 10]


def test_one_section_that_waited_for_ever_does_not_tell_the_fortune_of_the_others() -> None:
    story = Story(10).tell(EventType.RUN_STARTED)
    second = 0.0
    for n, took in enumerate((10, 10, 900, 10, 10)):
        story.section(f"s-{n}", second, second + took)
        second += took
    assert story.tracker.get_stats().eta_s == pytest.approx(5 * 10)


def test_sections_written_at_once_shorten_the_time_left() -> None:
    story = Story(8).tell(EventType.RUN_STARTED)
    for n in range(4):
        story.at(0).tell(EventType.SECTION_STARTED, section=f"s-{n}")
    for n in range(4):
        story.at(20).tell(EventType.SECTION_COMPLETED, section=f"s-{n}", words=1)
    assert story.tracker.get_stats().eta_s == pytest.approx(20.0)


def test_the_total_follows_from_the_outlines_as_they_come() -> None:
    story = Story().tell(EventType.BOOK_STARTED, book="b-1", chapters=3)
    story.tell(EventType.OUTLINE_ADOPTED, object="b-1", children=["c-1", "c-2", "c-3"])
    assert story.tracker.get_stats().sections_total == 0
    story.tell(EventType.OUTLINE_ADOPTED, object="c-1", children=["s-1", "s-2"])
    assert story.tracker.get_stats().sections_total == 6
    story.tell(EventType.OUTLINE_ADOPTED, object="c-2", children=["s-3", "s-4", "s-5", "s-6"])
    assert story.tracker.get_stats().sections_total == 9
    story.tell(EventType.OUTLINE_ADOPTED, object="c-3", children=["s-7"])
    assert story.tracker.get_stats().sections_total == 7


def test_a_planned_total_holds_until_every_outline_is_known() -> None:
    story = Story().tell(EventType.RUN_STARTED, sections=12)
    story.tell(EventType.OUTLINE_ADOPTED, object="b-1", children=["c-1", "c-2"])
    story.tell(EventType.OUTLINE_ADOPTED, object="c-1", children=["s-1", "s-2"])
    assert story.tracker.get_stats().sections_total == 12
    story.tell(EventType.OUTLINE_ADOPTED, object="c-2", children=["s-3"])
    assert story.tracker.get_stats().sections_total == 3


def test_the_share_never_falls_when_the_plan_grows() -> None:
    story = Story().tell(EventType.BOOK_STARTED, book="b-1", chapters=2)
    story.tell(EventType.OUTLINE_ADOPTED, object="c-1", children=["s-1", "s-2"]).section("s-1", 0, 5).section(
        "s-2", 5, 9
    )
    half = story.tracker.get_progress()
    assert half == 0.5
    story.tell(EventType.OUTLINE_ADOPTED, object="c-2", children=[f"s-{n}" for n in range(3, 11)])
    assert story.tracker.get_progress() == half
    assert story.tracker.get_stats().sections_total == 10


def test_the_share_is_not_one_while_a_chapter_has_no_outline() -> None:
    story = Story().tell(EventType.RUN_STARTED)
    story.section("s-1", 0, 5)
    story.tell(EventType.BOOK_STARTED, book="b-1", chapters=2)
    story.tell(EventType.OUTLINE_ADOPTED, object="c-1", children=["s-1"])
    assert story.tracker.get_progress() < 1.0


def test_a_completed_book_is_done_with_nothing_left() -> None:
    story = Story(2).tell(EventType.RUN_STARTED).section("s-1", 0, 5).section("s-2", 5, 9)
    assert (story.tracker.get_progress(), story.tracker.get_stats().eta_s) == (1.0, 0.0)
    story.at(9).tell(EventType.BOOK_COMPLETED, book="b-1").at(100).tell(EventType.RUN_ENDED, state="done")
    stats = story.at(500).tracker.get_stats()
    assert (stats.fraction, stats.eta_s, stats.elapsed_s) == (1.0, 0.0, 9.0)


def test_a_run_that_stopped_stands_still() -> None:
    story = Story(4).tell(EventType.RUN_STARTED).section("s-1", 0, 10)
    story.at(11).tell(EventType.RUN_ENDED, state="cancelled")
    stats = story.at(4000).tracker.get_stats()
    assert (stats.fraction, stats.elapsed_s, stats.eta_s) == (0.25, 11.0, None)


def test_the_pause_between_two_runs_is_no_working_time() -> None:
    story = Story(4).tell(EventType.RUN_STARTED).section("s-1", 0, 10).tell(EventType.RUN_ENDED, state="cancelled")
    story.at(5000).tell(EventType.RUN_STARTED, run_id="r2").section("s-2", 5000, 5010)
    stats = story.tracker.get_stats()
    assert (stats.elapsed_s, stats.sections_done, stats.eta_s) == (20.0, 2, 20.0)


def test_a_run_that_was_killed_ended_at_the_last_that_was_heard_of_it() -> None:
    story = Story(4).tell(EventType.RUN_STARTED).section("s-1", 0, 10)
    story.at(12).tell(EventType.SECTION_STARTED, section="s-2")
    story.at(9000).tell(EventType.RUN_STARTED, run_id="r2").at(9003)
    assert story.tracker.get_stats().elapsed_s == 15.0


def test_a_resumed_book_starts_from_what_was_done() -> None:
    story = Story(4, done={"s-1": 200, "s-2": 250}).tell(EventType.RUN_STARTED)
    stats = story.tracker.get_stats()
    assert (story.tracker.get_stats().sections_done, stats.words) == (2, 450)
    story.section("s-3", 0, 8)
    assert story.tracker.get_progress() == 0.75


def test_the_same_event_twice_counts_once() -> None:
    story = Story(4).tell(EventType.RUN_STARTED)
    for _ in range(2):
        story.section("s-1", 0, 10)
        story.tell(EventType.GENERATION_COMPLETED, attempt="a1", output_tokens=100, cost_usd=0.5)
    stats = story.tracker.get_stats()
    assert (stats.sections_done, stats.words, stats.tokens, stats.cost_usd) == (1, 100, 100, 0.5)


def test_a_failed_section_is_counted_until_it_succeeds() -> None:
    story = Story(2).tell(EventType.RUN_STARTED).tell(EventType.SECTION_STARTED, section="s-1")
    story.tell(EventType.SECTION_FAILED, section="s-1", reason="rate")
    assert story.tracker.get_stats().sections_failed == 1
    story.section("s-1", 5, 9)
    assert story.tracker.get_stats().sections_failed == 0


@pytest.mark.parametrize("words", [None, "many", -3, True, float(12)])
def test_odd_numbers_in_an_event_do_no_harm(words: Any) -> None:
    story = Story(2).tell(EventType.RUN_STARTED).tell(EventType.SECTION_COMPLETED, section="s-1", words=words)
    assert story.tracker.get_stats().words == (12 if words == 12.0 else 0)


TYPES = [
    EventType.RUN_STARTED, EventType.BOOK_STARTED, EventType.SECTION_STARTED, EventType.SECTION_COMPLETED,
    EventType.SECTION_FAILED, EventType.OUTLINE_ADOPTED, EventType.RUN_ENDED, EventType.GENERATION_COMPLETED,
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(TYPES), st.integers(0, 5), st.integers(-3, 60)), max_size=40),
    st.none() | st.integers(1, 9),
)
def test_property_whatever_comes_the_share_rises_within_its_bounds(
    moves: list[tuple[EventType, int, int]], total: int | None
) -> None:
    story, before, second = Story(total), 0.0, 0
    for type, n, step in moves:
        second += step
        data = {"section": f"s-{n}", "words": n, "chapters": n, "object": f"c-{n % 3}", "attempt": f"a{n}"}
        story.at(second).tell(type, run_id=f"r{n}", children=[f"s-{m}" for m in range(n)], **data)
        stats = story.tracker.get_stats()
        assert before <= stats.fraction <= 1.0
        assert stats.eta_s is None or stats.eta_s >= 0
        assert stats.elapsed_s >= 0
        assert stats.sections_done <= max(stats.sections_total, stats.sections_done)
        before = stats.fraction
