"""The plan's edges: what may be read follows from the structure and the goal, never from what happens to be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ghostkit.book.model import Book, BookSettings, Chapter, Section
from ghostkit.writing.plan import Goal, Graph, Node, nodes_for
from ghostkit.writing.window import window_before


def made(chapters: int = 3, sections: int = 2, lag: int = 4, outlined: int | None = None) -> Book:
    return Book(
        id="b",
        title="T",
        settings=BookSettings(continuity_lag=lag, chapters=chapters, sections=sections),
        chapters=tuple(
            Chapter(
                id=f"c{n}",
                number=n,
                title=f"C{n}",
                sections=tuple(
                    Section(id=f"s{n}{m}", number=m, title="S") for m in range(1, sections + 1)
                ) if outlined is None or n <= outlined else (),
            )
            for n in range(1, chapters + 1)
        ),
    )  # fmt: skip


def needs(book: Book, goal: Goal | None = None, window_size: int = 3) -> dict[str, set[str]]:
    return {node.name: set(node.needs) for node in nodes_for(book, goal or Goal(), window_size)}


def reach(edges: dict[str, set[str]], name: str) -> set[str]:
    """Everything that must be there before `name`."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        for before in edges.get(todo.pop(), ()):
            if before not in seen:
                seen.add(before)
                todo.append(before)
    return seen


def test_a_book_without_outline_has_an_outline_and_people_to_make() -> None:
    assert needs(made(0)) == {"outline:b": set(), "characters:b": {"outline:b"}}


def test_the_whole_plan_of_two_chapters() -> None:
    assert needs(made(2)) == {
        "outline:b": set(),
        "characters:b": {"outline:b"},
        "chapter_outline:c1": {"characters:b"},
        "section:s11": {"chapter_outline:c1"},
        "section:s12": {"section:s11"},
        "chapter_summary:c1": {"section:s12"},
        "chapter_done:c1": {"chapter_summary:c1"},
        "chapter_outline:c2": {"characters:b"},
        "section:s21": {"chapter_outline:c2"},
        "section:s22": {"section:s21"},
        "chapter_summary:c2": {"section:s22"},
        "chapter_done:c2": {"chapter_summary:c2"},
        "book_done:b": {"chapter_done:c1", "chapter_done:c2"},
    }


@pytest.mark.parametrize("lag", [1, 2, 4])
@pytest.mark.parametrize("window_size", [0, 1, 3])
def test_a_section_waits_for_what_its_window_reads_and_for_no_nearer_chapter(lag: int, window_size: int) -> None:
    book = made(20, lag=lag)
    edges = needs(book, window_size=window_size)
    for chapter in book.chapters:
        first, window = f"section:s{chapter.number}1", window_before(chapter.number, size=window_size, lag=lag)
        summaries = {1: "chapter_summary", 8: "span8_summary", 64: "span64_summary"}
        assert edges[first] == {
            f"chapter_outline:c{chapter.number}",
            *(f"section:s{n}2" for n in window.in_full),
            *(f"{summaries[span.chapters]}:c{span.last}" for span in window.summed_up),
        }
        before = reach(edges, first)
        read = max(chapter.number - lag, 0)
        assert not before & {f"section:s{n}1" for n in range(read + 1, chapter.number)}
        assert {f"section:s{n}1" for n in range(1, read + 1)} <= before


def test_eight_chapters_are_summed_up_together_and_only_when_all_of_them_are_written() -> None:
    edges = needs(made(17))
    assert edges["span8_summary:c8"] == {f"chapter_summary:c{n}" for n in range(1, 9)}
    assert edges["chapter_done:c16"] == {"chapter_summary:c16", "span8_summary:c16"}
    assert "span8_summary:c17" not in edges
    assert not [name for name in needs(made(17), Goal(chapters=("c8",))) if name.startswith("span")]
    assert needs(made(64))["span64_summary:c64"] == {f"span8_summary:c{n}" for n in range(8, 65, 8)}


@pytest.mark.parametrize("goal", [Goal(), Goal(until=(2, 1)), Goal(chapters=("c2",)), Goal(outline_only=True)])
@pytest.mark.parametrize("outlined", [0, 1, 2, 3])
def test_every_need_is_made_and_nothing_needs_itself(goal: Goal, outlined: int) -> None:
    edges = needs(made(3, lag=1, outlined=outlined), goal)
    for name, before in edges.items():
        assert name not in reach(edges, name)
        assert before - {"outline to come"} <= edges.keys(), name


def test_edges_do_not_change_when_texts_arrive() -> None:
    book = made(4, lag=1)
    full = replace(
        book,
        chapters=tuple(
            replace(c, summary="x", sections=tuple(replace(s, content="text") for s in c.sections))
            for c in book.chapters
        ),
    )
    for goal in (Goal(), Goal(until=(3, 1)), Goal(chapters=("c2",))):
        assert needs(book, goal) == needs(full, goal)


def test_a_section_can_begin_no_earlier_where_the_chapters_before_are_not_outlined_yet() -> None:
    """Chapters before it that have no sections yet are waited for by their outline, or by their end."""
    for lag in (1, 2):
        for outlined in ({1, 3, 4}, {2, 4}, {4}):
            book = made(4, lag=lag)
            chapters = tuple(c if c.number in outlined else replace(c, sections=()) for c in book.chapters)
            edges = needs(replace(book, chapters=chapters), window_size=1)
            before = reach(edges, "section:s41")
            for number in range(1, 4 - lag + 1):
                if number not in outlined:
                    assert before & {f"chapter_outline:c{number}", f"chapter_done:c{number}"}, (lag, outlined, number)


def test_until_a_section_ends_there_and_sums_up_what_it_finishes() -> None:
    edges = needs(made(3), Goal(until=(2, 1)))
    assert {name for name in edges if name.startswith("section:")} == {"section:s11", "section:s12", "section:s21"}
    assert {name for name in edges if "summary" in name or "done" in name} == {
        "chapter_summary:c1", "chapter_done:c1",
    }  # fmt: skip
    assert "chapter_outline:c3" not in edges
    last = needs(made(3), Goal(until=(2, 2)))
    assert {"chapter_summary:c2", "chapter_done:c2"} <= last.keys()
    assert "book_done:b" not in last
    assert needs(made(3), Goal(until=(2, 0))) == last


def test_one_chapter_alone_leaves_its_neighbours_alone() -> None:
    edges = needs(made(3), Goal(chapters=("c2",)))
    assert not [
        name for name in edges if name.endswith((":c1", ":c3")) or name.startswith(("section:s1", "section:s3"))
    ]
    assert edges["section:s21"] == {"chapter_outline:c2"}


def test_one_section_alone_is_that_section_after_its_outline() -> None:
    edges = needs(made(3), Goal(sections=("s22",)))
    assert edges == {
        "outline:b": set(), "characters:b": {"outline:b"}, "chapter_outline:c2": {"characters:b"},
        "section:s22": {"chapter_outline:c2"},
    }  # fmt: skip


def test_an_outline_is_outlines_only() -> None:
    edges = needs(made(2), Goal(outline_only=True))
    assert set(edges) == {"outline:b", "characters:b", "chapter_outline:c1", "chapter_outline:c2"}


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (Goal(), "the whole book"), (Goal(until=(2, 3)), "up to 2.3"), (Goal(until=(2, 0)), "up to chapter 2"),
        (Goal(chapters=("c2",)), "chapter 2"), (Goal(sections=("s12",)), "section 1.2"),
        (Goal(outline_only=True), "the outline"),
    ],
)  # fmt: skip
def test_a_goal_says_what_it_is(goal: Goal, words: str) -> None:
    assert goal.describe(made()) == words


def test_reading_order_decides_among_what_is_ready() -> None:
    graph = Graph()
    graph.add(nodes_for(made(3), Goal()), lambda node: node.kind in ("outline", "characters"))
    assert [node.name for node in graph.ready()] == ["chapter_outline:c1", "chapter_outline:c2", "chapter_outline:c3"]
    for node in graph.ready():
        graph.start(node)
        graph.end(node, True)
    assert [node.name for node in graph.ready()] == ["section:s11", "section:s21", "section:s31"]


def test_a_plan_that_changed_drops_what_is_no_longer_in_it_and_keeps_what_runs() -> None:
    graph = Graph()
    graph.add(
        [Node(object_id="1", kind="a"), Node(object_id="2", kind="a"), Node(object_id="3", kind="a")], lambda n: False
    )
    graph.start(graph.nodes["a:1"])
    graph.add([Node(object_id="3", kind="a", needs=frozenset({"a:4"})), Node(object_id="4", kind="a")], lambda n: False)
    assert sorted(graph.waiting) == ["a:3", "a:4"]
    assert graph.running == {"a:1"}
    graph.add([], lambda n: False)
    assert sorted(graph.waiting) == ["a:3", "a:4"]
    for name in ("a:1", "a:4", "a:3"):
        if name in graph.waiting:
            graph.start(graph.waiting[name])
        graph.end(graph.nodes[name], True)
    assert graph.finished
