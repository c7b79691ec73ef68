"""`book.people`: who is in the book; changed by people or, where asked, by a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ghostkit.book import Character, Relationship, style_named
from ghostkit.book.kinds import inverse, meaning, name_key
from ghostkit.errors import DependedOn, InputError, UnknownName
from ghostkit.ledger import in_thread
from ghostkit.workbench.lore_fields import carry_out, edited, table
from ghostkit.writing import characters as writing
from ghostkit.writing.lore import people_as_of
from ghostkit.writing.profiles import given_profile

if TYPE_CHECKING:
    from ghostkit.generation import GenerationService
    from ghostkit.workbench.book import Book


class People:
    """The people of a book, in the order they are in `characters/profiles.json`; what a person changes is theirs."""

    def __init__(self, book: Book) -> None:
        self._book = book

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────

    def __iter__(self) -> Iterator[Character]:
        return iter(self._book.value.characters)

    def __len__(self) -> int:
        return len(self._book.value.characters)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(name_key(name) == name_key(person.name) for person in self)

    def list(self, as_of: int | None = None) -> tuple[Character, ...]:
        """Everybody; with `as_of` those known as of that chapter, as they are then."""
        value = self._book.value
        return value.characters if as_of is None else people_as_of(value, as_of)

    def get(self, name: str, as_of: int | None = None) -> Character:
        """The person of that name or alias; with `as_of` as they are by that chapter."""
        person = writing.find_person(self._book.value, name)
        if as_of is None:
            return person
        known = {one.name: one for one in people_as_of(self._book.value, as_of)}
        if person.name not in known:
            raise UnknownName(
                f"{person.name} is not known as of chapter {as_of}.",
                fix=f"They become known in chapter {person.since_chapter}.",
            )
        return known[person.name]

    def context(self, name: str, chapter: int) -> str:
        """What is known of somebody as of a chapter, a line a fact; empty if they are not known yet."""
        return writing.character_context(self._book.value, name, chapter)

    # ── what people do ────────────────────────────────────────────────────────────────────────────────────

    def add(self, profile: Mapping[str, Any] | Character | None = None, **fields: Any) -> Character:
        """Add somebody as they are: `add(name="Mira Vale", role="protagonist", age=34)`. No model is asked.

        Raises:
            InputError: a field that can't be, or a name or alias that somebody has.
        """
        given, _ = given_profile(_profile(profile, fields))
        if not given.name.strip():
            raise InputError("The person has no name.", fix="Give one, or let a model find one with `create`.")
        self._change(lambda people: (*people, given))
        return self.get(given.name)

    def edit(self, name: str, /, *, from_chapter: int | None = None, **fields: Any) -> Character:
        """Change fields of somebody, or facts of your own; None takes a fact away.

        With `from_chapter` they hold from that chapter on, and before it they are as they were. Another `name` is
        carried into everybody's relationships.

        Raises:
            InputError: a field of the wrong kind.
        """
        before = self.get(name)

        def change(people: tuple[Character, ...]) -> Iterable[Character]:
            after = edited(before, fields, from_chapter)
            for person in people:
                bonds = tuple(replace(b, to=after.name) if b.to == before.name else b for b in person.relationships)
                yield (
                    edited(person, fields, from_chapter)
                    if person.name == before.name
                    else replace(person, relationships=bonds)
                )

        self._change(change)
        return self.get(str(fields.get("name", before.name)))

    def remove(self, name: str, *, force: bool = False) -> None:
        """Take somebody out of the book; the ledger keeps what they were.

        Raises:
            DependedOn: others stand in a relationship to them, and `force` isn't given (it takes those out, too).
        """
        gone = self.get(name)
        related = [person.name for person in self if any(bond.to == gone.name for bond in person.relationships)]
        if related and not force:
            raise DependedOn(
                f"{gone.name} is related to {', '.join(related)}.",
                fix="Remove them with --yes (in Python: force=True); those relationships then go, too.",
                readers=related,
            )

        def change(people: tuple[Character, ...]) -> Iterable[Character]:
            for person in people:
                if person.name != gone.name:
                    bonds = tuple(bond for bond in person.relationships if bond.to != gone.name)
                    yield replace(person, relationships=bonds)

        self._change(change)

    def relate(
        self, one: str, kind: str, other: str, *, description: str = "", since_chapter: int = 1
    ) -> tuple[Relationship, ...]:
        """Say that `one` is `other`'s `kind` (a mentor, say), and for a known kind what `other` is to them in turn.

        Saying it again changes the description and the chapter. Gives what they are to each other.

        Raises:
            InputError: somebody's own ancestor, themselves, or a chapter the book doesn't have.
        """
        if not kind.strip():
            raise InputError("The relationship has no kind.", fix="Say what it is: mentor, sibling, enemy …")
        first, second = self.get(one).name, self.get(other).name
        wanted = Relationship(to=second, kind=" ".join(kind.split()), description=description,
                              since_chapter=since_chapter)  # fmt: skip

        def change(people: tuple[Character, ...]) -> Iterable[Character]:
            back = inverse(wanted.kind)
            told = [(first, wanted)]
            if back is not None:
                told.append((second, replace(wanted, to=first, kind=str(back))))
            return [_with_bonds(person, [bond for whose, bond in told if whose == person.name]) for person in people]

        self._change(change)
        pairs = ((self.get(first), second), (self.get(second), first))
        return tuple(bond for person, to in pairs for bond in person.relationships if bond.to == to)

    def unrelate(self, one: str, other: str) -> int:
        """Take out what two people are to each other; says how many relationships that were."""
        names = {self.get(one).name, self.get(other).name}
        before = sum(len(person.relationships) for person in self)

        def change(people: tuple[Character, ...]) -> Iterable[Character]:
            for person in people:
                kept = tuple(bond for bond in person.relationships if {person.name, bond.to} != names)
                yield replace(person, relationships=kept)

        self._change(change)
        return before - sum(len(person.relationships) for person in self)

    # ── what a model does ─────────────────────────────────────────────────────────────────────────────────

    async def create(
        self,
        profile: Mapping[str, Any] | Character | None = None,
        *,
        model: str | None = None,
        budget_usd: float | None = None,
        **fields: Any,
    ) -> Character:
        """Add somebody from a partial profile; a model fills the gaps, and what you gave stays to the letter.

        Somebody who is there already gets what they still lack. Asking again costs nothing.
        """
        given = _profile(profile, fields)
        given_profile(given)  # what can't be is told before anybody is asked
        return await self._ask("a person", model, budget_usd, lambda service: service.create_character(given))

    async def develop(
        self,
        name: str,
        chapter: int | None = None,
        *,
        context: str = "",
        again: bool = False,
        model: str | None = None,
        budget_usd: float | None = None,
    ) -> Character:
        """Let a model say how the story has changed somebody by the beginning of a chapter: by default the next one
        to be written. What they were before is kept; `context` is what else to consider.
        """
        person = self.get(name).name
        return await self._ask(
            "a person's development", model, budget_usd,
            lambda service: service.develop_character(person, context, chapter=chapter, again=again),
        )  # fmt: skip

    async def _ask(
        self,
        what: str,
        model: str | None,
        budget_usd: float | None,
        work: Callable[[writing.CharacterService], Any],
    ) -> Character:
        from ghostkit.workbench.asking import ask

        book, chosen = self._book, self._book.choose_model(model)
        style = await in_thread(style_named, book.value.style, book.folder)

        async def asking(service: GenerationService) -> Character:
            done: Character = await work(writing.CharacterService(book.manuscript, service, model=chosen, style=style))
            return done

        return await ask(book, what, budget_usd, asking)

    def update_relationships(self) -> None:
        """Give every relationship of a known kind its other side; doing it again changes nothing."""
        self._change(writing.mutual)

    # ── showing ───────────────────────────────────────────────────────────────────────────────────────────

    def _change(self, change: Callable[[tuple[Character, ...]], Iterable[Character]]) -> None:
        carry_out(self._book, lambda acts: acts.change_people(change))

    def __repr__(self) -> str:
        return "\n".join(f"{person.name} ({person.role}): {person.description}" for person in self) or "Nobody yet."

    def _repr_html_(self) -> str:
        rows = [
            (person.name, str(person.role), person.description, ", ".join(f"{b.kind} of {b.to}" for b in
             person.relationships))
            for person in self
        ]  # fmt: skip
        return table(("name", "role", "description", "is"), rows)


def _with_bonds(person: Character, new: Sequence[Relationship]) -> Character:
    """The person with these relationships; one of the same kind to the same person is replaced."""
    bonds = [*person.relationships]
    for bond in new:
        same = [at for at, old in enumerate(bonds) if old.to == bond.to and _alike(old.kind, bond.kind)]
        if not same:
            bonds.append(bond)
        for at in same[:1]:
            old = bonds[at]
            bonds[at] = replace(old, description=bond.description or old.description, since_chapter=bond.since_chapter)
    return replace(person, relationships=tuple(bonds))


def _alike(one: str, other: str) -> bool:
    return one.casefold() == other.casefold() or (meaning(one) is not None and meaning(one) is meaning(other))


def _profile(profile: Mapping[str, Any] | Character | None, fields: Mapping[str, Any]) -> Mapping[str, Any] | Character:
    if isinstance(profile, Character):
        return edited(profile, fields, None)
    return {**(profile or {}), **fields}
