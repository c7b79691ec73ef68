"""What the texts of a book are called when people are told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ghostkit.book.model import Book, Chapter
from ghostkit.writing import plan


def reads_in_words(book: Book, inputs: Iterable[str]) -> list[str]:
    """The texts of the book among a receipt's inputs: `2.1–2.4`, `the summary of chapters 1–8`; in reading order."""
    names = set(inputs)
    told = [
        f"the summary of chapters {max(chapter.number - size + 1, 1)}–{chapter.number}"
        for size, kind in sorted(plan.SPAN_SUMMARIES.items(), reverse=True)
        for chapter in book.chapters
        if f"{kind}:{chapter.id}" in names
    ]
    single = [chapter.number for chapter in book.chapters if f"{plan.CHAPTER_SUMMARY}:{chapter.id}" in names]
    told += [
        f"the summar{'ies' if '–' in run else 'y'} of chapter{'s' if '–' in run else ''} {run}" for run in runs(single)
    ]
    told += [run for chapter in book.chapters for run in _in_full(chapter, names)]
    known = {s.id for _, s in book.sections()} | {c.id for c in book.chapters}
    parts = [name.partition(":") for name in names]
    gone = [id for kind, _, id in parts if id and kind in (plan.SECTION, *plan.SUMMARIES) and id not in known]
    passages = sum(name.startswith("retrieved:") for name in names)
    told += [f"{len(gone)} no longer in the book"] if gone else []
    return told + ([f"{passages} retrieved"] if passages else [])


def runs(numbers: Sequence[int]) -> Iterator[str]:
    """Numbers that follow each other as one: `1–3`, `5`."""
    start = 0
    for at, number in enumerate(numbers):
        if at + 1 == len(numbers) or numbers[at + 1] != number + 1:
            first = numbers[start]
            yield f"{first}–{number}" if number > first else str(number)
            start = at + 1


def _in_full(chapter: Chapter, names: set[str]) -> Iterator[str]:
    read = [section.number for section in chapter.sections if f"{plan.SECTION}:{section.id}" in names]
    for run in runs(read):
        yield "–".join(f"{chapter.number}.{number}" for number in run.split("–"))
