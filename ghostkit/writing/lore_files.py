"""What a person's `profiles.json`, `relationships.json` and `bible.json` say, held against the book they are for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ghostkit.book.files import read_text_or_none
from ghostkit.book.folder import ProjectFolder
from ghostkit.book.kinds import name_key
from ghostkit.book.model import BibleEntry, Book, Character, Extra, Relationship
from ghostkit.book.people import Fault
from ghostkit.book.rendering import (
    added_fields,
    join_characters,
    parse_bible,
    parse_profiles,
    parse_relationships,
)
from ghostkit.book.structure import damaged
from ghostkit.writing import adoption


def people_text(book: Book, folder: ProjectFolder, *, profiles: str | None, relationships: str | None) -> str:
    """The cast as a revision; a text that isn't given is read from the folder.

    Raises:
        BookDamaged: with the file, and the line or the field.
    """
    if profiles is None:
        profiles = read_text_or_none(folder.profiles)
    if relationships is None:
        relationships = read_text_or_none(folder.relationships)
    people = parse_profiles(profiles, str(folder.profiles)) if profiles is not None else book.characters
    bonds = parse_relationships(relationships, str(folder.relationships)) if relationships is not None else ()
    cast = join_characters(people, bonds, str(folder.relationships))
    for fault in beyond_the_book(book, people, "characters"):
        raise damaged(str(folder.profiles), f"{fault.field}: {fault.what}")
    for fault in bonds_beyond_the_book(book, bonds):
        raise damaged(str(folder.relationships), f"{fault.field}: {fault.what}")
    beside: dict[str, Extra] = {
        "profiles": added_fields(profiles) if profiles is not None else {},
        "relationships": added_fields(relationships) if relationships is not None else {},
    }
    return adoption.characters_text(cast, beside)


def bible_text(book: Book, folder: ProjectFolder, text: str) -> str:
    """The story bible as a revision; raises `BookDamaged`, with the line or the field."""
    entries = parse_bible(text, str(folder.bible))
    for fault in beyond_the_book(book, entries, "entries"):
        raise damaged(str(folder.bible), f"{fault.field}: {fault.what}")
    return adoption.bible_text(entries, {"bible": added_fields(text)})


def beyond_the_book(book: Book, lore: Sequence[Character | BibleEntry], listed: str) -> Iterator[Fault]:
    """Chapters that the book doesn't have; those it had when they were noted are no mistake."""
    there: tuple[Character | BibleEntry, ...] = (*book.characters, *book.bible)
    known = {(name_key(one.name), chapter) for one in there for chapter in _chapters(one)}
    for place, one in enumerate(lore):
        for number, chapter in enumerate(_chapters(one)):
            if chapter > last_chapter(book) and (name_key(one.name), chapter) not in known:
                stage = f".stages[{number - 1}]" if number else ""
                yield Fault(field=f"{listed}[{place}]{stage}.since_chapter", what=_too_far(book, chapter))


def bonds_beyond_the_book(book: Book, bonds: Iterable[tuple[str, Relationship]]) -> Iterator[Fault]:
    """The same of relationships."""
    known = {(person.name, b.to, b.kind, b.since_chapter) for person in book.characters for b in person.relationships}
    for place, (source, bond) in enumerate(bonds):
        chapter = bond.since_chapter
        if chapter > last_chapter(book) and (source, bond.to, bond.kind, chapter) not in known:
            yield Fault(field=f"relationships[{place}].since_chapter", what=_too_far(book, chapter))


def last_chapter(book: Book) -> int:
    """The number of the book's last chapter, as planned where it has none yet."""
    return len(book.chapters) or book.settings.chapters


def _chapters(one: Character | BibleEntry) -> tuple[int, ...]:
    return (one.since_chapter, *(stage.since_chapter for stage in one.stages))


def _too_far(book: Book, chapter: int) -> str:
    return f"there is no chapter {chapter}, the book has {last_chapter(book)}"
