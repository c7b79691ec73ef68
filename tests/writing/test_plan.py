"""The plan's edges: what may be read follows from the structure and the goal, never from what happens to be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ghostkit.book.model import Book, BookSettings, Chapter, Section
from ghostkit.writing.plan import Goal, Graph, Node, nodes_for, summary_before


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


def needs(book: Book, goal: Goal | None = None, summed_up: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    return {node.name: set(node.needs) for node in nodes_for(book, goal or Goal(), summed_up)}


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
        "book_summary:c1": {"chapter_summary:c1"},
        "chapter_done:c1": {"chapter_summary:c1", "book_summary:c1"},
        "chapter_outline:c2": {"characters:b"},
        "section:s21": {"chapter_outline:c2"},
        "section:s22": {"section:s21"},
        "chapter_summary:c2": {"section:s22"},
        "book_summary:c2": {"chapter_summary:c2", "book_summary:c1"},
        "chapter_done:c2": {"chapter_summary:c2", "book_summary:c2"},
        "book_done:b": {"chapter_done:c1", "chapter_done:c2"},
    }


@pytest.mark.parametrize("lag", [1, 2, 4])
def test_a_section_waits_for_the_summary_its_lag_allows_and_for_no_nearer_chapter(lag: int) -> None:
    book = made(7, lag=lag)
    edges = needs(book)
    for chapter in book.chapters:
        first = f"section:s{chapter.number}1"
        read = chapter.number - lag
        assert edges[first] == {f"chapter_outline:c{chapter.number}"} | (
            {f"book_summary:c{read}"} if read > 0 else set()
        )
        before = reach(edges, first)
        nearer = {f"section:s{n}1" for n in range(max(read, 0) + 1, chapter.number)}
        assert not before & nearer
        assert {f"section:s{n}1" for n in range(1, read + 1)} <= before
        source = summary_before(book, chapter)
        assert (source.number if source else 0) == max(read, 0)


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


def test_what_a_section_of_an_outlined_chapter_needs_is_the_same_before_its_neighbours_are_outlined() -> None:
    for lag in (1, 2):
        whole = needs(made(4, lag=lag))
        for outlined in range(1, 4):
            some = needs(made(4, lag=lag, outlined=outlined))
            for name, before in some.items():
                if name.startswith(("section:", "chapter_summary:", "book_summary:")):
                    assert before == whole[name], name


def test_until_a_section_ends_there_and_sums_up_what_it_finishes() -> None:
    edges = needs(made(3), Goal(until=(2, 1)))
    assert {name for name in edges if name.startswith("section:")} == {"section:s11", "section:s12", "section:s21"}
    assert {name for name in edges if "summary" in name or "done" in name} == {
        "chapter_summary:c1", "book_summary:c1", "chapter_done:c1",
    }  # fmt: skip
    assert "chapter_outline:c3" not in edges
    last = needs(made(3), Goal(until=(2, 2)))
    assert {"chapter_summary:c2", "book_summary:c2", "chapter_done:c2"} <= last.keys()
    assert "book_done:b" not in last
    assert needs(made(3), Goal(until=(2, 0))) == last


def test_one_chapter_alone_leaves_its_neighbours_alone() -> None:
    edges = needs(made(3), Goal(chapters=("c2",)))
    assert not [
        name for name in edges if name.endswith((":c1", ":c3")) or name.startswith(("section:s1", "section:s3"))
    ]
    assert "book_summary:c2" not in edges
    with_first = needs(made(3), Goal(chapters=("c2",)), frozenset({"c1"}))
    assert with_first["book_summary:c2"] == {"chapter_summary:c2"}


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
