"""The drill's acts on the structure: a section split, moved, deleted, brought back, moved and merged again.

Every act is one event in the ledger, so how many there are says where to go on. They leave the numbers of the files
that the person edited alone, and the book at the end with the chapters and sections it had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ghostkit import Book


def begun(book: Book) -> bool:
    return bool(done(book))


def restructure(book: Book) -> None:
    """What isn't done yet of the acts, in order; every word must still be there afterwards."""
    words = sorted(word for section in book.chapter(1).sections for word in section.text.split())
    if done(book) == ACTS_TO_A_DELETION:
        words += book.ledger.history(book.removed[-1].part.id, "section")[-1].text.split()
    for act in ACTS[done(book) :]:
        act(book)
    if sorted(word for section in book.chapter(1).sections for word in section.text.split()) != sorted(words):
        raise SystemExit("LOST: the words of chapter 1 are not what they were")


def done(book: Book) -> int:
    return len(book.ledger.events(types=["structure_changed"]))


def split(book: Book) -> Any:
    words = book.section("1.4").text.split()
    return book.section("1.4").split(" ".join(words[len(words) // 2 :][:6]), title="The Other Half")


ACTS: tuple[Callable[[Book], Any], ...] = (
    split,
    lambda book: book.move("1.5", "1.3"),
    lambda book: book.delete("1.3", force=True),
    lambda book: book.undelete(book.removed[-1].part.id),
    lambda book: book.move("1.3", "1.5"),
    lambda book: book.merge("1.4", "1.5"),
)
ACTS_TO_A_DELETION = 3
