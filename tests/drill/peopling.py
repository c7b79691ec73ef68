"""The drill's acts on people and the story bible: a person's, and two that ask a model. Each asks first whether it
has been done; what a person gave must still be there, to the letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghostkit import Book

PILOT, SAID = "Hanna Lott", "Reads  the water."
"""Two blanks: whoever tidies what a person gave is found out."""
PLACE = "Gannet Rock"


async def people(book: Book) -> None:
    """A place in the bible, somebody completed by a model and related, and developed for chapter 3."""
    if PLACE not in book.bible:
        book.bible.add(PLACE, "place", "White with birds.")
    made = await book.people.create(name=PILOT, description=SAID)
    if made.description != SAID or book.bible.get(PLACE).description != "White with birds.":
        raise SystemExit("LOST: what a person said of people and places is gone")
    first = book.value.characters[0].name
    book.people.relate(PILOT, "mentor", first)
    grown = await book.people.develop(PILOT, 3)
    if not [stage for stage in grown.stages if stage.since_chapter == 3]:
        raise SystemExit(f"LOST: {PILOT} was developed for chapter 3, and is not")
