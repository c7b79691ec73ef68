"""Change fields of people and of entries of the story bible, as people give them; and show them as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields as fields_of
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from ghostkit.book import BibleEntry, Character, CharacterRole, Stage
from ghostkit.errors import InputError
from ghostkit.writing.lore_acts import LoreActs

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book

One = TypeVar("One", Character, BibleEntry)
_OWN = {
    Character: {field.name for field in fields_of(Character)} - {"extra", "relationships"},
    BibleEntry: {field.name for field in fields_of(BibleEntry)} - {"extra"},
}
_STAGED = {Character: {"description", "traits", "arc"}, BibleEntry: {"description"}}
_LISTS = ("traits", "aliases")


def carry_out(book: Book, act: Callable[[LoreActs], object]) -> None:
    """Change the book, and tell of it."""
    acts = LoreActs(book.manuscript, book.who())
    try:
        act(acts)
    finally:
        for event in acts.happened:
            book.events.emit(event)


def edited(one: One, fields: Mapping[str, Any], from_chapter: int | None) -> One:
    """It with other fields, from a chapter on if one is given; what is no field is a fact of its own."""
    own = {key: _value(key, value) for key, value in fields.items() if key in _OWN[type(one)]}
    facts = {key: value for key, value in fields.items() if key not in own}
    if "relationships" in facts:
        raise InputError("Relationships aren't edited as a field.", fix="Use `relate` and `unrelate`.")
    if from_chapter is None:
        kept = {key: value for key, value in {**one.extra, **facts}.items() if value is not None}
        return replace(one, **own, extra=kept)
    wrong = next((key for key in own if key not in _STAGED[type(one)]), None)
    if wrong is not None:
        told = ", ".join(sorted(_STAGED[type(one)]))
        raise InputError(
            f"{wrong} can't change from a chapter on.", fix=f"What can: {told}, and facts of your own.", field=wrong
        )
    there = {stage.since_chapter: stage for stage in one.stages}
    stage = there.get(from_chapter, Stage(since_chapter=from_chapter))
    there[from_chapter] = replace(stage, **own, extra={**stage.extra, **facts})
    return replace(one, stages=tuple(there[chapter] for chapter in sorted(there)))


def _value(field: str, value: Any) -> Any:
    """A field's value as the model has it; raises `InputError` for one of the wrong kind."""
    if field in _LISTS:
        items = [value] if isinstance(value, str) else value
        if isinstance(items, Sequence) and all(isinstance(item, str) for item in items):
            return tuple(items)
        raise _wrong(field, value, "a list of texts")
    if field == "role":
        if value in set(CharacterRole):
            return CharacterRole(value)
        raise InputError(f"There is no role {value!r}.", fix=f"There is: {', '.join(CharacterRole)}.", field=field)
    if field == "since_chapter":
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise _wrong(field, value, "a chapter's number")
    if field == "stages":
        if all(isinstance(stage, Stage) for stage in value):
            return tuple(value)
        raise _wrong(field, value, "a list of `Stage`")
    if isinstance(value, str):
        return value
    raise _wrong(field, value, "a text")


def _wrong(field: str, value: object, wanted: str) -> InputError:
    return InputError(f"{field} is {value!r}, but must be {wanted}.", fix="Nothing was changed.", field=field)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """HTML."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
