"""Change the people and the story bible of a book: one short transaction, then its files.

A change is given as a function of what is there, so that it holds whatever other processes did meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from ghostkit.book.model import BibleEntry, Book, Character
from ghostkit.book.people import Fault, joined, name_faults, relationship_faults
from ghostkit.errors import InputError
from ghostkit.events import Event, EventType
from ghostkit.ledger import Origin, StaleBase, Who, text_hash
from ghostkit.writing import adoption
from ghostkit.writing.absorbing import Absorber
from ghostkit.writing.lore_files import beyond_the_book, bonds_beyond_the_book
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.plan import CHARACTERS
from ghostkit.writing.tracked_files import FileKeeper, book_files

ChangePeople = Callable[[tuple[Character, ...]], Iterable[Character]]
ChangeBible = Callable[[tuple[BibleEntry, ...]], Iterable[BibleEntry]]
TRIES = 5


class LoreActs:
    """`happened` lists the events of what it did, for delivery."""

    def __init__(self, manuscript: Manuscript, who: Who) -> None:
        self.manuscript = manuscript
        self.who = who
        self._absorber = Absorber(manuscript, who)
        self._files = FileKeeper(manuscript, self._absorber)

    @property
    def happened(self) -> list[Event]:
        return self._absorber.taken

    def change_people(self, change: ChangePeople, *, generated: bool = False) -> bool:
        """Make what `change` gives the book's people; False if that is what they are. `generated` are a model's words.

        Raises:
            InputError: a change that can't be, in a sentence.
            BookDamaged: a file of theirs that a person left unreadable; nothing is changed then.
        """

        def text(book: Book) -> str:
            people = tuple(change(book.characters))
            check_people(book, people)
            bonds = [(person.name, bond) for person in people for bond in person.relationships]
            return adoption.characters_text(joined(people, bonds), book.file_extra)

        return self._change(CHARACTERS, "characters/profiles.json", text, generated)

    def change_bible(self, change: ChangeBible) -> bool:
        """The same for the story bible."""

        def text(book: Book) -> str:
            entries = tuple(change(book.bible))
            check_bible(book, entries)
            return adoption.bible_text(entries, book.file_extra)

        return self._change(adoption.BIBLE, "bible.json", text, False)

    def _change(self, kind: str, path: str, text: Callable[[Book], str], generated: bool) -> bool:
        manuscript = self.manuscript
        with manuscript.lock:
            self._files.take_in(book_files)
            changed = self._record(kind, path, text, generated)
            self._files.derive(book_files)
        return changed

    def _record(self, kind: str, path: str, text: Callable[[Book], str], generated: bool) -> bool:
        manuscript, ledger = self.manuscript, self.manuscript.ledger
        for left in reversed(range(TRIES)):
            object_id = manuscript.book.id
            head, known = ledger.head(object_id, kind), manuscript.head(object_id, kind)
            if head is not None and (known is None or known.id != head.id):
                manuscript.text_arrived(object_id, kind)  # another process changed it
            wanted = text(manuscript.book)
            if head is not None and head.text.strip("\n") == wanted:
                return False
            # A model's part doesn't make a person's cast a model's.
            model = generated and (head is None or head.origin is Origin.GENERATED)
            events = [] if generated else [self._event(object_id, kind, path, wanted)]
            try:
                ledger.add_revision(
                    object_id, kind, wanted, self.who, base_id=head.id if head else None,
                    origin=Origin.GENERATED if model else Origin.HUMAN, events=events,
                )  # fmt: skip
            except StaleBase:
                if not left:
                    raise
                continue
            manuscript.text_arrived(object_id, kind)
            self.happened.extend(events)
            return True
        return False

    def _event(self, object_id: str, kind: str, path: str, text: str) -> Event:
        data = {"object": object_id, "kind": kind, "path": path, "revision": text_hash(text)[:12]}
        return Event(type=EventType.HUMAN_EDIT, data=data, source="writing", run_id=self.who.run_id)


def check_people(book: Book, people: Sequence[Character]) -> None:
    """Raise `InputError` for the first thing about them that can't be."""
    bonds = [(person.name, bond) for person in people for bond in person.relationships]
    _refuse(
        chain(
            name_faults(people, "characters"),
            relationship_faults(people, bonds),
            beyond_the_book(book, people, "characters"),
            bonds_beyond_the_book(book, bonds),
        )
    )


def check_bible(book: Book, entries: Sequence[BibleEntry]) -> None:
    """Raise `InputError` for the first thing about it that can't be."""
    _refuse(chain(name_faults(entries, "entries"), beyond_the_book(book, entries, "entries")))


def _refuse(faults: Iterable[Fault]) -> None:
    for fault in faults:
        what = fault.what.removesuffix(" in profiles.json")
        raise InputError(f"{what[:1].upper()}{what[1:]}.", fix="Nothing was changed.", field=fault.field)
