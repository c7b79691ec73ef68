"""`book.bible`: the places, dates and things of a book."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ghostkit.book import BibleEntry
from ghostkit.book.kinds import name_key
from ghostkit.errors import InputError, UnknownName
from ghostkit.workbench.lore_fields import carry_out, edited, table
from ghostkit.writing.lore import bible_as_of, developed

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


class Bible:
    """The story bible: places, dates, things, groups, rules; kept in `bible.json`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def __iter__(self) -> Iterator[BibleEntry]:
        return iter(self._book.value.bible)

    def __len__(self) -> int:
        return len(self._book.value.bible)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(name_key(name) == name_key(entry.name) for entry in self)

    def list(self, kind: str | None = None, as_of: int | None = None) -> tuple[BibleEntry, ...]:
        """Every entry, or those of one kind; with `as_of` what is known as of that chapter."""
        value = self._book.value
        entries = value.bible if as_of is None else bible_as_of(value, as_of)
        return tuple(entry for entry in entries if kind is None or entry.kind == kind)

    def get(self, name: str, as_of: int | None = None) -> BibleEntry:
        """The entry of that name or alias; with `as_of` as it is by that chapter."""
        key = name_key(name)
        for entry in self:
            if key in map(name_key, (entry.name, *entry.aliases)):
                if as_of is None:
                    return entry
                if entry.since_chapter <= as_of:
                    return developed(entry, as_of)
                raise UnknownName(
                    f"{entry.name} is not known as of chapter {as_of}.",
                    fix=f"It becomes known in chapter {entry.since_chapter}.",
                )
        there = ", ".join(entry.name for entry in self)
        raise UnknownName(
            f"The story bible has no {name!r}.", fix=f"It has: {there}." if there else "It is empty: add to it."
        )

    def add(self, name: str, kind: str = "thing", description: str = "", **fields: Any) -> BibleEntry:
        """Add a place, date, thing, group, rule …: `add("Port Lorn", "place", "A harbour.", miles=14)`.

        Raises:
            InputError: a field that can't be, or a name that something has.
        """
        if not name.strip():
            raise InputError("The entry has no name.", fix="Give one.")
        entry = edited(BibleEntry(name=name, kind=kind, description=description), fields, None)
        self._change(lambda entries: (*entries, entry))
        return self.get(name)

    def edit(self, name: str, /, *, from_chapter: int | None = None, **fields: Any) -> BibleEntry:
        """Change fields of an entry, or facts of your own; None takes a fact away. See `People.edit`."""
        before = self.get(name).name
        self._change(lambda entries: (edited(e, fields, from_chapter) if e.name == before else e for e in entries))
        return self.get(str(fields.get("name", before)))

    def remove(self, name: str) -> None:
        """Take an entry out; the ledger keeps what it was."""
        gone = self.get(name).name
        self._change(lambda entries: (entry for entry in entries if entry.name != gone))

    def _change(self, change: Callable[[tuple[BibleEntry, ...]], Iterable[BibleEntry]]) -> None:
        carry_out(self._book, lambda acts: acts.change_bible(change))

    def __repr__(self) -> str:
        return "\n".join(f"{entry.name} ({entry.kind}): {entry.description}" for entry in self) or "Empty."

    def _repr_html_(self) -> str:
        return table(("name", "kind", "description"), [(e.name, e.kind, e.description) for e in self])
