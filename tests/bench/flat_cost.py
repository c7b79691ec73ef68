"""What a long book costs: tokens at its end against its beginning, and how much of a prompt a vendor's cache knows."""

from __future__ import annotations

import itertools
import statistics
import tempfile
from pathlib import Path

import anyio
import psutil

import ghostkit as gk
from ghostkit.events import EventType
from ghostkit.ledger import Slot
from ghostkit.writing.window import window_before
from tests.bench.report import Report

BRIEF = Path(__file__).parents[2] / "datasets" / "lantern-coast" / "brief.md"
CHAPTERS, SECTIONS = 100, 4


async def measure(report: Report, quick: bool) -> None:
    """100 chapters of 4 sections by the rehearsal, at the default length of a section."""
    with tempfile.TemporaryDirectory() as folder:
        book = gk.Book.create(
            Path(folder) / "book", title="The Long Walk", brief=BRIEF, chapters=CHAPTERS, sections=SECTIONS,
            model="rehearsal",
        )  # fmt: skip
        memory: dict[int, int] = {}

        def chapter_ended(event: gk.Event) -> None:
            memory[int(event.data["number"])] = psutil.Process().memory_info().rss

        book.events.subscribe(EventType.CHAPTER_COMPLETED, chapter_ended)
        await book.write()
        sent = _prompts(book)
        prompts = {place: _without_retrieved(prompt) for place, prompt in sent.items()}
        tokens = _tokens(book)
        _tell_of_tokens(report, tokens)
        _tell_of_prefixes(report, prompts)
        _tell_of_retrieval(report, sent, prompts)
        report.add(
            "memory_chapter_100_over_50", memory[100] / memory[50], 1.15, "resident memory after chapter 50",
            gated=False, mb_50=memory[50] / 1e6, mb_100=memory[100] / 1e6,
        )  # fmt: skip
        book.close()


def _prompts(book: gk.Book) -> dict[tuple[int, int], str]:
    """The messages of each section as they were sent."""
    found = {}
    for chapter, section in book.value.sections():
        request = book.ledger.request(book.ledger.attempts(Slot(object_id=section.id, kind="section"))[-1].id)
        found[chapter.number, section.number] = "\n\n".join(p for m in request["messages"] for p in m["parts"])
    return found


def _without_retrieved(prompt: str) -> str:
    """What is retrieved is another thing for each section by nature; everything else should stay where it was."""
    before, tag, rest = prompt.partition("<retrieved>")
    return before + tag + "</retrieved>" + rest.partition("</retrieved>")[2] if tag else prompt


def _tokens(book: gk.Book) -> dict[int, float]:
    """Mean input tokens of a chapter's sections."""
    frame = book.runs[-1].frame
    rows = zip(frame["section"], frame["input_tokens"], strict=True)
    by_chapter: dict[int, list[int]] = {}
    for number, tokens in rows:
        by_chapter.setdefault(int(number.split(".")[0]), []).append(tokens)
    return {chapter: statistics.mean(tokens) for chapter, tokens in by_chapter.items()}


def _tell_of_tokens(report: Report, tokens: dict[int, float]) -> None:
    report.add(
        "input_tokens_chapter_100_over_10", tokens[100] / tokens[10], 1.2, "chapter 10 of the same book",
        tokens_10=tokens[10], tokens_100=tokens[100],
    )  # fmt: skip
    # Both ends of the window's cycle, not the same point of it only.
    cycle = 6
    late, early = (statistics.mean(tokens[n] for n in range(at, at + cycle)) for at in (95, 10))
    report.add("input_tokens_last_cycle_over_first", late / early, 1.2, "chapters 10 to 15 of the same book")


def _tell_of_prefixes(report: Report, prompts: dict[tuple[int, int], str]) -> None:
    places = list(prompts)
    shares: dict[tuple[int, int], float] = {}
    common = total = 0
    for before, after in itertools.pairwise(places):
        same = common_prefix(prompts[before], prompts[after])
        shares[after] = same / len(prompts[before])
        common, total = common + same, total + len(prompts[before])
    moves = {n for n in range(2, CHAPTERS + 1) if not _grows(n)}
    standing = [share for (chapter, section), share in shares.items() if section > 1 or chapter not in moves]
    report.add(
        "prompt_not_prefix_of_the_next", 1 - common / total, 0.05, "the prompt before, by characters",
        pairs=len(shares), median=1 - statistics.median(shares.values()),
    )  # fmt: skip
    report.add(
        "prompt_not_prefix_while_the_window_stands", 1 - min(standing), 0.05, "the prompt before, worst pair",
        pairs=len(standing),
    )  # fmt: skip


def _tell_of_retrieval(report: Report, sent: dict[tuple[int, int], str], prompts: dict[tuple[int, int], str]) -> None:
    """How much of the last chapters' prompts was found for them; a book of which nothing is found measures nothing."""
    late = [place for place in sent if place[0] > CHAPTERS - 10]
    found = sum(len(sent[place]) - len(prompts[place]) for place in late) / sum(len(sent[place]) for place in late)
    without = sum("<passage " not in sent[place] for place in late)
    report.add("late_sections_without_passages", without / len(late), 0.0, "sections of the last ten chapters")
    report.add("retrieved_share_of_late_prompts", found, 0.3, "the prompts of the last ten chapters", gated=False)


def common_prefix(one: str, other: str) -> int:
    """Characters that both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _grows(number: int) -> bool:
    """Does chapter `number` read all that the chapter before it read, and more?"""
    then, now = window_before(number - 1, size=3), window_before(number, size=3)
    return now.in_full[: len(then.in_full)] == then.in_full and now.summed_up == then.summed_up


def run(report: Report, quick: bool) -> None:
    anyio.run(measure, report, quick)
