"""`BookContextManager`: what is nearest in full, what is far in summary, nothing cut without a word."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.book.model import Book, Chapter, Section
from ghostkit.errors import ContextTooLong, InputError
from ghostkit.writing.context import BookContext, BookContextManager
from ghostkit.writing.fitting import Priority, estimate_tokens

pytestmark = pytest.mark.anyio


def told(number: int, words: int) -> str:
    return f"Prose of chapter {number}. " + f"word{number} " * words


def made(chapters: int, words: int = 60, summaries: bool = True, written: int | None = None) -> Book:
    there = chapters if written is None else written
    return Book(
        id="b",
        title="The Salt Road",
        instructions="A courier crosses a dying sea.",
        outline_summary="It is about salt.",
        chapters=tuple(
            Chapter(
                id=f"c{n}", number=n, title=f"Title {n}", brief=f"Brief {n}.",
                summary=f"Summary of {n}." if summaries and n <= there else "",
                sections=tuple(
                    Section(id=f"s{n}{m}", number=m, title="S", content=told(n, words) if n <= there else "")
                    for m in (1, 2)
                ),
            )
            for n in range(1, chapters + 1)
        ),
    )  # fmt: skip


def manager(tokens: int = 128_000, **options: Any) -> BookContextManager:
    return BookContextManager(tokens, **{"window_size": 3, "reserved_tokens": 0, **options})


def in_full(context: BookContext) -> set[int]:
    return {n for n in range(1, 200) if f"Prose of chapter {n}. " in str(context)}


def summed_up(context: BookContext) -> set[int]:
    return {n for n in range(1, 200) if f"Summary of {n}." in str(context)}


async def test_a_short_book_is_read_whole_and_what_comes_later_only_as_planned() -> None:
    context = await manager().prepare_context(made(8, written=4), 4)
    assert in_full(context) == {1, 2, 3, 4}
    assert "6. Title 6: Brief 6." in str(context)
    assert not context.notes
    assert str(context).startswith("<title>\nThe Salt Road\n</title>\n\n<instructions>")


async def test_first_middle_and_last_chapters_get_different_windows() -> None:
    book = made(40)
    found = {n: in_full(await manager().prepare_context(book, n)) for n in (1, 20, 40)}
    assert found == {1: {1}, 20: {13, 14, 15, 16, 17, 18, 19, 20}, 40: {37, 38, 39, 40}}
    wider = await manager().prepare_context(book, 40, window_size=5)
    assert in_full(wider) >= {35, 36, 37, 38, 39}
    set_later = manager()
    set_later.window_size = 1
    assert in_full(await set_later.prepare_context(book, 40)) == {39, 40}


async def test_distant_chapters_are_summed_up_by_the_summariser_once() -> None:
    calls: Counter[str] = Counter()

    async def summarize(text: str, tokens: int) -> str:
        calls[text] += 1
        return f"In short: {text.split()[3]}" if text.startswith("Prose") else f"Together: {len(text)}"

    book = made(30, summaries=False)
    handy = manager(summarize=summarize)
    first = await handy.prepare_context(book, 30)
    again = await handy.prepare_context(book, 30)
    await handy.prepare_context(book, 29)
    assert str(first) == str(again)
    assert "Together:" in str(first)
    assert set(calls.values()) == {1}
    assert not first.notes


async def test_without_a_summary_or_somebody_to_make_one_it_says_so() -> None:
    context = await manager().prepare_context(made(12, summaries=False), 12)
    assert "Chapter 1 has no summary: it is read as planned." in context.notes


async def test_nothing_is_loaded_that_is_not_needed() -> None:
    read: list[int] = []

    class Lazy:
        def __init__(self, number: int) -> None:
            self.title, self.brief, self.summary, self.number = f"T{number}", "", f"Summary of {number}.", number

        def text(self) -> str:
            read.append(self.number)
            return told(self.number, 5)

    from ghostkit.writing import context as module

    view = module.BookView(title="T", summary="", instructions="", chapters=[Lazy(n) for n in range(1, 101)])
    handy = manager()
    await handy._reading(view, 100, 3)
    assert sorted(read) == [97, 98, 99, 100]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(300, 9000), st.integers(0, 6))
def test_any_budget_is_kept_and_whoever_is_nearer_stays_longer(chapters: int, at: int, budget: int, size: int) -> None:
    import anyio

    book, current = made(chapters), min(at, chapters)

    async def prepared(tokens: int) -> BookContext | None:
        try:
            return await manager(tokens, window_size=size).prepare_context(book, current)
        except ContextTooLong:
            return None

    async def check() -> None:
        context, roomy = await prepared(budget), await prepared(10_000_000)
        assert roomy is not None
        if context is None:
            return
        assert context.tokens <= budget
        assert len(context.of(Priority.ESSENTIAL)) == 3
        full, all_full = in_full(context), in_full(roomy)
        # Whoever is in full is nearer than whoever had to give way.
        assert not [n for n in all_full - full if any(other < n for other in full)]
        if full != all_full or summed_up(context) != summed_up(roomy) - full:
            assert context.notes
        # A summary only goes once nothing of the middle is in full any more.
        if summed_up(roomy) - summed_up(context):
            assert not context.of(Priority.MEDIUM) or all("Prose" not in p.text for p in context.of(Priority.MEDIUM))

    anyio.run(check)


async def test_a_window_smaller_than_the_essential_says_what_to_do() -> None:
    with pytest.raises(ContextTooLong, match="Title, summary and instructions take about") as caught:
        await manager(20).prepare_context(made(3), 2)
    assert "Raise max_tokens" in caught.value.fix


@pytest.mark.parametrize(("options", "says"), [
    ({"current_chapter": 9}, "There is no chapter 9"), ({"current_chapter": 0}, "There is no chapter 0"),
    ({"current_chapter": 1, "window_size": -1}, "window_size is -1"),
])  # fmt: skip
async def test_bad_wishes_are_told(options: dict[str, int], says: str) -> None:
    with pytest.raises(InputError, match=says):
        await manager().prepare_context(made(3), **options)


async def test_the_guides_dictionary_and_other_things() -> None:
    book = {"title": "AI", "toc": {"chapters": [{"title": "One", "content": "Words of one."}, {"title": "Two"}]}}
    context = await manager().prepare_context(book, 2)
    assert "Words of one." in str(context)
    with pytest.raises(InputError, match="A int is no book"):
        await manager().prepare_context(7, 1)


def test_the_guides_snippet_works_as_it_stands_in_a_script() -> None:
    from ghostkit.sync import BookContextManager

    book_data = {"title": "AI", "toc": {"chapters": [{"title": f"T{n}", "content": told(n, 5)} for n in range(1, 21)]}}
    manager = BookContextManager(max_tokens=128000, summarize=lambda text, tokens: " ".join(text.split()[:4]))
    manager.window_size = 3
    context = manager.prepare_context(book=book_data, current_chapter=5, window_size=3)
    assert "Prose of chapter 2. " in str(context)
    late = manager.prepare_context(book_data, 20)
    assert "Prose of chapter" in str(late)
    assert not late.notes


def test_an_estimate_is_never_below_a_plain_count_of_words() -> None:
    for text in ("word " * 100, "слово " * 100, "字" * 100):
        assert estimate_tokens(text) >= 100
