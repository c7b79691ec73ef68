"""Acts that no writer may be in the way of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ghostkit.errors import LeaseHeld
from ghostkit.ledger.lease import held_by

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


@contextmanager
def alone_with(book: Book, what: str) -> Iterator[None]:
    """Keep runs of this and other processes out for the time of the block; raises `LeaseHeld` if one is at work."""
    if book.active_run is not None:
        raise LeaseHeld(f"The book is being written, and {what} can't go on meanwhile.", fix="Stop the run or wait.")
    with book.ledger.exclusive_if_free() as free:
        if not free:
            raise held_by(book.ledger.lease_holder())
        yield
