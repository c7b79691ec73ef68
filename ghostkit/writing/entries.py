"""People and things of the story bible as a prompt held them, then and now: which of their facts changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ghostkit.writing.facts import (
    ARTICLES,
    COMMON_NUMBER,
    facts_of,
    is_material,
    name_key,
    names_somebody,
    parts_of_name,
    states,
)

SHOWN_CHARACTERS = 40
CHECKABLE_WORDS = 6
NEVER = "\0"
"""The value of a fact that no text can have stated yet."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True, kw_only=True)
class Told:
    """One fact of a person or thing that changed: `text` says which ("Mira's age (34 → 36)").

    `values` are the checkable parts of the old fact, numbers or names: a text that has one of them states the fact.
    Without any (a description, a trait) whoever names the person uses it. `other` are the names of a second
    one who must be named too.
    """

    name: str
    names: tuple[str, ...]
    text: str
    values: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    narrates: bool = False

    def is_used_in(self, text: str) -> bool:
        if self.other and not names_somebody(text, self.other):
            return False
        return not self.values or any(self._stated(value, text) for value in self.values)

    def _stated(self, value: str, text: str) -> bool:
        if not value[0].isdigit():
            return states(text, value)
        if not value.isdecimal() or int(value) > COMMON_NUMBER:
            return value in facts_of(text).values
        # A small number says nothing by itself: it must stand in a sentence that names them.
        near = (s for s in _SENTENCE.split(text) if value in facts_of(s).values)
        return any(names_somebody(sentence, self.names) for sentence in near)


def changed_entries(old: str, new: str) -> Iterator[Told]:
    """The facts that differ between two JSON lists of entries, as prompts hold them."""
    before, after = _by_name(old), _by_name(new)
    for name, entry in before.items():
        names, narrates = _names(name, entry), str(entry.get("role", "")) == "narrator"
        if name not in after:
            yield Told(name=name, names=names, text=f"{name}, who is no longer described as then", narrates=narrates)
            continue
        today = after[name]
        for field in [*entry, *(key for key in today if key not in entry)]:
            if field == "relationships":
                called = {other: _names(other, known) for other, known in (*after.items(), *before.items())}
                yield from _bonds(name, names, entry.get(field), today.get(field), narrates, called)
            elif field not in ("name", "aliases") and entry.get(field) != today.get(field):
                yield from _field(name, names, field, _text(entry.get(field)), _text(today.get(field)), narrates)
    for name, entry in after.items():
        if name not in before:
            told = f"{name}, who is described only since"
            yield Told(name=name, names=_names(name, entry), text=told, values=(NEVER,))


def _field(name: str, names: tuple[str, ...], field: str, old: str, new: str, narrates: bool) -> Iterator[Told]:
    if not is_material(old, new):
        return
    what = field.replace("_", " ")
    if not old:
        told = f"{name}'s {what}, which is new ({_short(new)})"
        yield Told(name=name, names=names, text=told, values=(NEVER,), narrates=narrates)
        return
    was, now = _differing(old, new)
    # Of a fact that fits in a few words the number or name can be looked for; a description is used by whoever
    # names them.
    values = _checkable(was, new) if len(was.split()) <= CHECKABLE_WORDS else ()
    if not values:
        was, now = old, new
    text = f"{name}'s {what} ({_short(was) or '—'} → {_short(now) or '—'})"
    yield Told(name=name, names=names, text=text, values=values, narrates=narrates)


def _differing(old: str, new: str) -> tuple[str, str]:
    """The words of each that the other doesn't have in that place."""
    before, after = old.split(), new.split()
    changed = [c for c in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if c[0] != "equal"]
    was = [word for _, start, end, _, _ in changed for word in before[start:end]]
    now = [word for _, _, _, start, end in changed for word in after[start:end]]
    return _bare(was), _bare(now)


def _bare(words: list[str]) -> str:
    return " ".join(words).strip(".,;:()–— ")


def _checkable(was: str, new: str) -> tuple[str, ...]:
    """Numbers that the new text no longer has; where there are none, names."""
    now = facts_of(new)
    numbers = tuple(sorted({*facts_of(was).values} - {*now.values}))
    # The first word of a fact may be a name as well: "Port Lorn".
    capitalised = [word for word in parts_of_name(was) if word[0].isupper() and word.casefold() not in ARTICLES]
    return numbers or tuple(word for word in capitalised if name_key(word) not in now.capitals)


def _bonds(
    name: str, names: tuple[str, ...], old: Any, new: Any, narrates: bool, called: Mapping[str, tuple[str, ...]]
) -> Iterator[Told]:
    before, after = _bonds_by_name(old), _bonds_by_name(new)
    for other in [*before, *(who for who in after if who not in before)]:
        was, is_now = before.get(other, ""), after.get(other, "")
        if is_material(was, is_now):
            text = f"what {name} is to {other} ({_short(was) or 'nothing'} → {_short(is_now) or 'nothing'})"
            yield Told(name=name, names=names, text=text, other=called.get(other, (other,)), narrates=narrates)


def _bonds_by_name(bonds: Any) -> dict[str, str]:
    if not isinstance(bonds, list):
        return {}
    found: dict[str, str] = {}
    for bond in (bond for bond in bonds if isinstance(bond, dict)):
        told = " ".join(str(bond[key]) for key in ("kind", "description") if bond.get(key))
        other = str(bond.get("to", ""))
        found[other] = f"{found[other]}, {told}" if other in found else told
    return found


def _by_name(text: str) -> dict[str, Mapping[str, Any]]:
    if not text.strip():
        return {}
    try:
        entries = json.loads(text)
    except ValueError:
        return {}
    return {str(e.get("name", "")): e for e in entries if isinstance(e, dict)} if isinstance(entries, list) else {}


def _names(name: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    aliases = entry.get("aliases")
    return (name, *map(str, aliases)) if isinstance(aliases, list) else (name,)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items())
    return "" if value is None else str(value)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1].rstrip() + "…"
